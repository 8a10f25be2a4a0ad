/*
 * The steps of two clients, one after the other.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/model/second.h"

static int
result(int done)
{
	return done < 0 ? errno : 0;
}

static const char *
word(int error)
{
	return error == 0 ? "done" : strerror(error);
}

static struct place *
pick(struct second *second)
{
	return &second->places[1 + model_random(second->model, PLACES - 1)];
}

/* Often one that is there. */
static struct place *
pick_there(struct second *second)
{
	struct place *place = pick(second);
	int i;

	for (i = 0; i < 8 && !second_current(place)->there; i++)
		place = pick(second);
	return place;
}

static bool
has_its_folder(struct second *second, struct place *place)
{
	struct place *folder = second_folder(second, place);

	return folder == NULL || second_current(folder)->there;
}

static bool
is_folder_empty(struct second *second)
{
	size_t i;

	for (i = 1; i < PLACES; i++) {
		if (second->places[i].folder != NULL &&
		    second_current(&second->places[i])->there)
			return false;
	}
	return true;
}

/* Few sizes, so that versions have often the same. */
static size_t
some_size(struct second *second)
{
	static const size_t sizes[] = { 605, 2811, 4096, 20000 };

	if (model_random(second->model, 5) == 0)
		return 1 + model_random(second->model, SMALL);
	return sizes[model_random(second->model, 4)];
}

static bool
could_lack_folder(struct second *second, struct place *place)
{
	struct place *folder = second_folder(second, place);

	return folder != NULL &&
	    second_could_be(second, folder, false, STALE_S);
}

/* What has failed must have an excuse, and has changed nothing. */
static void
excuse(struct second *second, struct place *place, const char *what, int error)
{
	if (error == ENOENT &&
	    (second_could_be(second, place, false, STALE_S) ||
		could_lack_folder(second, place)))
		return;
	if ((error == ESTALE || error == EBUSY || error == EIO) &&
	    second_has_changed(second, place))
		return;
	model_fail(second->model, "%s of %s: %s", what, place->path,
	    strerror(error));
}

/* The mount's user has made it so.  A PUT makes a folder that is gone. */
static void
own(struct second *second, struct place *place, bool there,
    const unsigned char *bytes, size_t size)
{
	struct place *folder = second_folder(second, place);

	if (there && folder != NULL && !second_current(folder)->there)
		own(second, folder, true, NULL, 0);
	second_set(second, place, there, bytes, size);
	second_forget(second, place);
}

static void
other_put(struct second *second)
{
	struct model *model = second->model;
	struct place *place = model_random(model, 3) > 0 ? pick_there(second) :
							   pick(second);
	size_t size = some_size(second);

	if (!has_its_folder(second, place))
		return;
	if (second_current(place)->there && model_random(model, 2) == 0)
		size = second_current(place)->size;
	model_note(model, "other puts %s, %zu bytes", place->path, size);
	model_fill(model, model->data, size);
	client_put(second, place, model->data, size);
	second_set(second, place, true, model->data, size);
}

static void
other_delete(struct second *second)
{
	struct place *place = pick_there(second);

	if (!second_current(place)->there)
		return;
	model_note(second->model, "other deletes %s", place->path);
	client_delete(second, place);
	second_set(second, place, false, NULL, 0);
}

static void
other_folder(struct second *second)
{
	struct place *folder = &second->places[0];

	if (!second_current(folder)->there) {
		model_note(second->model, "other makes the folder");
		client_mkdir(second, folder);
		second_set(second, folder, true, NULL, 0);
	} else if (is_folder_empty(second)) {
		model_note(second->model, "other removes the folder");
		client_delete(second, folder);
		second_set(second, folder, false, NULL, 0);
	}
}

