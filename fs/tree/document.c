/*
 * JSON documents, one-value files, pictures and the log.  Lookup renders: it
 * asks the cache, and makes a new rendering when the bytes are others than
 * before.  No state, any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "cache/cache.h"
#include "cache/stage.h"
#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/rendering.h"
#include "fs/core/upload_list.h"
#include "fs/tree/document.h"
#include "fs/tree/job_path.h"
#include "fs/tree/metrics.h"
#include "fs/tree/node.h"

#define ONLINE_MS 300
#define RECENT_MS 60000

static int
produce_log(struct mounted *mounted, const struct caller *caller,
    struct buf *out)
{
	(void)caller;
	return log_text(mounted->subject, out);
}

/*
 * A server that stands for several printers and does not answer says nothing
 * of them: what was last heard then counts.
 */
static int
produce_online(struct mounted *mounted, const struct caller *caller,
    struct buf *out)
{
	struct deadline deadline;
	const struct wait limited = time_limit(&deadline, &caller->wait,
	    ONLINE_MS);
	bool is_cloud = mounted->printer->traits->is_cloud, online;
	struct buf status = { 0 };
	int error;

	error = printer_document(mounted->printer,
	    is_cloud ? &limited : &caller->wait, TOPIC_STATUS, &status);
	online = error == 0;
	if (error == -EINTR && !wait_given_up(&caller->wait)) {
		online = cache_peek(mounted->printer, TOPIC_STATUS, RECENT_MS,
		    &status);
		error = 0;
	}
	buf_free(&status);
	return error == -EINTR ? error : buf_printf(out, "%d\n", online);
}

static int
print_kept(void *arg, const struct stage_waiting *waiting)
{
	return upload_list_print_kept(arg, waiting->path, waiting->size,
	    waiting->since);
}

static int
produce_uploads(struct mounted *mounted, const struct caller *caller,
    struct buf *out)
{
	struct buf kept = { 0 };
	int error;

	(void)caller;
	error = stage_each_waiting(mounted->stage, print_kept, &kept);
	if (error == 0)
		error = upload_list_text(mounted->uploads, &kept, out);
	buf_free(&kept);
	return error;
}

static int
produce_metrics(struct mounted *mounted, const struct caller *caller,
    struct buf *out)
{
	const struct metrics metrics = { .printers = &mounted, .count = 1 };

	return metrics_text(&metrics, caller, out);
}

/* The whole document, or the one value that the row names. */
static int
produce_topic(struct mounted *mounted, const struct caller *caller,
    const struct node *node, struct buf *out)
{
	struct buf text = { 0 };
	int error;

	error = printer_document(mounted->printer, &caller->wait,
	    (enum topic)node->topic, &text);
	if (error == 0 && node->topic == TOPIC_JOB && node->field == NULL)
		error = job_paths_show(mounted, caller, &text);
	if (error == 0 && node->field == NULL) {
		*out = text;
		return 0;
	}
	if (error == 0)
		error = json_field(text.data, text.len, node->field, out);
	if (error == 0)
		error = buf_append(out, "\n", 1);
	buf_free(&text);
	return error;
}

static int
produce(const struct place *folder, const struct caller *caller,
    const struct node *node, struct buf *out)
{
	struct mounted *mounted = folder->mounted;
	static int (*const ours[])(struct mounted *, const struct caller *,
	    struct buf *) = {
		[DOCUMENT_LOG - TOPIC_COUNT] = produce_log,
		[DOCUMENT_ONLINE - TOPIC_COUNT] = produce_online,
		[DOCUMENT_UPLOADS - TOPIC_COUNT] = produce_uploads,
		[DOCUMENT_METRICS - TOPIC_COUNT] = produce_metrics,
	};

	if (node->topic >= TOPIC_COUNT)
		return ours[node->topic - TOPIC_COUNT](mounted, caller, out);
	/* The camera is named by its folder; at the root it is the main one. */
	if (topic_is_of_camera((enum topic)node->topic))
		return printer_camera(mounted->printer, &caller->wait,
		    (enum topic)node->topic, name_of(folder->wire), out);
	return produce_topic(mounted, caller, node, out);
}

int
document_place(const struct caller *caller, struct place *folder,
    const struct node *node, struct place **out)
{
	char *path = node_path(folder, name_of(node->path));
	struct rendering *rendering;
	struct buf text = { 0 };
	int error;

	if (path == NULL)
		return -ENOMEM;
	error = produce(folder, caller, node, &text);
	error = rendering_make(folder->mounted->renderings, path, error, &text,
	    NULL, &rendering);
	if (error == 0)
		error = place_new(folder->mounted, node, path, "", rendering,
		    out);
	free(path);
	return error;
}

int
document_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	const struct rendering *rendering = place->rendering;

	(void)caller;
	node_attributes(place, out);
	node_add_contents(out, (off_t)rendering->text.len, &rendering->made);
	return 0;
}

ssize_t
document_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	(void)caller;
	return rendering_read(file->place->rendering, out, len, offset);
}

static int
document_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	static const struct file_ops ops = {
		.read = document_read,
		.close = file_close,
	};
	struct file *file;

	(void)caller;
	if ((flags & O_ACCMODE) != O_RDONLY) /* root is not asked for modes */
		return -EACCES;
	if (place->rendering->error != 0)
		return place->rendering->error;
	file = file_new(sizeof(*file), &ops, place);
	if (file == NULL)
		return -ENOMEM;
	*out = file;
	return 0;
}

/* A rendering never changes; whether it is still the newest, lookup tells. */
const struct kind kind_document = {
	.attributes = document_attributes,
	.open = document_open,
	.rendered = true,
	.entry_s = 0,
	.attr_s = 3600,
};
