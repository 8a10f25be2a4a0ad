/*
 * What could not be sent.  Each file has a number, its bytes NUMBER.data and
 * its destination NUMBER.dest in the directory; the bytes are locked while a
 * process has them.  Any thread; unsent.lock guards the list.
 */
#include <sys/queue.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/spool.h"
#include "cache/unsent.h"
#include "cache/unsent_disk.h"
#include "cache/unsent_gone.h"
#include "client/log.h"
#include "client/name.h"

#define DEST_MAX 4096
#define NUMBER	 12 /* bytes of " (2147483647)", or so */

struct unsent_ticket {
	TAILQ_ENTRY(unsent_ticket) link;
	struct unsent *unsent;
	char *base; /* path of its files without the endings */
	char *path; /* destination */
	char *name; /* in the listing; NULL while it is not listed */
	struct spool *spool;
	struct timespec kept;
	int holders; /* under unsent.lock: an upload, the list */
	bool is_read;
	pid_t reader; /* the last who opened it */
};

struct unsent {
	char *dir;
	bool folds;
	pthread_mutex_t lock;
	TAILQ_HEAD(, unsent_ticket) files; /* under lock: those listed */
	struct unsent_gones gone;	   /* under lock */
	int holders;			   /* under lock */
};

static void
ticket_free(struct unsent_ticket *ticket)
{
	spool_release(ticket->spool);
	free(ticket->base);
	free(ticket->path);
	free(ticket->name);
	free(ticket);
}

/*
 * The destination makes bytes on disk a file that could not be sent; the
 * bytes themselves go with their spool, which others may still read.
 */
static void
remove_dest(const struct unsent_ticket *ticket)
{
	spool_keep_name(ticket->spool, false);
	unsent_disk_forget(ticket->base);
}

/* With the lock. */
static void
let_go(struct unsent_ticket *ticket)
{
	if (--ticket->holders == 0)
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
	const char *name = name_of(path), *dot = strrchr(name, '.');
	const char *ending = dot == NULL || dot == name ? "" : dot;
	size_t stem = strlen(name) - strlen(ending);
	char *numbered;
	int i;

	if (find(unsent, name) == NULL)
		return strdup(name);
	if (strlen(name) > NAME_MAX - NUMBER)
		stem = name_fit(name,
		    strlen(ending) < NAME_MAX - NUMBER ?
			NAME_MAX - NUMBER - strlen(ending) :
			0);
	for (i = 2;; i++) {
		if (asprintf(&numbered, "%.*s (%d)%s", (int)stem, name, i,
			ending) < 0)
			return NULL;
		if (find(unsent, numbered) == NULL)
			return numbered;
		free(numbered);
	}
}

/* Is it the same file on the printer? */
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

