/*
 * A printer's files: lookup, listing, attributes.  What is staged here goes
 * before what the printer has.  No state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "cache/cache.h"
#include "cache/deferred.h"
#include "cache/file_facts.h"
#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "cache/stamp.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/dot_directory.h"
#include "fs/storage/handle.h"
#include "fs/storage/mkdir_unlink.h"
#include "fs/storage/rename.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/node.h"

#define SLACK_MS 500 /* from memory to here */

static int
staged_child(struct place *folder, const char *key, struct place **out)
{
	struct staged *staged = stage_find(folder->mounted->stage, key);
	char *wire_folder, *path;
	int error;

	if (staged == NULL)
		return -ENOENT;
	error = staged_target(staged, &wire_folder, &path);
	staged_release(staged);
	if (error != 0)
		return error;
	error = storage_child(folder, name_of(path), out);
	free(wire_folder);
	free(path);
	return error;
}

static int
printed_child(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct entry entry;
	int error = storage_find_in(caller, folder->mounted, folder->wire, name,
	    &entry);

	if (error != 0)
		return error;
	error = storage_entry_place(folder, entry.name, &entry, out);
	entry_free(&entry);
	return error;
}

/* Has the printer's file of that key left its name already? */
static bool
storage_hides(struct mounted *mounted, const char *key)
{
	return deferred_has(mounted->deferred, key) ||
	    backup_hides(mounted, key);
}

static int
storage_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct place *child;
	int error = storage_child(folder, name, &child);

	if (error != 0)
		return error;
	error = staged_child(folder, child->key, out);
	if (error == -ENOENT && dot_directory_has(child)) {
		*out = child;
		return 0;
	}
	/* Desktops look for some names everywhere; a printer may have them. */
	if (error == -ENOENT &&
	    (!storage_answers_here(name) ||
		cache_has_listed(folder->mounted->printer, folder->wire,
		    name)) &&
	    !dot_directory_stays_here(child->path) &&
	    !storage_hides(folder->mounted, child->key))
		error = printed_child(caller, folder, name, out);
	place_release(child);
	return error;
}

/* Is there something here that hides the printer's file of that place? */
static bool
is_hidden(const struct place *place)
{
	struct staged *staged = stage_find(place->mounted->stage, place->key);
	bool hidden = staged != NULL ||
	    storage_hides(place->mounted, place->key);

	staged_release(staged);
	return hidden;
}

static int
add_entry(struct folder_lister *lister, const struct entry *entry)
{
	struct place *place;
	int error = storage_child(lister->folder, entry->name, &place);

	if (error != 0)
		return error;
	lister->type = entry->folder ? S_IFDIR : S_IFREG;
	if (!is_hidden(place))
		error = storage_list_place(lister, place);
	place_release(place);
	return error;
}

static int
add_printed(const struct caller *caller, struct folder_lister *lister)
{
	const struct place *folder = lister->folder;
	struct listing *listing;
	size_t i;
	int error = printer_list(folder->mounted->printer, &caller->wait,
	    folder->wire, &listing);

	if (error != 0)
		return error;
	/* From memory, while the printer is away: is it empty still? */
	if (listing_count(listing) == 0 &&
	    !listing_is_recent(listing, CACHE_LIST_MS + SLACK_MS))
		error = -EHOSTDOWN;
	for (i = 0; i < listing_count(listing) && error == 0; i++)
		error = add_entry(lister, listing_at(listing, i));
	listing_release(listing);
	return error;
}

static int
storage_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	struct folder_lister names = { .folder = folder, .lister = lister };
	struct mounted *mounted = folder->mounted;
	int error = 0;

	upload_give_up(mounted, STAGE_RENAME_MS);
	if (!dot_directory_stays_here(folder->path))
		error = add_printed(caller, &names);
	names.type = S_IFREG;
	if (error == 0)
		error = stage_each(mounted->stage, folder->key,
		    storage_list_name, &names);
	names.type = S_IFDIR;
	if (error == 0)
		error = stage_folders_each(mounted->folders, folder->key,
		    storage_list_name, &names);
	return error;
}

