/*
 * Steps with a file that stays open meanwhile, and with writers that end in
 * other ways than by close.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/model/model.h"

/* An open file in the mount and in the plain directory. */
struct pair {
	int fd;
	int plain;
	bool writer; /* what it closes is sent */
	bool wrote;  /* else not while another has the file open */
};

static int
result(int done)
{
	return done < 0 ? errno : 0;
}

static struct pair
open_pair(struct model *model, const struct path *path, int flags)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];
	struct pair pair = { 0 };
	int error;

	model_at(model->mount, path->shown, mount);
	model_at(model->plain, path->key, plain);
	pair.fd = open(mount, flags | O_CLOEXEC, 0644);
	error = result(pair.fd);
	pair.plain = open(plain, flags | O_CLOEXEC, 0644);
	same_result(model, "open", error, result(pair.plain));
	return pair;
}

static int
close_pair(struct pair *pair)
{
	close(pair->plain);
	return result(close(pair->fd));
}

/* A file to work with that every printer takes in every size. */
static bool
pick_printable(struct model *model, struct path *out)
{
	if (model_random(model, 2) == 0 || !pick_file(model, out))
		pick_any(model, out);
	return name_is_model(out->key) && !name_is_refused(model, out->shown);
}

/* One thing with one handle.  Returns whether the file was changed. */
static bool
use(struct model *model, struct pair *pair)
{
	struct stat st;
	uint64_t size, length;

	fstat(pair->plain, &st);
	size = (uint64_t)st.st_size;
	switch (model_random(model, 6)) {
	case 0:
		read_both(model, pair->fd, pair->plain,
		    1 + model_random(model, 30000),
		    (off_t)model_random(model, size + 2));
		return false;
	case 1:
		size_both(model, pair->fd, pair->plain);
		return false;
	case 2:
		length = model_random(model, size + 3000);
		truncate_both(model, pair->fd, pair->plain, (off_t)length);
		pair->wrote = true;
		return length != size;
	default:
		write_both(model, pair->fd, pair->plain,
		    1 + model_random(model, 9000),
		    (off_t)model_random(model, size + 100));
		pair->wrote = true;
		return true;
	}
}

static void
close_one(struct model *model, const struct path *path, struct pair *pair,
    bool last, bool *dirty)
{
	struct stat st;
	int error;

	fstat(pair->plain, &st);
	error = close_pair(pair);
	if (error != 0)
		model_fail(model, "close: %s", strerror(error));
	if (pair->writer && (pair->wrote || last) && *dirty && st.st_size > 0) {
		effect_sent(model, path->key);
		*dirty = false;
	}
}

/* Two handles on one file see each other's bytes. */
void
step_two_handles(struct model *model)
{
	struct pair pairs[2];
	struct path path;
	bool dirty = false, staged;
	int i, which, count = 2 + (int)model_random(model, 6);
	char plain[PATH_SIZE];

	if (!pick_printable(model, &path))
		return;
	model_at(model->plain, path.key, plain);
	model_note(model, "two handles on %s", path.shown);
	staged = model_length(plain) <= 0;
	pairs[0] = open_pair(model, &path, O_RDWR | O_CREAT);
	pairs[0].writer = staged;
	while (!dirty)
		dirty = use(model, &pairs[0]);
	pairs[0].writer = staged = true;
	pairs[1] = open_pair(model, &path, O_RDWR);
	pairs[1].writer = staged;
	effect_changed(model, path.key);
	for (i = 0; i < count; i++) {
		which = (int)model_random(model, 2);
		if (use(model, &pairs[which]))
			dirty = pairs[which].writer = true;
	}
	which = (int)model_random(model, 2);
	close_one(model, &path, &pairs[which], false, &dirty);
	if (model_random(model, 2) == 0)
		compare_all(model, false);
	if (model_random(model, 2) == 0 && use(model, &pairs[1 - which]))
		dirty = pairs[1 - which].writer = true;
	close_one(model, &path, &pairs[1 - which], true, &dirty);
}

/* A file that was removed lives on for who has it open, and nowhere else. */
void
step_unlink_open(struct model *model)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];
	struct pair pair, next;
	struct path path;
	int i;

	if (!pick_printable(model, &path))
		return;
	model_note(model, "unlink %s while it is written", path.shown);
	pair = open_pair(model, &path, O_RDWR | O_CREAT);
	write_both(model, pair.fd, pair.plain, 5000, 0);
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain);
	same_result(model, "unlink", result(unlink(mount)),
	    result(unlink(plain)));
	effect_removed(model, path.key);
	for (i = 0; i < 3; i++)
		(void)use(model, &pair);
	if (model_random(model, 2) == 0) {
		model_note(model, "and write another there");
		next = open_pair(model, &path, O_RDWR | O_CREAT | O_EXCL);
		write_both(model, next.fd, next.plain, 7000, 0);
		effect_closed(model, path.key, close_pair(&next));
	}
	(void)use(model, &pair);
	if (close_pair(&pair) != 0)
		model_fail(model, "close: %s", strerror(errno));
	model_touch(model, path.key);
}

