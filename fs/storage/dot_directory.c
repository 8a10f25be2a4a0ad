/*
 * Working directories of programs, whose names begin with a dot (rsync's
 * ".~tmp~"): they live here, and the files in them are temporary ones, which
 * go to the printer when they are renamed out of them.  No state of its own,
 * any thread.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/dot_directory.h"
#include "fs/storage/storage.h"

/* Desktops and Samba put there what was deleted: deleting shall be real. */
static bool
is_trash(const char *name)
{
	return strncasecmp(name, ".Trash", strlen(".Trash")) == 0 ||
	    strcasecmp(name, ".recycle") == 0;
}

bool
dot_directory_stays_here(const char *path)
{
	return strstr(path, "/.") != NULL;
}

bool
dot_directory_is_made(const struct place *folder, const char *name)
{
	return !is_trash(name) &&
	    (name_is_hidden(name) || dot_directory_stays_here(folder->path));
}

bool
dot_directory_has(const struct place *place)
{
	return stage_folders_has(place->mounted->folders, place->key);
}

int
dot_directory_make(struct place *folder, const char *name, struct place **out)
{
	struct place *place;
	struct staged *staged;
	int error = 0;

	if (storage_is_read_only(folder))
		return -EROFS;
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	error = storage_child(folder, name, &place);
	if (error != 0)
		return error;
	staged = stage_find(folder->mounted->stage, place->key);
	error = staged != NULL ? -EEXIST :
				 stage_folders_add(folder->mounted->folders,
				     place->key, place->path);
	staged_release(staged);
	if (error == 0 && !dot_directory_stays_here(folder->path))
		log_say(LOG_LEVEL_DETAIL,
		    "%s stays here, with what is in it: no printer "
		    "lists a directory whose name begins with a dot",
		    place->path);
	return place_give(place, error, out);
}

static int
note_name(void *arg, const char *path)
{
	(void)path;
	*(bool *)arg = true;
	return 0;
}

bool
dot_directory_has_in(const struct place *folder)
{
	bool has = stage_folders_has_in(folder->mounted->folders, folder->key);

	(void)stage_each(folder->mounted->stage, folder->key, note_name, &has);
	return has;
}

/*
 * rsync --temp-dir writes "NAME.AbC123" there, and copies when it cannot
 * rename; then no lock is held while it is uploaded.
 */
static bool
is_of_temp_dir(const char *name, const char *target)
{
	size_t len = strlen(target);

	if (name_is_hidden(name) && !name_is_hidden(target))
		name++;
	return strncmp(name, target, len) == 0 && name[len] == '.' &&
	    strlen(name + len + 1) == 6 && strchr(name + len + 1, '.') == NULL;
}

bool
dot_directory_is_copied(const struct place *source, const struct place *target)
{
	const char *dot = strstr(source->path, "/.");

	return dot != NULL && dot < strrchr(source->path, '/') &&
	    is_of_temp_dir(name_of(source->path), name_of(target->path));
}

char *
dot_directory_unsent_path(const char *path)
{
	const char *claim = stage_folders_claim(path), *name = name_of(path);
	char *marked, *at;
	size_t len;

	if (claim == NULL)
		return strdup(path);
	len = (size_t)(name - claim) - 1;
	if (asprintf(&marked, "%.*s%.*s%.*s", (int)(claim - path), path,
		(int)name_fit(name, len < NAME_MAX ? NAME_MAX - len : 0), name,
		(int)len, claim) < 0)
		return NULL;
	for (at = marked + strlen(marked) - len; *at != '\0'; at++) {
		if (*at == '/')
			*at = '.';
	}
	return marked;
}
