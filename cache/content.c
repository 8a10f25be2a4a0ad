/*
 * Downloaded and uploaded bytes, and which of them are kept.  Readers call from
 * any thread; each download runs in a thread of the workers and holds its
 * file.  content.lock guards the list and its files' members, and is never held
 * while reading or fetching.
 */
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/spool.h"
#include "cache/stamp.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"
#include "client/listing.h"
#include "client/printer.h"

#define KEPT	   128 /* files; each holds a descriptor */
#define KEPT_SHARE 8   /* of the descriptors: one part in so many at most */
#define FREE_SHARE 10  /* of the disk stays free: one part in so many */
#define RELEASE_MS 200 /* a close reaches us a moment later */
#define NOTICE_MS  300 /* the printer notices the end of a download */

enum progress {
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
	int64_t seen_s; /* when its bytes began to be what they are */
	struct spool *spool;
	enum progress state; /* all below under content.lock */
	int readers;
	pid_t reader; /* the last who came when all was here; 0: none */
	int holders;  /* readers, the list, a download */
	bool listed;
};

struct content {
	const char *dir;
	off_t limit;
	size_t count_limit;
	struct printer *printer;
	struct stamps *stamps; /* or NULL */
	struct workers *workers;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t ended; /* a download has */
	bool stopping;
	off_t kept;
	size_t count;
	TAILQ_HEAD(, content_file) files;
};

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
    struct stamps *stamps, struct workers *workers, struct content **out)
{
	struct content *content = calloc(1, sizeof(*content));

	if (content == NULL)
		return -ENOMEM;
	content->dir = dir;
	content->limit = limit;
	content->count_limit = count_kept();
	content->printer = printer;
	content->stamps = stamps;
	content->workers = workers;
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

/* With the lock: one holder less. */
static void
let_go(struct content_file *file)
{
	if (--file->holders == 0)
		free_file(file);
}

/* With the lock: off the list, which lets go of it. */
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
	let_go(file);
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
			unlist(file);
			full = full && is_disk_full(content);
		}
	}
}

/* With the lock: on the list, which holds it. */
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

bool
content_make_room(void *arg)
{
	struct content *content = arg;
	struct content_file *file;
	bool went;

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH (file, &content->files, link) {
		if (file->state == COMPLETE && file->holders == 1)
			break;
	}
	went = file != NULL;
	if (went)
		unlist(file);
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

static bool
is_of(const struct content_file *file, const char *folder, const char *name)
{
	return strcmp(file->entry.name, name) == 0 &&
	    strcmp(file->folder, folder) == 0;
}

/* Does the version alone prove that these are the printer's bytes? */
static bool
is_proved(const struct content_file *file)
{
	return file->entry.id != 0 ||
	    stamps_judge(file->content->stamps, file->entry.mtime_s,
		file->seen_s, stamp_now()) == STAMP_GOOD;
}

/* With the lock: are these the bytes that the printer has now? */
static bool
is_true(const struct content_file *file)
{
	return file->state != COMPLETE || file->entry.id != 0 ||
	    stamps_hold(file->content->stamps, file->entry.mtime_s,
		file->seen_s, stamp_now(), true);
}

/* With the lock: the file that new readers may join, or NULL. */
static struct content_file *
find(struct content *content, const char *folder, const struct entry *entry,
    off_t size)
{
	struct content_file *file;

	TAILQ_FOREACH (file, &content->files, link) {
		if (file->size == size && file->state != FAILED &&
		    file->state != ENDING && is_true(file) &&
		    entry_version(&file->entry) == entry_version(entry) &&
		    is_of(file, folder, entry->name))
			return file;
	}
	return NULL;
}

/*
 * With the lock: what is kept of that file goes, or what its time stamp does
 * not prove.
 */
static void
drop(struct content *content, const char *folder, const char *name,
    bool unproved_only)
{
	struct content_file *file, *next;

	TAILQ_FOREACH_SAFE(file, &content->files, link, next)
	{
		if (file->state == COMPLETE && is_of(file, folder, name) &&
		    !(unproved_only && is_proved(file)))
			unlist(file);
	}
}

/* Not listed, held by the caller; spool NULL: an empty one, to be filled. */
static int
make_file(struct content *content, const char *folder,
    const struct entry *entry, off_t size, struct spool *spool,
    struct content_file **out)
{
	const struct relief relief = { content_make_room, content };
	struct content_file *file = calloc(1, sizeof(*file));
	int error = -ENOMEM;

	if (file == NULL)
		return error;
	file->content = content;
	file->size = size;
	file->seen_s = stamp_now();
	file->holders = 1;
	file->folder = strdup(folder);
	if (file->folder != NULL)
		error = entry_copy(&file->entry, entry);
	if (error == 0 && spool != NULL)
		file->spool = spool_hold(spool);
	else if (error == 0)
		error = spool_new(content->dir, &file->spool);
	if (error != 0) {
		free_file(file);
		return error;
	}
	if (spool == NULL)
		spool_set_relief(file->spool, &relief);
	*out = file;
	return 0;
}

int
content_open(struct content *content, const char *folder,
    const struct entry *entry, off_t size, struct content_file **out)
{
	struct content_file *file, *made = NULL;
	int error;

	pthread_mutex_lock(&content->lock);
	file = find(content, folder, entry, size);
	if (file == NULL) {
		pthread_mutex_unlock(&content->lock);
		error = make_file(content, folder, entry, size, NULL, &made);
		if (error != 0)
			return error;
		pthread_mutex_lock(&content->lock);
		file = find(content, folder, entry, size);
	}
	if (file == NULL) {
		drop(content, folder, entry->name, false);
		file = made;
		enlist(file);
	}
	file->readers++;
	file->holders++;
	if (made != NULL)
		let_go(made);
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
	/* A new reader must not join a download that ends. */
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
	/* First its fate, then its readers: a new one begins anew. */
	pthread_mutex_lock(&content->lock);
	/* Of what is not whole yet, nothing is kept. */
	if (error != 0 || file->entry.partial || file->entry.read_only)
		unlist(file);
	file->state = error == 0 ? COMPLETE : FAILED;
	if (file->listed)
		content->kept += file->size;
	pthread_mutex_unlock(&content->lock);
	spool_filled(file->spool, error);
	pthread_mutex_lock(&content->lock);
	pthread_cond_broadcast(&content->ended);
	let_go(file);
	evict(content);
	pthread_mutex_unlock(&content->lock);
}

int
content_begin(struct content_file *file)
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
	unlist(file);
	let_go(file);
	pthread_mutex_unlock(&content->lock);
	return error;
}

