/*
 * PrusaLink's v1 API: documents, listings, single files and folders, and the
 * servers' odd answers turned into plain errors.  Uploads are in
 * client/prusalink/store.c, folders and deletions in
 * client/prusalink/mkdir_unlink.c, commands in client/prusalink/command.c,
 * pictures in client/prusalink/snapshot.c.  Any thread may call; the state is
 * constant but for the connections (client/http/http.c), the upload turn, and
 * what prusalink.lock guards.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/camera/camera.h"
#include "client/http/http.h"
#include "client/listing.h"
#include "client/printer.h"
#include "client/prusalink/normalise.h"
#include "client/prusalink/prusalink.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/prusalink/replace_held.h"
#include "client/shape.h"
#include "client/traits.h"

#define LEFT_OUT_MOST 8192 /* bytes that are remembered of what was said */

static const char *const paths[TOPIC_COUNT] = {
	[TOPIC_STATUS] = "/api/v1/status",
	[TOPIC_JOB] = "/api/v1/job",
	[TOPIC_INFO] = "/api/v1/info",
	[TOPIC_VERSION] = "/api/version",
	[TOPIC_STORAGE] = "/api/v1/storage",
	[TOPIC_TRANSFER] = "/api/v1/transfer",
	[TOPIC_CAMERAS] = "/api/v1/cameras",
	[TOPIC_LEGACY_PRINTER] = "/api/printer",
	[TOPIC_LEGACY_JOB] = "/api/job",
	[TOPIC_LEGACY_FILES] = "/api/files",
};

int
prusalink_get(struct prusalink *prusalink, const struct wait *wait,
    const char *target, struct http_reply *reply)
{
	const struct http_request request = { .method = "GET",
		.target = target };

	return http_ask(prusalink->http, wait, &request, reply);
}

int
prusalink_target(const struct prusalink *prusalink, const char *root,
    const char *folder, const char *name, struct buf *out)
{
	int error = buf_printf(out, "%s", root);

	if (error == 0)
		error = name_escape_path(out, folder);
	if (error == 0 && name != NULL)
		error = buf_append(out, "/", 1);
	if (error == 0 && name != NULL)
		error = name_escape(out, name, strlen(name));
	if (error == 0 && out->len > prusalink->printer.traits->target_max)
		error = -ENAMETOOLONG;
	return error;
}

/* Tell those who look into the log what is wrong with an answer. */
static void
explain(int error, const char *target, const struct http_reply *reply)
{
	char what[256];

	if (error != -EPROTO)
		return;
	snprintf(what, sizeof(what), "GET %s", target);
	json_complain(what, reply->body.data, reply->body.len, true);
}

static int
document(struct printer *printer, const struct wait *wait, enum topic topic,
    struct buf *out)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	size_t before = out->len;
	struct http_reply reply;
	int error;

	if (topic == TOPIC_CAMERAS && !printer->traits->has_cameras)
		return prusalink->camera == NULL ?
		    -ENODATA :
		    prusalink_own_cameras(prusalink, out);
	if (paths[topic] == NULL)
		return -EOPNOTSUPP;
	error = prusalink_get(prusalink, wait, paths[topic], &reply);
	if (error == 0 && reply.status == 204)
		error = -ENODATA;
	if (error == 0) {
		error = normalise_document(printer->traits, topic,
		    reply.body.data, reply.body.len, out);
		explain(error, paths[topic], &reply);
	}
	if (error == 0 && topic == TOPIC_JOB)
		replace_held_note_document(prusalink, buf_text(out) + before,
		    out->len - before);
	http_reply_free(&reply);
	return error;
}

int
prusalink_storage(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, struct shape_storage *out)
{
	const struct traits_storage
	    *storage = traits_storage(prusalink->printer.traits, folder);
	struct buf text = { 0 };
	int error = document(&prusalink->printer, wait, TOPIC_STORAGE, &text);

	if (error == 0 && storage == NULL)
		error = -ENOENT;
	if (error == 0)
		error = shape_storage(text.data, text.len, storage->name, out);
	buf_free(&text);
	return error;
}

/*
 * Is a removable medium out?  Returns -ENOMEDIUM then, and otherwise the
 * error that made us ask.
 */
int
prusalink_check_medium(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, int error)
{
	struct shape_storage storage;

	if (prusalink_storage(prusalink, wait, folder, &storage) == 0 &&
	    !storage.available)
		return -ENOMEDIUM;
	return error;
}

/*
 * Buddy tells an empty root without a stick, and when it could not open the
 * folder just now (at most six objects are open).  The folder's own name is
 * empty then.  What cannot be proved to be empty is an error.
 */
static int
prove_empty(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const struct buf *text)
{
	struct shape_storage storage;
	struct buf name = { 0 };
	bool is_named, is_nameless;
	int error = json_field(text->data, text->len, "name", &name);

	is_named = error == 0 && name.len > 0;
	is_nameless = error == 0 && name.len == 0;
	buf_free(&name);
	if (is_named && strchr(folder, '/') != NULL)
		return 0;
	error = prusalink_storage(prusalink, wait, folder, &storage);
	if (error == -EINTR || error == -ENOMEM)
		return error;
	if (error != 0)
		return is_named ? 0 : -EIO;
	if (!storage.available)
		return -ENOMEDIUM;
	return is_nameless ? -EIO : 0;
}