/* A file or folder's common attributes; the row's are those of its storage. */
static void
set_common(const struct place *place, bool is_folder, bool read_only,
    struct stat *out)
{
	const struct settings *settings = place->mounted->settings;
	mode_t mode = is_folder ? S_IFDIR | (0777 & ~settings->dmask) :
				  S_IFREG | (0666 & ~settings->fmask);

	node_attributes(place, out);
	out->st_ino = place_number(place->key);
	out->st_mode = read_only ? mode & ~(mode_t)0222 : mode;
}

static void
attributes_staged(const struct place *place, struct staged *staged,
    struct stat *out)
{
	struct staged_facts facts;

	staged_look(staged, &facts);
	set_common(place, false, false, out);
	node_add_contents(out, facts.size, &facts.mtime);
}

/* A time that is not known is no old one: it was seen first just now. */
static int64_t
time_of(struct mounted *mounted, const char *folder, const struct entry *entry)
{
	if (stamp_is_time(entry->mtime_s))
		return entry->mtime_s;
	return file_facts_first_seen(mounted->facts, folder, entry->name,
	    entry->mtime_s, stamp_now());
}

static int
attributes_printed(const struct caller *caller, const struct place *place,
    struct stat *out)
{
	struct mounted *mounted = place->mounted;
	struct found found = { 0 };
	const struct entry *entry = &found.entry;
	struct timespec mtime = { 0 };
	off_t size = 0;
	int error = storage_find_place(caller, place, &found);

	if (error == 0 && !entry->folder)
		error = found_size(&found, &caller->wait, &size);
	if (error != 0)
		goto out;
	mtime.tv_sec = (time_t)time_of(mounted, found.folder, entry);
	if (!entry->folder)
		(void)file_facts_mtime(mounted->facts, found.folder,
		    entry->name, entry->mtime_s, &mtime);
	set_common(place, entry->folder,
	    entry->read_only || entry->partial || storage_seems_printed(place),
	    out);
	node_add_contents(out, size, &mtime);
out:
	found_free(&found);
	return error;
}

static int
storage_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	struct staged *staged;
	int error = 0;

	if (storage_is_root(place)) {
		node_attributes(place, out);
		if (storage_is_read_only(place))
			out->st_mode &= ~(mode_t)0222;
		return 0;
	}
	staged = stage_find(place->mounted->stage, place->key);
	if (staged != NULL)
		attributes_staged(place, staged, out);
	else if (dot_directory_has(place))
		set_common(place, true, false, out);
	else
		error = attributes_printed(caller, place, out);
	staged_release(staged);
	return error;
}

/* Modification times are ours to keep: no printer takes one. */
static int
set_mtime(const struct caller *caller, struct place *place,
    const struct timespec *mtime)
{
	struct staged *staged = stage_find(place->mounted->stage, place->key);
	struct found found;
	int error;

	if (staged != NULL) {
		staged_set_mtime(staged, mtime);
		staged_release(staged);
		return 0;
	}
	if (dot_directory_has(place))
		return 0;
	error = storage_find_place(caller, place, &found);
	if (error != 0)
		return error;
	if (!found.entry.folder)
		file_facts_note_mtime(place->mounted->facts, found.folder,
		    found.entry.name, found.entry.mtime_s, mtime);
	found_free(&found);
	return error;
}

static int
storage_change(const struct caller *caller, struct place *place,
    const struct changes *changes)
{
	int error = 0;

	if (storage_is_root(place))
		return 0;
	if (changes->set_size)
		error = handle_truncate(caller, place, changes->size);
	if (error == 0 && changes->set_mtime)
		error = set_mtime(caller, place, &changes->mtime);
	return error;
}

/* Names can change under us: they are looked up each time, in the cache. */
const struct kind kind_storage = {
	.lookup = storage_lookup,
	.list = storage_list,
	.attributes = storage_attributes,
	.change = storage_change,
	.open = handle_open,
	.create = handle_create,
	.make_folder = storage_make_folder,
	.remove = storage_remove,
	.rename = rename_entry,
	.entry_s = 0,
	.attr_s = 0,
};
