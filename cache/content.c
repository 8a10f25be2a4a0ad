/*
 * Downloaded and uploaded bytes.  Readers call from any thread; each download
 * runs in a thread of the crew and holds its item.  content.lock guards the
 * list and the items' members, and is never held while reading or fetching.
 */
#include <sys/statvfs.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cache/content.h"
#include "cache/crew.h"
#include "cache/spool.h"
#include "client/listing.h"
#include "client/name.h"
#include "client/printer.h"
#include "client/time.h"
#include "client/wait.h"

#define KEPT	   128 /* files; each holds a descriptor */
#define RELEASE_MS 200 /* a close reaches us a moment later */
#define NOTICE_MS  300 /* the printer notices the end of a download */
#define FREE_SHARE 10  /* of the disk stays free: one part in so many */

enum state {
	NEW,
	FILLING,
	ENDING,
	COMPLETE,
	FAILED
};

struct content_file {
	TAILQ_ENTRY(content_file) link; /* oldest first */
	struct content *content;
	char *folder;
	struct entry entry;
	off_t size;
	struct spool *spool;
	enum state state; /* all below under content.lock */
	int readers;
	int holders; /* readers, the list, a download */
	bool listed;
};

struct content {
	const char *dir;
	off_t limit;
	struct printer *printer;
	struct crew *crew;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t ended; /* a download has */
	bool stopping;
	off_t kept;
	size_t count;
	TAILQ_HEAD(, content_file) files;
};

int
content_new(const char *dir, off_t limit, struct printer *printer,
    struct crew *crew, struct content **out)
{
	struct content *content = calloc(1, sizeof(*content));

	if (content == NULL)
		return -ENOMEM;
	content->dir = dir;
	content->limit = limit;
	content->printer = printer;
	content->crew = crew;
	pthread_mutex_init(&content->lock, NULL);
	time_cond_init(&content->ended);
	TAILQ_INIT(&content->files);
	*out = content;
	return 0;
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
static void
unlist(struct content_file *file)
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
static void
let_go(struct content_file *file)
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
		    content->count <= KEPT)
			return;
		if (file->holders == 1) {
			unlist(file);
			full = full && is_disk_full(content);
		}
	}
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
	unlist(file);
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

/* With the lock. */
static struct content_file *
find(struct content *content, const char *folder, const struct entry *entry,
    off_t size)
{
	struct content_file *file;

	TAILQ_FOREACH (file, &content->files, link) {
		if (file->size == size && file->state != FAILED &&
		    file->state != ENDING &&
		    file->entry.mtime_s == entry->mtime_s &&
		    strcmp(file->entry.name, entry->name) == 0 &&
		    strcmp(file->folder, folder) == 0)
			return file;
	}
	return NULL;
}

/* A new item with this spool, which it takes in any case; unlisted. */
static struct content_file *
make_file(struct content *content, const char *folder,
    const struct entry *entry, off_t size, struct spool *spool)
{
	struct content_file *file = calloc(1, sizeof(*file));

	if (file == NULL) {
		spool_release(spool);
		return NULL;
	}
	file->content = content;
	file->size = size;
	file->spool = spool;
	file->folder = strdup(folder);
	if (file->folder == NULL || entry_copy(&file->entry, entry) != 0) {
		free_file(file);
		return NULL;
	}
	return file;
}

