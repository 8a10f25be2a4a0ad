/*
 * Renaming on a printer whose server can: what is here of a file or folder
 * follows.  No state, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/file_facts.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "client/base/buf.h"
#include "client/base/name.h"
#include "client/listing.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/rename.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"

void
rename_keep_mtime(struct mounted *mounted, const struct storage_find *found,
    const char *folder, const struct entry *stored)
{
	char *from = name_join(found->folder, found->entry.name);
	char *to = name_join(folder, stored->name);
	struct timespec mtime;

	if (from != NULL && to != NULL &&
	    file_facts_mtime(mounted->facts, from, found->entry.mtime_s,
		&mtime))
		file_facts_note_mtime(mounted->facts, to, stored->mtime_s,
		    &mtime);
	free(from);
	free(to);
}

void
rename_drop_staged(struct mounted *mounted, const struct place *target)
{
	stage_remove(mounted->stage, target->key);
}

/* What is written below a folder goes along with it. */
static int
move_staged_below(struct staged *staged, const struct place *from,
    const struct place *to)
{
	char *wire, *path;
	struct buf new_path = { 0 }, new_wire = { 0 };
	struct place *place = NULL;
	struct stage_place where;
	struct staged_facts facts;
	char *folder;
	int error = staged_target(staged, &wire, &path);

	if (error != 0)
		return error;
	if (name_below(path, from->path) == NULL)
		error = -ENOENT;
	if (error == 0)
		error = buf_printf(&new_path, "%s%s", to->path,
		    name_below(path, from->path));
	if (error == 0 && name_below(wire, from->wire) != NULL)
		error = buf_printf(&new_wire, "%s%s/%s", to->wire,
		    name_below(wire, from->wire), name_of(path));
	else if (error == 0)
		error = buf_printf(&new_wire, "%s/%s", to->wire, name_of(path));
	if (error == 0)
		error = place_new(to->mounted, to->node, new_path.data,
		    new_wire.data, NULL, &place);
	if (error == 0)
		error = storage_stage_place(place, &where, &folder);
	if (error == 0) {
		staged_look(staged, &facts);
		error = stage_move(staged, &where, facts.temporary);
		free(folder);
	}
	place_release(place);
	buf_free(&new_path);
	buf_free(&new_wire);
	free(wire);
	free(path);
	return error;
}

/* Uploads into the folder end first.  What cannot go along stays as it is. */
static void
move_all_below(const struct caller *caller, const struct place *from,
    const struct place *to)
{
	struct staged *staged;
	int error = 0;

	stage_folders_move(from->mounted->folders,
	    &(struct stage_place){ .key = from->key, .path = from->path },
	    &(struct stage_place){ .key = to->key, .path = to->path });
	while (error == 0 &&
	    (staged = stage_find_below(from->mounted->stage, from->key)) !=
		NULL) {
		error = staged_lock(staged, &caller->wait);
		if (error == 0) {
			error = move_staged_below(staged, from, to);
			staged_unlock(staged);
		}
		staged_release(staged);
	}
}

/* May it be renamed so?  A folder's staged files make it a full one. */
static int
check_rename(const struct caller *caller, const struct renaming *renaming,
    bool is_folder)
{
	const struct place *folder = renaming->folder;
	const struct place *target = renaming->target;
	const char *name = name_of(target->path);
	struct upload upload = { 0 };
	struct staged *staged;
	int error;

	if (!is_folder && storage_is_temporary(folder, name))
		return -EXDEV;
	error = storage_check_name(folder, name, is_folder);
	if (error == 0 && !is_folder)
		error = storage_check_idle(caller, renaming->source);
	if (error == 0 && !is_folder)
		return entries_look_at_target(caller, renaming->target,
		    renaming->replace, &upload);
	staged = stage_find_below(target->mounted->stage, target->key);
	if (error == 0 &&
	    (staged != NULL ||
		stage_folders_has_in(target->mounted->folders, target->key)))
		error = -ENOTEMPTY;
	staged_release(staged);
	return error;
}

/* Its bytes and its time go along; those of what was there go. */
static void
keep_content(struct mounted *mounted, const struct storage_find *found,
    const char *folder, const struct entry *renamed)
{
	struct spool *spool = content_have(mounted->content, found->folder,
	    &found->entry, found->entry.size);

	content_drop(mounted->content, folder, renamed->name);
	if (spool != NULL)
		content_keep(mounted->content, folder, renamed, spool);
	spool_release(spool);
	rename_keep_mtime(mounted, found, folder, renamed);
}

/* The times of what is in a folder, which has another path elsewhere. */
static void
keep_times(struct mounted *mounted, const struct storage_find *found,
    const struct place *renamed)
{
	char *old = name_join(found->folder, found->entry.short_name);

	if (old != NULL && strcmp(old, renamed->wire) != 0)
		file_facts_move(mounted->facts, old, renamed->wire);
	free(old);
}

/* Where it is from now on. */
static int
place_renamed(const struct place *folder, const struct place *target,
    const struct entry *renamed, struct place **out)
{
	char *wire = name_join(folder->wire, renamed->short_name);
	int error = -ENOMEM;

	if (wire != NULL)
		error = place_new(folder->mounted, folder->node, target->path,
		    wire, NULL, out);
	if (error == 0 && !renamed->folder)
		(*out)->version = entry_version(renamed);
	free(wire);
	return error;
}

/* Such a name stays here: the file becomes a backup. */
static bool
is_backup(const struct renaming *renaming, const struct entry *entry)
{
	return !entry->folder && !renaming->elsewhere &&
	    storage_is_temporary(renaming->folder,
		name_of(renaming->target->path));
}

int
rename_there(const struct caller *caller, const struct renaming *renaming,
    struct place **out)
{
	const struct place *source = renaming->source;
	const struct place *folder = renaming->folder;
	const struct place *target = renaming->target;
	struct mounted *mounted = folder->mounted;
	struct storage_find found;
	struct entry renamed = { 0 };
	int error = storage_find_place(caller, source, &found);

	if (error != 0)
		return error;
	*out = NULL;
	if (is_backup(renaming, &found.entry)) {
		error = backup_begin(caller, renaming, &found);
		storage_found_free(&found);
		return error;
	}
	error = check_rename(caller, renaming, found.entry.folder);
	if (error == 0)
		error = printer_rename(mounted->printer, &caller->wait,
		    found.folder, &found.entry, folder->wire,
		    name_of(target->path), renaming->replace, &renamed);
	if (error == 0)
		error = place_renamed(folder, target, &renamed, out);
	if (error == 0) {
		if (renamed.folder) {
			move_all_below(caller, source, *out);
			keep_times(mounted, &found, *out);
		} else {
			keep_content(mounted, &found, folder->wire, &renamed);
			rename_drop_staged(mounted, target);
		}
		events_note_file(mounted->events, source->path, target->path);
	}
	if (renamed.name != NULL)
		entry_free(&renamed);
	storage_found_free(&found);
	return error;
}
