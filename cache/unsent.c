/*
 * What could not be sent.  Each file has a number, its bytes NUMBER.data and
 * its destination NUMBER.dest in a directory that this mount has locked.  What
 * is listed has no descriptor; its bytes are opened for who reads them.  Any
 * thread; unsent.lock guards the list.
 */
#include <sys/queue.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/disk_name.h"
#include "cache/spool.h"
#include "cache/unsent.h"
#include "cache/unsent_disk.h"
#include "cache/unsent_gone.h"
#include "cache/unsent_home.h"
#include "cache/unsent_name.h"
#include "client/base/log.h"
#include "client/base/name.h"

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
	struct timespec kept;
	int holders; /* under unsent.lock: an upload, a file, the list */
	bool is_read;
	pid_t reader; /* the last who opened it */
};

struct unsent {
	bool folds;
	pthread_mutex_t lock;
	struct unsent_homes homes;	   /* under lock */
	TAILQ_HEAD(, unsent_ticket) files; /* under lock: those listed */
	TAILQ_HEAD(, unsent_ticket) all;   /* and those that are held */
	struct unsent_gones gone;	   /* under lock */
	int holders;			   /* under lock */
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

/* With the lock: "model.gcode", or "model (2).gcode" when that is taken. */
static char *
free_name(struct unsent *unsent, const char *path)
{
	char *name = strdup(name_of(path));
	int i;

	for (i = 2; name != NULL && find(unsent, name) != NULL; i++) {
		free(name);
		name = unsent_name_numbered(name_of(path), i);
	}
	return name;
}

/* With the lock: what was kept for a destination before. */
static void
remove_older(struct unsent *unsent, const char *path)
{
	struct unsent_ticket *ticket, *next;

	TAILQ_FOREACH_SAFE(ticket, &unsent->files, link, next)
	{
		if (unsent_name_is_same(unsent->folds, ticket->path, path))
			delist(ticket);
	}
}

/* With the lock: what is stored now goes, but to those who move it. */
static void
remove_stored(struct unsent *unsent, const char *path)
{
	const struct unsent_ticket *ticket;

	TAILQ_FOREACH (ticket, &unsent->files, link) {
		if (ticket->is_read &&
		    unsent_name_is_same(unsent->folds, ticket->path, path))
			unsent_gone_note(&unsent->gone, ticket->name,
			    ticket->reader, ticket->size, &ticket->kept);
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

/* Takes the holder's count of one; NULL without memory. */
static struct unsent_ticket *
ticket_make(struct unsent *unsent, struct disk_name *disk_name, off_t size,
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
	return ticket;
}

static struct unsent_ticket *
ticket_new(struct unsent *unsent, struct disk_name *disk_name, off_t size,
    const char *path, const char *base)
{
	struct unsent_ticket *ticket = ticket_make(unsent, disk_name, size,
	    path, base);

	if (ticket == NULL)
		return NULL;
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
		if (ticket->disk_name == disk_name) {
			ticket->holders++;
			return ticket;
		}
	}
	return NULL;
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

/* Returns 0 and where the bytes are, without the ending, or an error. */
static int
give_name(struct unsent *unsent, struct spool *spool, const char *path,
    char *base, size_t size)
{
	const char *home;
	char *dir = NULL;
	int error;

	pthread_mutex_lock(&unsent->lock);
	error = unsent_homes_own(&unsent->homes, &home);
	if (error == 0)
		dir = strdup(home);
	pthread_mutex_unlock(&unsent->lock);
	if (error == 0 && dir == NULL)
		error = -ENOMEM;
	if (error == 0)
		error = unsent_disk_begin(dir, spool, path, base, size);
	free(dir);
	return error;
}

struct unsent_ticket *
unsent_begin(struct unsent *unsent, struct spool *spool, const char *path)
{
	struct unsent_ticket *ticket = NULL;
	char base[4000];
	int error;

	pthread_mutex_lock(&unsent->lock);
	if (spool_named(spool) != NULL)
		ticket = hold_known(unsent, spool_named(spool));
	if (ticket != NULL)
		renew(ticket, spool, path);
	pthread_mutex_unlock(&unsent->lock);
	if (ticket != NULL)
		return ticket;
	do {
		error = give_name(unsent, spool, path, base, sizeof(base));
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
		clock_gettime(CLOCK_REALTIME, &ticket->kept);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
	spool_release(spool);
	if (is_new && path != NULL)
		log_say(LOG_LEVEL_NOTE, "%s is kept in unsent/", path);
	free(path);
}

/* Take over one file that a process left behind. */
static void
adopt(struct unsent *unsent, const char *base)
{
	struct unsent_ticket *ticket;
	struct unsent_left left = { .size = 0 };
	struct disk_name *disk_name;

	if (!unsent_disk_find(base, &left))
		return;
	disk_name = disk_name_new(left.data);
	if (disk_name == NULL)
		return;
	disk_name_keep(disk_name, true);
	ticket = ticket_new(unsent, disk_name, left.size, left.dest, base);
	disk_name_release(disk_name);
	if (ticket == NULL)
		return;
	ticket->kept = left.kept;
	pthread_mutex_lock(&unsent->lock);
	(void)enlist(ticket);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
}

static int
is_data(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	    name_has_suffix(entry->d_name, ".data");
}

/* Oldest first, so that the newest copy for a destination is the one kept. */
static void
scan(struct unsent *unsent, const char *dir)
{
	struct dirent **entries;
	char base[4000];
	int i, count = scandir(dir, &entries, is_data, alphasort);

	for (i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		int len = (int)(strlen(name) - strlen(".data"));

		if ((size_t)snprintf(base, sizeof(base), "%s/%.*s", dir, len,
			name) < sizeof(base))
			adopt(unsent, base);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

int
unsent_open(const char *dir, const char *name, bool folds, struct unsent **out)
{
	struct unsent *unsent = calloc(1, sizeof(*unsent));
	char *root;
	size_t i;

	if (unsent == NULL)
		return -ENOMEM;
	unsent->folds = folds;
	if (asprintf(&root, "%s/%s.unsent", dir, name) < 0) {
		free(unsent);
		return -ENOMEM;
	}
	unsent_homes_begin(&unsent->homes, root);
	pthread_mutex_init(&unsent->lock, NULL);
	TAILQ_INIT(&unsent->files);
	TAILQ_INIT(&unsent->all);
	TAILQ_INIT(&unsent->gone);
	unsent->holders = 1;
	(void)unsent_homes_take(&unsent->homes);
	for (i = 0; i < unsent->homes.count; i++)
		scan(unsent, unsent->homes.all[i].dir);
	*out = unsent;
	return 0;
}

struct unsent *
unsent_hold(struct unsent *unsent)
{
	pthread_mutex_lock(&unsent->lock);
	unsent->holders++;
	pthread_mutex_unlock(&unsent->lock);
	return unsent;
}

void
unsent_close(struct unsent *unsent)
{
	struct unsent_ticket *ticket;
	int holders;

	if (unsent == NULL)
		return;
	pthread_mutex_lock(&unsent->lock);
	holders = --unsent->holders;
	pthread_mutex_unlock(&unsent->lock);
	if (holders > 0)
		return;
	while ((ticket = TAILQ_FIRST(&unsent->files)) != NULL) {
		TAILQ_REMOVE(&unsent->files, ticket, link);
		let_go(ticket);
	}
	unsent_gone_forget_all(&unsent->gone);
	pthread_mutex_destroy(&unsent->lock);
	unsent_homes_end(&unsent->homes);
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
    struct timespec *kept)
{
	const struct unsent_ticket *ticket;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	if (ticket != NULL) {
		*size = ticket->size;
		*kept = ticket->kept;
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
    off_t *size, struct timespec *kept)
{
	const struct unsent_gone *gone;

	pthread_mutex_lock(&unsent->lock);
	gone = unsent_gone_find(&unsent->gone, name, reader);
	if (gone != NULL) {
		*size = gone->size;
		*kept = gone->kept;
	}
	pthread_mutex_unlock(&unsent->lock);
	return gone != NULL;
}

int
unsent_remove(struct unsent *unsent, const char *name, pid_t remover)
{
	struct unsent_ticket *ticket;
	struct unsent_gone *gone;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	gone = unsent_gone_find(&unsent->gone, name, remover);
	if (gone != NULL)
		unsent_gone_forget(&unsent->gone, gone);
	else if (ticket != NULL)
		delist(ticket);
	pthread_mutex_unlock(&unsent->lock);
	return ticket == NULL && gone == NULL ? -ENOENT : 0;
}
