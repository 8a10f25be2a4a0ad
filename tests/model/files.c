/*
 * Steps that change or read a file in one go.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/model/model.h"

static int
result(int done)
{
	return done < 0 ? errno : 0;
}

/* A name that the printer refuses is refused before a byte is written. */
static bool
is_refused(struct model *model, const struct path *path, const char *mount)
{
	int fd;

	if (!name_is_refused(model, path->shown))
		return false;
	fd = open(mount, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		model_fail(model, "%s can be made", path->shown);
	if (errno != EINVAL && errno != EPERM)
		model_fail(model, "%s is refused with %s", path->shown,
		    strerror(errno));
	return true;
}

void
write_both(struct model *model, int fd, int plain, size_t len, off_t offset)
{
	ssize_t done;

	model_fill(model, model->data, len);
	if (pwrite(plain, model->data, len, offset) != (ssize_t)len)
		model_fail(model, "the model cannot write");
	done = pwrite(fd, model->data, len, offset);
	if (done != (ssize_t)len)
		model_fail(model, "write of %zu at %lld: %s", len,
		    (long long)offset, done < 0 ? strerror(errno) : "too few");
}

void
read_both(struct model *model, int fd, int plain, size_t len, off_t offset)
{
	ssize_t want = pread(plain, model->other, len, offset);
	ssize_t got = pread(fd, model->data, len, offset);
	ssize_t i;

	if (got != want)
		model_fail(model, "read of %zu at %lld: %zd (%s), must be %zd",
		    len, (long long)offset, got,
		    got < 0 ? strerror(errno) : "bytes", want);
	for (i = 0; i < got; i++) {
		if (model->data[i] != model->other[i])
			model_fail(model,
			    "read of %zu at %lld: byte %zd is wrong", len,
			    (long long)offset, i);
	}
}

void
truncate_both(struct model *model, int fd, int plain, off_t size)
{
	same_result(model, "ftruncate", result(ftruncate(fd, size)),
	    result(ftruncate(plain, size)));
}

void
size_both(struct model *model, int fd, int plain)
{
	struct stat is, must;

	if (fstat(fd, &is) != 0 || fstat(plain, &must) != 0)
		model_fail(model, "fstat: %s", strerror(errno));
	if (is.st_size != must.st_size)
		model_fail(model, "fstat: size %lld, must be %lld",
		    (long long)is.st_size, (long long)must.st_size);
}

/* In pieces, one after the other or from the end to the beginning. */
static void
write_pieces(struct model *model, int fd, int plain, size_t size)
{
	bool backwards = model_random(model, 5) == 0;
	size_t piece = 1 + model_random(model, size + 1), done, len;

	if (size / piece > 20)
		piece = size / 20 + 1;
	for (done = 0; done < size; done += len) {
		len = piece < size - done ? piece : size - done;
		write_both(model, fd, plain, len,
		    (off_t)(backwards ? size - done - len : done));
	}
}

void
step_write(struct model *model)
{
	char mount[PATH_SIZE], plain_path[PATH_SIZE];
	struct path path;
	size_t size = model_size(model);
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	int fd, plain, error;

	pick_any(model, &path);
	flags |= model_random(model, 6) == 0 ? O_EXCL : 0;
	model_note(model, "write %s, %zu bytes%s", path.shown, size,
	    (flags & O_EXCL) != 0 ? ", exclusively" : "");
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain_path);
	if (is_refused(model, &path, mount))
		return;
	fd = open(mount, flags, 0644);
	error = result(fd);
	plain = open(plain_path, flags, 0644);
	same_result(model, "open", error, result(plain));
	if (fd < 0)
		return;
	write_pieces(model, fd, plain, size);
	if (model_random(model, 4) == 0 && fsync(fd) != 0)
		model_fail(model, "fsync: %s", strerror(errno));
	size_both(model, fd, plain);
	close(plain);
	effect_closed(model, path.key, result(close(fd)));
}