/* The bytes follow a temporary file that is renamed while it is open. */
void
step_rename_open(struct model *model)
{
	char old[PATH_SIZE], new[PATH_SIZE];
	struct path from, to;
	struct pair pair;
	int error;

	if (!pick_printable(model, &to))
		return;
	from = to;
	strlcat(from.shown, ".tmp", PATH_SIZE);
	model_fold(model, from.shown, from.key);
	model_note(model, "rename %s to %s while it is written", from.shown,
	    to.shown);
	pair = open_pair(model, &from, O_RDWR | O_CREAT | O_TRUNC);
	write_both(model, pair.fd, pair.plain, 1 + model_random(model, 20000),
	    0);
	model_at(model->mount, from.shown, old);
	model_at(model->mount, to.shown, new);
	error = result(rename(old, new));
	if (error != 0)
		model_fail(model, "rename: %s", strerror(error));
	effect_moved(model, from.key, to.key);
	effect_sent(model, to.key);
	effect_changed(model, to.key);
	read_both(model, pair.fd, pair.plain, 30000, 0);
	if (model_random(model, 2) == 0) {
		model_note(model, "and write on");
		write_both(model, pair.fd, pair.plain, 3000, 10000);
	}
	effect_closed(model, to.key, close_pair(&pair));
}

void
step_slicer(struct model *model)
{
	char old[PATH_SIZE], new[PATH_SIZE], plain[PATH_SIZE];
	struct path from, to;
	struct pair pair;
	int error;

	if (!pick_printable(model, &to))
		return;
	from = to;
	strlcat(from.shown, ".tmp", PATH_SIZE);
	model_fold(model, from.shown, from.key);
	model_note(model, "slice %s", to.shown);
	pair = open_pair(model, &from, O_WRONLY | O_CREAT | O_TRUNC);
	write_both(model, pair.fd, pair.plain, 1 + model_random(model, 90000),
	    0);
	effect_closed(model, from.key, close_pair(&pair));
	compare_file(model, from.key);
	model_at(model->mount, from.shown, old);
	model_at(model->mount, to.shown, new);
	model_at(model->plain, to.key, plain);
	same_result(model, "unlink", result(unlink(new)),
	    result(unlink(plain)));
	if (model_exists(new))
		model_fail(model, "it is there after unlink");
	effect_removed(model, to.key);
	if (model_random(model, 2) == 0)
		compare_all(model, false);
	error = result(rename(old, new));
	if (error != 0)
		model_fail(model, "rename: %s", strerror(error));
	effect_moved(model, from.key, to.key);
	effect_sent(model, to.key);
}

/* A child that inherits the file and ends uploads nothing. */
void
step_inherit(struct model *model)
{
	struct pair pair;
	struct path path;
	pid_t child;

	if (!pick_printable(model, &path))
		return;
	model_note(model, "a child inherits %s", path.shown);
	pair = open_pair(model, &path, O_RDWR | O_CREAT | O_TRUNC);
	write_both(model, pair.fd, pair.plain, 1 + model_random(model, 9000),
	    0);
	effect_changed(model, path.key);
	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	compare_all(model, false);
	write_both(model, pair.fd, pair.plain, 1 + model_random(model, 9000),
	    (off_t)model_random(model, 9000));
	effect_closed(model, path.key, close_pair(&pair));
}

/* In a child: write a part, and end without closing. */
static pid_t
write_in_child(struct model *model, const struct path *path, int flags,
    size_t len, int number)
{
	char mount[PATH_SIZE];
	pid_t child;
	int fd;

	model_at(model->mount, path->shown, mount);
	fflush(stdout);
	child = fork();
	if (child != 0)
		return child;
	signal(number == 0 ? SIGTERM : number, SIG_DFL);
	fd = open(mount, flags, 0644);
	if (fd < 0 || write(fd, model->data, len) != (ssize_t)len)
		_exit(3);
	if (number != 0)
		raise(number);
	_exit(0);
}

/* The killed writer may have left the size as it was: its bytes tell. */
static bool
is_as_before(struct model *model, const char *key)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];

	model_at(model->mount, key, mount);
	model_at(model->plain, key, plain);
	return model_length(mount) == model_length(plain) &&
	    (!model_exists(plain) || model_are_same(model, mount, plain));
}

/* A writer that is killed uploads nothing. */
void
step_kill(struct model *model)
{
	static const int numbers[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP,
		SIGQUIT };
	const struct timespec tick = { .tv_nsec = 10000000 };
	size_t len = 1 + model_random(model, 100000);
	int status, number = numbers[model_random(model, 5)], i;
	int flags = O_WRONLY | O_CREAT |
	    (model_random(model, 2) == 0 ? O_TRUNC : 0);
	struct path path;

	if (model_random(model, 2) == 0 || !pick_file(model, &path))
		pick_any(model, &path);
	if (name_is_refused(model, path.shown))
		return;
	model_note(model, "kill who writes %s with %d", path.shown, number);
	model_fill(model, model->data, len);
	waitpid(write_in_child(model, &path, flags, len, number), &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != number)
		model_fail(model, "the child ended with %d", status);
	effect_reverted(model, path.key);
	model_item(model, path.key)->withheld_till = 0;
	/* Its release is heard of a moment later. */
	for (i = 0; i < 1000 && !is_as_before(model, path.key); i++)
		nanosleep(&tick, NULL);
	model_touch(model, path.key);
}

/* A writer that exits without closing gets its file sent. */
void
step_leave(struct model *model)
{
	size_t len = 1 + model_random(model, 60000);
	char plain[PATH_SIZE];
	struct path path;
	int status, fd;

	pick_any(model, &path);
	if (name_is_refused(model, path.shown))
		return;
	model_note(model, "write %s and exit", path.shown);
	model_fill(model, model->data, len);
	model_at(model->plain, path.key, plain);
	fd = open(plain, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (write(fd, model->data, len) != (ssize_t)len)
		model_fail(model, "the model cannot write");
	close(fd);
	waitpid(write_in_child(model, &path, O_WRONLY | O_CREAT | O_TRUNC, len,
		    0),
	    &status, 0);
	if (status != 0)
		model_fail(model, "the child ended with %d", status);
	effect_closed(model, path.key, 0);
}
