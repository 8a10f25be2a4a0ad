/*
 * Files that could not be sent: the list, and the tickets of uploads under way.
 * Listed files have no descriptor; their bytes are opened for each reader.  Any
 * thread; unsent.lock guards the list and the tickets.
 */
#include <sys/queue.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cache/spool.h"
#include "cache/unsent.h"
#include "cache/unsent_disk.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"

#define GONE_MS 60000 /* between the close of a copy and mv's unlink */

struct unsent_ticket {
	TAILQ_ENTRY(unsent_ticket) link;
	TAILQ_ENTRY(unsent_ticket) known;
	struct unsent *unsent;
	char *base; /* path of its files without the endings */
	char *path; /* destination */
	char *name; /* in the listing; NULL while it is not listed */
	struct disk_name *disk_name; /* the bytes */
	struct spool *spool; /* the same, until the upload's fate is known */
	off_t size;
	struct timespec since; /* it is in the list */
	int holders; /* under unsent.lock: an upload, a file, the list */
	bool is_read;
	pid_t reader; /* the last who opened it */
};

/* A name that a success has just taken away; to its reader it is there. */
struct gone {
	TAILQ_ENTRY(gone) link;
	char *name;
	pid_t reader; /* who has had it open */
	off_t size;
	struct timespec since;
	int64_t until_ms;
};

struct unsent {
	atomic_int holders;
	bool folds;
	struct unsent_disk *disk;
	pthread_mutex_t lock;
	TAILQ_HEAD(, unsent_ticket) files; /* under lock: those listed */
	TAILQ_HEAD(, unsent_ticket) all;   /* and those that are held */
	TAILQ_HEAD(, gone) gone;	   /* under lock, the oldest first */
};

static void
ticket_free(struct unsent_ticket *ticket)
{
	spool_release(ticket->spool);
	disk_name_release(ticket->disk_name);
	free(ticket->base);
	free(ticket->path);
	free(ticket->name);
	free(ticket);
}

/*
 * The destination makes bytes on disk a file that could not be sent; the
 * bytes themselves go with their name, which who reads them holds.
 */
static void
remove_dest(const struct unsent_ticket *ticket)
{
	disk_name_keep(ticket->disk_name, false);
	unsent_disk_forget(ticket->base);
}

/* With the lock. */
static void
let_go(struct unsent_ticket *ticket)
{
	if (--ticket->holders > 0)
		return;
	TAILQ_REMOVE(&ticket->unsent->all, ticket, known);
	ticket_free(ticket);
}

/* With the lock: off the list, and off the disk. */
static void
delist(struct unsent_ticket *ticket)
{
	TAILQ_REMOVE(&ticket->unsent->files, ticket, link);
	free(ticket->name);
	ticket->name = NULL;
	remove_dest(ticket);
	let_go(ticket);
}

/* With the lock. */
static struct unsent_ticket *
find(struct unsent *unsent, const char *name)
{
	struct unsent_ticket *ticket;

	TAILQ_FOREACH (ticket, &unsent->files, link) {
		if (strcmp(ticket->name, name) == 0)
			return ticket;
	}
	return NULL;
}

/* With the lock: "model.gcode", or a numbered one when that is taken. */
static char *
free_name(struct unsent *unsent, const char *path)
{
	char *name = strdup(name_of(path));
	int i;

	for (i = 2; name != NULL && find(unsent, name) != NULL; i++) {
		free(name);
		name = name_number(name_of(path), i);
	}
	return name;
}

/* Are these destinations the same file? */
static bool
is_same(const struct unsent *unsent, const char *one, const char *two)
{
	char *folded_one, *folded_two;
	bool same = strcmp(one, two) == 0;

	if (same || !unsent->folds)
		return same;
	folded_one = name_fold(one);
	folded_two = name_fold(two);
	same = folded_one != NULL && folded_two != NULL &&
	    strcmp(folded_one, folded_two) == 0;
	free(folded_one);
	free(folded_two);
	return same;
}