/* With the lock: put it on the list, which then holds it. */
static void
enlist(struct content_file *file)
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
	struct spool *spool;
	int error;

	pthread_mutex_lock(&content->lock);
	file = find(content, folder, entry, size);
	if (file != NULL)
		goto found;
	pthread_mutex_unlock(&content->lock);
	error = spool_new(content->dir, &spool);
	if (error != 0)
		return error;
	made = make_file(content, folder, entry, size, spool);
	if (made == NULL)
		return -ENOMEM;
	pthread_mutex_lock(&content->lock);
	file = find(content, folder, entry, size);
	if (file == NULL) {
		file = made;
		file->holders = 1; /* while it is enlisted */
		enlist(file);
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
	let_go(file);
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
	spool_filled(file->spool, error);
	pthread_mutex_lock(&content->lock);
	file->state = error == 0 ? COMPLETE : FAILED;
	pthread_cond_broadcast(&content->ended);
	if (error != 0)
		unlist(file);
	else if (file->listed)
		content->kept += file->size;
	let_go(file);
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
		file->holders++;
		(void)spool_fill(file->spool, file->size);
	}
	pthread_mutex_unlock(&content->lock);
	if (!mine)
		return 0;
	error = crew_start(content->crew, download, file);
	if (error == 0)
		return 0;
	spool_filled(file->spool, error);
	pthread_mutex_lock(&content->lock);
	file->state = FAILED;
	unlist(file);
	let_go(file);
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
content_bring(struct content *content, const struct wait *wait,
    const char *folder, const struct entry *entry, off_t size,
    struct spool **out)
{
	struct content_file *file;
	ssize_t count;
	char last;
	int error = content_open(content, folder, entry, size, &file);

	if (error != 0)
		return error;
	count = size == 0 ? 0 : content_read(file, wait, &last, 1, size - 1);
	if (count < 0)
		error = (int)count;
	else
		*out = spool_hold(file->spool);
	content_close(file);
	return error;
}

struct spool *
content_have(struct content *content, const char *folder,
    const struct entry *entry, off_t size)
{
	struct spool *spool = NULL;
	struct content_file *file;

	pthread_mutex_lock(&content->lock);
	file = find(content, folder, entry, size);
	if (file != NULL && file->state == COMPLETE)
		spool = spool_hold(file->spool);
	pthread_mutex_unlock(&content->lock);
	return spool;
}

void
content_keep(struct content *content, const char *folder,
    const struct entry *entry, struct spool *spool)
{
	struct content_file *file, *old;

	file = make_file(content, folder, entry, spool_size(spool),
	    spool_hold(spool));
	if (file == NULL)
		return;
	file->state = COMPLETE;
	file->holders = 1;
	pthread_mutex_lock(&content->lock);
	old = find(content, folder, entry, file->size);
	if (old != NULL)
		unlist(old);
	enlist(file);
	let_go(file);
	pthread_mutex_unlock(&content->lock);
}

/*
 * With the lock: does a download of that file run?  wanted: also one that has
 * readers, else only one that nobody wants any more.
 */
static bool
is_running(const struct content *content, const char *folder, const char *name,
    bool wanted)
{
	const struct content_file *file;

	TAILQ_FOREACH (file, &content->files, link) {
		if (file->state != ENDING && file->state != FILLING)
			continue;
		if (file->state == FILLING && file->readers > 0 && !wanted)
			continue;
		if (strcmp(file->entry.name, name) == 0 &&
		    strcmp(file->folder, folder) == 0)
			return true;
	}
	return false;
}

int
content_settle(struct content *content, const struct wait *wait,
    const char *folder, const char *name)
{
	int64_t until = time_now_ms() + RELEASE_MS;
	bool left = false, waited = false;

	pthread_mutex_lock(&content->lock);
	while (!left &&
	    is_running(content, folder, name, time_now_ms() < until)) {
		waited = true;
		time_cond_wait(&content->ended, &content->lock, WAIT_TICK_MS);
		pthread_mutex_unlock(&content->lock);
		left = wait_given_up(wait);
		pthread_mutex_lock(&content->lock);
	}
	pthread_mutex_unlock(&content->lock);
	if (left)
		return -EINTR;
	return waited ? time_pause(wait, NOTICE_MS) : 0;
}

void
content_drop(struct content *content, const char *folder, const char *name)
{
	struct content_file *file, *next;

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH_SAFE(file, &content->files, link, next)
	{
		if (file->state == COMPLETE &&
		    strcmp(file->entry.name, name) == 0 &&
		    strcmp(file->folder, folder) == 0)
			unlist(file);
	}
	pthread_mutex_unlock(&content->lock);
}
