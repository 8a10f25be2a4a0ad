/*
 * The directories of what could not be sent, and their locks.  Whoever calls
 * has unsent.lock, or is alone.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/unsent_home.h"

static char *
path_in(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* The directory of that number, from 1 on. */
static char *
dir_of(const struct unsent_homes *homes, size_t number)
{
	char *dir;

	if (number == 1)
		return strdup(homes->root);
	return asprintf(&dir, "%s/%zu", homes->root, number) < 0 ? NULL : dir;
}

/* Returns the locked descriptor, -EWOULDBLOCK or another negative errno. */
static int
lock_dir(const char *dir)
{
	char *path = path_in(dir, "lock");
	int fd, error = 0;

	if (path == NULL)
		return -ENOMEM;
	(void)mkdir(dir, 0700);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0600);
	if (fd < 0)
		error = -errno;
	free(path);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		error = -errno;
		close(fd);
	}
	return error != 0 ? error : fd;
}

/* Takes dir. */
static int
take(struct unsent_homes *homes, char *dir)
{
	int lock = dir == NULL ? -ENOMEM : lock_dir(dir);

	if (lock < 0) {
		free(dir);
		return lock;
	}
	homes->all[homes->count].dir = dir;
	homes->all[homes->count].lock = lock;
	homes->count++;
	return 0;
}

void
unsent_homes_begin(struct unsent_homes *homes, char *root)
{
	homes->root = root;
}

void
unsent_homes_end(struct unsent_homes *homes)
{
	while (homes->count > 0) {
		homes->count--;
		close(homes->all[homes->count].lock);
		free(homes->all[homes->count].dir);
	}
	free(homes->root);
	homes->root = NULL;
}

int
unsent_homes_take(struct unsent_homes *homes)
{
	struct stat info;
	size_t number;
	int error = 0;

	for (number = 1; number <= UNSENT_HOMES && homes->count < UNSENT_HOMES;
	     number++) {
		char *dir = dir_of(homes, number);

		/* They are made in their order. */
		if (dir != NULL && homes->count > 0 && stat(dir, &info) != 0) {
			free(dir);
			break;
		}
		error = take(homes, dir);
		if (error != 0 && error != -EWOULDBLOCK)
			break;
	}
	return homes->count > 0 ? 0 : error;
}

/* Is the lock that we have still the one that others would look for? */
static bool
is_in_place(const struct unsent_home *home)
{
	char *path = path_in(home->dir, "lock");
	struct stat ours, there;
	bool is = path != NULL && fstat(home->lock, &ours) == 0 &&
	    stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	    ours.st_ino == there.st_ino;

	free(path);
	return is;
}

/* The last one takes the place of the first. */
static void
leave_first(struct unsent_homes *homes)
{
	close(homes->all[0].lock);
	free(homes->all[0].dir);
	homes->all[0] = homes->all[--homes->count];
}

int
unsent_homes_own(struct unsent_homes *homes, const char **dir)
{
	int error = 0;

	while (homes->count > 0 && !is_in_place(&homes->all[0]))
		leave_first(homes);
	if (homes->count == 0)
		error = unsent_homes_take(homes);
	if (error == 0)
		*dir = homes->all[0].dir;
	return error;
}