/* What could not be asked is neither empty nor gone. */
static int
judge_listing(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const struct buf *text, const struct listing *listing,
    int error)
{
	const struct traits_storage
	    *storage = traits_storage(prusalink->printer.traits, folder);

	if (error == 0 && listing_count(listing) == 0 && storage != NULL &&
	    storage->removable)
		return prove_empty(prusalink, wait, folder, text);
	if (strchr(folder, '/') != NULL)
		return error;
	if (error == -ENOENT)
		return prusalink_check_medium(prusalink, wait, folder, -EIO);
	return error == -ENOTDIR ? -EPROTO : error;
}

/* Say once what is on the printer and cannot be shown. */
static void
tell_left_out(struct prusalink *prusalink, const char *folder,
    const struct listing *listing)
{
	const char *left_out = listing_left_out(listing);
	struct buf line = { 0 };
	bool is_news;

	if (left_out[0] == '\0' ||
	    buf_printf(&line,
		"%s: not listed, for the name cannot be shown: "
		"%s\n",
		folder, left_out) != 0)
		return;
	pthread_mutex_lock(&prusalink->lock);
	is_news = prusalink->left_out.len < LEFT_OUT_MOST &&
	    strstr(buf_text(&prusalink->left_out), line.data) == NULL &&
	    buf_append(&prusalink->left_out, line.data, line.len) == 0;
	pthread_mutex_unlock(&prusalink->lock);
	if (is_news)
		log_say(LOG_LEVEL_NOTE, "%.*s", (int)line.len - 1, line.data);
	buf_free(&line);
}

static int
list(struct printer *printer, const struct wait *wait, const char *folder,
    struct listing **out)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	struct listing *listing = NULL;
	int error = prusalink_target(prusalink, "/api/v1/files/", folder, NULL,
	    &target);

	if (error == 0)
		error = prusalink_get(prusalink, wait, target.data, &reply);
	if (error == 0) {
		error = normalise_listing(printer->traits, reply.body.data,
		    reply.body.len, &listing);
		explain(error, target.data, &reply);
	}
	error = judge_listing(prusalink, wait, folder, &reply.body, listing,
	    error);
	if (error == 0 && printer->traits->keeps_parts)
		error = parts_hide(prusalink, folder, &listing);
	http_reply_free(&reply);
	buf_free(&target);
	if (error != 0) {
		listing_release(listing);
		return error;
	}
	tell_left_out(prusalink, folder, listing);
	*out = listing;
	return 0;
}

int
prusalink_entry(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const char *name, struct entry *out)
{
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	int error = prusalink_target(prusalink, "/api/v1/files/", folder, name,
	    &target);

	if (error == 0)
		error = prusalink_get(prusalink, wait, target.data, &reply);
	if (error == 0) {
		error = normalise_entry(prusalink->printer.traits,
		    reply.body.data, reply.body.len, out);
		explain(error, target.data, &reply);
	}
	http_reply_free(&reply);
	buf_free(&target);
	return error;
}

static int
look(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, struct entry *out)
{
	struct entry told;
	int error = prusalink_entry((struct prusalink *)printer, wait, folder,
	    entry->short_name, &told);

	if (error != 0)
		return error;
	if (told.folder)
		error = -EISDIR;
	else if (told.size < 0)
		error = -EPROTO;
	if (error != 0)
		entry_free(&told);
	else
		*out = told;
	return error;
}

/*
 * The Pi's downloads go by the storage's display name, which is the name of a
 * directory there and stays the same while the server runs.
 */
static int
display_name(struct prusalink *prusalink, const struct wait *wait,
    struct buf *out)
{
	struct shape_storage storage;
	int error;

	pthread_mutex_lock(&prusalink->lock);
	error = buf_printf(out, "%s", buf_text(&prusalink->display_name));
	pthread_mutex_unlock(&prusalink->lock);
	if (error != 0 || out->len > 0)
		return error;
	error = prusalink_storage(prusalink, wait, "local", &storage);
	if (error == 0 && !name_is_sane(storage.name))
		error = -EPROTO;
	if (error != 0)
		return error;
	pthread_mutex_lock(&prusalink->lock);
	buf_clear(&prusalink->display_name);
	error = buf_printf(&prusalink->display_name, "%s", storage.name);
	pthread_mutex_unlock(&prusalink->lock);
	return error != 0 ? error : buf_printf(out, "%s", storage.name);
}

/*
 * Where the bytes are: /usb/FOLDER/8~3.GCO on Buddy; on the Pi
 * /api/files/local/DISPLAY NAME/FOLDER/NAME/raw, and nowhere for its card.
 */
