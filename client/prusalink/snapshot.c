/*
 * The cameras of a printer: those of the Pi's server (/api/v1/cameras), and
 * one that the user has named by its URL, which goes before them.  No state
 * but the prusalink's camera, which is set before anybody asks.
 */
#include <errno.h>
#include <string.h>

#include "client/base/name.h"
#include "client/camera/camera.h"
#include "client/camera/picture.h"
#include "client/http/http.h"
#include "client/prusalink/normalise.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/shape.h"
#include "client/traits.h"

#define OWN_ID "camera" /* of the one with a URL, where the server has none */

/* Is it the camera with the URL? */
static bool
is_own(const struct prusalink *prusalink, const char *id)
{
	if (prusalink->camera == NULL)
		return false;
	return *id == '\0' ||
	    (!prusalink->printer.traits->has_cameras &&
		strcmp(id, OWN_ID) == 0);
}

int
prusalink_own_cameras(struct prusalink *prusalink, struct buf *out)
{
	int error = buf_printf(out,
	    "{\"camera_list\":[{\"camera_id\":\"" OWN_ID "\",\"config\":");

	if (error == 0)
		error = camera_config(prusalink->camera, out);
	if (error != 0)
		return error;
	out->data[--out->len] = '\0'; /* the line end */
	return buf_printf(out, "}]}\n");
}

static int
make_target(const char *id, const char *word, struct buf *out)
{
	int error = buf_printf(out, "/api/v1/cameras");

	if (error == 0 && *id != '\0')
		error = buf_printf(out, "/");
	if (error == 0)
		error = name_escape(out, id, strlen(id));
	return error != 0 ? error : buf_printf(out, "%s", word);
}

/* GET (caller: http_reply_free, in any case). */
static int
get(struct prusalink *prusalink, const struct wait *wait, const char *id,
    const char *word, struct http_reply *reply)
{
	struct buf target = { 0 };
	int error = make_target(id, word, &target);

	memset(reply, 0, sizeof(*reply));
	if (error == 0)
		error = prusalink_get(prusalink, wait, target.data, reply);
	buf_free(&target);
	return error;
}

static int
get_picture(struct prusalink *prusalink, const struct wait *wait,
    const char *id, struct buf *out)
{
	struct http_reply reply;
	const char *data;
	int error = get(prusalink, wait, id, "/snap", &reply);

	if (error == -ENOENT || (error == 0 && reply.status == 204))
		error = -ENODATA;
	data = buf_text(&reply.body);
	if (error == 0 && !picture_is_jpeg(data, reply.body.len) &&
	    !picture_is_png(data, reply.body.len))
		error = -EPROTO;
	if (error == 0)
		error = buf_append(out, data, reply.body.len);
	http_reply_free(&reply);
	return error;
}

static int
get_config(struct prusalink *prusalink, const struct wait *wait, const char *id,
    struct buf *out)
{
	struct http_reply reply;
	int error = get(prusalink, wait, id, "", &reply);

	if (error == 0)
		error = normalise_document(prusalink->printer.traits,
		    TOPIC_CAMERA, reply.body.data, reply.body.len, out);
	http_reply_free(&reply);
	return error;
}

int
prusalink_camera(struct printer *printer, const struct wait *wait,
    enum topic topic, const char *id, struct buf *out)
{
	struct prusalink *prusalink = (struct prusalink *)printer;

	if (is_own(prusalink, id))
		return topic == TOPIC_PICTURE ?
		    camera_picture(prusalink->camera, wait, out) :
		    camera_config(prusalink->camera, out);
	if (!printer->traits->has_cameras)
		return -ENODATA;
	return topic == TOPIC_PICTURE ? get_picture(prusalink, wait, id, out) :
					get_config(prusalink, wait, id, out);
}

/* The first of the server's cameras. */
static int
note_first(void *arg, const char *id)
{
	struct buf *out = arg;

	return out->len > 0 ? 0 : buf_printf(out, "%s", id);
}

static int
find_first(struct prusalink *prusalink, const struct wait *wait,
    struct buf *out)
{
	struct buf text = { 0 };
	int error = printer_document(&prusalink->printer, wait, TOPIC_CAMERAS,
	    &text);

	if (error == 0)
		error = shape_cameras(text.data, text.len, note_first, out);
	buf_free(&text);
	return error == 0 && out->len == 0 ? -ENODATA : error;
}

int
prusalink_snap(struct prusalink *prusalink, const struct wait *wait,
    const char *id)
{
	struct http_request request = { .method = "POST", .once = true };
	struct http_reply reply = { 0 };
	struct buf target = { 0 }, first = { 0 };
	int error = 0;

	/* Each picture of the one with the URL is a new one. */
	if (is_own(prusalink, id))
		return 0;
	if (!prusalink->printer.traits->has_cameras)
		return -ENOENT;
	if (*id == '\0')
		error = find_first(prusalink, wait, &first);
	else
		error = buf_printf(&first, "%s", id);
	if (error == 0)
		error = make_target(first.data, "/snap", &target);
	if (error == 0) {
		request.target = target.data;
		error = http_ask(prusalink->http, wait, &request, &reply);
	}
	http_reply_free(&reply);
	buf_free(&target);
	buf_free(&first);
	return error;
}