/* With the lock: what was kept for a destination before. */
static void
remove_older(struct unsent *unsent, const char *path)
{
	struct unsent_ticket *ticket, *next;

	TAILQ_FOREACH_SAFE(ticket, &unsent->files, link, next)
	{
		if (is_same(unsent, ticket->path, path))
			delist(ticket);
	}
}

static void
forget_gone(struct unsent *unsent, struct gone *gone)
{
	TAILQ_REMOVE(&unsent->gone, gone, link);
	free(gone->name);
	free(gone);
}

/* With the lock: those whose time is over, or all. */
static void
forget_old(struct unsent *unsent, int64_t now_ms)
{
	struct gone *gone;

	while ((gone = TAILQ_FIRST(&unsent->gone)) != NULL &&
	    gone->until_ms <= now_ms)
		forget_gone(unsent, gone);
}

/* With the lock.  Without memory it is gone at once. */
static void
note_gone(const struct unsent_ticket *ticket)
{
	struct unsent *unsent = ticket->unsent;
	struct gone *gone = calloc(1, sizeof(*gone));

	forget_old(unsent, time_now_ms());
	if (gone == NULL || (gone->name = strdup(ticket->name)) == NULL) {
		free(gone);
		return;
	}
	gone->reader = ticket->reader;
	gone->size = ticket->size;
	gone->since = ticket->since;
	gone->until_ms = time_now_ms() + GONE_MS;
	TAILQ_INSERT_TAIL(&unsent->gone, gone, link);
}

/* With the lock: the one of that name that is still there to that process. */
static struct gone *
find_gone(struct unsent *unsent, const char *name, pid_t reader)
{
	struct gone *gone;

	forget_old(unsent, time_now_ms());
	TAILQ_FOREACH (gone, &unsent->gone, link) {
		if (gone->reader == reader && strcmp(gone->name, name) == 0)
			return gone;
	}
	return NULL;
}

/* With the lock: what is stored now goes, but to those who move it. */
static void
remove_stored(struct unsent *unsent, const char *path)
{
	const struct unsent_ticket *ticket;

	TAILQ_FOREACH (ticket, &unsent->files, link) {
		if (ticket->is_read && is_same(unsent, ticket->path, path))
			note_gone(ticket);
	}
	remove_older(unsent, path);
}

/* With the lock: list it, unless it is.  Returns whether it is new there. */
static bool
enlist(struct unsent_ticket *ticket)
{
	struct unsent *unsent = ticket->unsent;

	if (ticket->name != NULL)
		return false;
	remove_older(unsent, ticket->path);
	ticket->name = free_name(unsent, ticket->path);
	if (ticket->name == NULL)
		return false;
	disk_name_keep(ticket->disk_name, true);
	TAILQ_INSERT_TAIL(&unsent->files, ticket, link);
	ticket->holders++;
	return true;
}

/* A ticket that the caller holds; NULL without memory. */
static struct unsent_ticket *
ticket_new(struct unsent *unsent, struct disk_name *disk_name, off_t size,
    const char *path, const char *base)
{
	struct unsent_ticket *ticket = calloc(1, sizeof(*ticket));

	if (ticket == NULL)
		return NULL;
	ticket->holders = 1;
	ticket->unsent = unsent;
	ticket->disk_name = disk_name_hold(disk_name);
	ticket->size = size;
	ticket->path = strdup(path);
	ticket->base = strdup(base);
	if (ticket->path == NULL || ticket->base == NULL) {
		ticket_free(ticket);
		return NULL;
	}
	pthread_mutex_lock(&unsent->lock);
	TAILQ_INSERT_TAIL(&unsent->all, ticket, known);
	pthread_mutex_unlock(&unsent->lock);
	return ticket;
}

/* With the lock: the ticket of these bytes, held once more, or NULL. */
static struct unsent_ticket *
hold_known(struct unsent *unsent, const struct disk_name *disk_name)
{
	struct unsent_ticket *ticket;

	TAILQ_FOREACH (ticket, &unsent->all, known) {
		if (ticket->disk_name == disk_name)
			break;
	}
	if (ticket != NULL)
		ticket->holders++;
	return ticket;
}

