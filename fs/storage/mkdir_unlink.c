/*
 * Making and removing in a printer's storages.  The deletion just before
 * PrusaSlicer's rename is held back for a moment.  No state of its own, any
 * thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/deferred.h"
#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "cache/whole_file.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/printer.h"
#include "fs/core/caller.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/dot_directory.h"
#include "fs/storage/exdev_copy.h"
#include "fs/storage/mkdir_unlink.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"

#define WRITE_MS    1000  /* a write to a spool is done long before */
#define DEFER_MS    5000  /* between PrusaSlicer's unlink and its rename */
#define DELETION_MS 10000 /* nobody waits for it but the end */

int
storage_make_folder(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct mounted *mounted = folder->mounted;
	int error;

	if (dot_directory_is_made(folder, name))
		return dot_directory_make(folder, name, out);
	error = storage_check_name(folder, name, true);
	if (error == 0)
		error = printer_make_folder(mounted->printer, &caller->wait,
		    folder->wire, name);
	if (error != 0)
		return error;
	return folder->node->kind->lookup(caller, folder, name, out);
}

/*
 * The gate of a file that is written here.  A write under way is a matter of
 * a moment; an upload is not, and its file would be there after all.
 */
static int
lock_to_remove(const struct caller *caller, struct staged *staged)
{
	struct deadline deadline;
	const struct wait wait = time_limit(&deadline, &caller->wait, WRITE_MS);
	int error = staged_lock(staged, &wait);

	if (error == -EINTR && !wait_given_up(&caller->wait))
		error = -EBUSY;
	return error;
}

/* A deletion that waits for its moment. */
struct deferred_file {
	struct found found;
	char *path; /* as users see it */
};

static void
carry_out(void *arg)
{
	struct deferred_file *file = arg;
	struct deadline deadline;
	const struct wait wait = time_limit(&deadline, NULL, DELETION_MS);
	int error = found_remove(&file->found, &wait);

	if (error != 0)
		log_say(LOG_LEVEL_ERROR,
		    "%s/%s could not be deleted and is "
		    "still there: %s",
		    file->found.folder, file->found.entry.name,
		    strerror(-error));
	else
		events_note_file(file->found.mounted->events, file->path, NULL);
}

static void
drop(void *arg)
{
	struct deferred_file *file = arg;

	found_free(&file->found);
	free(file->path);
	free(file);
}

/*
 * Has the caller just written NAME.tmp and closed it?  Then this is the way
 * PrusaSlicer replaces NAME.
 */
static bool
is_replacing(const struct caller *caller, const struct place *place)
{
	char *temporary, *key;
	bool is = false;

	if (asprintf(&temporary, "%s.tmp", place->path) < 0)
		return false;
	key = place_key(place->mounted, temporary);
	if (key != NULL)
		is = stage_was_closed_by(place->mounted->stage, key,
		    caller->process, DEFER_MS);
	free(key);
	free(temporary);
	return is;
}

/*
 * Hold the deletion of a file back if the caller has just written and closed
 * NAME.tmp beside it, which is the way PrusaSlicer replaces NAME.  Returns 0,
 * and has taken what was found; else it is to be deleted now.
 */
static int
defer(const struct caller *caller, const struct place *place,
    const struct found *found)
{
	struct deferred_file *file = calloc(1, sizeof(*file));
	struct deferred_plan plan = { .key = place->key,
		.ms = DEFER_MS,
		.process = caller->process,
		.has_gone = caller_is_gone,
		.carry_out = carry_out,
		.drop = drop,
		.arg = file };
	int error;

	if (file == NULL)
		return -ENOMEM;
	if (!is_replacing(caller, place) &&
	    !exdev_copy_goes_to(caller, place)) {
		free(file);
		return -EINVAL;
	}
	file->found = *found;
	file->path = strdup(place->path);
	error = file->path == NULL ?
	    -ENOMEM :
	    deferred_add(place->mounted->deferred, &plan);
	if (error != 0) {
		free(file->path);
		free(file);
	}
	return error;
}

/* The name goes away here and there; a staged file's gate is held. */
static int
remove_both(const struct caller *caller, struct place *place,
    struct staged *staged)
{
	struct mounted *mounted = place->mounted;
	struct staged_facts facts = { 0 };
	struct found found = { 0 };
	int error;

