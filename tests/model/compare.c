/*
 * What the mount shows against the plain directory, and what is on the
 * printer's disk against what was sent.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/model/model.h"

/* Folders still to be looked into; the tree is two deep. */
struct todo {
	struct path paths[128];
	size_t count;
};

static void
push(struct todo *todo, const struct path *folder, const char *shown,
    const char *key)
{
	struct path *path = &todo->paths[todo->count++];

	if (todo->count == 128)
		abort();
	model_join(path->shown, folder->shown, shown);
	strlcpy(path->key, key, PATH_SIZE);
}

/* How many names there are; the two dots and our own rest aside. */
static size_t
count_names(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	size_t count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	if (dir != NULL)
		closedir(dir);
	return count;
}

/* Where do two files differ?  -1: nowhere. */
static off_t
difference(struct model *model, const char *one, const char *two)
{
	int a = open(one, O_RDONLY | O_CLOEXEC), errno_a = errno;
	int b = open(two, O_RDONLY | O_CLOEXEC);
	ssize_t got, want;
	off_t at = 0;

	if (a < 0 || b < 0)
		model_fail(model, "cannot open %s: %s", a < 0 ? one : two,
		    strerror(a < 0 ? errno_a : errno));
	for (;;) {
		want = read(b, model->other, LARGEST);
		got = 0;
		while (got < want) {
			ssize_t more = read(a, model->data + got,
			    (size_t)(want - got));

			if (more < 0)
				model_fail(model, "cannot read %s: %s", one,
				    strerror(errno));
			if (more == 0)
				break;
			got += more;
		}
		for (ssize_t i = 0; i < got; i++) {
			if (model->data[i] != model->other[i]) {
				at += i;
				goto out;
			}
		}
		at += got;
		if (got != want)
			goto out;
		if (want == 0)
			break;
	}
	if (read(a, model->data, 1) == 0)
		at = -1;
out:
	close(a);
	close(b);
	return at;
}

void
compare_file(struct model *model, const char *key)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];
	off_t at;

	if (!effect_is_cached(model, key))
		model->given++;
	model_at(model->mount, key, mount);
	model_at(model->plain, key, plain);
	at = difference(model, mount, plain);
	if (at >= 0)
		model_fail(model, "%s: byte %lld is not what was written", key,
		    (long long)at);
}

static void
compare_attributes(struct model *model, const char *shown,
    const struct dirent *entry, const char *key)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];
	struct item *item = model_item(model, key);
	struct stat is, must;

	model_at(model->mount, shown, mount);
	model_at(model->plain, key, plain);
	if (lstat(plain, &must) != 0)
		model_fail(model, "%s is listed and must not be there", shown);
	if (lstat(mount, &is) != 0)
		model_fail(model, "%s is listed, and stat says %s", shown,
		    strerror(errno));
	if ((is.st_mode & S_IFMT) != (must.st_mode & S_IFMT))
		model_fail(model, "%s: a file for a folder", shown);
	if (S_ISREG(is.st_mode) && is.st_size != must.st_size)
		model_fail(model, "%s: size %lld, must be %lld", shown,
		    (long long)is.st_size, (long long)must.st_size);
	if (entry->d_ino != is.st_ino)
		model_fail(model, "%s: readdir and stat number it otherwise",
		    shown);
	if (item->ino != 0 && item->ino != is.st_ino)
		model_fail(model, "%s: it had another number before", shown);
	if (item->mtime_set &&
	    (is.st_mtim.tv_sec != item->mtime.tv_sec ||
		is.st_mtim.tv_nsec != item->mtime.tv_nsec))
		model_fail(model,
		    "%s: its time %lld.%09ld, was set to %lld.%09ld", shown,
		    (long long)is.st_mtim.tv_sec, is.st_mtim.tv_nsec,
		    (long long)item->mtime.tv_sec, item->mtime.tv_nsec);
	item->ino = is.st_ino;
}

static void
compare_folder(struct model *model, const struct path *folder,
    struct todo *todo)
{
	char mount[PATH_SIZE], plain[PATH_SIZE], shown[PATH_SIZE];
	char key[PATH_SIZE];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	model_at(model->mount, folder->shown, mount);
	model_at(model->plain, folder->key, plain);
	dir = opendir(mount);
	if (dir == NULL)
		model_fail(model, "cannot list %s: %s", mount, strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		model_join(shown, folder->shown, entry->d_name);
		model_fold(model, shown, key);
		compare_attributes(model, shown, entry, key);
		if (entry->d_type == DT_DIR)
			push(todo, folder, entry->d_name, key);
		count++;
	}
	closedir(dir);
	if (count != count_names(plain))
		model_fail(model, "%s has %zu names, must have %zu",
		    *folder->key == '\0' ? "/" : folder->shown, count,
		    count_names(plain));
}

