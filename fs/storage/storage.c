/*
 * Files of a printer's storages: finding them, their paths and names, and what
 * may be done with them.  No state, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/content.h"
#include "cache/stage.h"
#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/dot_directory.h"
#include "fs/storage/storage.h"

#define JOB_AGE_MS 10000 /* a remembered job that is still believed */
#define NEW_MS	   1000	 /* a listing that lacks what shall be new */

bool
storage_answers_here(const char *name)
{
	static const char *const names[] = { "autorun.inf", "desktop.ini",
		"Thumbs.db", "lost+found" };
	size_t i;

	if (name_is_hidden(name))
		return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

bool
storage_is_root(const struct place *place)
{
	return strchr(place->path, '/') == NULL;
}

void
found_free(struct found *found)
{
	free(found->folder);
	entry_free(&found->entry);
	memset(found, 0, sizeof(*found));
}

/* -ENOENT: a listing that is no older lacks it; -EHOSTDOWN: an older one. */
static int
find_listed(const struct caller *caller, struct mounted *mounted,
    const char *folder, const char *name, struct entry *out)
{
	const struct entry *entry;
	struct listing *listing;
	int error;

	error = printer_list(mounted->printer, &caller->wait, folder, &listing);
	if (error != 0)
		return error;
	entry = listing_find(listing, name);
	if (entry != NULL)
		error = entry_copy(out, entry);
	else
		error = listing_is_recent(listing, CACHE_LIST_MS) ? -ENOENT :
								    -EHOSTDOWN;
	listing_release(listing);
	return error;
}

int
storage_find_in(const struct caller *caller, struct mounted *mounted,
    const char *folder, const char *name, struct entry *out)
{
	int error = find_listed(caller, mounted, folder, name, out);

	/* It may have grown too old on its way here. */
	if (error == -EHOSTDOWN)
		error = find_listed(caller, mounted, folder, name, out);
	return error;
}

int
found_verify(struct found *found, const struct wait *wait, off_t *size)
{
	struct mounted *mounted = found->mounted;
	bool has_bytes = content_keeps(mounted->content, found->folder,
	    &found->entry);
	int error = printer_verify(mounted->printer, wait, found->folder,
	    &found->entry, has_bytes);

	return error != 0 ? error : found_size(found, wait, size);
}

int
found_ask(struct found *found, const struct wait *wait)
{
	return printer_look_again(found->mounted->printer, wait, found->folder,
	    &found->entry);
}

int
found_size(const struct found *found, const struct wait *wait, off_t *size)
{
	return printer_size(found->mounted->printer, wait, found->folder,
	    &found->entry, size);
}

int
found_remove(const struct found *found, const struct wait *wait)
{
	return printer_remove(found->mounted->printer, wait, found->folder,
	    &found->entry);
}

void
found_forget(const struct found *found, const char *key)
{
	content_drop(found->mounted->content, found->folder, found->entry.name);
	mounted_note_removal(found->mounted, key);
}

int
storage_check_new(const struct caller *caller, const struct place *place)
{
	struct mounted *mounted = place->mounted;
	char *folder = name_folder(place->wire);
	struct entry entry;
	int error;

	if (folder == NULL)
		return -ENOMEM;
	cache_expire_folder(mounted->printer, folder, NEW_MS);
	error = find_listed(caller, mounted, folder, name_of(place->path),
	    &entry);
	if (error == 0) {
		entry_free(&entry);
		error = -EEXIST;
	}
	free(folder);
	return error == -ENOENT ? 0 : error;
}

int
storage_find_place(const struct caller *caller, const struct place *place,
    struct found *out)
{
	char *folder;
	int error;

	if (dot_directory_stays_here(place->path))
		return -ENOENT;
	folder = name_folder(place->wire);
	if (folder == NULL)
		return -ENOMEM;
	error = storage_find_in(caller, place->mounted, folder,
	    name_of(place->path), &out->entry);
	if (error != 0) {
		free(folder);
		return error;
	}
	out->mounted = place->mounted;
	out->folder = folder;
	return 0;
}

int
storage_find(const struct caller *caller, struct mounted *mounted,
    const char *path, struct found *out)
{
	char *copy = strdup(path), *rest = copy, *name;
	struct found found = { .mounted = mounted };
	int error = copy == NULL ? -ENOMEM : 0;
	char *folder = NULL, *deeper;

	name = strsep(&rest, "/");
	if (error == 0 &&
	    (traits_storage(mounted->printer->traits, name) == NULL ||
		dot_directory_stays_here(path)))
		error = -ENOENT;
	if (error == 0 && (rest == NULL || *rest == '\0'))
		error = -EISDIR;
	if (error == 0 && (folder = strdup(name)) == NULL)
		error = -ENOMEM;
	while (error == 0 && (name = strsep(&rest, "/")) != NULL) {
		if (found.entry.name != NULL) {
			deeper = name_join(folder, found.entry.short_name);
			free(folder);
			folder = deeper;
			entry_free(&found.entry);
		}
		error = folder == NULL ? -ENOMEM :
					 storage_find_in(caller, mounted,
					     folder, name, &found.entry);
	}
	free(copy);
	found.folder = folder;
	if (error != 0) {
		found_free(&found);
		return error;
	}
	*out = found;
	return 0;
}

int
storage_child(struct place *folder, const char *name, struct place **out)
{
	char *path = name_join(folder->path, name);
	char *wire = name_join(folder->wire, name);
	int error = -ENOMEM;

	if (path != NULL && wire != NULL)
		error = place_new_child(folder, path, wire, out);
	free(path);
	free(wire);
	return error;
}

int
storage_entry_place(const struct place *folder, const char *name,
    const struct entry *entry, struct place **out)
{
	char *path = name_join(folder->path, name);
	char *wire = name_join(folder->wire, entry->short_name);
	int error = -ENOMEM;

	if (path != NULL && wire != NULL)
		error = place_new_child(folder, path, wire, out);
	if (error == 0 && !entry->folder)
		(*out)->version = entry_version(entry);
	free(path);
	free(wire);
	return error;
}

int
storage_list_place(const struct folder_lister *lister,
    const struct place *place)
{
	return lister->lister->add(lister->lister->arg, name_of(place->path),
	    place_number(place->key), lister->type);
}

int
storage_list_name(void *folder_lister, const char *path)
{
	const struct folder_lister *lister = folder_lister;
	struct place *place;
	int error = storage_child(lister->folder, name_of(path), &place);

	if (error != 0)
		return error;
	error = storage_list_place(lister, place);
	place_release(place);
	return error;
}

struct stage_place
storage_stage_place(const struct place *place)
{
	return (struct stage_place){ .key = place->key,
		.path = place->path,
		.wire = place->wire,
		.prints = place->prints };
}

bool
storage_is_temporary(const struct place *folder, const char *name)
{
	return dot_directory_stays_here(folder->path) ||
	    traits_is_temporary(folder->mounted->printer->traits, name);
}

bool
storage_is_read_only(const struct place *place)
{
	return traits_storage(place->mounted->printer->traits,
	    place->node->path)
	    ->read_only;
}

int
storage_check_name(const struct place *folder, const char *name, bool is_folder)
{
	const struct traits *traits = folder->mounted->printer->traits;

	if (storage_is_read_only(folder))
		return -EROFS;
	if (storage_answers_here(name) ||
	    dot_directory_stays_here(folder->path))
		return -EPERM;
	return traits_check_name(traits, folder->wire, name, is_folder);
}

/* The next part of a path, which is left behind. */
static size_t
take_part(const char **path, const char **part)
{
	size_t len;

	*path += strspn(*path, "/");
	*part = *path;
	len = strcspn(*path, "/");
	*path += len;
	return len;
}

/*
 * Is this the file's path?  Each of its folders, and itself, has two names: as
 * people see it and as the printer has it for itself, and a job may tell any.
 */
static bool
is_path_of(const char *path, const struct place *place)
{
	const char *shown = place->path, *wire = place->wire;
	const char *part, *shown_part, *wire_part;
	size_t len, shown_len, wire_len;

	do {
		len = take_part(&path, &part);
		shown_len = take_part(&shown, &shown_part);
		wire_len = take_part(&wire, &wire_part);
		if ((len != shown_len ||
			strncasecmp(part, shown_part, len) != 0) &&
		    (len != wire_len || strncasecmp(part, wire_part, len) != 0))
			return false;
	} while (len > 0);
	return true;
}

/* Is path/name what a job document says of its file? */
static bool
is_job_path(const struct buf *job, const char *name, const struct place *place)
{
	struct buf folder = { 0 }, last = { 0 }, whole = { 0 };
	bool is = false;

	if (json_field(job->data, job->len, "file.path", &folder) == 0 &&
	    json_field(job->data, job->len, name, &last) == 0 &&
	    buf_printf(&whole, "%s/%s", folder.data, last.data) == 0)
		is = whole.data[0] == '/' && is_path_of(whole.data, place);
	buf_free(&folder);
	buf_free(&last);
	buf_free(&whole);
	return is;
}

/* Does a job document speak of this file, by its long or its short names? */
static bool
is_in_job(const struct buf *job, const struct place *place)
{
	return is_job_path(job, "file.display_name", place) ||
	    is_job_path(job, "file.name", place);
}

int
storage_check_idle(const struct caller *caller, const struct place *place)
{
	struct buf job = { 0 };
	bool busy;
	int error;

	error = printer_document(place->mounted->printer, &caller->wait,
	    TOPIC_JOB, &job);
	busy = error == 0 && is_in_job(&job, place);
	buf_free(&job);
	if (error == -EINTR)
		return error;
	return busy ? -EBUSY : 0;
}

bool
storage_seems_printed(const struct place *place)
{
	struct buf job = { 0 };
	bool seems;

	seems = cache_peek(place->mounted->printer, TOPIC_JOB, JOB_AGE_MS,
		    &job) &&
	    is_in_job(&job, place);
	buf_free(&job);
	return seems;
}
