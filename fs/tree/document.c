/*
 * JSON documents, one-value files, pictures and the log.  Lookup renders: it
 * asks the cache, and makes a new rendering when the bytes are others than
 * before.  Any thread; documents.lock guards the newest renderings and how many
 * there are.
 */
#include <sys/queue.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

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
#include "fs/core/upload_list.h"
#include "fs/tree/document.h"
#include "fs/tree/job_folder.h"
#include "fs/tree/metrics.h"
#include "fs/tree/node.h"

#define ONLINE_MS 300
#define RECENT_MS 60000

#define PAGES 256

struct rendering {
	atomic_int holders;
	uint64_t serial;
	int error; /* why there is nothing: what open answers */
	struct buf text;
	struct timespec made;
};

/* A document, and its newest rendering. */
struct page {
	TAILQ_ENTRY(page) link;
	char *path;
	struct rendering *newest; /* held, or NULL */
};

struct documents {
	pthread_mutex_t lock;
	uint64_t serial; /* all under lock */
	size_t count;
	TAILQ_HEAD(, page) pages; /* least recently rendered first */
};

int
documents_new(struct documents **out)
{
	struct documents *documents = calloc(1, sizeof(*documents));

	if (documents == NULL)
		return -ENOMEM;
	pthread_mutex_init(&documents->lock, NULL);
	TAILQ_INIT(&documents->pages);
	*out = documents;
	return 0;
}

static void
remove_page(struct documents *documents, struct page *page)
{
	TAILQ_REMOVE(&documents->pages, page, link);
	documents->count--;
	rendering_release(page->newest);
	free(page->path);
	free(page);
}

void
documents_free(struct documents *documents)
{
	struct page *page;

	if (documents == NULL)
		return;
	while ((page = TAILQ_FIRST(&documents->pages)) != NULL)
		remove_page(documents, page);
	pthread_mutex_destroy(&documents->lock);
	free(documents);
}

/* With the lock: the page of that path, made if need be, or NULL. */
static struct page *
find_page(struct documents *documents, const char *path)
{
	struct page *page;

	TAILQ_FOREACH (page, &documents->pages, link) {
		if (strcmp(page->path, path) == 0) {
			TAILQ_REMOVE(&documents->pages, page, link);
			TAILQ_INSERT_TAIL(&documents->pages, page, link);
			return page;
		}
	}
	page = calloc(1, sizeof(*page));
	if (page == NULL || (page->path = strdup(path)) == NULL) {
		free(page);
		return NULL;
	}
	/* Cameras come and go. */
	if (documents->count >= PAGES)
		remove_page(documents, TAILQ_FIRST(&documents->pages));
	documents->count++;
	TAILQ_INSERT_TAIL(&documents->pages, page, link);
	return page;
}

static struct rendering *
hold(struct rendering *rendering)
{
	atomic_fetch_add(&rendering->holders, 1);
	return rendering;
}

void
rendering_release(struct rendering *rendering)
{
	if (rendering == NULL || atomic_fetch_sub(&rendering->holders, 1) > 1)
		return;
	buf_free(&rendering->text);
	free(rendering);
}

uint64_t
rendering_serial(const struct rendering *rendering)
{
	return rendering->serial;
}

static int
produce_log(struct mounted *mounted, const struct caller *caller,
    struct buf *out)
{
	(void)caller;
	return mounted->subject == NULL ? log_text(out) :
					  log_text_about(mounted->subject, out);
}

/* For a little while, unless the caller has left before. */
struct soon {
	const struct wait *wait;
	int64_t until_ms;
};

static bool
is_over(void *arg)
{
	const struct soon *soon = arg;

	return wait_given_up(soon->wait) || time_now_ms() >= soon->until_ms;
}

/*
 * A server that stands for several printers and does not answer says nothing
 * of them: what was last heard then counts.
 */
