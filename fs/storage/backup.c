/*
 * Stored files that were renamed to a name of a backup.  Each is brought and
 * deleted by a thread of the workers, which holds the gate of the backup's
 * staged file until then.  backups.lock guards the list and what is known of
 * each; it is a leaf.
 */
#include <sys/queue.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/file_facts.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/stamp.h"
#include "cache/unsent.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"
#include "client/listing.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/rename.h"
#include "fs/storage/storage.h"
#include "fs/tree/events.h"

#define MARK	    ".backup" /* behind its name in unsent/ */
#define DELETION_MS 10000     /* for the printer to answer */
#define FIRST_MS    1000      /* between two deletions that are refused, */
#define LAST_MS	    60000     /* doubled each time until it is so long */

struct backup {
	TAILQ_ENTRY(backup) link;
	struct mounted *mounted;
	struct found found; /* the printer's file */
	char *key;
	char *path;   /* as users see it */
	char *target; /* the same of the backup */
	struct content_file *file;
	struct spool *spool;
	struct staged *staged;
	bool asked;  /* its deletion, which may have been done since then */
	int holders; /* all below under lock */
	int waiters; /* who want the name */
	bool over;
	int verdict;
	struct staged *doomed; /* held: what may not be stored after that */
};

struct backups {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	TAILQ_HEAD(, backup) list;
};

int
backups_new(struct backups **out)
{
	struct backups *backups = calloc(1, sizeof(*backups));

	if (backups == NULL)
		return -ENOMEM;
	pthread_mutex_init(&backups->lock, NULL);
	time_cond_init(&backups->changed);
	TAILQ_INIT(&backups->list);
	*out = backups;
	return 0;
}

static void
backup_free(struct backup *backup)
{
	if (backup->file != NULL)
		content_close(backup->file);
	spool_release(backup->spool);
	staged_release(backup->staged);
	staged_release(backup->doomed);
	found_free(&backup->found);
	free(backup->key);
	free(backup->path);
	free(backup->target);
	free(backup);
}

void
backups_free(struct backups *backups)
{
	struct backup *backup;

	if (backups == NULL)
		return;
	while ((backup = TAILQ_FIRST(&backups->list)) != NULL) {
		TAILQ_REMOVE(&backups->list, backup, link);
		backup_free(backup);
	}
	pthread_cond_destroy(&backups->changed);
	pthread_mutex_destroy(&backups->lock);
	free(backups);
}

/* With the lock: the one of that key which is under way, or has failed. */
static struct backup *
find(const struct backups *backups, const char *key, bool over)
{
	struct backup *backup;

	TAILQ_FOREACH (backup, &backups->list, link) {
		if (backup->over == over && strcmp(backup->key, key) == 0)
			return backup;
	}
	return NULL;
}

bool
backup_hides(struct mounted *mounted, const char *key)
{
	struct backups *backups = mounted->backups;
	bool hides;

	pthread_mutex_lock(&backups->lock);
	hides = find(backups, key, false) != NULL;
	pthread_mutex_unlock(&backups->lock);
	return hides;
}

/* With the lock.  Returns true when the caller must free it. */
static bool
let_go(struct backup *backup)
{
	return --backup->holders == 0;
}

int
backup_settle(struct mounted *mounted, const struct wait *wait, const char *key,
    const struct staged *staged)
{
	struct backups *backups = mounted->backups;
	struct backup *backup;
	bool left = false, last = false;
	int error = 0;

	pthread_mutex_lock(&backups->lock);
	backup = find(backups, key, false);
	if (backup == NULL) {
		backup = find(backups, key, true);
		if (backup != NULL && backup->doomed != staged)
			backup = NULL;
	}
	if (backup != NULL) {
		backup->holders++;
		backup->waiters++;
		while (!left && !backup->over)
			left = time_cond_tick(&backups->changed, &backups->lock,
			    wait);
		backup->waiters--;
		error = left ? -EINTR : backup->verdict;
		last = let_go(backup);
	}
	pthread_mutex_unlock(&backups->lock);
	if (last)
		backup_free(backup);
	return error;
}

/* Shall the printer be left alone?  Somebody wants to know, or all ends. */
static bool
is_wanted(void *arg)
{
	struct backup *backup = arg;
	struct backups *backups = backup->mounted->backups;
	bool wanted;

	pthread_mutex_lock(&backups->lock);
	wanted = backup->waiters > 0;
	pthread_mutex_unlock(&backups->lock);
	return wanted || mounted_is_ending(backup->mounted);
}

