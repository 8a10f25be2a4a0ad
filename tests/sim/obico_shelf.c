/*
 * The G-code library as tests look at it, past the API: what is in it is told
 * without a request that would be counted.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/obico.h"

static void
tell_place(struct text *out, long id, const struct obico_folder *parent,
    const char *name, date updated_at)
{
	text_printf(out, "{\"id\":%ld,\"parent\":%ld,\"updated_at\":%lld,", id,
	    parent == NULL ? 0 : parent->id, (long long)updated_at);
	obico_key(out, "name");
	text_json(out, name);
}

static void
tell_file(struct sim *sim, struct text *out, const struct obico_file *file)
{
	char *path = obico_stored(sim, file, 0);

	tell_place(out, file->id, file->parent, file->filename,
	    file->updated_at);
	if (file->url != NULL && path != NULL) {
		text_printf(out, ",\"size\":%ld,", file->num_bytes);
		obico_key(out, "path");
		text_json(out, path);
	}
	text_puts(out, "}");
	free(path);
}

void
obico_tell_library(struct sim *sim, struct text *out)
{
	struct obico_server *obico = sim->own;
	const struct obico_folder *folder;
	const struct obico_file *file;
	const char *comma = "";

	text_puts(out, "{\"folders\":[");
	TAILQ_FOREACH (folder, &obico->folders, entry) {
		text_puts(out, comma);
		comma = ",";
		tell_place(out, folder->id, folder->parent, folder->name,
		    folder->updated_at);
		text_puts(out, "}");
	}
	text_puts(out, "],\"files\":[");
	comma = "";
	TAILQ_FOREACH (file, &obico->files, entry) {
		if (file->deleted != 0)
			continue;
		text_puts(out, comma);
		comma = ",";
		tell_file(sim, out, file);
	}
	text_puts(out, "]}");
}

void
obico_clear_library(struct sim *sim)
{
	struct obico_server *obico = sim->own;
	struct obico_folder *folder;
	struct obico_file *file;

	while ((file = TAILQ_FIRST(&obico->files)) != NULL) {
		char *path = obico_stored(sim, file, 0);

		if (path != NULL)
			(void)unlink(path);
		free(path);
		obico_free_file(obico, file);
	}
	while ((folder = TAILQ_FIRST(&obico->folders)) != NULL)
		obico_free_folder(obico, folder);
	obico->last_file = obico->last_folder = 0;
}

enum {
	DESCRIPTORS = 16
};

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* The path of a folder in the tree.  Returns 0 or -ENOMEM. */
static int
make_path(struct sim *sim, const struct obico_folder *folder, struct text *out)
{
	const struct obico_folder *at;
	struct text rest = { 0 }, more = { 0 };
	bool failed;

	for (at = folder; at != NULL; at = at->parent) {
		text_printf(&more, "/%s%s", at->name, text_string(&rest));
		text_free(&rest);
		rest = more;
		memset(&more, 0, sizeof(more));
	}
	text_printf(out, "%s/tree%s", sim->options.storage, text_string(&rest));
	failed = out->failed || rest.failed;
	text_free(&rest);
	return failed ? -ENOMEM : 0;
}

/* With all that it is in. */
static int
plant_folder(struct sim *sim, const struct obico_folder *folder)
{
	struct text path = { 0 };
	int error = 0;

	if (folder != NULL && folder->parent != NULL)
		error = plant_folder(sim, folder->parent);
	if (error == 0)
		error = make_path(sim, folder, &path);
	if (error == 0 && mkdir(text_string(&path), 0755) != 0 &&
	    errno != EEXIST)
		error = -errno;
	text_free(&path);
	return error;
}

static int
plant_file(struct sim *sim, const struct obico_file *file)
{
	char *stored = obico_stored(sim, file, 0);
	struct text path = { 0 };
	int error = stored == NULL ? -ENOMEM : 0;

	if (error == 0)
		error = make_path(sim, file->parent, &path);
	text_printf(&path, "/%s", file->filename);
	if (error == 0 && link(stored, text_string(&path)) != 0)
		error = -errno;
	if (error == -EEXIST) {
		text_printf(&path, " (%ld)", file->id);
		error = link(stored, text_string(&path)) != 0 ? -errno : 0;
	}
	text_free(&path);
	free(stored);
	return error;
}

int
obico_plant_library(struct sim *sim)
{
	struct obico_server *obico = sim->own;
	const struct obico_folder *folder;
	const struct obico_file *file;
	struct text top = { 0 };
	int error = make_path(sim, NULL, &top);

	if (error == 0 &&
	    nftw(text_string(&top), remove_one, DESCRIPTORS,
		FTW_DEPTH | FTW_PHYS) != 0 &&
	    errno != ENOENT)
		error = -errno;
	text_free(&top);
	if (error == 0)
		error = plant_folder(sim, NULL);
	TAILQ_FOREACH (folder, &obico->folders, entry) {
		if (error == 0)
			error = plant_folder(sim, folder);
	}
	TAILQ_FOREACH (file, &obico->files, entry) {
		if (error == 0 && file->deleted == 0)
			error = plant_file(sim, file);
	}
	return error;
}

/* The folder of that name there, and what follows it in the path. */
static int
find_parent(const struct obico_server *obico, const char **path,
    struct obico_folder **out)
{
	struct obico_folder *folder, *parent = NULL;
	size_t len;

	for (; strchr(*path, '/') != NULL; *path += len + 1) {
		len = strcspn(*path, "/");
		TAILQ_FOREACH (folder, &obico->folders, entry) {
			if (folder->parent == parent &&
			    strlen(folder->name) == len &&
			    memcmp(folder->name, *path, len) == 0)
				break;
		}
		if (folder == NULL)
			return -ENOENT;
		parent = folder;
	}
	*out = parent;
	return 0;
}

static int
fill(struct sim *sim, const struct obico_file *file, long len)
{
	char *path = obico_stored(sim, file, 0);
	FILE *out;
	int error = 0;

	if (path == NULL)
		return -ENOMEM;
	out = fopen(path, "we");
	free(path);
	if (out == NULL)
		return -errno;
	for (; error == 0 && len > 0; len--)
		error = putc('x', out) == EOF ? -errno : 0;
	if (fclose(out) != 0 && error == 0)
		error = -errno;
	return error;
}

int
obico_put_file(struct sim *sim, const char *path, long len)
{
	struct obico_server *obico = sim->own;
	struct obico_folder *parent;
	struct obico_file *file, *next;
	int error = find_parent(obico, &path, &parent);

	if (error != 0)
		return error;
	for (file = TAILQ_FIRST(&obico->files); file != NULL; file = next) {
		next = TAILQ_NEXT(file, entry);
		if (file->parent == parent && strcmp(file->filename, path) == 0)
			obico_free_file(obico, file);
	}
	file = obico_new_file(obico, obico->accounts[0].id, parent);
	if (file == NULL)
		return -ENOMEM;
	obico_set(&file->filename, path);
	file->safe_filename = obico_safe_name(path);
	error = fill(sim, file, len);
	obico_set_bytes(obico, file, len);
	return error;
}