static int
download_target(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const struct entry *entry, struct buf *out)
{
	struct buf name = { 0 };
	const char *rest = strchr(folder, '/');
	int error;

	if (prusalink->printer.traits->serves_paths)
		return prusalink_target(prusalink, "/", folder,
		    entry->short_name, out);
	if (strcspn(folder, "/") != 5 || strncmp(folder, "local", 5) != 0)
		return -EOPNOTSUPP;
	error = display_name(prusalink, wait, &name);
	if (error == 0)
		error = prusalink_target(prusalink, "/api/files/local/",
		    name.data, NULL, out);
	if (error == 0 && rest != NULL)
		error = name_escape_path(out, rest);
	if (error == 0)
		error = prusalink_target(prusalink, "", "", entry->name, out);
	if (error == 0)
		error = buf_printf(out, "/raw");
	buf_free(&name);
	return error;
}

static int
fetch(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, const struct sink *sink)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	struct http_request request = {
		.connection = CONNECTION_DOWN, .method = "GET", .sink = sink
	};
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	int error = download_target(prusalink, wait, folder, entry, &target);

	if (error == 0) {
		request.target = target.data;
		error = http_ask(prusalink->http, wait, &request, &reply);
		pthread_mutex_lock(&prusalink->lock);
		prusalink->read_ms = time_now_ms();
		pthread_mutex_unlock(&prusalink->lock);
	}
	http_reply_free(&reply);
	buf_free(&target);
	return error;
}

int
prusalink_ask(struct prusalink *prusalink, const struct wait *wait,
    const char *method, const char *target, const char *header, bool once,
    struct http_reply *reply)
{
	const struct http_request request = { .method = method,
		.target = target,
		.headers = { header },
		.once = once };
	int error = http_ask(prusalink->http, wait, &request, reply);

	/* They say 201 or 204 when it is done: this is not their word. */
	return error == 0 && reply->status == 200 ? -EPROTO : error;
}

/* A camera of one's own is another server. */
static bool
refuses(struct printer *printer, enum topic topic)
{
	struct prusalink *prusalink = (struct prusalink *)printer;

	return (prusalink->camera == NULL || !topic_is_of_camera(topic)) &&
	    http_refuses(prusalink->http);
}

static void
count(struct printer *printer, struct counts *out)
{
	http_count(((struct prusalink *)printer)->http, out);
}

static void
release(struct printer *printer)
{
	struct prusalink *prusalink = (struct prusalink *)printer;

	parts_end(prusalink);
	http_free(prusalink->http);
	camera_free(prusalink->camera);
	turn_destroy(&prusalink->upload);
	buf_free(&prusalink->display_name);
	buf_free(&prusalink->job_path);
	buf_free(&prusalink->left_out);
	foreign_transfer_free(&prusalink->foreign);
	pthread_mutex_destroy(&prusalink->lock);
	free(prusalink);
}

static int
make(const struct http_config *config, const struct traits *traits,
    const char *camera, struct printer **out)
{
	static const struct printer_ops ops = {
		.document = document,
		.list = list,
		.look = look,
		.fetch = fetch,
		.store = prusalink_store,
		.make_folder = prusalink_make_folder,
		.remove = prusalink_remove,
		.camera = prusalink_camera,
		.refuses = refuses,
		.command = prusalink_command,
		.count = count,
		.free = release,
	};
	struct prusalink *prusalink = calloc(1, sizeof(*prusalink));
	int error;

	if (prusalink == NULL)
		return -ENOMEM;
	turn_init(&prusalink->upload);
	pthread_mutex_init(&prusalink->lock, NULL);
	parts_init(&prusalink->parts);
	prusalink->printer.ops = &ops;
	prusalink->printer.traits = traits;
	prusalink->printer.has_pictures = traits->has_cameras || camera != NULL;
	error = http_new(config, &prusalink->http);
	if (error == 0 && camera != NULL)
		error = camera_new(config, camera, &prusalink->camera);
	if (error != 0)
		release(&prusalink->printer);
	else
		*out = &prusalink->printer;
	return error;
}

const struct backend prusalink_backend = {
	.type = "prusalink",
	.traits = prusalink_traits,
	.secret_variable = "PRUSA_PASSWORD",
	.reasons =
	    (const struct backend_reason[]){
		{ -EACCES,
		    "login refused: wrong user or password "
		    "(Settings > Network > PrusaLink on the printer)" },
		{ -EPROTO, "that is not a PrusaLink" },
		{ -EOPNOTSUPP,
		    "its PrusaLink is too old: it has no /api/v1 (printers "
		    "have it since firmware 4.7, the Raspberry Pi since "
		    "PrusaLink 0.7)" },
		{ -EHOSTDOWN,
		    "connection refused (is the printer on, and PrusaLink "
		    "enabled?)" },
		{ -EHOSTUNREACH,
		    "no such host, or no way to it (is the printer on?)" },
		{ -ETIMEDOUT, "no answer (is the printer on?)" }, { 0, NULL } },
	.probe = prusalink_probe,
	.printer_new = make,
};
