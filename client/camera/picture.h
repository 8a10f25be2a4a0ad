#ifndef CLIENT_CAMERA_PICTURE_H
#define CLIENT_CAMERA_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

#define PICTURE_BYTES  ((size_t)16 << 20) /* of a picture that comes */
#define PICTURE_PIXELS 50000000

/* Do these bytes begin as a JPEG or a PNG? */
bool picture_is_jpeg(const void *data, size_t len);
bool picture_is_png(const void *data, size_t len);

/*
 * Append a foreign picture to out as a PNG: a JPEG is decoded and encoded, a
 * PNG is decoded and passed on as it is.  Returns 0, -ENOMEM, or -EPROTO: it
 * is neither, is damaged, or has more than PICTURE_PIXELS.
 */
int picture_to_png(const void *data, size_t len, struct buf *out);

#endif
