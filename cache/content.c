/*
 * Downloaded and uploaded bytes.  Readers call from any thread; each download
 * runs in a thread of the workers and holds its item.  content.lock guards the
 * list and the items' members, and is never held while reading or fetching.
 */
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cache/content.h"
#include "cache/content_internal.h"
#include "cache/spool.h"
#include "cache/stamp.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"
#include "client/listing.h"
#include "client/printer.h"

#define KEPT	   128 /* files; each holds a descriptor */
#define KEPT_SHARE 8   /* of the descriptors: one part in so many at most */
#define FREE_SHARE 10  /* of the disk stays free: one part in so many */

static size_t
count_kept(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur / KEPT_SHARE > KEPT)
		return KEPT;
	return limit.rlim_cur / KEPT_SHARE;
}

int
content_new(const char *dir, off_t limit, struct printer *printer,
    struct workers *workers, struct content **out)
{
	struct content *content = calloc(1, sizeof(*content));

	if (content == NULL)
		return -ENOMEM;
	content->dir = dir;
	content->limit = limit;
	content->count_limit = count_kept();
	content->printer = printer;
	content->workers = workers;
	pthread_mutex_init(&content->lock, NULL);
	time_cond_init(&content->ended);
	TAILQ_INIT(&content->files);
	*out = content;
	return 0;
}

void
content_set_stamps(struct content *content, struct stamps *stamps)
{
	content->stamps = stamps;
}

static void
free_file(struct content_file *file)
{
	spool_release(file->spool);
	entry_free(&file->entry);
	free(file->folder);
	free(file);
}

/* With the lock; takes the list's hold away. */
void
content_unlist(struct content_file *file)
{
	struct content *content = file->content;

	if (!file->listed)
		return;
	TAILQ_REMOVE(&content->files, file, link);
	file->listed = false;
	content->count--;
	if (file->state == COMPLETE)
		content->kept -= file->size;
	if (--file->holders == 0)
		free_file(file);
}

/* With the lock. */
void
content_let_go(struct content_file *file)
{
	if (--file->holders == 0)
		free_file(file);
}

static bool
is_disk_full(const struct content *content)
{
	struct statvfs disk;

	return statvfs(content->dir, &disk) == 0 &&
	    disk.f_bavail < disk.f_blocks / FREE_SHARE;
}

/* With the lock: the oldest that nobody uses go until the limits hold. */
static void
evict(struct content *content)
{
	struct content_file *file, *next;
	bool full = is_disk_full(content);

	TAILQ_FOREACH_SAFE(file, &content->files, link, next)
	{
		if (content->kept <= content->limit && !full &&
		    content->count <= content->count_limit)
			return;
		if (file->holders == 1) {
			content_unlist(file);
			full = full && is_disk_full(content);
		}
	}
}

bool
content_make_room(void *arg)
{
	struct content *content = arg;
	struct content_file *file;
	bool went = false;

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH (file, &content->files, link) {
		if (file->state != COMPLETE || file->holders > 1)
			continue;
		content_unlist(file);
		went = true;
		break;
	}
	pthread_mutex_unlock(&content->lock);
	return went;
}

void
content_stop(struct content *content)
{
	pthread_mutex_lock(&content->lock);
	content->stopping = true;
	pthread_mutex_unlock(&content->lock);
}

void
content_forget(struct content *content)
{
	struct content_file *file, *next;

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH_SAFE(file, &content->files, link, next)
	content_unlist(file);
	pthread_mutex_unlock(&content->lock);
}

void
content_free(struct content *content)
{
	if (content == NULL)
		return;
	content_forget(content);
	pthread_cond_destroy(&content->ended);
	pthread_mutex_destroy(&content->lock);
	free(content);
}

/* With the lock: are these the bytes that the printer has now? */
static bool
is_true(const struct content *content, const struct content_file *file)
{
	return file->state != COMPLETE || file->entry.id != 0 ||
	    stamps_hold(content->stamps, file->entry.mtime_s, file->seen_s,
		stamp_now(), true);
}

/* With the lock. */
struct content_file *
content_find(struct content *content, const char *folder,
    const struct entry *entry, off_t size)
{
	struct content_file *file;

	TAILQ_FOREACH (file, &content->files, link) {
		if (file->size == size && file->state != FAILED &&
		    is_true(content, file) && file->state != ENDING &&
		    entry_version(&file->entry) == entry_version(entry) &&
		    strcmp(file->entry.name, entry->name) == 0 &&
		    strcmp(file->folder, folder) == 0)
			return file;
	}
	return NULL;
}

void
content_drop_former(struct content *content, const char *folder,
    const char *name)
{
	struct content_file *file, *next;

	TAILQ_FOREACH_SAFE(file, &content->files, link, next)
	{
		if (file->state == COMPLETE &&
		    strcmp(file->entry.name, name) == 0 &&
		    strcmp(file->folder, folder) == 0)
			content_unlist(file);
	}
}

/* A new item with this spool, which it takes in any case; unlisted. */
struct content_file *
content_make_file(struct content *content, const char *folder,
    const struct entry *entry, off_t size, struct spool *spool)
{
	struct content_file *file = calloc(1, sizeof(*file));

	if (file == NULL) {
		spool_release(spool);
		return NULL;
	}
	file->content = content;
	file->size = size;
	file->seen_s = stamp_now();
	file->spool = spool;
	file->folder = strdup(folder);
	if (file->folder == NULL || entry_copy(&file->entry, entry) != 0) {
		free_file(file);
		return NULL;
	}
	return file;
}

