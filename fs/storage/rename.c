/*
 * Renaming in a printer's storages.  A staged file is uploaded under its final
 * name.  What is on the printer gets another name there; PrusaLink has no such
 * thing, so a file is stored anew and then deleted where that is quick, else
 * programs are told to copy (EXDEV); so they are for another folder, because
 * the kernel then holds a lock of the whole mount until it is answered.  No
 * state, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/file_facts.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "client/base/name.h"
#include "client/listing.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/dot_directory.h"
#include "fs/storage/exdev_copy.h"
#include "fs/storage/mkdir_unlink.h"
#include "fs/storage/print.h"
#include "fs/storage/rename.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"

void
rename_keep_mtime(struct mounted *mounted, const struct found *found,
    const char *folder, const struct entry *stored)
{
	struct timespec mtime;

	if (file_facts_mtime(mounted->facts, found->folder, found->entry.name,
		found->entry.mtime_s, &mtime))
		file_facts_note_mtime(mounted->facts, folder, stored->name,
		    stored->mtime_s, &mtime);
}

/* A file that is written below a folder goes along with it. */
static int
move_staged_below(struct staged *staged, const struct place *from,
    const struct place *to)
{
	struct place *place = NULL, *moved = NULL;
	char *folder, *path, *wire;
	struct stage_place where;
	struct staged_facts facts;
	int error = staged_target(staged, &folder, &path);

	if (error != 0)
		return error;
	wire = name_join(folder, name_of(path));
	error = wire == NULL ?
	    -ENOMEM :
	    place_new(to->mounted, to->node, path, wire, NULL, &place);
	if (error == 0)
		error = place_moved(place, from, to, &moved);
	if (error == 0) {
		where = storage_stage_place(moved);
		staged_look(staged, &facts);
		error = stage_move(staged, &where, facts.temporary);
	}
	place_release(moved);
	place_release(place);
	free(wire);
	free(folder);
	free(path);
	return error;
}