	if (staged != NULL)
		staged_look(staged, &facts);
	error = facts.temporary || backup_hides(mounted, place->key) ?
	    -ENOENT :
	    storage_find_place(caller, place, &found);
	if (error == 0 && found.entry.folder)
		error = -EISDIR;
	if (error == 0 && storage_is_read_only(place))
		error = -EROFS;
	if (error == 0)
		error = whole_file_check_read(mounted->printer,
		    mounted->content, &caller->wait, found.folder, &found.entry,
		    caller->process);
	if (error == 0 && staged == NULL && defer(caller, place, &found) == 0)
		return 0;
	if (error == 0)
		error = content_settle(mounted->content, &caller->wait,
		    found.folder, found.entry.name);
	if (error == 0)
		error = found_remove(&found, &caller->wait);
	if (error == 0) {
		found_forget(&found, place->key);
		events_note_file(mounted->events, place->path, NULL);
	}
	if (error == -EBUSY)
		exdev_copy_take_back(caller, place);
	if (error == -ENOENT && staged != NULL)
		error = 0;
	if (error == 0)
		stage_remove(mounted->stage, place->key);
	found_free(&found);
	return error;
}

/*
 * An upload under way, or that waits for its turn, is called off, and that is
 * all: the former file is seen again.  -ESRCH: it is not, or it was too late.
 */
static int
call_off(const struct caller *caller, struct place *place)
{
	struct staged *staged = stage_find(place->mounted->stage, place->key);
	int error = staged == NULL ? -ESRCH : upload_cancel(caller, staged);

	staged_release(staged);
	return error;
}

int
storage_remove_staged(const struct caller *caller, struct place *place)
{
	struct staged *staged;
	int error = call_off(caller, place);

	if (error != -ESRCH)
		return error;
	staged = stage_find(place->mounted->stage, place->key);
	error = staged == NULL ? -ENOENT : lock_to_remove(caller, staged);
	if (error == 0) {
		stage_remove(place->mounted->stage, place->key);
		staged_unlock(staged);
	}
	staged_release(staged);
	return error;
}

static void
say_busy(const struct place *place, struct staged *staged)
{
	struct staged_facts facts;

	staged_look(staged, &facts);
	log_say(LOG_LEVEL_NOTE, "%s: %s", place->path,
	    facts.backup ? "its bytes are being brought from the printer" :
			   "its upload is under way");
}

static int
remove_file(const struct caller *caller, struct place *place)
{
	struct staged *staged;
	int error = call_off(caller, place);

	if (error != -ESRCH)
		return error;
	error = 0;
	staged = stage_find(place->mounted->stage, place->key);
	if (staged != NULL)
		error = lock_to_remove(caller, staged);
	if (error == -EBUSY)
		say_busy(place, staged);
	if (error == 0) {
		error = remove_both(caller, place, staged);
		if (staged != NULL)
			staged_unlock(staged);
	}
	staged_release(staged);
	return error;
}

static int
remove_folder(const struct caller *caller, struct place *place)
{
	struct mounted *mounted = place->mounted;
	struct found found;
	int error;

	if (dot_directory_has_in(place))
		return -ENOTEMPTY;
	if (dot_directory_has(place))
		return stage_folders_remove(mounted->folders, place->key);
	error = storage_find_place(caller, place, &found);
	if (error != 0)
		return error;
	if (!found.entry.folder)
		error = -ENOTDIR;
	else if (storage_is_read_only(place))
		error = -EROFS;
	else
		error = found_remove(&found, &caller->wait);
	found_free(&found);
	return error;
}

int
storage_resolve(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct place *known, *written;
	int error = storage_child(folder, name, &written);

	if (error != 0)
		return error;
	error = folder->node->kind->lookup(caller, folder, name, &known);
	if (error == 0 && strcmp(known->key, written->key) == 0)
		place_release(known);
	else if (error == 0) {
		place_release(written);
		written = known;
	}
	if (error == -ENOENT)
		error = 0;
	return place_give(written, error, out);
}

int
storage_remove(const struct caller *caller, struct place *folder,
    const char *name, bool is_folder)
{
	struct place *place;
	int error = storage_resolve(caller, folder, name, &place);

	if (error != 0)
		return error;
	error = is_folder ? remove_folder(caller, place) :
			    remove_file(caller, place);
	place_release(place);
	return error;
}

int
storage_look_at_target(const struct caller *caller, struct place *target,
    bool replace, struct upload *upload)
{
	struct mounted *mounted = target->mounted;
	struct found found;
	const char *key = target->stored_key;
	int deleted, error = backup_settle(mounted, &caller->wait, key, NULL);

	if (error != 0)
		return error;
	/* A deletion of that name that waits is done by what comes there. */
	deleted = deferred_cancel(mounted->deferred, &caller->wait, key);
	error = deleted < 0 ? deleted :
			      storage_find_place(caller, target, &found);
	upload->old_mtime = STORE_NONE;
	if (error == -ENOENT)
		return 0;
	if (error != 0)
		return error;
	if (found.entry.folder)
		error = -EISDIR;
	else if (!replace && deleted == 0)
		error = -EEXIST;
	else
		error = storage_check_idle(caller, target);
	upload->replace = true;
	upload->old_mtime = found.entry.mtime_s;
	found_free(&found);
	return error;
}