/* With the lock: what is not listed has their destination and size of now. */
static void
renew(struct unsent_ticket *ticket, struct spool *spool, const char *path)
{
	char *copy = ticket->name == NULL ? strdup(path) : NULL;

	if (copy == NULL || unsent_disk_renew(ticket->base, spool, path) != 0) {
		free(copy);
		return;
	}
	free(ticket->path);
	ticket->path = copy;
	ticket->size = spool_size(spool);
}

struct unsent_ticket *
unsent_begin(struct unsent *unsent, struct spool *spool, const char *path)
{
	struct unsent_ticket *ticket;
	char base[PATH_MAX];
	int error;

	pthread_mutex_lock(&unsent->lock);
	ticket = hold_known(unsent, spool_named(spool));
	if (ticket != NULL)
		renew(ticket, spool, path);
	pthread_mutex_unlock(&unsent->lock);
	if (ticket != NULL)
		return ticket;
	do {
		error = unsent_disk_begin(unsent->disk, spool, path, base);
	} while (error == -ENOSPC && spool_make_room(spool));
	if (error != 0) {
		log_say(LOG_LEVEL_NOTE,
		    "%s: cannot be kept in case of a failure: %s", path,
		    strerror(-error));
		return NULL;
	}
	/* Until its fate is known, a crash shall leave it. */
	disk_name_keep(spool_named(spool), true);
	ticket = ticket_new(unsent, spool_named(spool), spool_size(spool), path,
	    base);
	if (ticket != NULL)
		ticket->spool = spool_hold(spool);
	return ticket;
}

void
unsent_stored(struct unsent_ticket *ticket, const char *path)
{
	struct unsent *unsent;

	if (ticket == NULL)
		return;
	unsent = ticket->unsent;
	pthread_mutex_lock(&unsent->lock);
	remove_stored(unsent, path);
	if (ticket->name != NULL)
		delist(ticket);
	else
		remove_dest(ticket);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
}

void
unsent_drop(struct unsent_ticket *ticket)
{
	struct unsent *unsent;

	if (ticket == NULL)
		return;
	unsent = ticket->unsent;
	pthread_mutex_lock(&unsent->lock);
	if (ticket->name == NULL && ticket->holders == 1)
		remove_dest(ticket);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
}

void
unsent_keep(struct unsent_ticket *ticket)
{
	struct unsent *unsent;
	struct spool *spool;
	char *path;
	bool is_new;

	if (ticket == NULL)
		return;
	unsent = ticket->unsent;
	pthread_mutex_lock(&unsent->lock);
	spool = ticket->spool;
	ticket->spool = NULL;
	pthread_mutex_unlock(&unsent->lock);
	if (spool != NULL)
		(void)spool_sync(spool);
	path = strdup(ticket->path);
	pthread_mutex_lock(&unsent->lock);
	is_new = enlist(ticket);
	if (is_new)
		clock_gettime(CLOCK_REALTIME, &ticket->since);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
	spool_release(spool);
	if (is_new && path != NULL)
		log_say(LOG_LEVEL_NOTE, "%s is kept in unsent/", path);
	free(path);
}

/* Take over one file that a process left behind. */
static void
adopt(void *arg, const struct unsent_left *left)
{
	struct unsent *unsent = arg;
	struct unsent_ticket *ticket;
	struct disk_name *disk_name = disk_name_new(left->data);

	if (disk_name == NULL)
		return;
	disk_name_keep(disk_name, true);
	ticket = ticket_new(unsent, disk_name, left->size, left->dest,
	    left->base);
	disk_name_release(disk_name);
	if (ticket == NULL)
		return;
	ticket->since = left->since;
	pthread_mutex_lock(&unsent->lock);
	(void)enlist(ticket);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
}

int
unsent_open(const char *dir, const char *name, bool folds, struct unsent **out)
{
	struct unsent *unsent = calloc(1, sizeof(*unsent));

	if (unsent == NULL || unsent_disk_open(dir, name, &unsent->disk) != 0) {
		free(unsent);
		return -ENOMEM;
	}
	unsent->folds = folds;
	pthread_mutex_init(&unsent->lock, NULL);
	TAILQ_INIT(&unsent->files);
	TAILQ_INIT(&unsent->all);
	TAILQ_INIT(&unsent->gone);
	atomic_init(&unsent->holders, 1);
	/* The newest copy for a destination is the one that stays. */
	unsent_disk_each(unsent->disk, adopt, unsent);
	*out = unsent;
	return 0;
}