/* All of it; returns -errno, or how much there is in model->data. */
static ssize_t
read_whole(struct second *second, const struct place *place)
{
	struct model *model = second->model;
	char path[PATH_SIZE];
	ssize_t got = 0, more;
	int fd;

	model_at(model->mount, place->path, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((more = read(fd, model->data + got, (size_t)(LARGEST - got))) >
	    0)
		got += more;
	if (more < 0)
		got = -errno;
	close(fd);
	return got;
}

/* Returns whether something was read. */
static bool
read_one(struct second *second, struct place *place, size_t *size)
{
	ssize_t got = read_whole(second, place);

	if (got < 0) {
		model_note(second->model, "%s", word((int)-got));
		excuse(second, place, "read", (int)-got);
		return false;
	}
	*size = (size_t)got;
	if (!second_could_have(second, place, second->model->data, *size))
		model_fail(second->model,
		    "%s: %zu bytes read that it has not had for %g s",
		    place->path, *size, STALE_S);
	return true;
}

static void
user_read(struct second *second)
{
	struct place *place = pick_there(second);
	size_t size;

	model_note(second->model, "read %s", place->path);
	read_one(second, place, &size);
}

static void
user_stat(struct second *second)
{
	struct place *place = pick_there(second);
	char path[PATH_SIZE];
	struct stat st;
	int error;

	model_note(second->model, "stat %s", place->path);
	model_at(second->model->mount, place->path, path);
	error = result(lstat(path, &st));
	if (error != 0)
		excuse(second, place, "stat", error);
	else if (!second_could_measure(second, place, (size_t)st.st_size))
		model_fail(second->model,
		    "%s: a size (%lld) that it has not had for %g s",
		    place->path, (long long)st.st_size, STALE_S);
}

/* Are they listed that were there all the time, and nothing else? */
static void
check_listing(struct second *second, const char *folder, struct dirent **found,
    int count)
{
	struct place *place;
	size_t i, start;
	bool listed;
	int j;

	for (i = 0; i < PLACES; i++) {
		place = &second->places[i];
		if ((place->folder != NULL) != (*folder != '\0'))
			continue;
		start = *folder == '\0' ? 0 : strlen(folder) + 1;
		listed = false;
		for (j = 0; j < count; j++)
			listed |= strcmp(found[j]->d_name,
				      place->path + start) == 0;
		if (!second_could_be(second, place, listed, STALE_S))
			model_fail(second->model,
			    "%s is %s, and has not been so for %g s",
			    place->path, listed ? "listed" : "not listed",
			    STALE_S);
	}
}

static void
user_list(struct second *second)
{
	struct place *folder = &second->places[0];
	bool inner = model_random(second->model, 2) == 0;
	struct dirent **found;
	char path[PATH_SIZE];
	int i, n;

	model_note(second->model, "list %s", inner ? "the folder" : "the root");
	model_at(second->model->mount, inner ? folder->path : "", path);
	n = scandir(path, &found, NULL, alphasort);
	if (n < 0) {
		if (!inner)
			model_fail(second->model, "list: %s", strerror(errno));
		excuse(second, folder, "list", errno);
		return;
	}
	check_listing(second, inner ? folder->path : "", found, n);
	for (i = 0; i < n; i++)
		free(found[i]);
	free(found);
}

/* Whatever was there. */
static void
user_write(struct second *second)
{
	struct model *model = second->model;
	bool exclusively = model_random(model, 3) == 0;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC |
	    (exclusively ? O_EXCL : O_TRUNC);
	struct place *place = pick(second);
	size_t size = some_size(second);
	char path[PATH_SIZE];
	int fd, error;

	model_note(model, "write %s, %zu bytes%s", place->path, size,
	    exclusively ? ", exclusively" : "");
	model_at(model->mount, place->path, path);
	fd = open(path, flags, 0644);
	if (fd < 0) {
		error = errno;
		model_note(model, "%s", word(error));
		if (!exclusively || error != EEXIST ||
		    !second_could_be(second, place, true, STALE_S))
			excuse(second, place, "open", error);
		return;
	}
	if (exclusively && !second_could_be(second, place, false, EXCLUSIVE_S))
		model_fail(model, "%s is made exclusively, and was there",
		    place->path);
	model_fill(model, model->data, size);
	if (write(fd, model->data, size) != (ssize_t)size)
		model_fail(model, "write: %s", strerror(errno));
	error = result(close(fd));
	model_note(model, "%s", word(error));
	if (error == EEXIST && second_could_be(second, place, false, STALE_S))
		return; /* it was not replaced unseen */
	if (error != 0)
		excuse(second, place, "close", error);
	else
		own(second, place, true, model->data, size);
}

/* A change of what is there; what it comes to is in model->other. */
static int
change(struct second *second, const struct place *place, size_t *size)
{
	struct model *model = second->model;
	bool append = model_random(model, 2) == 0;
	size_t len = 1 + model_random(model, 300);
	off_t at = append ? (off_t)*size : (off_t)model_random(model, 600);
	char path[PATH_SIZE];
	int fd, error = 0;

	model_note(model, "%s %s by %zu", append ? "append to" : "change",
	    place->path, len);
	model_at(model->mount, place->path, path);
	fd = open(path, O_CLOEXEC | (append ? O_WRONLY | O_APPEND : O_RDWR));
	if (fd < 0)
		return errno;
	model_fill(model, model->data, len);
	memset(model->other + *size, 0, LARGEST - *size);
	memcpy(model->other + at, model->data, len);
	if ((size_t)at + len > *size)
		*size = (size_t)at + len;
	if (append)
		error = result(write(fd, model->data, len) < 0 ? -1 : 0);
	else
		error = result(pwrite(fd, model->data, len, at) < 0 ? -1 : 0);
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error;
}

static void
user_change(struct second *second)
{
	struct place *place = pick_there(second);
	struct version *version = second_current(place);
	struct model *model = second->model;
	size_t size = version->size;
	int error;

	if (version->there)
		memcpy(model->other, version->bytes, size);
	error = change(second, place, &size);
	model_note(model, "%s", word(error));
	if (error != 0)
		excuse(second, place, "change", error);
	else if (!version->there)
		model_fail(model, "%s was changed, and is not there",
		    place->path);
	else
		own(second, place, true, model->other, size);
}

static void
user_truncate(struct second *second)
{
	struct place *place = pick_there(second);
	struct version *version = second_current(place);
	struct model *model = second->model;
	size_t size = some_size(second);
	char path[PATH_SIZE];
	int error;

	model_note(model, "truncate %s to %zu", place->path, size);
	model_at(model->mount, place->path, path);
	error = result(truncate(path, (off_t)size));
	model_note(model, "%s", word(error));
	if (error != 0) {
		excuse(second, place, "truncate", error);
		return;
	}
	if (!version->there)
		model_fail(model, "%s was truncated, and is not there",
		    place->path);
	if (size == version->size)
		return; /* nothing is changed, and nothing was sent */
	memset(model->other, 0, size);
	memcpy(model->other, version->bytes,
	    size < version->size ? size : version->size);
	own(second, place, true, model->other, size);
}

/*
 * By a process of its own: who was told to copy may remove the old file next,
 * and that is put off for it.
 */
static int
rename_in_child(const char *old, const char *new)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(result(rename(old, new)));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static void
user_rename(struct second *second)
{
	struct place *from = pick_there(second), *to = pick(second);
	struct version *version = second_current(from);
	char old[PATH_SIZE], new[PATH_SIZE];
	struct model *model = second->model;
	int error;

	if (from == to)
		return;
	model_note(model, "rename %s to %s", from->path, to->path);
	model_at(model->mount, from->path, old);
	model_at(model->mount, to->path, new);
	error = rename_in_child(old, new);
	model_note(model, "%s", word(error));
	if (error == EXDEV)
		return;
	if (error == EEXIST && second_could_be(second, to, false, STALE_S))
		return; /* it was not replaced unseen */
	if (error != 0) {
		if (error != ENOENT || !could_lack_folder(second, to))
			excuse(second, from, "rename", error);
		return;
	}
	if (!version->there)
		model_fail(model, "%s was renamed, and is not there",
		    from->path);
	own(second, to, true, version->bytes, version->size);
	own(second, from, false, NULL, 0);
}

static void
user_unlink(struct second *second)
{
	struct place *place = pick_there(second);
	char path[PATH_SIZE];
	int error;

	model_note(second->model, "unlink %s", place->path);
	model_at(second->model->mount, place->path, path);
	error = result(unlink(path));
	model_note(second->model, "%s", word(error));
	if (error != 0)
		excuse(second, place, "unlink", error);
	else
		own(second, place, false, NULL, 0);
}

/* mv to another file system, as coreutils and shutil do it. */
static void
user_move_out(struct second *second)
{
	struct place *place = pick_there(second);
	struct version *version = second_current(place);
	struct model *model = second->model;
	char path[PATH_SIZE];
	size_t size;
	int error;

	model_note(model, "move %s out", place->path);
	if (!read_one(second, place, &size))
		return;
	model_at(model->mount, place->path, path);
	error = result(unlink(path));
	model_note(model, "%s", word(error));
	if (error != 0) {
		excuse(second, place, "unlink", error);
		return;
	}
	if (version->there &&
	    (version->size != size ||
		memcmp(version->bytes, model->data, size) != 0))
		model_fail(model, "%s was deleted, and other bytes read",
		    place->path);
	own(second, place, false, NULL, 0);
}

static void
user_folder(struct second *second)
{
	struct place *folder = &second->places[0];
	bool there = second_current(folder)->there;
	char path[PATH_SIZE];
	int error;

	model_at(second->model->mount, folder->path, path);
	if (model_random(second->model, 3) > 0) {
		model_note(second->model, "mkdir");
		error = result(mkdir(path, 0755));
		if (error == 0)
			own(second, folder, true, NULL, 0);
		else if (error != EEXIST ||
		    !second_could_be(second, folder, true, STALE_S))
			excuse(second, folder, "mkdir", error);
		return;
	}
	model_note(second->model, "rmdir");
	error = result(rmdir(path));
	if (error == 0 && there && !is_folder_empty(second))
		model_fail(second->model, "a folder with files is removed");
	if (error == 0)
		own(second, folder, false, NULL, 0);
	else if (error != ENOTEMPTY || is_folder_empty(second))
		excuse(second, folder, "rmdir", error);
}

static void
user_refresh(struct second *second)
{
	size_t i;

	model_note(second->model, "refresh");
	mount_refresh(second->model, second->model->home);
	for (i = 0; i < PLACES; i++)
		second_forget(second, &second->places[i]);
}

static void
both_wait(struct second *second)
{
	long ms = 100 + (long)model_random(second->model, 1500);
	struct timespec pause = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	if (model_random(second->model, 6) == 0)
		pause.tv_sec += 5;
	model_note(second->model, "%ld.%03ld s pass", (long)pause.tv_sec,
	    ms % 1000);
	nanosleep(&pause, NULL);
}

static void
remount(struct second *second)
{
	model_note(second->model, "remount");
	mount_stop(second->model);
	mount_start(second->model);
}

static const struct step {
	int weight;
	void (*run)(struct second *);
} steps[] = {
	{ 30, other_put },
	{ 8, other_delete },
	{ 4, other_folder },
	{ 25, user_read },
	{ 12, user_stat },
	{ 8, user_list },
	{ 12, user_write },
	{ 14, user_change },
	{ 5, user_truncate },
	{ 14, user_rename },
	{ 5, user_unlink },
	{ 10, user_move_out },
	{ 4, user_folder },
	{ 1, user_refresh },
	{ 5, both_wait },
	{ 1, remount },
};

enum {
	STEPS = sizeof(steps) / sizeof(steps[0])
};

static void
run_one(struct second *second)
{
	int i, total = 0, at;

	for (i = 0; i < STEPS; i++)
		total += steps[i].weight;
	at = (int)model_random(second->model, (uint64_t)total);
	for (i = 0; at >= steps[i].weight; i++)
		at -= steps[i].weight;
	second->began = second_now();
	steps[i].run(second);
}

void
second_run(struct model *model)
{
	static struct second second;
	const struct options *options = model->options;
	double end = second_now() + (double)options->seconds;

	mount_simctl(model,
	    (const char *const[]){ "clock", options->clock, NULL });
	second_open(&second, model);
	for (model->step = 1;
	     (options->steps == 0 || model->step <= options->steps) &&
	     (options->seconds == 0 || second_now() < end);
	     model->step++) {
		model->history[model->step % HISTORY][0] = '\0';
		run_one(&second);
		if (options->verbose)
			printf("# %ld: %s\n", model->step,
			    model->history[model->step % HISTORY]);
		second_compare_disk(&second);
	}
	second_close(&second);
}