/* Change a file that is there, here and there. */
void
step_patch(struct model *model)
{
	char mount[PATH_SIZE], plain_path[PATH_SIZE];
	struct path path;
	int fd, plain, i, count;
	off_t size;

	if (!pick_file(model, &path))
		return;
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain_path);
	count = 1 + (int)model_random(model, 4);
	model_note(model, "patch %s in %d places", path.shown, count);
	fd = open(mount, O_RDWR | O_CLOEXEC);
	plain = open(plain_path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || plain < 0)
		model_fail(model, "open: %s", strerror(errno));
	for (i = 0; i < count; i++) {
		size = model_length(plain_path);
		if (model_random(model, 5) == 0)
			truncate_both(model, fd, plain,
			    (off_t)model_random(model, (uint64_t)size + 5000));
		if (model_random(model, 2) == 0)
			read_both(model, fd, plain,
			    1 + model_random(model, 9000),
			    (off_t)model_random(model, (uint64_t)size + 2));
		write_both(model, fd, plain, 1 + model_random(model, 9000),
		    (off_t)model_random(model, (uint64_t)size + 100));
	}
	size_both(model, fd, plain);
	close(plain);
	effect_closed(model, path.key, result(close(fd)));
}

void
step_append(struct model *model)
{
	char mount[PATH_SIZE], plain_path[PATH_SIZE];
	struct path path;
	int fd, plain;
	size_t len = 1 + model_random(model, 9000);

	if (!pick_file(model, &path))
		return;
	model_note(model, "append %zu to %s", len, path.shown);
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain_path);
	fd = open(mount, O_WRONLY | O_APPEND | O_CLOEXEC);
	plain = open(plain_path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || plain < 0)
		model_fail(model, "open: %s", strerror(errno));
	model_fill(model, model->data, len);
	if (write(plain, model->data, len) != (ssize_t)len ||
	    write(fd, model->data, len) != (ssize_t)len)
		model_fail(model, "append: %s", strerror(errno));
	close(plain);
	effect_closed(model, path.key, result(close(fd)));
}

void
step_truncate(struct model *model)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];
	struct path path;
	off_t size, before;
	int error;

	if (!pick_file(model, &path))
		return;
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain);
	before = model_length(plain);
	size = model_random(model, 4) == 0 ? before : (off_t)model_size(model);
	model_note(model, "truncate %s to %lld", path.shown, (long long)size);
	if (truncate(plain, size) != 0)
		model_fail(model, "the model cannot truncate");
	error = result(truncate(mount, size));
	if (size == before)
		same_result(model, "truncate to the same size", error, 0);
	else
		effect_closed(model, path.key, error);
}

void
step_read(struct model *model)
{
	char mount[PATH_SIZE], plain_path[PATH_SIZE];
	struct path path;
	int fd, plain, i;
	off_t size;

	if (!pick_file(model, &path))
		return;
	model_note(model, "read %s", path.shown);
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain_path);
	fd = open(mount, O_RDONLY | O_CLOEXEC);
	plain = open(plain_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || plain < 0)
		model_fail(model, "open: %s", strerror(errno));
	size = model_length(plain_path);
	for (i = 0; i < 4; i++)
		read_both(model, fd, plain, 1 + model_random(model, 40000),
		    (off_t)model_random(model, (uint64_t)size + 2));
	close(plain);
	if (close(fd) != 0)
		model_fail(model, "close: %s", strerror(errno));
	if (model_random(model, 2) == 0)
		model_touch(model, path.key);
}

void
step_touch(struct model *model)
{
	struct timespec times[2] = { 0 };
	char mount[PATH_SIZE];
	struct item *item;
	struct path path;

	if (!pick_file(model, &path))
		return;
	times[0].tv_sec = times[1].tv_sec = (time_t)(1000000000 +
	    model_random(model, 600000000));
	times[1].tv_nsec = (long)model_random(model, 1000000000);
	model_note(model, "touch %s", path.shown);
	model_at(model->mount, path.shown, mount);
	if (utimensat(AT_FDCWD, mount, times, 0) != 0)
		model_fail(model, "utimensat: %s", strerror(errno));
	item = model_item(model, path.key);
	item->mtime = times[1];
	item->mtime_set = true;
}
