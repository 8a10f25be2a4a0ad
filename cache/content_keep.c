/*
 * What is kept of a printer's files, and what is given up.  Any thread;
 * content.lock guards the list.
 */
#include <errno.h>
#include <string.h>

#include "cache/comparison.h"
#include "cache/content.h"
#include "cache/content_internal.h"
#include "cache/spool.h"
#include "cache/stamp.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/printer.h"

#define RELEASE_MS 200 /* a close reaches us a moment later */
#define NOTICE_MS  300 /* the printer notices the end of a download */

struct spool *
content_have(struct content *content, const char *folder,
    const struct entry *entry, off_t size)
{
	struct spool *spool = NULL;
	struct content_file *file;

	pthread_mutex_lock(&content->lock);
	file = content_find(content, folder, entry, size);
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
	TAILQ_FOREACH (file, &content->files, link) {
		keeps = keeps ||
		    (file->state == COMPLETE &&
			strcmp(file->entry.name, entry->name) == 0 &&
			strcmp(file->folder, folder) == 0);
	}
	pthread_mutex_unlock(&content->lock);
	return keeps;
}

void
content_keep(struct content *content, const char *folder,
    const struct entry *entry, struct spool *spool)
{
	struct content_file *file, *old;

	file = content_make_file(content, folder, entry, spool_size(spool),
	    spool_hold(spool));
	if (file == NULL) {
		content_drop(content, folder, entry->name);
		return;
	}
	file->state = COMPLETE;
	file->holders = 1;
	pthread_mutex_lock(&content->lock);
	old = content_find(content, folder, entry, file->size);
	if (old != NULL)
		content_unlist(old);
	content_drop_former(content, folder, entry->name);
	content_enlist(file);
	content_let_go(file);
	pthread_mutex_unlock(&content->lock);
}

void
content_drop_unproved(struct content *content, const char *folder,
    const struct entry *entry)
{
	struct content_file *file, *next;
	int64_t now_s = stamp_now();

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH_SAFE(file, &content->files, link, next)
	{
		if (file->state == COMPLETE && file->entry.id == 0 &&
		    strcmp(file->entry.name, entry->name) == 0 &&
		    strcmp(file->folder, folder) == 0 &&
		    stamps_judge(content->stamps, file->entry.mtime_s,
			file->seen_s, now_s) != STAMP_GOOD)
			content_unlist(file);
	}
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

/*
 * What that process was given (caller: spool_release), of what version, and
 * whether its time stamp can prove it.
 */
static struct spool *
find_read(struct content *content, const char *folder,
    const struct entry *entry, pid_t reader, int64_t *version, bool *good)
{
	struct spool *spool = NULL;
	struct content_file *file;
	int64_t now_s = stamp_now();

	pthread_mutex_lock(&content->lock);
	TAILQ_FOREACH (file, &content->files, link) {
		if (spool == NULL && file->reader == reader &&
		    file->entry.id == 0 &&
		    strcmp(file->entry.name, entry->name) == 0 &&
		    strcmp(file->folder, folder) == 0) {
			spool = spool_hold(file->spool);
			*version = entry_version(&file->entry);
			*good = stamps_judge(content->stamps,
				    file->entry.mtime_s, file->seen_s,
				    now_s) == STAMP_GOOD;
		}
	}
	pthread_mutex_unlock(&content->lock);
	return spool;
}

/* -ESTALE: they are others. */
static int
compare_bytes(struct content *content, const struct wait *wait,
    const char *folder, const struct entry *entry, struct spool *spool)
{
	struct comparison comparison;
	struct sink sink = comparison_sink(&comparison, spool);
	int error = printer_fetch(content->printer, wait, folder, entry, &sink);

	return error != 0 && comparison.differs ? -ESTALE : error;
}

int
content_check_read(struct content *content, const struct wait *wait,
    const char *folder, const struct entry *entry, pid_t reader)
{
	bool good = false;
	int64_t version = 0;
	struct spool *spool = find_read(content, folder, entry, reader,
	    &version, &good);
	int error;

	if (spool == NULL)
		return 0;
	error = good ? printer_check_version(content->printer, wait, folder,
			   entry, version, spool_size(spool)) :
		       compare_bytes(content, wait, folder, entry, spool);
	spool_release(spool);
	if (error != -ESTALE)
		return error;
	content_drop(content, folder, entry->name);
	log_say(LOG_LEVEL_NOTE,
	    "%s/%s is not deleted: it is another one by now than was read",
	    folder, entry->name);
	return -EBUSY;
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
	content_drop_former(content, folder, name);
	pthread_mutex_unlock(&content->lock);
}
