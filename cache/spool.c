/*
 * The bytes of a file.  Programs' threads read and write, a download's thread
 * fills; spool.lock guards the numbers and is never held over a system call
 * that touches the disk, because bytes below `have` do not move.  A complete
 * spool is changed by one thread at a time (cache/stage.h).  A name on the
 * disk has no lock: its members are atomic.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/spool.h"
#include "client/base/time.h"

struct disk_name {
	atomic_int holders;
	atomic_bool keeps;
	char *path;
};

struct spool {
	atomic_int holders;
	int fd;
	struct disk_name *disk_name; /* or NULL; for one thread at a time */
	struct relief relief;
	pthread_mutex_t lock;
	pthread_cond_t grown; /* everything below changed, under lock */
	off_t have;	      /* bytes that are there */
	off_t expected;	      /* while filling: that will be there */
	bool filling;
	bool is_other; /* another length was announced than expected */
	int error;     /* why filling ended early */
};

struct disk_name *
disk_name_new(const char *path)
{
	struct disk_name *disk_name = calloc(1, sizeof(*disk_name));

	if (disk_name == NULL)
		return NULL;
	disk_name->path = strdup(path);
	if (disk_name->path == NULL) {
		free(disk_name);
		return NULL;
	}
	atomic_init(&disk_name->holders, 1);
	atomic_init(&disk_name->keeps, false);
	return disk_name;
}

struct disk_name *
disk_name_hold(struct disk_name *disk_name)
{
	atomic_fetch_add(&disk_name->holders, 1);
	return disk_name;
}

void
disk_name_release(struct disk_name *disk_name)
{
	if (disk_name == NULL || atomic_fetch_sub(&disk_name->holders, 1) > 1)
		return;
	if (!atomic_load(&disk_name->keeps))
		unlink(disk_name->path);
	free(disk_name->path);
	free(disk_name);
}

void
disk_name_keep(struct disk_name *disk_name, bool keep)
{
	atomic_store(&disk_name->keeps, keep);
}

const char *
disk_name_path(const struct disk_name *disk_name)
{
	return disk_name->path;
}

