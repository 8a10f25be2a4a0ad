/*
 * What could not be sent, on the disk: NUMBER.data has the bytes, NUMBER.dest
 * two lines: their destination and their number.  No state, any thread.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cache/disk_name.h"
#include "cache/spool.h"
#include "cache/unsent_disk.h"
#include "client/base/log.h"
#include "client/base/name.h"

#define TRIES 1000 /* names for one instant */

/* Returns 0, -EEXIST: that base is taken, or a negative errno. */
static int
write_text(const char *base, const char *text)
{
	char path[4096];
	size_t len = strlen(text);
	int fd, error = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s.dest", base) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return -errno;
	errno = 0;
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) != 0)
		error = errno != 0 ? -errno : -ENOSPC;
	close(fd);
	if (error != 0)
		unlink(path);
	return error;
}

/*
 * The note is on the disk at once, the bytes are later: after a power failure
 * some of them may be missing.
 */
static int
write_dest(const char *base, const char *dest, struct spool *spool)
{
	char *text;
	int error;

	if (asprintf(&text, "%s\n%lld\n", dest, (long long)spool_size(spool)) <
	    0)
		return -ENOMEM;
	error = write_text(base, text);
	free(text);
	return error;
}

/*
 * Note the destination under a base that no file has yet, which sorts by
 * time, and give the bytes their name.
 */
static int
name_bytes(const char *dir, struct spool *spool, const char *dest, char *base,
    size_t size)
{
	struct timespec now;
	char path[4096];
	int i, error = -EEXIST;

	clock_gettime(CLOCK_REALTIME, &now);
	for (i = 0; i < TRIES && error == -EEXIST; i++) {
		snprintf(base, size, "%s/%016llx-%09ld-%d", dir,
		    (unsigned long long)now.tv_sec, now.tv_nsec, i);
		error = write_dest(base, dest, spool);
	}
	if (error != 0)
		return error;
	snprintf(path, sizeof(path), "%s.data", base);
	error = spool_give_name(spool, path);
	if (error != 0) {
		snprintf(path, sizeof(path), "%s.dest", base);
		unlink(path);
	}
	return error;
}

int
unsent_disk_begin(const char *dir, struct spool *spool, const char *dest,
    char *base, size_t size)
{
	const struct disk_name *disk_name = spool_named(spool);
	const char *name;
	int error;

	if (disk_name == NULL)
		return name_bytes(dir, spool, dest, base, size);
	name = disk_name_path(disk_name);
	snprintf(base, size, "%.*s", (int)(strlen(name) - strlen(".data")),
	    name);
	error = write_dest(base, dest, spool);
	return error == -EEXIST ? 0 : error;
}

int
unsent_disk_renew(const char *base, struct spool *spool, const char *dest)
{
	char fresh[4000], from[4096], to[4096];
	int error;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", base) >=
	    sizeof(fresh))
		return -ENAMETOOLONG;
	unsent_disk_forget(fresh); /* of one that did not get so far */
	error = write_dest(fresh, dest, spool);
	if (error != 0)
		return error;
	snprintf(from, sizeof(from), "%s.dest", fresh);
	snprintf(to, sizeof(to), "%s.dest", base);
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

static int
open_left(const char *path)
{
	return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* The bytes: are they a file of ours, and has nobody locked it? */
static bool
find_data(const char *base, struct unsent_left *out)
{
	struct stat info;
	bool is;
	int fd;

	if ((size_t)snprintf(out->data, sizeof(out->data), "%s.data", base) >=
	    sizeof(out->data))
		return false;
	fd = open_left(out->data);
	if (fd < 0)
		return false;
	is = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	    flock(fd, LOCK_SH | LOCK_NB) == 0;
	close(fd);
	if (!is)
		return false;
	out->size = info.st_size;
	out->kept = info.st_mtim;
	return true;
}

/* The note.  Returns whether it is a sane one of those very bytes. */
static bool
find_dest(const char *base, struct unsent_left *out)
{
	off_t bytes;
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s.dest", base);
	fd = open_left(path);
	if (fd < 0)
		return false;
	len = read(fd, out->dest, sizeof(out->dest) - 1);
	close(fd);
	out->dest[len < 0 ? 0 : len] = '\0';
	bytes = take_size(out->dest);
	if (bytes < -1 || !name_is_sane(name_of(out->dest)))
		return false;
	if (is_whole(out, bytes))
		return true;
	unsent_disk_forget(base);
	return false;
}

bool
unsent_disk_find(const char *base, struct unsent_left *out)
{
	if (!find_data(base, out))
		return false;
	if (find_dest(base, out))
		return true;
	unlink(out->data);
	return false;
}

void
unsent_disk_forget(const char *base)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s.dest", base) <
	    sizeof(path))
		unlink(path);
}
