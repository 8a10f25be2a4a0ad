#ifndef CLIENT_CAMERA_CAMERA_H
#define CLIENT_CAMERA_CAMERA_H

struct buf;
struct camera;
struct http_config;
struct wait;

/*
 * A camera in the network that is not the printer's: a URL that answers with
 * a JPEG, a PNG, or an MJPEG stream, of which the first frame counts.
 */

/*
 * Of the config, which is not the printer's login, the certificates and time
 * limits count.  Returns 0 and a camera (caller: camera_free), or -ENOMEM.
 */
int camera_new(const struct http_config *, const char *url,
    struct camera **out);
void camera_free(struct camera *);

/*
 * Append the picture of now as it comes.  Up to three redirects are followed,
 * to http and https, without credentials.  Returns 0, -ENODATA: there is none
 * at that URL, -EPROTO: no picture or a bigger one than PICTURE_BYTES, or
 * what http_perform and http_error say.
 */
int camera_picture(struct camera *, const struct wait *, struct buf *out);

/* Append what there is to say about it as a line of JSON. */
int camera_config(const struct camera *, struct buf *out);

/*
 * May this be a camera's URL?  Returns 0, or -EINVAL: neither http nor https,
 * no host, or a user in it, whom every user of the computer could see.
 */
int camera_check_url(const char *url);

#endif
