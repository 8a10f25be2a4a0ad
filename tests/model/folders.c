/*
 * Steps that change names, and those that happen to the mount as a whole.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/model/model.h"

#define COPY_S 8 /* 5 s, and a busy machine */

static int
result(int done)
{
	return done < 0 ? errno : 0;
}

/* A file goes to a final name: what may come out, and what it does. */
static void
rename_staged(struct model *model, const struct path *from,
    const struct path *to, int error)
{
	char plain[PATH_SIZE];
	int want = 0;
	off_t size;

	model_at(model->plain, from->key, plain);
	size = model_length(plain);
	if (!name_is_temporary(to->key) && size == 0)
		want = EINVAL;
	else if (!name_is_temporary(to->key))
		want = effect_verdict(model, to->key, size);
	if (error != want)
		model_fail(model, "rename: %s, must be %s", strerror(error),
		    strerror(want));
	if (error != 0)
		return;
	effect_moved(model, from->key, to->key);
	if (!name_is_temporary(to->key))
		effect_sent(model, to->key);
}

/* A placeholder: its name goes, and what it hid is seen again. */
static void
rename_empty(struct model *model, const struct path *from,
    const struct path *to, int error)
{
	if (error == EINVAL || (error == EBUSY && name_is_temporary(to->key)))
		return;
	if (error != 0 || !name_is_temporary(to->key))
		model_fail(model, "rename of an empty file: %s",
		    strerror(error));
	effect_moved(model, from->key, to->key);
	effect_reverted(model, from->key);
}

/* Are they in two folders of a printer that renames nothing itself? */
static bool
is_elsewhere(const struct path *from, const struct path *to)
{
	const char *one = strrchr(from->key, '/');
	const char *two = strrchr(to->key, '/');
	size_t len = one == NULL ? 0 : (size_t)(one - from->key);

	return len != (two == NULL ? 0 : (size_t)(two - to->key)) ||
	    strncmp(from->key, to->key, len) != 0;
}

/*
 * It is a file of here from now on.  Its bytes are brought, and the printer's
 * file is deleted, before anything may change it: so that is waited for.
 */
static void
rename_to_backup(struct model *model, const struct path *from,
    const struct path *to, int error)
{
	char path[PATH_SIZE];

	same_result(model, "rename to a backup", error, 0);
	effect_moved(model, from->key, to->key);
	model_at(model->sent, from->key, path);
	(void)unlink(path);
	model_item(model, from->key)->cached = false;
	model->given++;
	model_at(model->mount, to->shown, path);
	same_result(model, "backup", result(truncate(path, model_length(path))),
	    0);
}

static void
rename_printed(struct model *model, const struct path *from,
    const struct path *to, int error)
{
	char sent[PATH_SIZE];
	int want;

	model_at(model->sent, from->key, sent);
	want = effect_verdict(model, to->key, model_length(sent));
	if (error == EXDEV)
		model_item(model, to->key)->copied_till = time(NULL) + COPY_S;
	if (is_elsewhere(from, to) &&
	    (!model->options->cloud || name_is_temporary(to->key))) {
		same_result(model, "rename to another folder", error, EXDEV);
		return;
	}
	if (name_is_temporary(to->key)) {
		rename_to_backup(model, from, to, error);
		return;
	}
	/* How long it would take hangs on how busy this machine is. */
	if (error == EXDEV && !model->options->cloud)
		return;
	if (error != want)
		model_fail(model, "rename: %s", strerror(error));
	if (error != 0)
		return;
	effect_moved(model, from->key, to->key);
	(void)unlink(sent);
	effect_sent(model, to->key);
}

/* What rename does in every file system.  Returns whether it was that. */
static bool
is_plain_rename(struct model *model, const struct path *from,
    const struct path *to, unsigned int flags, int error)
{
	char old[PATH_SIZE], new[PATH_SIZE];

	model_at(model->plain, from->key, old);
	model_at(model->plain, to->key, new);
	if (!model_exists(old)) {
		same_result(model, "rename", error, ENOENT);
	} else if (flags != 0 && model_exists(new)) {
		same_result(model, "rename", error, EEXIST);
	} else if (strcmp(from->key, to->key) == 0) {
		if (error != EPERM)
			same_result(model, "rename to itself", error, 0);
	} else if (model_is_folder(old) && model->options->cloud) {
		same_result(model, "rename of a folder", error,
		    result(rename(old, new)));
		if (error == 0)
			effect_folder_moved(model, from->key, to->key);
	} else if (model_is_folder(old)) {
		if (error != EXDEV && error != EPERM && rename(old, new) != 0)
			same_result(model, "rename of a folder", error, errno);
	} else if (model_is_folder(new)) {
		/* Onto a folder that it is in, the kernel answers otherwise. */
		same_result(model, "rename", error, result(rename(old, new)));
	} else if (name_is_refused(model, to->shown)) {
		if (error != EPERM && error != EXDEV)
			same_result(model, "rename", error, EINVAL);
	} else {
		return false;
	}
	return true;
}

