/*
 * The file system under test, which the model starts and ends itself, and the
 * simulated printer behind it.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/model/model.h"

#define TICK_NS	    10000000
#define DESCRIPTORS 250
#define PATIENCE    6000 /* ticks: a minute, for sanitizers on a busy machine */

static void
tick(void)
{
	const struct timespec pause = { .tv_nsec = TICK_NS };

	nanosleep(&pause, NULL);
}

static bool
is_mounted(const struct model *model)
{
	const struct mntent *entry;
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	bool is = false;

	if (mounts == NULL)
		return false;
	while ((entry = getmntent(mounts)) != NULL) {
		if (strcmp(entry->mnt_dir, model->options->mount) == 0)
			is = strcmp(entry->mnt_type, "fuse.prusafs") == 0;
	}
	endmntent(mounts);
	return is;
}

void
mount_start(struct model *model)
{
	int i, status;

	fflush(stdout);
	model->server = fork();
	if (model->server == 0) {
		execv(model->options->command[0], model->options->command);
		_exit(127);
	}
	for (i = 0; i < PATIENCE && !is_mounted(model); i++) {
		if (waitpid(model->server, &status, WNOHANG) != 0) {
			model->server = 0;
			model_fail(model, "the mount failed");
		}
		tick();
	}
	for (; i < PATIENCE && !model_is_folder(model->mount); i++)
		tick();
	if (i == PATIENCE)
		model_fail(model, "the mount does not come up");
}

static void
take_away(const struct model *model, bool lazily)
{
	const char *path = model->options->mount;
	pid_t child;

	if (umount2(path, lazily ? MNT_DETACH : 0) == 0)
		return;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		execlp("fusermount3", "fusermount3", lazily ? "-uz" : "-u",
		    "--", path, (char *)NULL);
		_exit(127);
	}
	waitpid(child, NULL, 0);
}

void
mount_stop(struct model *model)
{
	struct stat st;
	int i, status;

	/* Releases go ahead of this: what was closed has been heard of. */
	(void)stat(model->options->mount, &st);
	take_away(model, false);
	for (i = 0; i < PATIENCE; i++) {
		if (waitpid(model->server, &status, WNOHANG) != 0)
			break;
		tick();
	}
	if (i == PATIENCE)
		model_fail(model, "the file system does not end");
	model->server = 0;
	if (status != 0)
		model_fail(model, "the file system ends with status %d",
		    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

void
mount_abandon(struct model *model)
{
	if (is_mounted(model))
		take_away(model, true);
	if (model->server > 0) {
		kill(model->server, SIGKILL);
		waitpid(model->server, NULL, 0);
	}
	model->server = 0;
}

/* Files that are cached have a descriptor each, and there is a limit. */
void
mount_check(struct model *model)
{
	char path[64];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)model->server);
	dir = opendir(path);
	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		closedir(dir);
	if (count > DESCRIPTORS)
		model_fail(model, "the file system has %d files open", count);
}

void
mount_refresh(struct model *model, const char *home)
{
	char path[PATH_SIZE];
	int fd;

	model_join(path, home, "control");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "refresh\n", 8) != 8)
		model_fail(model, "refresh: %s", strerror(errno));
	close(fd);
}

void
mount_simctl(struct model *model, const char *const *words)
{
	char *argv[8] = { strdup(model->options->simctl),
		strdup(model->options->fifo) };
	int i, status = -1;
	pid_t child;

	for (i = 0; words[i] != NULL; i++)
		argv[i + 2] = strdup(words[i]);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(child, &status, 0);
	for (i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	if (status != 0)
		model_fail(model, "simctl failed");
}