static bool
is_touched(const struct model *model, const char *key)
{
	return strcmp(model->touched[0], key) == 0 ||
	    strcmp(model->touched[1], key) == 0;
}

/* Is it a name that the printer uses while it receives? */
static bool
is_of_printer(const struct model *model, const char *name)
{
	if (model->options->cloud)
		return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
	if (name[0] == '.')
		return true;
	return model->options->folds &&
	    strcmp(name + strspn(name, "0123456789"), ".tmp") == 0;
}

static void
compare_printed(struct model *model, const char *root, const struct path *path,
    bool thorough)
{
	char disk[PATH_SIZE], sent[PATH_SIZE];

	model_at(root, path->shown, disk);
	model_at(model->sent, path->key, sent);
	if (!model_exists(sent))
		model_fail(model, "%s is on the printer and must not be",
		    path->shown);
	if (model_is_folder(sent) != model_is_folder(disk))
		model_fail(model, "%s on the printer: a file for a folder",
		    path->shown);
	if (model_is_folder(sent))
		return;
	if (model_length(disk) != model_length(sent))
		model_fail(model, "%s on the printer: %lld bytes, sent %lld",
		    path->shown, (long long)model_length(disk),
		    (long long)model_length(sent));
	if ((thorough || is_touched(model, path->key)) &&
	    difference(model, disk, sent) >= 0)
		model_fail(model, "%s on the printer: not the bytes sent",
		    path->shown);
}

static void
compare_disk(struct model *model, const char *root, const struct path *folder,
    struct todo *todo, bool thorough)
{
	char disk[PATH_SIZE], sent[PATH_SIZE];
	struct dirent *entry;
	struct path path;
	size_t count = 0;
	DIR *dir;

	model_at(root, folder->shown, disk);
	model_at(model->sent, folder->key, sent);
	dir = opendir(disk);
	if (dir == NULL)
		model_fail(model, "cannot list %s", disk);
	while ((entry = readdir(dir)) != NULL) {
		if (is_of_printer(model, entry->d_name))
			continue;
		model_join(path.shown, folder->shown, entry->d_name);
		model_fold(model, path.shown, path.key);
		/* A deletion that was put off may come any time. */
		if (model_item(model, path.key)->withheld_till > time(NULL))
			continue;
		compare_printed(model, root, &path, thorough);
		if (entry->d_type == DT_DIR)
			push(todo, folder, entry->d_name, path.key);
		count++;
	}
	closedir(dir);
	if (count != count_names(sent))
		model_fail(model,
		    "%s on the printer has %zu names, must have "
		    "%zu",
		    *folder->key == '\0' ? "/" : folder->shown, count,
		    count_names(sent));
}

/* What the printer has, as its own disk or somebody else shows it. */
static void
compare_sent(struct model *model, const char *root, bool thorough)
{
	static struct todo todo;
	size_t i;

	memset(&todo, 0, sizeof(todo));
	todo.count = 1;
	for (i = 0; i < todo.count; i++)
		compare_disk(model, root, &todo.paths[i], &todo, thorough);
}

static void
compare_all_bytes(struct model *model)
{
	static struct todo todo;
	char plain[PATH_SIZE], key[PATH_SIZE];
	struct dirent *entry;
	size_t i;
	DIR *dir;

	memset(&todo, 0, sizeof(todo));
	todo.count = 1;
	for (i = 0; i < todo.count; i++) {
		model_at(model->plain, todo.paths[i].key, plain);
		dir = opendir(plain);
		while (dir != NULL && (entry = readdir(dir)) != NULL) {
			if (strcmp(entry->d_name, ".") == 0 ||
			    strcmp(entry->d_name, "..") == 0)
				continue;
			model_join(key, todo.paths[i].key, entry->d_name);
			if (entry->d_type == DT_DIR)
				push(&todo, &todo.paths[i], entry->d_name, key);
			else
				compare_file(model, key);
		}
		if (dir != NULL)
			closedir(dir);
	}
}

void
compare_all(struct model *model, bool thorough)
{
	static struct todo todo;
	char plain[PATH_SIZE];
	size_t i;

	memset(&todo, 0, sizeof(todo));
	todo.count = 1;
	for (i = 0; i < todo.count; i++)
		compare_folder(model, &todo.paths[i], &todo);
	if (model->options->cloud)
		mount_simctl(model,
		    (const char *const[]){ "library", "tree", NULL });
	compare_sent(model, model->options->disk, thorough);
	for (i = 0; i < 2; i++) {
		model_at(model->plain, model->touched[i], plain);
		if (*model->touched[i] != '\0' && model_exists(plain) &&
		    !model_is_folder(plain))
			compare_file(model, model->touched[i]);
	}
	if (thorough)
		compare_all_bytes(model);
}
