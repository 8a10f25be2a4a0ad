/*
 * Renaming in a printer's storages.  PrusaLink cannot rename: a staged file is
 * uploaded under its final name, and a file whose bytes are here is stored
 * anew and then deleted; else programs are told to copy (EXDEV).  No state,
 * any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/book.h"
#include "cache/content.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "client/log.h"
#include "client/name.h"
#include "client/printer.h"
#include "fs/events.h"
#include "fs/kind.h"
#include "fs/node.h"
#include "fs/place.h"
#include "fs/storage.h"
#include "fs/unit.h"
#include "fs/upload.h"

/* The end of the way of rsync, GIO, slicers and editors. */
static int
finish_staged(const struct caller *caller, struct staged *staged,
    struct place *folder, struct place *target, bool replace)
{
	struct upload upload = { .folder = folder->wire, .path = target->path };
	struct stage_place where;
	char *wire_folder;
	int error;

	error = entries_look_at_target(caller, target, replace, &upload);
	if (error == 0)
		error = upload_as(caller, folder->unit, staged, &upload);
	if (error == 0)
		error = storage_stage_place(target, &where, &wire_folder);
	if (error != 0)
		return error;
	/* Who has it open goes on under the final name. */
	error = stage_move(staged, &where, false);
	free(wire_folder);
	stage_unlist(staged);
	staged_replaces(staged, 0);
	return error;
}

/* A file that is still being written goes to its new name when it is closed. */
static int
move_staged(const struct caller *caller, struct staged *staged,
    struct place *target, bool temporary, bool replace)
{
	struct upload upload = { 0 };
	struct stage_place where;
	char *wire_folder;
	int64_t old_mtime;
	int error = 0;

	if (staged_does_replace(staged, &old_mtime) && old_mtime != STORE_NONE)
		return -EBUSY; /* the printer's file would stay */
	if (!temporary)
		error = entries_look_at_target(caller, target, replace,
		    &upload);
	if (error == 0)
		error = storage_stage_place(target, &where, &wire_folder);
	if (error != 0)
		return error;
	error = stage_move(staged, &where, temporary);
	free(wire_folder);
	if (error == 0 && upload.replace)
		staged_replaces(staged, upload.old_mtime);
	return error;
}

static int
rename_staged(const struct caller *caller, struct staged *staged,
    struct place *folder, struct place *target, bool replace)
{
	const char *name = name_of(target->path);
	bool temporary = storage_is_temporary(folder, name);
	struct staged_facts facts;
	int error;

	error = temporary ? 0 : storage_check_name(folder, name, false);
	if (error == 0)
		error = staged_lock(staged, &caller->wait);
	if (error != 0)
		return error;
	staged_look(staged, &facts);
	if (!facts.listed)
		error = -EAGAIN; /* its upload has ended meanwhile */
	else if (facts.spoiled != 0)
		error = facts.spoiled;
	else if (temporary || (!facts.temporary && facts.dirty))
		error = move_staged(caller, staged, target, temporary, replace);
	else if (facts.size == 0)
		error = -EINVAL;
	else
		error = finish_staged(caller, staged, folder, target, replace);
	staged_unlock(staged);
	return error;
}

/* A time that was set goes along with the file. */
static void
keep_mtime(struct unit *unit, const struct storage_find *found,
    const char *folder, const struct entry *stored)
{
	char *from = name_join(found->folder, found->entry.name);
	char *to = name_join(folder, stored->name);
	struct timespec mtime;

	if (from != NULL && to != NULL &&
	    book_mtime(unit->book, from, found->entry.mtime_s, &mtime))
		book_note_mtime(unit->book, to, stored->mtime_s, &mtime);
	free(from);
	free(to);
}

/* PUT under the new name, compared by the back end; then DELETE the old. */
static int
store_anew(const struct caller *caller, struct unit *unit,
    const struct storage_find *found, struct place *folder,
    struct place *target, struct spool *spool, const struct upload *upload)
{
	const struct store store = { .folder = folder->wire,
		.name = name_of(target->path),
		.source = spool_source(spool),
		.replace = upload->replace,
		.old_mtime = upload->old_mtime };
	struct entry stored;
	int error;

	error = printer_store(unit->printer, &caller->wait, &store, &stored);
	if (error != 0)
		return error;
	content_keep(unit->content, folder->wire, &stored, spool);
	keep_mtime(unit, found, folder->wire, &stored);
	entry_free(&stored);
	error = printer_remove(unit->printer, &caller->wait, found->folder,
	    &found->entry);
	if (error != 0)
		log_say(LOG_LEVEL_ERROR,
		    "%s was stored; the old file %s/%s "
		    "could not be deleted: %s",
		    target->path, found->folder, found->entry.name,
		    strerror(-error));
	return error;
}

/* What was written under that name and not sent is replaced as well. */
static void
remove_staged(struct unit *unit, const struct place *target)
{
	struct staged *staged = stage_find(unit->stage, target->key);

	if (staged != NULL)
		stage_remove(staged);
	staged_release(staged);
}

static int
rename_printed(const struct caller *caller, struct place *source,
    struct place *folder, struct place *target, bool replace)
{
	struct unit *unit = folder->unit;
	struct upload upload = { 0 };
	struct storage_find found;
	struct spool *spool = NULL;
	off_t size;
	int error = storage_find_place(caller, source, &found);

	if (error != 0)
		return error;
	if (!found.entry.folder &&
	    printer_size(unit->printer, &caller->wait, found.folder,
		&found.entry, &size) == 0)
		spool = content_have(unit->content, found.folder, &found.entry,
		    size);
	if (spool == NULL ||
	    storage_is_temporary(folder, name_of(target->path))) {
		error = -EXDEV;
		goto out;
	}
	error = storage_check_name(folder, name_of(target->path), false);
	if (error == 0)
		error = storage_check_idle(caller, source);
	if (error == 0)
		error = entries_look_at_target(caller, target, replace,
		    &upload);
	if (error == 0)
		error = store_anew(caller, unit, &found, folder, target, spool,
		    &upload);
	if (error == 0) {
		remove_staged(unit, target);
		events_note_file(unit->events, source->path, target->path);
	}
out:
	spool_release(spool);
	storage_found_free(&found);
	return error;
}

int
entries_rename(const struct caller *caller, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out)
{
	struct place *source = NULL, *target = NULL;
	struct staged *staged;
	int error = entries_resolve(caller, folder, name, &source);

	if (error == 0 && new_folder->node->kind != &kind_storage)
		error = -EXDEV;
	if (error == 0)
		error = entries_resolve(caller, new_folder, new_name, &target);
	if (error != 0)
		goto out;
	/* Spellings of one file meet in one inode and never come here. */
	if (strcmp(source->key, target->key) == 0) {
		error = -EPERM;
		goto out;
	}
	staged = stage_find(folder->unit->stage, source->key);
	error = staged == NULL ?
	    -EAGAIN :
	    rename_staged(caller, staged, new_folder, target, replace);
	if (error == -EAGAIN)
		error = rename_printed(caller, source, new_folder, target,
		    replace);
	staged_release(staged);
	if (error == 0)
		*out = place_hold(target);
out:
	place_release(source);
	place_release(target);
	return error;
}
