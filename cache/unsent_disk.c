/*
 * Unsent files on the disk: NUMBER.data has the bytes, NUMBER.dest
 * two lines: their destination and their number.  Any thread; disk.lock guards
 * the list of directories.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/spool.h"
#include "cache/unsent_disk.h"
#include "client/base/log.h"
#include "client/base/name.h"

#define HOMES 16   /* mounts of one printer at a time, and to spare */
#define TRIES 1000 /* names for one instant */
#define DATA  ".data"
#define DEST  ".dest"

struct unsent_disk {
	char *root;
	pthread_mutex_t lock;
	size_t count; /* all below under lock */
	struct home {
		char *dir;
		int lock;
	} homes[HOMES];
};

static bool
path_of(const char *base, const char *ending, char out[PATH_MAX])
{
	return (size_t)snprintf(out, PATH_MAX, "%s%s", base, ending) < PATH_MAX;
}

/* Returns a descriptor or a negative errno. */
static int
open_at(const char *base, const char *ending, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (!path_of(base, ending, path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static void
remove_at(const char *base, const char *ending)
{
	char path[PATH_MAX];

	if (path_of(base, ending, path))
		unlink(path);
}

/* Returns the locked descriptor, -EWOULDBLOCK or another negative errno. */
static int
lock_dir(const char *dir)
{
	int fd, error;

	(void)mkdir(dir, 0700);
	fd = open_at(dir, "/lock", O_RDWR | O_CREAT | O_NONBLOCK);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/* Takes dir. */
static int
take(struct unsent_disk *disk, char *dir)
{
	int lock = dir == NULL ? -ENOMEM : lock_dir(dir);

	if (lock < 0) {
		free(dir);
		return lock;
	}
	disk->homes[disk->count++] = (struct home){ dir, lock };
	return 0;
}

/* The directory of that number, from 1 on. */
static char *
dir_of(const struct unsent_disk *disk, int number)
{
	char *dir;

	if (number == 1)
		return strdup(disk->root);
	return asprintf(&dir, "%s/%d", disk->root, number) < 0 ? NULL : dir;
}

/*
 * Take those that are free, and make one if none is.  Returns 0 or, when there
 * is none now, a negative errno.
 */
static int
take_free(struct unsent_disk *disk)
{
	struct stat info;
	int number, error = 0;

	for (number = 1; number <= HOMES && disk->count < HOMES; number++) {
		char *dir = dir_of(disk, number);

		/* They are made in their order. */
		if (dir != NULL && disk->count > 0 && stat(dir, &info) != 0) {
			free(dir);
			break;
		}
		error = take(disk, dir);
		if (error != 0 && error != -EWOULDBLOCK)
			break;
	}
	return disk->count > 0 ? 0 : error;
}

int
unsent_disk_open(const char *dir, const char *name, struct unsent_disk **out)
{
	struct unsent_disk *disk = calloc(1, sizeof(*disk));

	if (disk == NULL ||
	    asprintf(&disk->root, "%s/%s.unsent", dir, name) < 0) {
		free(disk);
		return -ENOMEM;
	}
	pthread_mutex_init(&disk->lock, NULL);
	(void)take_free(disk);
	*out = disk;
	return 0;
}

/* The last one takes its place. */
static void
leave(struct unsent_disk *disk, struct home *home)
{
	close(home->lock);
	free(home->dir);
	*home = disk->homes[--disk->count];
}

void
unsent_disk_close(struct unsent_disk *disk)
{
	while (disk->count > 0)
		leave(disk, &disk->homes[0]);
	pthread_mutex_destroy(&disk->lock);
	free(disk->root);
	free(disk);
}

/* Is the lock that we have still the one that others would look for? */
static bool
is_in_place(const struct home *home)
{
	char path[PATH_MAX];
	struct stat ours, there;

	return path_of(home->dir, "/lock", path) &&
	    fstat(home->lock, &ours) == 0 && stat(path, &there) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* The directory for new files (caller: free). */
static int
find_home(struct unsent_disk *disk, char **dir)
{
	int error = 0;

	pthread_mutex_lock(&disk->lock);
	while (disk->count > 0 && !is_in_place(&disk->homes[0]))
		leave(disk, &disk->homes[0]);
	if (disk->count == 0)
		error = take_free(disk);
	if (error == 0) {
		*dir = strdup(disk->homes[0].dir);
		error = *dir == NULL ? -ENOMEM : 0;
	}
	pthread_mutex_unlock(&disk->lock);
	return error;
}

/*
 * The note is on the disk at once, the bytes are later: after a power failure
 * some of them may be missing.  Returns 0, -EEXIST: that base is taken, or a
 * negative errno.
 */
static int
write_note(const char *base, const char *dest, struct spool *spool)
{
	int len, fd = open_at(base, DEST, O_WRONLY | O_CREAT | O_EXCL);
	int error = 0;
	char *text;

	if (fd < 0)
		return fd;
	len = asprintf(&text, "%s\n%lld\n", dest, (long long)spool_size(spool));
	if (len < 0) {
		error = -ENOMEM;
	} else {
		errno = ENOSPC;
		if (write(fd, text, (size_t)len) != len || fsync(fd) != 0)
			error = -errno;
		free(text);
	}
	close(fd);
	if (error != 0)
		remove_at(base, DEST);
	return error;
}

/*
 * Note the destination under a base that no file has yet, which sorts by
 * time, and give the bytes their name.
 */
static int
name_bytes(const char *dir, struct spool *spool, const char *dest,
    char base[PATH_MAX])
{
	struct timespec now;
	char path[PATH_MAX];
	int i, error = -EEXIST;

	clock_gettime(CLOCK_REALTIME, &now);
	for (i = 0; i < TRIES && error == -EEXIST; i++) {
		snprintf(base, PATH_MAX, "%s/%016llx-%09ld-%d", dir,
		    (unsigned long long)now.tv_sec, now.tv_nsec, i);
		error = write_note(base, dest, spool);
	}
	if (error != 0)
		return error;
	error = path_of(base, DATA, path) ? spool_give_name(spool, path) :
					    -ENAMETOOLONG;
	if (error != 0)
		unsent_disk_forget(base);
	return error;
}

int
unsent_disk_begin(struct unsent_disk *disk, struct spool *spool,
    const char *dest, char base[PATH_MAX])
{
	const struct disk_name *named = spool_named(spool);
	const char *name;
	char *dir;
	int error;

	if (named == NULL) {
		error = find_home(disk, &dir);
		if (error != 0)
			return error;
		error = name_bytes(dir, spool, dest, base);
		free(dir);
		return error;
	}
	name = disk_name_path(named);
	snprintf(base, PATH_MAX, "%.*s", (int)(strlen(name) - strlen(DATA)),
	    name);
	error = write_note(base, dest, spool);
	return error == -EEXIST ? 0 : error;
}

int
unsent_disk_renew(const char *base, struct spool *spool, const char *dest)
{
	char fresh[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
	int error;

	if (!path_of(base, ".new", fresh) || !path_of(fresh, DEST, from) ||
	    !path_of(base, DEST, to))
		return -ENAMETOOLONG;
	unsent_disk_forget(fresh); /* of one that did not get so far */
	error = write_note(fresh, dest, spool);
	if (error != 0)
		return error;
	return rename(from, to) == 0 ? 0 : -errno;
}

/* The number in the second line; -1: there is none, -2: it is no number. */
static off_t
take_size(char *text)
{
	char *line = strchr(text, '\n');
	const char *problem = NULL;
	off_t size;

	if (line == NULL)
		return -1;
	*line++ = '\0';
	line[strcspn(line, "\n")] = '\0';
	size = (off_t)strtonum(line, 0, LLONG_MAX, &problem);
	return problem == NULL ? size : -2;
}

/* Are all bytes there?  Part of a model must not be taken for one. */
static bool
is_whole(const struct unsent_left *left, off_t bytes)
{
	if (bytes == -1 || left->size == bytes)
		return true;
	log_say(LOG_LEVEL_ERROR,
	    "%s is not kept in unsent/: %lld of its %lld bytes survived",
	    left->dest, (long long)left->size, (long long)bytes);
	return false;
}

/* The bytes: are they a file of ours, and has nobody locked it? */
static bool
find_data(struct unsent_left *left)
{
	struct stat info;
	bool is;
	int fd = open_at(left->base, DATA, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return false;
	is = path_of(left->base, DATA, left->data) && fstat(fd, &info) == 0 &&
	    S_ISREG(info.st_mode) && flock(fd, LOCK_SH | LOCK_NB) == 0;
	close(fd);
	if (is) {
		left->size = info.st_size;
		left->since = info.st_mtim;
	}
	return is;
}

/* The note.  Returns whether it is a sane one of those very bytes. */
static bool
find_note(struct unsent_left *left)
{
	int fd = open_at(left->base, DEST, O_RDONLY | O_NONBLOCK);
	off_t bytes;
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, left->dest, sizeof(left->dest) - 1);
	close(fd);
	left->dest[len < 0 ? 0 : len] = '\0';
	bytes = take_size(left->dest);
	if (bytes < -1 || !name_is_sane(name_of(left->dest)))
		return false;
	if (is_whole(left, bytes))
		return true;
	unsent_disk_forget(left->base);
	return false;
}

static int
is_data(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && name_has_suffix(entry->d_name, DATA);
}

/* The file with these bytes, if it is one that could not be sent. */
static bool
find_left(const char *dir, const char *data, struct unsent_left *left)
{
	int stem = (int)(strlen(data) - strlen(DATA));

	if ((size_t)snprintf(left->base, sizeof(left->base), "%s/%.*s", dir,
		stem, data) >= sizeof(left->base) ||
	    !find_data(left))
		return false;
	if (find_note(left))
		return true;
	unlink(left->data);
	return false;
}

void
unsent_disk_each(struct unsent_disk *disk,
    void (*call)(void *arg, const struct unsent_left *), void *arg)
{
	struct unsent_left left;
	struct dirent **entries;
	size_t home;
	int i, count;

	for (home = 0; home < disk->count; home++) {
		const char *dir = disk->homes[home].dir;

		count = scandir(dir, &entries, is_data, alphasort);
		for (i = 0; i < count; i++) {
			if (find_left(dir, entries[i]->d_name, &left))
				call(arg, &left);
			free(entries[i]);
		}
		if (count >= 0)
			free(entries);
	}
}

void
unsent_disk_forget(const char *base)
{
	remove_at(base, DEST);
}