/* The bytes are here, on the disk, and have a name there. */
static int
secure(struct backup *backup, struct unsent_ticket **out)
{
	const struct wait wait = { .given_up = mounted_is_ending,
		.arg = backup->mounted };
	off_t size = spool_size(backup->spool);
	char last, *marked;
	ssize_t count = spool_read(backup->spool, &wait, &last, 1, size - 1);
	int error = count < 0 ? (int)count : spool_sync(backup->spool);

	if (error != 0)
		return error;
	if (asprintf(&marked, "%s" MARK, backup->target) < 0)
		return -ENOMEM;
	*out = unsent_begin(backup->mounted->unsent, backup->spool, marked);
	free(marked);
	return *out == NULL ? -ENOSPC : 0;
}

/* Is it still the file whose bytes were brought?  -ENOENT: it is gone. */
static int
check_same(const struct backup *backup, const struct wait *wait)
{
	const struct entry *entry = &backup->found.entry;

	return printer_check_version(backup->mounted->printer, wait,
	    backup->found.folder, entry, entry_version(entry),
	    spool_size(backup->spool));
}

/* One deletion; what others have put there meanwhile is theirs. */
static int
delete_once(struct backup *backup)
{
	struct deadline deadline;
	const struct wait wait = time_limit(&deadline, NULL, DELETION_MS);
	int error = check_same(backup, &wait);

	if (error == 0) {
		backup->asked = true;
		error = found_remove(&backup->found, &wait);
	}
	if (error == -ESTALE)
		log_say(LOG_LEVEL_NOTE,
		    "%s was replaced meanwhile, and is not deleted",
		    backup->path);
	if (error == 0 || error == -ENOENT) {
		found_forget(&backup->found, backup->key);
		events_note_file(backup->mounted->events, backup->path, NULL);
	}
	return error == -ENOENT || error == -ESTALE ? 0 : error;
}

/*
 * A printer that holds the file open, for its preview, lets it go some time:
 * until then it stays hidden, unless somebody wants the name.
 */
static int
delete_old(struct backup *backup)
{
	const struct wait wait = { .given_up = is_wanted, .arg = backup };
	int64_t pause_ms = FIRST_MS;
	int error;

	do {
		if (mounted_is_ending(backup->mounted))
			return -EINTR;
		error = delete_once(backup);
		if (error != -EBUSY || time_pause(&wait, pause_ms) != 0)
			break;
		pause_ms = pause_ms * 2 < LAST_MS ? pause_ms * 2 : LAST_MS;
	} while (true);
	return error;
}

/* The name is the printer's file's again, and the backup's goes. */
static void
give_back(struct backup *backup, struct unsent_ticket *ticket, int error)
{
	log_say(LOG_LEVEL_NOTE, "%s keeps its name, and is not %s: %s",
	    backup->path, backup->target, strerror(-error));
	stage_unlist(backup->staged);
	/* The deletion may have got there all the same. */
	if (ticket != NULL && backup->asked && printer_may_be_changed(error))
		unsent_keep(ticket);
	else
		unsent_drop(ticket);
}

static void
finish(struct backup *backup, int error)
{
	struct backups *backups = backup->mounted->backups;
	struct staged *written = error == 0 ?
	    NULL :
	    stage_find(backup->mounted->stage, backup->key);
	bool last;

	pthread_mutex_lock(&backups->lock);
	backup->over = true;
	backup->verdict = error == 0 || error == -EBUSY ? error : -EIO;
	backup->doomed = written;
	/* A file that was to replace it shall not, whenever it comes. */
	if (written == NULL)
		TAILQ_REMOVE(&backups->list, backup, link);
	last = written == NULL && let_go(backup);
	pthread_cond_broadcast(&backups->changed);
	pthread_mutex_unlock(&backups->lock);
	if (last)
		backup_free(backup);
}

static void
work(void *arg)
{
	struct backup *backup = arg;
	struct unsent_ticket *ticket = NULL;
	int error = secure(backup, &ticket);

	if (error == 0)
		error = delete_old(backup);
	if (error == 0)
		staged_secure(backup->staged, backup->spool, ticket);
	else
		give_back(backup, ticket, error);
	staged_unlock(backup->staged);
	finish(backup, error);
}