static int
produce_online(struct mounted *mounted, const struct caller *caller,
    struct buf *out)
{
	struct soon soon = { .wait = &caller->wait,
		.until_ms = time_now_ms() + ONLINE_MS };
	const struct wait limited = { .given_up = is_over, .arg = &soon };
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
		error = job_folders_show(mounted, caller, &text);
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

/* The camera is named by its folder; at the root it is the main one. */
static int
produce_camera(const struct place *folder, const struct caller *caller,
    const struct node *node, struct buf *out)
{
	return printer_camera(folder->mounted->printer, &caller->wait,
	    (enum topic)node->topic, name_of(folder->wire), out);
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
	if (topic_is_of_camera((enum topic)node->topic))
		return produce_camera(folder, caller, node, out);
	return produce_topic(mounted, caller, node, out);
}

static bool
is_same(const struct rendering *a, const struct rendering *b)
{
	return a != NULL && a->error == b->error &&
	    a->text.len == b->text.len &&
	    memcmp(buf_text(&a->text), buf_text(&b->text), a->text.len) == 0;
}

/*
 * Make the candidate the newest, unless it says what the newest says.  Takes
 * it; returns a held rendering, or NULL without memory.
 */
static struct rendering *
publish(struct documents *documents, const char *path,
    struct rendering *candidate)
{
	struct rendering *newest = NULL, *old = candidate;
	struct page *page;

	pthread_mutex_lock(&documents->lock);
	page = find_page(documents, path);
	if (page != NULL && is_same(page->newest, candidate)) {
		newest = hold(page->newest);
	} else if (page != NULL) {
		old = page->newest;
		candidate->serial = ++documents->serial;
		page->newest = candidate;
		newest = hold(candidate);
	}
	pthread_mutex_unlock(&documents->lock);
	rendering_release(old);
	return newest;
}

/* Takes the text; made NULL: now. */
static int
render(struct documents *documents, const char *path, int error,
    struct buf *text, const struct timespec *made, struct rendering **out)
{
	struct rendering *candidate = calloc(1, sizeof(*candidate));

	if (candidate == NULL) {
		buf_free(text);
		return -ENOMEM;
	}
	atomic_init(&candidate->holders, 1);
	candidate->error = error;
	candidate->text = *text;
	if (made == NULL)
		clock_gettime(CLOCK_REALTIME, &candidate->made);
	else
		candidate->made = *made;
	*out = publish(documents, path, candidate);
	return *out == NULL ? -ENOMEM : 0;
}

int
document_render(struct documents *documents, const char *path, int error,
    struct buf *text, struct rendering **out)
{
	if (error != 0)
		buf_free(text);
	if (error == -EINTR || error == -ENOMEM)
		return error;
	return render(documents, path, error, text, NULL, out);
}

int
document_render_dated(struct documents *documents, const char *path,
    struct buf *text, const struct timespec *made, struct rendering **out)
{
	return render(documents, path, 0, text, made, out);
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
	error = document_render(folder->mounted->documents, path, error, &text,
	    &rendering);
	if (error == 0)
		error = place_new(folder->mounted, node, path, "", rendering,
		    out);
	free(path);
	return error;
}

static int
document_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	const struct rendering *rendering = place->rendering;

	(void)caller;
	node_attributes(place, out);
	out->st_size = (off_t)rendering->text.len;
	out->st_blocks = (out->st_size + 511) / 512;
	out->st_mtim = out->st_ctim = out->st_atim = rendering->made;
	return 0;
}

ssize_t
rendering_read(const struct rendering *rendering, void *out, size_t len,
    off_t offset)
{
	const struct buf *text = &rendering->text;
	size_t left;

	if (rendering->error != 0)
		return rendering->error;
	if (offset < 0 || (size_t)offset >= text->len)
		return 0;
	left = text->len - (size_t)offset;
	len = len < left ? len : left;
	memcpy(out, text->data + offset, len);
	return (ssize_t)len;
}

static ssize_t
document_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	(void)caller;
	return rendering_read(file->place->rendering, out, len, offset);
}

static void
document_close(struct file *file, const struct caller *caller)
{
	(void)caller;
	place_release(file->place);
	free(file);
}

static int
document_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	static const struct file_ops ops = {
		.read = document_read,
		.close = document_close,
	};
	struct file *file;

	(void)caller;
	if ((flags & O_ACCMODE) != O_RDONLY) /* root is not asked for modes */
		return -EACCES;
	if (place->rendering->error != 0)
		return place->rendering->error;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	file->ops = &ops;
	file->place = place_hold(place);
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