struct unsent *
unsent_hold(struct unsent *unsent)
{
	atomic_fetch_add(&unsent->holders, 1);
	return unsent;
}

void
unsent_close(struct unsent *unsent)
{
	struct unsent_ticket *ticket;

	if (unsent == NULL || atomic_fetch_sub(&unsent->holders, 1) > 1)
		return;
	while ((ticket = TAILQ_FIRST(&unsent->files)) != NULL) {
		TAILQ_REMOVE(&unsent->files, ticket, link);
		let_go(ticket);
	}
	forget_old(unsent, INT64_MAX);
	pthread_mutex_destroy(&unsent->lock);
	unsent_disk_close(unsent->disk);
	free(unsent);
}

int
unsent_each(struct unsent *unsent, int (*call)(void *arg, const char *name),
    void *arg)
{
	struct unsent_ticket *ticket;
	int error = 0;

	pthread_mutex_lock(&unsent->lock);
	TAILQ_FOREACH (ticket, &unsent->files, link) {
		if (error == 0)
			error = call(arg, ticket->name);
	}
	pthread_mutex_unlock(&unsent->lock);
	return error;
}

int
unsent_look(struct unsent *unsent, const char *name, off_t *size,
    struct timespec *since)
{
	const struct unsent_ticket *ticket;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	if (ticket != NULL) {
		*size = ticket->size;
		*since = ticket->since;
	}
	pthread_mutex_unlock(&unsent->lock);
	return ticket == NULL ? -ENOENT : 0;
}

/* Somebody has cleared the cache. */
static void
forget_lost(struct unsent *unsent, const struct disk_name *disk_name)
{
	struct unsent_ticket *ticket;
	char *path = NULL;

	pthread_mutex_lock(&unsent->lock);
	ticket = hold_known(unsent, disk_name);
	if (ticket != NULL && ticket->name != NULL) {
		path = strdup(ticket->path);
		delist(ticket);
	}
	if (ticket != NULL)
		let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
	if (path != NULL)
		log_say(LOG_LEVEL_ERROR,
		    "%s is no longer in unsent/: its bytes have gone from the "
		    "local disk",
		    path);
	free(path);
}

int
unsent_open_bytes(struct unsent *unsent, const char *name, struct spool **out)
{
	const struct unsent_ticket *ticket;
	struct disk_name *disk_name = NULL;
	int error;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	if (ticket != NULL)
		disk_name = disk_name_hold(ticket->disk_name);
	pthread_mutex_unlock(&unsent->lock);
	if (disk_name == NULL)
		return -ENOENT;
	error = spool_open(disk_name, out);
	if (error == -ENOENT)
		forget_lost(unsent, disk_name);
	disk_name_release(disk_name);
	return error;
}

void
unsent_note_reader(struct unsent *unsent, const char *name, pid_t reader)
{
	struct unsent_ticket *ticket;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	if (ticket != NULL) {
		ticket->is_read = true;
		ticket->reader = reader;
	}
	pthread_mutex_unlock(&unsent->lock);
}

bool
unsent_has_gone(struct unsent *unsent, const char *name, pid_t reader,
    off_t *size, struct timespec *since)
{
	const struct gone *gone;

	pthread_mutex_lock(&unsent->lock);
	gone = find_gone(unsent, name, reader);
	if (gone != NULL) {
		*size = gone->size;
		*since = gone->since;
	}
	pthread_mutex_unlock(&unsent->lock);
	return gone != NULL;
}

int
unsent_remove(struct unsent *unsent, const char *name, pid_t remover)
{
	struct unsent_ticket *ticket;
	struct gone *gone;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	gone = find_gone(unsent, name, remover);
	if (gone != NULL)
		forget_gone(unsent, gone);
	else if (ticket != NULL)
		delist(ticket);
	pthread_mutex_unlock(&unsent->lock);
	return ticket == NULL && gone == NULL ? -ENOENT : 0;
}