/* NULL without memory. */
static struct backup *
make(const struct renaming *renaming, const struct found *found)
{
	struct backup *backup = calloc(1, sizeof(*backup));

	if (backup == NULL)
		return NULL;
	backup->mounted = backup->found.mounted = found->mounted;
	backup->holders = 1;
	backup->key = strdup(renaming->source->key);
	backup->path = strdup(renaming->source->path);
	backup->target = strdup(renaming->target->path);
	backup->found.folder = strdup(found->folder);
	if (backup->key == NULL || backup->path == NULL ||
	    backup->target == NULL || backup->found.folder == NULL ||
	    entry_copy(&backup->found.entry, &found->entry) != 0) {
		backup_free(backup);
		return NULL;
	}
	return backup;
}

/* It is as old as the file was; an unknown time is now. */
static void
keep_mtime(const struct backup *backup)
{
	const struct entry *entry = &backup->found.entry;
	struct timespec mtime = { .tv_sec = (time_t)entry->mtime_s };
	bool was_set = file_facts_mtime(backup->mounted->facts,
	    backup->found.folder, entry->name, entry->mtime_s, &mtime);

	if (was_set || stamp_is_time(entry->mtime_s))
		staged_set_mtime(backup->staged, &mtime);
}

/* The backup's name, with the bytes that are here or on their way. */
static int
stage_it(struct backup *backup, const struct caller *caller,
    const struct place *target)
{
	struct stage *stage = backup->mounted->stage;
	struct stage_place where = storage_stage_place(target);
	int error;

	where.prints = false; /* in print/ too, it is put aside */
	stage_remove(stage, target->key);
	error = stage_add(stage, &where, true, spool_hold(backup->spool),
	    &backup->staged);
	if (error != 0)
		return error;
	keep_mtime(backup);
	staged_mark_backup(backup->staged);
	error = staged_lock(backup->staged, &caller->wait);
	if (error != 0)
		stage_unlist(backup->staged);
	return error;
}

/* From now on it hides the file.  An older failure is forgotten. */
static int
start(struct backup *backup)
{
	struct backups *backups = backup->mounted->backups;
	struct backup *former;
	bool last = false;
	int error;

	pthread_mutex_lock(&backups->lock);
	former = find(backups, backup->key, true);
	if (former != NULL) {
		TAILQ_REMOVE(&backups->list, former, link);
		last = let_go(former);
	}
	TAILQ_INSERT_TAIL(&backups->list, backup, link);
	pthread_mutex_unlock(&backups->lock);
	if (last)
		backup_free(former);
	error = workers_start(backup->mounted->workers, work, backup);
	if (error == 0)
		return 0;
	pthread_mutex_lock(&backups->lock);
	TAILQ_REMOVE(&backups->list, backup, link);
	pthread_mutex_unlock(&backups->lock);
	stage_unlist(backup->staged);
	staged_unlock(backup->staged);
	return error;
}

static int
check(const struct caller *caller, const struct renaming *renaming,
    const struct found *found, off_t *size)
{
	struct mounted *mounted = renaming->folder->mounted;
	struct staged *listed = stage_find(mounted->stage,
	    renaming->target->key);
	int error = 0;

	if (storage_is_read_only(renaming->source))
		error = -EROFS;
	else if (listed != NULL && !renaming->replace)
		error = -EEXIST;
	else if (found->entry.partial)
		error = -EBUSY;
	staged_release(listed);
	if (error == 0)
		error = storage_check_idle(caller, renaming->source);
	if (error == 0)
		error = found_size(found, &caller->wait, size);
	return error == 0 && *size == 0 ? -EXDEV : error;
}

int
backup_begin(const struct caller *caller, const struct renaming *renaming,
    const struct found *found)
{
	struct content *content = renaming->folder->mounted->content;
	struct backup *backup;
	off_t size = 0;
	int error = check(caller, renaming, found, &size);

	if (error != 0)
		return error;
	backup = make(renaming, found);
	if (backup == NULL)
		return -ENOMEM;
	content_drop_unproved(content, found->folder, &found->entry);
	error = content_open(content, found->folder, &found->entry, size,
	    &backup->file);
	if (error == 0)
		error = content_begin(backup->file);
	if (error == 0)
		backup->spool = content_bytes(backup->file);
	if (error == 0)
		error = stage_it(backup, caller, renaming->target);
	if (error == 0)
		error = start(backup);
	if (error != 0)
		backup_free(backup);
	return error;
}
