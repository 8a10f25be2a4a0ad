/*
 * What could not be sent, on the disk: NUMBER.data has the bytes, NUMBER.dest
 * their destination.  No state, any thread.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cache/spool.h"
#include "cache/unsent_disk.h"
#include "client/name.h"

#define TRIES 1000 /* names for one instant */

/* Returns 0, -EEXIST: that base is taken, or a negative errno. */
static int
write_dest(const char *base, const char *dest)
{
	char path[4096];
	size_t len = strlen(dest);
	int fd, error = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s.dest", base) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return -errno;
	errno = 0;
	if (write(fd, dest, len) != (ssize_t)len || fsync(fd) != 0)
		error = errno != 0 ? -errno : -ENOSPC;
	close(fd);
	if (error != 0)
		unlink(path);
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
	(void)mkdir(dir, 0700); /* users clear their caches */
	for (i = 0; i < TRIES && error == -EEXIST; i++) {
		snprintf(base, size, "%s/%016llx-%09ld-%d", dir,
		    (unsigned long long)now.tv_sec, now.tv_nsec, i);
		error = write_dest(base, dest);
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
	const char *name = spool_name(spool);
	int error;

	if (name == NULL)
		return name_bytes(dir, spool, dest, base, size);
	snprintf(base, size, "%.*s", (int)(strlen(name) - strlen(".data")),
	    name);
	error = write_dest(base, dest);
	return error == -EEXIST ? 0 : error;
}

bool
unsent_disk_dest(const char *base, char *out, size_t size)
{
	char path[4096];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s.dest", base);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, out, size - 1);
	close(fd);
	out[len < 0 ? 0 : len] = '\0';
	return len > 0 && name_is_sane(name_of(out));
}

void
unsent_disk_forget(const char *base)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s.dest", base) <
	    sizeof(path))
		unlink(path);
}