/* With the lock: what is stored now goes, but to those who move it. */
static void
remove_stored(struct unsent *unsent, const char *path)
{
	const struct unsent_ticket *ticket;

	TAILQ_FOREACH (ticket, &unsent->files, link) {
		if (ticket->is_read && is_same(unsent, ticket->path, path))
			unsent_gone_note(&unsent->gone, ticket->name,
			    ticket->reader, spool_size(ticket->spool),
			    &ticket->kept);
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
	spool_keep_name(ticket->spool, true);
	TAILQ_INSERT_TAIL(&unsent->files, ticket, link);
	ticket->holders++;
	return true;
}

/* Takes the holder's count of one; NULL without memory. */
static struct unsent_ticket *
ticket_new(struct unsent *unsent, struct spool *spool, const char *path,
    const char *base)
{
	struct unsent_ticket *ticket = calloc(1, sizeof(*ticket));

	if (ticket == NULL)
		return NULL;
	ticket->holders = 1;
	ticket->unsent = unsent;
	ticket->spool = spool_hold(spool);
	ticket->path = strdup(path);
	ticket->base = strdup(base);
	if (ticket->path == NULL || ticket->base == NULL) {
		ticket_free(ticket);
		return NULL;
	}
	return ticket;
}

/* With the lock: the listed ticket of these bytes, held once more. */
static struct unsent_ticket *
hold_listed(struct unsent *unsent, const struct spool *spool)
{
	struct unsent_ticket *ticket;

	TAILQ_FOREACH (ticket, &unsent->files, link) {
		if (ticket->spool == spool) {
			ticket->holders++;
			return ticket;
		}
	}
	return NULL;
}

struct unsent_ticket *
unsent_begin(struct unsent *unsent, struct spool *spool, const char *path)
{
	struct unsent_ticket *ticket;
	char base[4000];
	int error;

	pthread_mutex_lock(&unsent->lock);
	ticket = hold_listed(unsent, spool);
	pthread_mutex_unlock(&unsent->lock);
	if (ticket != NULL)
		return ticket;
	do {
		error = unsent_disk_begin(unsent->dir, spool, path, base,
		    sizeof(base));
	} while (error == -ENOSPC && spool_make_room(spool));
	if (error != 0) {
		log_say(LOG_LEVEL_NOTE,
		    "%s: cannot be kept in case of a failure: %s", path,
		    strerror(-error));
		return NULL;
	}
	/* Until its fate is known, a crash shall leave it. */
	spool_keep_name(spool, true);
	return ticket_new(unsent, spool, path, base);
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
	if (ticket->name == NULL)
		remove_dest(ticket);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
}

void
unsent_keep(struct unsent_ticket *ticket)
{
	struct unsent *unsent;
	char *path;
	bool is_new;

	if (ticket == NULL)
		return;
	unsent = ticket->unsent;
	(void)spool_sync(ticket->spool);
	path = strdup(ticket->path);
	pthread_mutex_lock(&unsent->lock);
	is_new = enlist(ticket);
	if (is_new)
		clock_gettime(CLOCK_REALTIME, &ticket->kept);
	let_go(ticket);
	pthread_mutex_unlock(&unsent->lock);
	if (is_new && path != NULL)
		log_say(LOG_LEVEL_NOTE, "%s is kept in unsent/", path);
	free(path);
}

/*
 * Take over one file that a process left behind; a locked one is alive.  What
 * was stored has no destination any more, and goes with its spool.
 */
static void
adopt(struct unsent *unsent, const char *base)
{
	struct unsent_ticket *ticket = NULL;
	char dest[DEST_MAX], data[4096];
	struct stat stat_buffer;
	struct spool *spool;

	snprintf(data, sizeof(data), "%s.data", base);
	if (spool_adopt(data, &spool) != 0)
		return;
	if (unsent_disk_dest(base, spool, dest, sizeof(dest)))
		ticket = ticket_new(unsent, spool, dest, base);
	else
		spool_keep_name(spool, false);
	spool_release(spool);
	if (ticket == NULL)
		return;
	if (stat(data, &stat_buffer) == 0)
		ticket->kept = stat_buffer.st_mtim;
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
scan(struct unsent *unsent)
{
	struct dirent **entries;
	char base[4000];
	int i, count = scandir(unsent->dir, &entries, is_data, alphasort);

	for (i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		int len = (int)(strlen(name) - strlen(".data"));

		if ((size_t)snprintf(base, sizeof(base), "%s/%.*s", unsent->dir,
			len, name) < sizeof(base))
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

	if (unsent == NULL)
		return -ENOMEM;
	unsent->folds = folds;
	if (asprintf(&unsent->dir, "%s/%s.unsent", dir, name) < 0) {
		free(unsent);
		return -ENOMEM;
	}
	pthread_mutex_init(&unsent->lock, NULL);
	TAILQ_INIT(&unsent->files);
	TAILQ_INIT(&unsent->gone);
	unsent->holders = 1;
	(void)mkdir(unsent->dir, 0700);
	scan(unsent);
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
	free(unsent->dir);
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
unsent_find(struct unsent *unsent, const char *name, struct spool **spool,
    struct timespec *kept)
{
	struct unsent_ticket *ticket;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	if (ticket != NULL) {
		*spool = spool_hold(ticket->spool);
		*kept = ticket->kept;
	}
	pthread_mutex_unlock(&unsent->lock);
	return ticket == NULL ? -ENOENT : 0;
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