static int
open_nameless(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* Users clear their caches, mounts or not. */
	if (fd < 0 && errno == ENOENT && mkdir(dir, 0700) == 0)
		fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return -errno;
	if ((size_t)snprintf(path, sizeof(path), "%s/spool.XXXXXX", dir) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

/* Takes the descriptor, or the error in its place. */
static int
spool_of(int fd, struct spool **out)
{
	struct spool *spool;

	if (fd < 0)
		return fd;
	spool = calloc(1, sizeof(*spool));
	if (spool == NULL) {
		close(fd);
		return -ENOMEM;
	}
	spool->fd = fd;
	atomic_init(&spool->holders, 1);
	pthread_mutex_init(&spool->lock, NULL);
	time_cond_init(&spool->grown);
	*out = spool;
	return 0;
}

int
spool_new(const char *dir, struct spool **out)
{
	return spool_of(open_nameless(dir), out);
}

int
spool_give_name(struct spool *spool, const char *path)
{
	char descriptor[64];
	struct disk_name *disk_name = disk_name_new(path);
	int error = 0;

	if (disk_name == NULL)
		return -ENOMEM;
	snprintf(descriptor, sizeof(descriptor), "/proc/self/fd/%d", spool->fd);
	if (linkat(AT_FDCWD, descriptor, AT_FDCWD, path, AT_SYMLINK_FOLLOW) !=
	    0) {
		error = -errno;
		disk_name_keep(disk_name, true); /* it is another one's */
		disk_name_release(disk_name);
		return error;
	}
	spool->disk_name = disk_name;
	return 0;
}

struct disk_name *
spool_named(const struct spool *spool)
{
	return spool->disk_name;
}

int
spool_open(struct disk_name *disk_name, struct spool **out)
{
	int error,
	    fd = open(disk_name_path(disk_name),
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	error = spool_of(fd, out);
	if (error != 0)
		return error;
	(*out)->have = info.st_size;
	(*out)->disk_name = disk_name_hold(disk_name);
	return 0;
}

struct spool *
spool_hold(struct spool *spool)
{
	atomic_fetch_add(&spool->holders, 1);
	return spool;
}

void
spool_release(struct spool *spool)
{
	if (spool == NULL || atomic_fetch_sub(&spool->holders, 1) > 1)
		return;
	disk_name_release(spool->disk_name);
	close(spool->fd);
	pthread_cond_destroy(&spool->grown);
	pthread_mutex_destroy(&spool->lock);
	free(spool);
}

void
spool_set_relief(struct spool *spool, const struct relief *relief)
{
	spool->relief = *relief;
}

bool
spool_make_room(const struct spool *spool)
{
	const struct relief *relief = &spool->relief;

	return relief->make_room != NULL && relief->make_room(relief->arg);
}

static int
copy_bytes(const struct spool *from, struct spool *to, off_t len)
{
	off_t offset = 0;
	char *bytes = malloc(1 << 16);
	ssize_t count = bytes == NULL ? -ENOMEM : 0;

	while (offset < len && count >= 0) {
		count = pread(from->fd, bytes, 1 << 16, offset);
		if (count <= 0)
			count = count < 0 ? -errno : -EIO;
		else
			count = spool_write(to, bytes, (size_t)count, offset);
		offset += count;
	}
	free(bytes);
	return count < 0 ? (int)count : 0;
}

int
spool_clone(struct spool *spool, const char *dir, struct spool **out)
{
	struct spool *copy;
	int error = spool_new(dir, &copy);

	if (error != 0)
		return error;
	copy->relief = spool->relief;
	error = copy_bytes(spool, copy, spool_size(spool));
	if (error != 0) {
		spool_release(copy);
		return error;
	}
	*out = copy;
	return 0;
}

/* Wait until bytes at offset are there.  Returns how many, or an error. */
static ssize_t
await(struct spool *spool, const struct wait *wait, size_t len, off_t offset)
{
	off_t wanted = (off_t)len > INT64_MAX - offset ? INT64_MAX :
							 offset + (off_t)len;
	bool left = false;
	ssize_t count;

	pthread_mutex_lock(&spool->lock);
	while (spool->filling && !left && spool->have < wanted &&
	    spool->have < spool->expected) {
		left = time_cond_tick(&spool->grown, &spool->lock, wait);
	}
	wanted = wanted < spool->have ? wanted : spool->have;
	count = wanted > offset ? (ssize_t)(wanted - offset) : 0;
	if (left)
		count = -EINTR;
	else if (spool->error != 0)
		count = spool->error;
	pthread_mutex_unlock(&spool->lock);
	return count;
}

ssize_t
spool_read(struct spool *spool, const struct wait *wait, void *out, size_t len,
    off_t offset)
{
	ssize_t count = await(spool, wait, len, offset);

	if (count <= 0)
		return count;
	count = pread(spool->fd, out, (size_t)count, offset);
	return count < 0 ? -errno : count;
}

ssize_t
spool_write(struct spool *spool, const void *data, size_t len, off_t offset)
{
	size_t done = 0;

	if (len == 0)
		return 0;
	while (done < len) {
		ssize_t count = pwrite(spool->fd, (const char *)data + done,
		    len - done, offset + (off_t)done);

		if (count >= 0)
			done += (size_t)count;
		else if (errno != ENOSPC)
			return -errno;
		else if (!spool_make_room(spool))
			return -ENOSPC;
	}
	pthread_mutex_lock(&spool->lock);
	if (spool->have < offset + (off_t)len)
		spool->have = offset + (off_t)len;
	pthread_mutex_unlock(&spool->lock);
	return (ssize_t)len;
}

int
spool_truncate(struct spool *spool, off_t size)
{
	if (ftruncate(spool->fd, size) != 0)
		return -errno;
	pthread_mutex_lock(&spool->lock);
	spool->have = size;
	pthread_mutex_unlock(&spool->lock);
	return 0;
}

int
spool_sync(struct spool *spool)
{
	return fdatasync(spool->fd) == 0 ? 0 : -errno;
}

off_t
spool_size(struct spool *spool)
{
	off_t size;

	pthread_mutex_lock(&spool->lock);
	size = spool->filling ? spool->expected : spool->have;
	pthread_mutex_unlock(&spool->lock);
	return size;
}

off_t
spool_have(struct spool *spool)
{
	off_t have;

	pthread_mutex_lock(&spool->lock);
	have = spool->have;
	pthread_mutex_unlock(&spool->lock);
	return have;
}

static ssize_t
source_read(void *arg, void *out, size_t len, off_t offset)
{
	const struct spool *spool = arg;
	ssize_t count = pread(spool->fd, out, len, offset);

	return count < 0 ? -errno : count;
}

struct source
spool_source(struct spool *spool)
{
	struct source source = {
		.read = source_read, .arg = spool, .len = spool_size(spool)
	};

	return source;
}

static int
sink_begin(void *arg, off_t len)
{
	struct spool *spool = arg;
	bool other = len >= 0 && len != spool->expected;

	pthread_mutex_lock(&spool->lock);
	spool->is_other = other;
	pthread_mutex_unlock(&spool->lock);
	return other ? -EIO : 0;
}

static int
sink_write(void *arg, const void *data, size_t len)
{
	struct spool *spool = arg;
	ssize_t count;

	if (spool->have + (off_t)len > spool->expected)
		return -EIO;
	count = spool_write(spool, data, len, spool->have);
	if (count < 0)
		return (int)count;
	pthread_cond_broadcast(&spool->grown);
	return 0;
}

struct sink
spool_fill(struct spool *spool, off_t size)
{
	struct sink sink = {
		.begin = sink_begin, .write = sink_write, .arg = spool
	};

	pthread_mutex_lock(&spool->lock);
	spool->expected = size;
	spool->filling = true;
	pthread_mutex_unlock(&spool->lock);
	return sink;
}

void
spool_filled(struct spool *spool, int error)
{
	pthread_mutex_lock(&spool->lock);
	if (error == 0 && spool->have != spool->expected)
		error = -EIO;
	spool->error = error;
	spool->filling = false;
	pthread_cond_broadcast(&spool->grown);
	pthread_mutex_unlock(&spool->lock);
}

bool
spool_is_other(struct spool *spool)
{
	bool other;

	pthread_mutex_lock(&spool->lock);
	other = spool->is_other;
	pthread_mutex_unlock(&spool->lock);
	return other;
}