/* With the lock: put it on the list, which then holds it. */
void
content_enlist(struct content_file *file)
{
	struct content *content = file->content;

	TAILQ_INSERT_TAIL(&content->files, file, link);
	file->listed = true;
	file->holders++;
	content->count++;
	if (file->state == COMPLETE)
		content->kept += file->size;
	evict(content);
}

int
content_open(struct content *content, const char *folder,
    const struct entry *entry, off_t size, struct content_file **out)
{
	struct content_file *file, *made = NULL;
	const struct relief relief = { content_make_room, content };
	struct spool *spool;
	int error;

	pthread_mutex_lock(&content->lock);
	file = content_find(content, folder, entry, size);
	if (file != NULL)
		goto found;
	pthread_mutex_unlock(&content->lock);
	error = spool_new(content->dir, &spool);
	if (error != 0)
		return error;
	spool_set_relief(spool, &relief);
	made = content_make_file(content, folder, entry, size, spool);
	if (made == NULL)
		return -ENOMEM;
	pthread_mutex_lock(&content->lock);
	file = content_find(content, folder, entry, size);
	if (file == NULL) {
		content_drop_former(content, folder, entry->name);
		file = made;
		file->holders = 1; /* while it is enlisted */
		content_enlist(file);
		file->holders--;
	} else {
		free_file(made);
	}
found:
	file->readers++;
	file->holders++;
	pthread_mutex_unlock(&content->lock);
	*out = file;
	return 0;
}

void
content_close(struct content_file *file)
{
	struct content *content = file->content;

	pthread_mutex_lock(&content->lock);
	file->readers--;
	content_let_go(file);
	evict(content);
	pthread_mutex_unlock(&content->lock);
}

/* A download goes on while there are readers. */
static bool
is_unwanted(void *arg)
{
	struct content_file *file = arg;
	bool unwanted;

	pthread_mutex_lock(&file->content->lock);
	unwanted = file->readers == 0 || file->content->stopping;
	/* Who comes now must not join a download that ends. */
	if (unwanted)
		file->state = ENDING;
	pthread_mutex_unlock(&file->content->lock);
	return unwanted;
}

/* The work of a download's thread; it holds the file. */
static void
download(void *arg)
{
	struct content_file *file = arg;
	struct content *content = file->content;
	const struct wait wait = { .given_up = is_unwanted, .arg = file };
	struct sink sink = spool_fill(file->spool, file->size);
	int error;

	error = printer_fetch(content->printer, &wait, file->folder,
	    &file->entry, &sink);
	/* The last reader may leave when the last byte is there. */
	if (error == -EINTR && spool_have(file->spool) == file->size)
		error = 0;
	/* First its fate, then its readers: who comes now begins anew. */
	pthread_mutex_lock(&content->lock);
	file->state = error == 0 ? COMPLETE : FAILED;
	/* Of what is not whole yet, nothing is kept. */
	if (error != 0 || file->entry.partial || file->entry.read_only)
		content_unlist(file);
	else if (file->listed)
		content->kept += file->size;
	pthread_mutex_unlock(&content->lock);
	spool_filled(file->spool, error);
	pthread_mutex_lock(&content->lock);
	pthread_cond_broadcast(&content->ended);
	content_let_go(file);
	evict(content);
	pthread_mutex_unlock(&content->lock);
}

static int
begin(struct content_file *file)
{
	struct content *content = file->content;
	bool mine;
	int error;

	pthread_mutex_lock(&content->lock);
	mine = file->state == NEW;
	if (mine) {
		file->state = FILLING;
		file->seen_s = stamp_now();
		file->holders++;
		(void)spool_fill(file->spool, file->size);
	}
	pthread_mutex_unlock(&content->lock);
	if (!mine)
		return 0;
	error = workers_start(content->workers, download, file);
	if (error == 0)
		return 0;
	spool_filled(file->spool, error);
	pthread_mutex_lock(&content->lock);
	file->state = FAILED;
	content_unlist(file);
	content_let_go(file);
	pthread_mutex_unlock(&content->lock);
	return error;
}

ssize_t
content_read(struct content_file *file, const struct wait *wait, void *out,
    size_t len, off_t offset)
{
	int error = begin(file);

	if (error != 0)
		return error;
	return spool_read(file->spool, wait, out, len, offset);
}

int
content_begin(struct content_file *file, struct spool **out)
{
	int error = begin(file);

	if (error == 0)
		*out = spool_hold(file->spool);
	return error;
}

bool
content_is_other(struct content_file *file)
{
	return spool_is_other(file->spool);
}

static int
bring(struct content *content, const struct wait *wait, const char *folder,
    const struct entry *entry, off_t size, struct spool **out, bool *other)
{
	struct content_file *file;
	ssize_t count;
	char last;
	int error = content_open(content, folder, entry, size, &file);

	if (error != 0)
		return error;
	count = size == 0 ? 0 : content_read(file, wait, &last, 1, size - 1);
	*other = count == -EIO && spool_is_other(file->spool);
	if (count < 0)
		error = (int)count;
	else
		*out = spool_hold(file->spool);
	content_close(file);
	return error;
}

int
content_bring(struct content *content, const struct wait *wait,
    const char *folder, const struct entry *entry, off_t size,
    struct spool **out)
{
	struct entry told;
	bool other = false;
	int error = bring(content, wait, folder, entry, size, out, &other);

	if (!other ||
	    printer_look(content->printer, wait, folder, entry, &told) != 0)
		return error;
	if (told.size != size)
		error = bring(content, wait, folder, &told, told.size, out,
		    &other);
	entry_free(&told);
	return error;
}
