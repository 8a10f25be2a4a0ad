/*
 * Pictures from a camera's URL.  Each has a connection of its own for as long
 * as it takes, so that neither connections nor logins of the printer are
 * touched. The camera is constant, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/stream.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/camera/camera.h"
#include "client/camera/mjpeg.h"
#include "client/camera/picture.h"
#include "client/http/connection.h"
#include "client/http/http.h"

#define REDIRECTS  3
#define PICTURE_MS 60000 /* for all of it; a stream may trickle for ever */

struct camera {
	struct http_config config; /* with its URL, without a login */
};

int
camera_check_url(const char *url)
{
	size_t scheme = strncasecmp(url, "https://", 8) == 0 ? 8 :
	    strncasecmp(url, "http://", 7) == 0		     ? 7 :
							       0;
	const char *host = url + scheme;
	size_t len = strcspn(host, "/?#");

	if (scheme == 0 || len == 0 || memchr(host, '@', len) != NULL ||
	    strpbrk(url, " \t\r\n") != NULL)
		return -EINVAL;
	return 0;
}

int
camera_new(const struct http_config *config, const char *url,
    struct camera **out)
{
	struct http_config own = *config;
	struct camera *camera = calloc(1, sizeof(*camera));
	int error;

	if (camera == NULL)
		return -ENOMEM;
	own.url = url;
	error = http_config_copy(&own, false, &camera->config);
	if (error != 0) {
		camera_free(camera);
		return error;
	}
	*out = camera;
	return 0;
}

void
camera_free(struct camera *camera)
{
	if (camera == NULL)
		return;
	http_config_free(&camera->config);
	free(camera);
}

/* A query may hold a password. */
static size_t
visible_len(const char *url)
{
	return strcspn(url, "?#");
}

int
camera_config(const struct camera *camera, struct buf *out)
{
	char *url = strndup(camera->config.url,
	    visible_len(camera->config.url));
	int error = url == NULL ? -ENOMEM :
				  json_quote_behind(out, "{\"url\":", url);

	free(url);
	return error != 0 ? error : buf_printf(out, "}\n");
}

static int
take_begin(void *arg, off_t len)
{
	(void)arg;
	return len > (off_t)PICTURE_BYTES ? -EPROTO : 0;
}

/* The rest of a stream is not wanted: the error ends the transfer. */
static int
take_piece(void *arg, const void *data, size_t len)
{
	int got = mjpeg_take(arg, data, len);

	return got == 1 ? -ECANCELED : got;
}

static int
ask(struct camera *camera, const struct wait *wait, const char *url,
    struct mjpeg *frame, struct http_reply *reply)
{
	static const char *const lines[] = { "Accept: image/*, multipart/*",
		NULL };
	const struct sink sink = {
		.begin = take_begin, .write = take_piece, .arg = frame
	};
	const struct http_request request = {
		.method = "GET", .sink = &sink, .once = true
	};
	int64_t began_ms = time_now_ms();
	struct connection *connection;
	int error = connection_new(&camera->config, &connection);

	if (error != 0)
		return error;
	error = connection_run(connection, wait, &request, url, lines, 0,
	    reply);
	if (error == -ECANCELED)
		error = 0;
	if (error != 0)
		strlcpy(reply->message, connection_words(connection),
		    sizeof(reply->message));
	http_record("camera", url, visible_len(url), reply->received, reply,
	    error, began_ms);
	connection_free(connection);
	return error;
}

static int
follow(struct camera *camera, const struct wait *wait, struct mjpeg *frame)
{
	struct http_reply reply = { 0 };
	struct buf url = { 0 };
	int hops, error = buf_printf(&url, "%s", camera->config.url);

	for (hops = 0; error == 0; hops++) {
		error = ask(camera, wait, url.data, frame, &reply);
		if (error != 0 || reply.status < 300 || reply.status >= 400)
			break;
		if (hops == REDIRECTS || reply.redirect.len == 0 ||
		    camera_check_url(reply.redirect.data) != 0) {
			error = -EPROTO;
			break;
		}
		buf_free(&url);
		url = reply.redirect;
		memset(&reply.redirect, 0, sizeof(reply.redirect));
		http_reply_free(&reply);
	}
	if (error == 0)
		error = reply.status == 204 ? -ENODATA : http_error(&reply);
	http_reply_free(&reply);
	buf_free(&url);
	return error == -ENOENT ? -ENODATA : error;
}

int
camera_picture(struct camera *camera, const struct wait *wait, struct buf *out)
{
	struct deadline deadline;
	const struct wait limited = time_limit(&deadline, wait, PICTURE_MS);
	struct mjpeg frame = { 0 };
	const char *data;
	size_t len;
	int error = follow(camera, &limited, &frame);

	if (error == -EINTR && !wait_given_up(wait))
		error = -ETIMEDOUT;
	if (error == 0 &&
	    (!mjpeg_picture(&frame, true, &data, &len) || len > PICTURE_BYTES ||
		(!picture_is_jpeg(data, len) && !picture_is_png(data, len))))
		error = -EPROTO;
	if (error == 0)
		error = buf_append(out, data, len);
	mjpeg_free(&frame);
	return error;
}