/* Uploads into the folder end first.  What cannot go along stays as it is. */
static void
move_all_below(const struct caller *caller, const struct place *from,
    const struct place *to)
{
	const struct stage_place old = storage_stage_place(from);
	const struct stage_place new = storage_stage_place(to);
	struct staged *staged;
	int error = 0;

	stage_folders_move(from->mounted->folders, &old, &new);
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
	const struct place *target = renaming->target;
	struct upload upload = { 0 };
	struct staged *staged;
	int error;

	if (!is_folder && renaming->temporary)
		return -EXDEV;
	error = storage_check_name(renaming->folder, name_of(target->path),
	    is_folder);
	if (error == 0 && !is_folder)
		error = storage_check_idle(caller, renaming->source);
	if (error == 0 && !is_folder)
		return storage_look_at_target(caller, renaming->target,
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
keep_content(struct mounted *mounted, const struct found *found,
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
keep_times(struct mounted *mounted, const struct found *found,
    const struct place *renamed)
{
	char *old = name_join(found->folder, found->entry.short_name);

	if (old != NULL && strcmp(old, renamed->wire) != 0)
		file_facts_move(mounted->facts, old, renamed->wire);
	free(old);
}

/*
 * The printer gives it another name (traits.renames).  Returns 0 and where it
 * is then (caller: place_release), or NULL: it is a backup now, under that
 * name (fs/storage/backup.h); -EXDEV: so it is not in another folder; or what
 * printer_rename says.
 */
static int
rename_on_printer(const struct caller *caller, const struct renaming *renaming,
    struct place **out)
{
	const struct place *source = renaming->source;
	const struct place *folder = renaming->folder;
	const struct place *target = renaming->target;
	struct mounted *mounted = folder->mounted;
	struct found found;
	struct entry renamed = { 0 };
	int error = storage_find_place(caller, source, &found);

	if (error != 0)
		return error;
	*out = NULL;
	if (renaming->temporary && !found.entry.folder &&
	    !renaming->elsewhere) {
		error = backup_begin(caller, renaming, &found);
		found_free(&found);
		return error;
	}
	error = check_rename(caller, renaming, found.entry.folder);
	if (error == 0)
		error = printer_rename(mounted->printer, &caller->wait,
		    found.folder, &found.entry, folder->wire,
		    name_of(target->path), renaming->replace, &renamed);
	if (error == 0)
		error = storage_entry_place(folder, name_of(target->path),
		    &renamed, out);
	if (error == 0) {
		if (renamed.folder) {
			move_all_below(caller, source, *out);
			keep_times(mounted, &found, *out);
		} else {
			keep_content(mounted, &found, folder->wire, &renamed);
			stage_remove(mounted->stage, target->key);
		}
		events_note_file(mounted->events, source->path, target->path);
	}
	entry_free(&renamed);
	found_free(&found);
	return error;
}

/* The end of the way of rsync, GIO, slicers and editors. */
static int
finish_staged(const struct caller *caller, struct staged *staged,
    const struct renaming *renaming)
{
	struct place *folder = renaming->folder, *target = renaming->target;
	struct upload upload = { .folder = folder->wire, .path = target->path };
	const struct stage_place where = storage_stage_place(target);
	int error;

	error = storage_look_at_target(caller, target, renaming->replace,
	    &upload);
	if (error == 0)
		error = upload_as(caller, folder->mounted, staged, &upload);
	if (error != 0)
		return error;
	/* Handles that have it open go on under the final name. */
	error = stage_move(staged, &where, false);
	stage_unlist(staged);
	staged_replaces(staged, 0);
	return error;
}

static int
check_name(const struct renaming *renaming)
{
	return renaming->temporary ?
	    0 :
	    storage_check_name(renaming->folder,
		name_of(renaming->target->path), false);
}

static int
rename_printed(const struct caller *caller, const struct renaming *renaming)
{
	struct found found;
	int error = storage_find_place(caller, renaming->source, &found);

	if (error != 0)
		return error;
	if (found.entry.folder &&
	    dot_directory_stays_here(renaming->target->path))
		error = -EPERM; /* it would be nowhere but here */
	else if (found.entry.folder || renaming->elsewhere)
		error = -EXDEV;
	/* A file that cannot go from where it is must not be copied first. */
	if (error == -EXDEV && !found.entry.folder &&
	    storage_check_idle(caller, renaming->source) == -EBUSY)
		error = -EBUSY;
	if (error == 0)
		error = check_name(renaming);
	if (error == 0)
		error = found_ask(&found, &caller->wait);
	if (error == 0)
		error = renaming->temporary ?
		    backup_begin(caller, renaming, &found) :
		    rename_anew(caller, renaming, &found);
	/* To another folder mv deletes what is there, and copies. */
	if (error == -EXDEV && renaming->elsewhere && !found.entry.folder)
		exdev_copy_note(caller, renaming->source, renaming->target);
	found_free(&found);
	return error;
}

/* The printer's file that it will replace must not stay under the old name. */
static int
move_replaced(const struct caller *caller, const struct renaming *renaming)
{
	struct place *place;
	int error;

	if (!renaming->folder->mounted->printer->traits->renames)
		return -EBUSY;
	error = rename_on_printer(caller, renaming, &place);
	if (error == 0)
		place_release(place);
	return error == -ENOENT ? 0 : error;
}

/* A file that is still being written goes to its new name when it is closed. */
static int
move_staged(const struct caller *caller, struct staged *staged,
    const struct renaming *renaming)
{
	struct place *target = renaming->target;
	struct upload upload = { 0 };
	const struct stage_place where = storage_stage_place(target);
	struct staged_facts facts;
	int error = 0;

	staged_look(staged, &facts);
	if (facts.replaces && facts.old_mtime_s != STORE_NONE) {
		error = renaming->temporary ? -EBUSY :
					      move_replaced(caller, renaming);
		upload.replace = true;
		upload.old_mtime = facts.old_mtime_s;
	} else if (!renaming->temporary) {
		error = storage_look_at_target(caller, target,
		    renaming->replace, &upload);
	}
	if (error == 0)
		error = stage_move(staged, &where, renaming->temporary);
	if (error == 0 && upload.replace)
		staged_replaces(staged, upload.old_mtime);
	return error;
}

static int
rename_staged(const struct caller *caller, struct staged *staged,
    const struct renaming *renaming)
{
	struct staged_facts facts;
	int error = check_name(renaming);

	if (error == 0 && !renaming->temporary &&
	    dot_directory_is_copied(renaming->source, renaming->target)) {
		exdev_copy_note(caller, renaming->source, renaming->target);
		return -EXDEV;
	}
	staged_look(staged, &facts);
	if (error == 0 && facts.sending) /* a folder would wait for its end */
		error = -EBUSY;
	if (error == 0)
		error = staged_lock(staged, &caller->wait);
	if (error != 0)
		return error;
	staged_look(staged, &facts);
	if (!facts.listed)
		error = -EAGAIN; /* its upload has ended meanwhile */
	else if (facts.spoiled != 0)
		error = facts.spoiled;
	else if (facts.incomplete && facts.writers == 0)
		error = -ECANCELED;
	else if (renaming->temporary || (!facts.temporary && facts.dirty))
		error = move_staged(caller, staged, renaming);
	else if (facts.size == 0)
		error = -EINVAL;
	else
		error = finish_staged(caller, staged, renaming);
	staged_unlock(staged);
	return error;
}

static int
rename_here(const struct caller *caller, const struct renaming *renaming,
    struct place **out)
{
	struct mounted *mounted = renaming->folder->mounted;
	struct staged *staged = stage_find(mounted->stage,
	    renaming->source->key);
	int error = staged == NULL ? -EAGAIN :
				     rename_staged(caller, staged, renaming);

	staged_release(staged);
	if (error == -EAGAIN && dot_directory_has(renaming->source))
		error = -EXDEV;
	if (error == -EAGAIN && mounted->printer->traits->renames)
		return rename_on_printer(caller, renaming, out);
	return error == -EAGAIN ? rename_printed(caller, renaming) : error;
}

int
rename_entry(const struct caller *caller, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out)
{
	struct renaming renaming = { .folder = new_folder,
		.replace = replace,
		.elsewhere = strcmp(folder->key, new_folder->key) != 0 };
	struct place *renamed = NULL;
	int error;

	if (new_folder->node->kind == &kind_print_directory && !folder->prints)
		return print_start(caller, folder, name, new_folder, new_name,
		    out);
	error = storage_resolve(caller, folder, name, &renaming.source);
	if (error == 0 &&
	    (new_folder->node->kind != &kind_storage ||
		folder->mounted != new_folder->mounted))
		error = -EXDEV;
	if (error == 0)
		error = storage_resolve(caller, new_folder, new_name,
		    &renaming.target);
	if (error != 0)
		goto out;
	/* Spellings of one file meet in one inode and never come here. */
	if (strcmp(renaming.source->key, renaming.target->key) == 0) {
		error = -EPERM;
		goto out;
	}
	renaming.temporary = storage_is_temporary(new_folder,
	    name_of(renaming.target->path));
	error = rename_here(caller, &renaming, &renamed);
	if (error == 0)
		*out = renamed != NULL ? renamed : place_hold(renaming.target);
out:
	place_release(renaming.source);
	place_release(renaming.target);
	return error;
}
