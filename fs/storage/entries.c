/*
 * Making and removing in a printer's storages.  No state, any thread.
 */
#include <errno.h>
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
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/copying.h"
#include "fs/storage/defer_delete.h"
#include "fs/storage/entries.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/storage/working.h"
#include "fs/tree/events.h"

#define WRITE_MS 1000 /* a write to a spool is done long before */

int
entries_make_folder(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct mounted *mounted = folder->mounted;
	int error;

	if (working_is_made(folder, name))
		return working_make(folder, name, out);
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
	if (error == 0 && staged == NULL &&
	    defer_delete(caller, place, &found) == 0)
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
		copying_take_back(caller, place);
	if (error == -ENOENT && staged != NULL)
		error = 0;
	if (error == 0)
		stage_remove(mounted->stage, place->key);
	found_free(&found);
	return error;
}

/*
 * What is being sent, or waits for its turn, is called off, and that is all:
 * the former file is seen again.  -ESRCH: it is not, or it was too late.
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
entries_remove_staged(const struct caller *caller, struct place *place)
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
note_name(void *arg, const char *path)
{
	(void)path;
	*(bool *)arg = true;
	return 0;
}

static int
remove_folder(const struct caller *caller, struct place *place)
{
	struct mounted *mounted = place->mounted;
	struct found found;
	bool has_staged = false;
	int error;

	if (working_has(place))
		return working_remove(place);
	(void)stage_each(mounted->stage, place->key, note_name, &has_staged);
	if (has_staged || stage_folders_has_in(mounted->folders, place->key))
		return -ENOTEMPTY;
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
entries_resolve(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct place *there, *written;
	int error = storage_child(folder, name, &written);

	if (error != 0)
		return error;
	error = folder->node->kind->lookup(caller, folder, name, &there);
	if (error == 0 && strcmp(there->key, written->key) != 0) {
		place_release(written);
		*out = there;
		return 0;
	}
	if (error == 0)
		place_release(there);
	else if (error != -ENOENT) {
		place_release(written);
		return error;
	}
	*out = written;
	return 0;
}

int
entries_remove(const struct caller *caller, struct place *folder,
    const char *name, bool is_folder)
{
	struct place *place;
	int error = entries_resolve(caller, folder, name, &place);

	if (error != 0)
		return error;
	error = is_folder ? remove_folder(caller, place) :
			    remove_file(caller, place);
	place_release(place);
	return error;
}

int
entries_look_at_target(const struct caller *caller, struct place *target,
    bool replace, struct upload *upload)
{
	struct mounted *mounted = target->mounted;
	struct found found;
	char *key = place_key(mounted, target->path);
	int error = key == NULL ?
	    -ENOMEM :
	    backup_settle(mounted, &caller->wait, key, NULL);
	/* A deletion of that name that waits is done by what comes there. */
	int deleted = error != 0 ?
	    error :
	    deferred_cancel(mounted->deferred, &caller->wait, key);

	error = deleted < 0 ? deleted :
			      storage_find_place(caller, target, &found);
	free(key);
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
