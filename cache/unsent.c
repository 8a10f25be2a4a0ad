/*
 * What could not be sent.  Each file has a number, its bytes NUMBER.data and
 * its destination NUMBER.dest in the directory; the bytes are locked while a
 * process has them.  Any thread; unsent.lock guards the list.
 */
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/spool.h"
#include "cache/unsent.h"
#include "client/buf.h"
#include "client/log.h"
#include "client/name.h"

#define DEST_MAX 4096

struct unsent_ticket {
	TAILQ_ENTRY(unsent_ticket) link;
	struct unsent *unsent;
	char *base; /* path of its files without the endings */
	char *path; /* destination */
	char *name; /* in the listing; NULL while it is not listed */
	struct spool *spool;
	struct timespec kept;
};

struct unsent {
	char *dir;
	pthread_mutex_t lock;
	TAILQ_HEAD(, unsent_ticket) files; /* under lock: those listed */
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

static int
file_path(const struct unsent_ticket *ticket, const char *ending, char *out,
    size_t size)
{
	return (size_t)snprintf(out, size, "%s.%s", ticket->base, ending) <
		size ?
	    0 :
	    -ENAMETOOLONG;
}

static void
remove_files(const struct unsent_ticket *ticket)
{
	char path[4096];

	if (file_path(ticket, "data", path, sizeof(path)) == 0)
		unlink(path);
	if (file_path(ticket, "dest", path, sizeof(path)) == 0)
		unlink(path);
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
	int stem = dot == NULL || dot == name ? (int)strlen(name) :
						(int)(dot - name);
	char *numbered;
	int i;

	if (find(unsent, name) == NULL)
		return strdup(name);
	for (i = 2;; i++) {
		if (asprintf(&numbered, "%.*s (%d)%s", stem, name, i,
			name + stem) < 0)
			return NULL;
		if (find(unsent, numbered) == NULL)
			return numbered;
		free(numbered);
	}
}

/* With the lock: what was kept for a destination before. */
static void
remove_older(struct unsent *unsent, const char *path)
{
	struct unsent_ticket *ticket, *next;

	TAILQ_FOREACH_SAFE(ticket, &unsent->files, link, next)
	{
		if (strcmp(ticket->path, path) != 0)
			continue;
		TAILQ_REMOVE(&unsent->files, ticket, link);
		remove_files(ticket);
		ticket_free(ticket);
	}
}

/* Returns whether the ticket could be listed; takes it in any case. */
static bool
enlist(struct unsent_ticket *ticket)
{
	struct unsent *unsent = ticket->unsent;

	pthread_mutex_lock(&unsent->lock);
	remove_older(unsent, ticket->path);
	ticket->name = free_name(unsent, ticket->path);
	if (ticket->name != NULL)
		TAILQ_INSERT_TAIL(&unsent->files, ticket, link);
	pthread_mutex_unlock(&unsent->lock);
	if (ticket->name != NULL)
		return true;
	ticket_free(ticket);
	return false;
}

static int
write_dest(const struct unsent_ticket *ticket)
{
	char path[4096];
	size_t len = strlen(ticket->path);
	int fd, error = file_path(ticket, "dest", path, sizeof(path));

	if (error != 0)
		return error;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return -errno;
	if (write(fd, ticket->path, len) != (ssize_t)len || fsync(fd) != 0)
		error = errno != 0 ? -errno : -ENOSPC;
	close(fd);
	return error;
}

static struct unsent_ticket *
ticket_new(struct unsent *unsent, struct spool *spool, const char *path,
    const char *base)
{
	struct unsent_ticket *ticket = calloc(1, sizeof(*ticket));

	if (ticket == NULL)
		return NULL;
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

/* A base that no file has yet: the time, and a number for the same instant. */
static int
free_base(const struct unsent *unsent, char *out, size_t size)
{
	struct timespec now;
	char data[4096];
	int i;

	clock_gettime(CLOCK_REALTIME, &now);
	for (i = 0; i < 1000; i++) {
		snprintf(out, size, "%s/%llx-%lx-%d", unsent->dir,
		    (unsigned long long)now.tv_sec, now.tv_nsec, i);
		snprintf(data, sizeof(data), "%s.dest", out);
		if (access(data, F_OK) != 0)
			return 0;
	}
	return -EEXIST;
}

struct unsent_ticket *
unsent_begin(struct unsent *unsent, struct spool *spool, const char *path)
{
	struct unsent_ticket *ticket;
	char base[4000], data[4096];
	int error = free_base(unsent, base, sizeof(base));

	ticket = error != 0 ? NULL : ticket_new(unsent, spool, path, base);
	if (ticket == NULL)
		return NULL;
	error = write_dest(ticket);
	if (error == 0)
		error = file_path(ticket, "data", data, sizeof(data));
	if (error == 0)
		error = spool_give_name(spool, data);
	if (error == 0)
		return ticket;
	log_say(LOG_LEVEL_NOTE, "%s: cannot be kept in case of a failure: %s",
	    path, strerror(-error));
	remove_files(ticket);
	ticket_free(ticket);
	return NULL;
}

void
unsent_stored(struct unsent_ticket *ticket)
{
	struct unsent *unsent;

	if (ticket == NULL)
		return;
	unsent = ticket->unsent;
	pthread_mutex_lock(&unsent->lock);
	remove_older(unsent, ticket->path);
	pthread_mutex_unlock(&unsent->lock);
	unsent_drop(ticket);
}

void
unsent_drop(struct unsent_ticket *ticket)
{
	if (ticket == NULL)
		return;
	remove_files(ticket);
	ticket_free(ticket);
}

void
unsent_keep(struct unsent_ticket *ticket)
{
	char *path;

	if (ticket == NULL)
		return;
	(void)spool_sync(ticket->spool);
	clock_gettime(CLOCK_REALTIME, &ticket->kept);
	path = strdup(ticket->path);
	if (enlist(ticket) && path != NULL)
		log_say(LOG_LEVEL_NOTE, "%s is kept in unsent/", path);
	free(path);
}

static bool
read_dest(const char *base, char *out, size_t size)
{
	char path[4096];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s.dest", base);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, out, size - 1);
	close(fd);
	out[len < 0 ? 0 : len] = '\0';
	return len > 0 && name_is_sane(name_of(out));
}

/* Take over one file that a process left behind; a locked one is alive. */
static void
adopt(struct unsent *unsent, const char *base)
{
	struct unsent_ticket *ticket;
	char dest[DEST_MAX], data[4096];
	struct spool *spool;
	struct stat stat_buffer;

	snprintf(data, sizeof(data), "%s.data", base);
	if (!read_dest(base, dest, sizeof(dest)) ||
	    spool_adopt(data, &spool) != 0)
		return;
	ticket = ticket_new(unsent, spool, dest, base);
	spool_release(spool);
	if (ticket == NULL)
		return;
	if (stat(data, &stat_buffer) == 0)
		ticket->kept = stat_buffer.st_mtim;
	(void)enlist(ticket);
}

static void
scan(struct unsent *unsent)
{
	DIR *dir = opendir(unsent->dir);
	const struct dirent *entry;
	char base[4000];

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		int len = (int)strlen(entry->d_name) - (int)strlen(".dest");

		if (len <= 0 || strcmp(entry->d_name + len, ".dest") != 0)
			continue;
		if ((size_t)snprintf(base, sizeof(base), "%s/%.*s", unsent->dir,
			len, entry->d_name) < sizeof(base))
			adopt(unsent, base);
	}
	closedir(dir);
}

int
unsent_open(const char *dir, const char *name, struct unsent **out)
{
	struct unsent *unsent = calloc(1, sizeof(*unsent));

	if (unsent == NULL)
		return -ENOMEM;
	if (asprintf(&unsent->dir, "%s/%s.unsent", dir, name) < 0) {
		free(unsent);
		return -ENOMEM;
	}
	pthread_mutex_init(&unsent->lock, NULL);
	TAILQ_INIT(&unsent->files);
	(void)mkdir(unsent->dir, 0700);
	scan(unsent);
	*out = unsent;
	return 0;
}

void
unsent_close(struct unsent *unsent)
{
	struct unsent_ticket *ticket;

	if (unsent == NULL)
		return;
	while ((ticket = TAILQ_FIRST(&unsent->files)) != NULL) {
		TAILQ_REMOVE(&unsent->files, ticket, link);
		ticket_free(ticket);
	}
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

int
unsent_remove(struct unsent *unsent, const char *name)
{
	struct unsent_ticket *ticket;

	pthread_mutex_lock(&unsent->lock);
	ticket = find(unsent, name);
	if (ticket != NULL)
		TAILQ_REMOVE(&unsent->files, ticket, link);
	pthread_mutex_unlock(&unsent->lock);
	if (ticket == NULL)
		return -ENOENT;
	unsent_drop(ticket);
	return 0;
}