ssize_t
content_read(struct content_file *file, const struct wait *wait, void *out,
    size_t len, off_t offset)
{
	int error = content_begin(file);

	return error != 0 ? error :
			    spool_read(file->spool, wait, out, len, offset);
}

struct spool *
content_bytes(struct content_file *file)
{
	return spool_hold(file->spool);
}

bool
content_is_other(struct content_file *file)
{
	return spool_is_other(file->spool);
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

bool
content_keeps(struct content *content, const char *folder,
    const struct entry *entry)
{
	const struct content_file *file;
	bool keeps = false;

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH (file, &content->files, link)
		keeps = keeps ||
		    (file->state == COMPLETE &&
			is_of(file, folder, entry->name));
	pthread_mutex_unlock(&content->lock);
	return keeps;
}

void
content_keep(struct content *content, const char *folder,
    const struct entry *entry, struct spool *spool)
{
	off_t size = spool_size(spool);
	struct content_file *former, *file;
	int error = make_file(content, folder, entry, size, spool, &file);

	pthread_mutex_lock(&content->lock);
	former = find(content, folder, entry, size);
	if (error == 0 && former != NULL)
		unlist(former);
	drop(content, folder, entry->name, false);
	if (error == 0) {
		file->state = COMPLETE;
		enlist(file);
		let_go(file);
	}
	pthread_mutex_unlock(&content->lock);
}

void
content_drop_unproved(struct content *content, const char *folder,
    const struct entry *entry)
{
	pthread_mutex_lock(&content->lock);
	drop(content, folder, entry->name, true);
	pthread_mutex_unlock(&content->lock);
}

void
content_note_reader(struct content_file *file, pid_t reader)
{
	pthread_mutex_lock(&file->content->lock);
	if (file->state == COMPLETE)
		file->reader = reader;
	pthread_mutex_unlock(&file->content->lock);
}

struct spool *
content_was_read(struct content *content, const char *folder, const char *name,
    pid_t reader, int64_t *version, bool *proved)
{
	struct spool *spool = NULL;
	const struct content_file *file;

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH (file, &content->files, link) {
		if (spool == NULL && file->reader == reader &&
		    file->entry.id == 0 && is_of(file, folder, name)) {
			spool = spool_hold(file->spool);
			*version = entry_version(&file->entry);
			*proved = is_proved(file);
		}
	}
	pthread_mutex_unlock(&content->lock);
	return spool;
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
		if (is_of(file, folder, name) &&
		    (file->state == ENDING ||
			(file->state == FILLING &&
			    (wanted || file->readers == 0))))
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
		left = time_cond_tick(&content->ended, &content->lock, wait);
	}
	pthread_mutex_unlock(&content->lock);
	if (left)
		return -EINTR;
	return waited ? time_pause(wait, NOTICE_MS) : 0;
}

void
content_drop(struct content *content, const char *folder, const char *name)
{
	pthread_mutex_lock(&content->lock);
	drop(content, folder, name, false);
	pthread_mutex_unlock(&content->lock);
}