/* Files for the most part.  The tree of folders stays two deep. */
static bool
pick_rename(struct model *model, struct path *from, struct path *to)
{
	bool folder = model_random(model, 12) == 0;

	if (folder ? !pick_folder(model, from) : !pick_file(model, from))
		return false;
	if (folder && model->options->cloud) {
		pick_new_folder(model, to);
		return strchr(to->key, '/') == NULL ||
		    !has_folder(model, from->key);
	}
	if (model_random(model, 3) == 0)
		pick_file(model, to);
	else
		pick_any(model, to);
	return *to->key != '\0';
}

void
step_rename(struct model *model)
{
	char old[PATH_SIZE], new[PATH_SIZE], plain[PATH_SIZE];
	unsigned int flags;
	struct path from, to;
	int error;

	if (!pick_rename(model, &from, &to))
		return;
	flags = model_random(model, 5) == 0 ? RENAME_NOREPLACE : 0;
	model_note(model, "rename %s to %s%s", from.shown, to.shown,
	    flags != 0 ? ", not replacing" : "");
	model_at(model->mount, from.shown, old);
	model_at(model->mount, to.shown, new);
	model_at(model->plain, from.key, plain);
	error = result(renameat2(AT_FDCWD, old, AT_FDCWD, new, flags));
	model_note(model, "%s", error == 0 ? "done" : strerror(error));
	if (is_plain_rename(model, &from, &to, flags, error))
		return;
	if (name_is_temporary(from.key))
		rename_staged(model, &from, &to, error);
	else if (model_length(plain) == 0)
		rename_empty(model, &from, &to, error);
	else
		rename_printed(model, &from, &to, error);
}

void
step_unlink(struct model *model)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];
	struct path path;

	if (!pick_file(model, &path) && !pick_folder(model, &path))
		return;
	model_note(model, "unlink %s", path.shown);
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain);
	same_result(model, "unlink", result(unlink(mount)),
	    result(unlink(plain)));
	if (!model_exists(plain))
		effect_removed(model, path.key);
}

void
step_mkdir(struct model *model)
{
	char mount[PATH_SIZE], plain[PATH_SIZE], sent[PATH_SIZE];
	struct path path;
	int error;

	pick_new_folder(model, &path);
	model_note(model, "mkdir %s", path.shown);
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain);
	model_at(model->sent, path.key, sent);
	error = result(mkdir(plain, 0755));
	same_result(model, "mkdir", result(mkdir(mount, 0755)), error);
	(void)mkdir(sent, 0755);
}

void
step_rmdir(struct model *model)
{
	char mount[PATH_SIZE], plain[PATH_SIZE], sent[PATH_SIZE];
	struct path path;

	if (!pick_folder(model, &path))
		return;
	model_note(model, "rmdir %s", path.shown);
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain);
	model_at(model->sent, path.key, sent);
	same_result(model, "rmdir", result(rmdir(mount)), result(rmdir(plain)));
	if (!model_exists(plain))
		(void)rmdir(sent);
}

void
step_stat(struct model *model)
{
	char mount[PATH_SIZE], plain[PATH_SIZE];
	struct stat is, must;
	struct path path;
	int error;

	if (model_random(model, 2) == 0 || !pick_file(model, &path))
		pick_any(model, &path);
	model_note(model, "stat %s", path.shown);
	model_at(model->mount, path.shown, mount);
	model_at(model->plain, path.key, plain);
	error = result(lstat(plain, &must));
	same_result(model, "stat", result(lstat(mount, &is)), error);
	if (error != 0)
		return;
	if (is.st_size != must.st_size && S_ISREG(must.st_mode))
		model_fail(model, "stat: size %lld, must be %lld",
		    (long long)is.st_size, (long long)must.st_size);
	if (model_item(model, path.key)->ino != 0 &&
	    model_item(model, path.key)->ino != is.st_ino)
		model_fail(model, "stat: another number than before");
}

/* Somebody else puts a file onto the printer. */
void
step_behind(struct model *model)
{
	char plain[PATH_SIZE], sent[PATH_SIZE], text[32];
	struct path path;
	size_t size;
	bool hidden;
	int fd;

	if (model_random(model, 2) == 0 || !pick_file(model, &path))
		pick_any(model, &path);
	do {
		size = model_size(model);
	} while (size == 0);
	if (strchr(path.shown, ' ') != NULL || name_is_temporary(path.key) ||
	    name_is_refused(model, path.shown) ||
	    model_item(model, path.key)->withheld_till != 0)
		return;
	model_note(model, "behind the mount: %s, %zu bytes", path.shown, size);
	snprintf(text, sizeof(text), "%zu", size);
	mount_simctl(model,
	    (const char *const[]){ "copy", path.shown, text, NULL });
	model_at(model->plain, path.key, plain);
	model_at(model->sent, path.key, sent);
	hidden = model_exists(plain) && model_length(plain) == 0;
	memset(model->data, 'x', size);
	fd = open(sent, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (write(fd, model->data, size) != (ssize_t)size)
		model_fail(model, "the model cannot write");
	close(fd);
	if (!hidden)
		model_copy(model, sent, plain);
	effect_changed(model, path.key);
	step_refresh(model);
}

void
step_refresh(struct model *model)
{
	size_t i;

	model_note(model, "refresh");
	mount_refresh(model, model->home);
	for (i = 0; i < model->count; i++)
		model->items[i].cached = false;
}

void
step_remount(struct model *model)
{
	model_note(model, "remount");
	mount_stop(model);
	effect_remounted(model);
}
