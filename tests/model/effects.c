/*
 * What a step does to the model where a plain directory would do something
 * else.
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

#define WITHHELD_S 8 /* 5 s, and a busy machine */

int
effect_verdict(const struct model *model, const char *key, off_t size)
{
	bool odd = size > ODD_CHUNK && size % ODD_CHUNK == 1;

	if (model->options->folds || model->options->cloud)
		return 0;
	return odd && !name_is_model(key) ? EINVAL : 0;
}

/* Has the cache the file for sure? */
bool
effect_is_cached(struct model *model, const char *key)
{
	const struct item *item = model_item(model, key);

	return item->cached && model->given - item->cached_at < KEPT;
}

/* The mount shows what the printer has. */
void
effect_reverted(struct model *model, const char *key)
{
	char plain[PATH_SIZE], sent[PATH_SIZE];

	model_at(model->plain, key, plain);
	model_at(model->sent, key, sent);
	(void)unlink(plain);
	if (model_exists(sent))
		model_copy(model, sent, plain);
	model_item(model, key)->mtime_set = false;
	model_item(model, key)->cached = false;
}

void
effect_sent(struct model *model, const char *key)
{
	char plain[PATH_SIZE], sent[PATH_SIZE];

	model_at(model->plain, key, plain);
	model_at(model->sent, key, sent);
	model_copy(model, plain, sent);
	model_item(model, key)->cached = true;
	model_item(model, key)->cached_at = ++model->given;
	model_item(model, key)->withheld_till = 0;
}

void
effect_changed(struct model *model, const char *key)
{
	model_touch(model, key);
	model_item(model, key)->mtime_set = false;
}

/* A file that was changed is closed, and its writer told so. */
void
effect_closed(struct model *model, const char *key, int error)
{
	char plain[PATH_SIZE];
	int want = 0;
	off_t size;

	model_at(model->plain, key, plain);
	size = model_length(plain);
	effect_changed(model, key);
	if (!name_is_temporary(key) && size > 0)
		want = effect_verdict(model, key, size);
	if (error != want)
		model_fail(model, "close of %s: %s, must be %s", key,
		    strerror(error), strerror(want));
	if (name_is_temporary(key) || size == 0)
		return;
	if (want == 0)
		effect_sent(model, key);
	else
		effect_reverted(model, key);
}

void
effect_removed(struct model *model, const char *key)
{
	char plain[PATH_SIZE], sent[PATH_SIZE], temporary[PATH_SIZE];
	struct item *item = model_item(model, key);

	model_at(model->plain, key, plain);
	model_at(model->sent, key, sent);
	(void)unlink(plain);
	(void)unlink(sent);
	item->mtime_set = false;
	item->cached = false;
	/* PrusaSlicer's way, and mv's: see cache/deferred.h, fs/copying.h. */
	strlcpy(temporary, plain, PATH_SIZE);
	strlcat(temporary, model->options->folds ? ".TMP" : ".tmp", PATH_SIZE);
	if (model_exists(temporary) || item->copied_till > time(NULL))
		item->withheld_till = time(NULL) + WITHHELD_S;
}

void
effect_moved(struct model *model, const char *from, const char *to)
{
	char old[PATH_SIZE], new[PATH_SIZE];
	struct item *source = model_item(model, from);
	struct item *target = model_item(model, to);

	model_at(model->plain, from, old);
	model_at(model->plain, to, new);
	if (rename(old, new) != 0)
		model_fail(model, "the model cannot rename");
	target->mtime = source->mtime;
	target->mtime_set = source->mtime_set;
	source->mtime_set = false;
	model_touch(model, from);
	model_touch(model, to);
}

/* All that is known of what is in a folder is known of its new path. */
void
effect_folder_moved(struct model *model, const char *from, const char *to)
{
	char key[PATH_SIZE], old[PATH_SIZE], new[PATH_SIZE];
	size_t i, len = strlen(from), count = model->count;
	struct item *item, *moved;

	model_at(model->sent, from, old);
	model_at(model->sent, to, new);
	if (rename(old, new) != 0)
		model_fail(model, "the model cannot rename a folder");
	for (i = 0; i < count; i++) {
		item = &model->items[i];
		if (strncmp(item->key, from, len) != 0 || item->key[len] != '/')
			continue;
		model_join(key, to, item->key + len + 1);
		moved = model_item(model, key);
		moved->mtime = item->mtime;
		moved->mtime_set = item->mtime_set;
		moved->cached = item->cached;
		moved->cached_at = item->cached_at;
		moved->withheld_till = item->withheld_till;
		item->mtime_set = item->cached = false;
		item->withheld_till = 0;
	}
}

/* Temporary files and placeholders go at the unmount. */
static void
leave_out(struct model *model, const char *folder)
{
	char path[PATH_SIZE], key[PATH_SIZE], kept[PATH_SIZE];
	struct dirent **found;
	int i, n;

	model_at(model->plain, folder, path);
	n = scandir(path, &found, NULL, alphasort);
	for (i = 0; i < n; i++) {
		model_join(key, folder, found[i]->d_name);
		model_at(model->plain, key, path);
		if (strcmp(found[i]->d_name, ".") != 0 &&
		    strcmp(found[i]->d_name, "..") != 0 &&
		    !model_is_folder(path)) {
			if (name_is_temporary(key) && model_length(path) > 0) {
				snprintf(kept, sizeof(kept), "%s/kept/%d",
				    model->options->work, (int)model->kept++);
				model_copy(model, path, kept);
			}
			if (name_is_temporary(key) || model_length(path) == 0)
				effect_reverted(model, key);
		}
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}

static void
leave_out_everywhere(struct model *model)
{
	size_t i;

	leave_out(model, "");
	for (i = 0; i < model->count; i++) {
		char plain[PATH_SIZE];

		model_at(model->plain, model->items[i].key, plain);
		if (model_is_folder(plain))
			leave_out(model, model->items[i].key);
		model->items[i].cached = false;
		model->items[i].withheld_till = 0;
	}
}

/* Is what was left over in unsent/?  Whatever is there is removed. */
static void
look_into_unsent(struct model *model)
{
	char path[PATH_SIZE], kept[PATH_SIZE];
	struct dirent **found;
	int i, n = scandir(model->unsent, &found, NULL, alphasort);
	size_t j;

	for (i = 0; i < n; i++) {
		model_at(model->unsent, found[i]->d_name, path);
		free(found[i]);
		if (model_is_folder(path))
			continue;
		for (j = 0; j < model->kept; j++) {
			snprintf(kept, sizeof(kept), "%s/kept/%zu",
			    model->options->work, j);
			if (model_exists(kept) &&
			    model_are_same(model, path, kept))
				(void)unlink(kept);
		}
		if (unlink(path) != 0)
			model_fail(model, "cannot remove %s: %s", path,
			    strerror(errno));
	}
	if (n >= 0)
		free(found);
	for (j = 0; j < model->kept; j++) {
		snprintf(kept, sizeof(kept), "%s/kept/%zu",
		    model->options->work, j);
		if (model_exists(kept))
			model_fail(model, "a temporary file is not in unsent/");
	}
	model->kept = 0;
}

void
effect_remounted(struct model *model)
{
	leave_out_everywhere(model);
	mount_start(model);
	look_into_unsent(model);
}
