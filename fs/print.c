/*
 * The directory print: a window on the storage that uploads go to, in which
 * only files are seen that were made here and are not stored yet.  They are
 * uploaded with the wish to be printed at once.  No state, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/stage.h"
#include "client/buf.h"
#include "client/dialect.h"
#include "client/json.h"
#include "client/log.h"
#include "client/name.h"
#include "client/printer.h"
#include "fs/node.h"
#include "fs/place.h"
#include "fs/storage.h"
#include "fs/unit.h"
#include "fs/upload.h"

#define AFTERWARDS_MS 3000

/* The folder behind the window (caller: place_release). */
static int
open_window(const struct place *folder, struct place **out)
{
	struct unit *unit = folder->unit;
	const char *name = unit->printer->dialect->upload_storage;
	const struct node *node = NULL;

	if (name != NULL)
		node = node_child(unit, node_root(), name);
	if (node == NULL)
		return -ENOENT;
	return place_new(unit, node, name, name, NULL, out);
}

/*
 * Is it a file that is on its way to be printed?  One that has just arrived is
 * still found by its name, because many programs set times and modes of a
 * file that they have closed.
 */
static bool
is_seen(struct unit *unit, const char *key, int64_t afterwards_ms)
{
	struct staged *staged = stage_find(unit->stage, key);
	struct staged_facts facts = { 0 };

	if (staged != NULL)
		staged_look(staged, &facts);
	staged_release(staged);
	return (facts.listed && facts.prints) ||
	    unit_just_printed(unit, key, afterwards_ms);
}

/* The place behind a name, if it is seen. */
static int
find(struct place *window, const char *name, struct place **out)
{
	struct place *child;
	int error = storage_child(window, name, &child);

	if (error != 0)
		return error;
	if (!is_seen(window->unit, child->key, AFTERWARDS_MS)) {
		place_release(child);
		return -ENOENT;
	}
	*out = child;
	return 0;
}

static int
print_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct place *window, *child;
	int error = open_window(folder, &window);

	if (error != 0)
		return error;
	error = find(window, name, &child);
	if (error == 0) {
		place_release(child);
		error = window->node->kind->lookup(caller, window, name, out);
	}
	place_release(window);
	return error;
}

/* Where the names that are seen go. */
struct listing_of {
	struct unit *unit;
	const struct lister *lister;
};

static int
add(const struct listing_of *listing, const char *path)
{
	char *key = place_key(listing->unit, path);
	int error = 0;

	if (key == NULL)
		return -ENOMEM;
	if (is_seen(listing->unit, key, 0))
		error = listing->lister->add(listing->lister->arg,
		    name_of(path), place_number(key), S_IFREG);
	free(key);
	return error;
}

/* Names are collected first: the stage must not be asked while it lists. */
static int
collect(void *arg, const char *path)
{
	return buf_append(arg, path, strlen(path) + 1);
}

static int
print_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	struct listing_of listing = { .unit = folder->unit, .lister = lister };
	struct buf paths = { 0 };
	struct place *window;
	size_t at;
	int error = open_window(folder, &window);

	(void)caller;
	if (error != 0)
		return error;
	error = stage_each(folder->unit->stage, window->key, collect, &paths);
	for (at = 0; at < paths.len && error == 0;
	     at += strlen(paths.data + at) + 1)
		error = add(&listing, paths.data + at);
	buf_free(&paths);
	place_release(window);
	return error;
}

/*
 * Can the printer begin a print now?  What ended is no obstacle: its message
 * goes away by itself or with the next print.
 */
static int
check_able(const struct caller *caller, struct unit *unit)
{
	static const char *const busy[] = { "PRINTING", "PAUSED", "BUSY",
		"ATTENTION", "ERROR" };
	struct buf text = { 0 }, state = { 0 };
	size_t i;
	int error = printer_document(unit->printer, &caller->wait, TOPIC_STATUS,
	    &text);

	if (error == 0)
		(void)json_field(text.data, text.len, "printer.state", &state);
	for (i = 0; i < sizeof(busy) / sizeof(busy[0]) && error == 0; i++) {
		if (strcmp(buf_text(&state), busy[i]) == 0)
			error = -EBUSY;
	}
	if (error == -EBUSY)
		log_say(LOG_LEVEL_NOTE,
		    "print: the printer cannot start a print now: it is %s",
		    buf_text(&state));
	buf_free(&text);
	buf_free(&state);
	return error;
}

/* It was just made: what does it replace, and what is it for? */
static int
dedicate(const struct caller *caller, struct place *place, bool temporary)
{
	struct upload upload = { .old_mtime = STORE_NONE };
	struct staged *staged = stage_find(place->unit->stage, place->key);
	int error;

	if (staged == NULL)
		return -EAGAIN;
	error = temporary ?
	    0 :
	    entries_look_at_target(caller, place, true, &upload);
	if (error == 0)
		error = staged_lock(staged, &caller->wait);
	if (error == 0) {
		staged_print(staged, true);
		if (!temporary)
			staged_replaces(staged, upload.old_mtime);
		staged_unlock(staged);
	} else {
		stage_remove(place->unit->stage, place->key);
	}
	staged_release(staged);
	return error;
}

static int
print_create(const struct caller *caller, struct place *folder,
    const char *name, int flags, struct place **out_place, struct file **out)
{
	struct place *window, *place;
	bool temporary;
	int error = open_window(folder, &window);

	if (error != 0)
		return error;
	temporary = storage_is_temporary(window, name);
	if (!temporary &&
	    !dialect_is_printable(folder->unit->printer->dialect, name))
		error = -EINVAL;
	if (error == 0)
		error = check_able(caller, folder->unit);
	if (error == 0)
		error = handle_create(caller, window, name, flags, &place, out);
	place_release(window);
	if (error != 0)
		return error;
	error = dedicate(caller, place, temporary);
	if (error != 0) {
		(*out)->ops->close(*out, caller);
		place_release(place);
		return error;
	}
	*out_place = place;
	return 0;
}

static int
print_remove(const struct caller *caller, struct place *folder,
    const char *name, bool is_folder)
{
	struct place *window, *child = NULL;
	int error = open_window(folder, &window);

	if (error != 0)
		return error;
	error = find(window, name, &child);
	if (error == 0)
		error = entries_remove(caller, window, name, is_folder);
	place_release(child);
	place_release(window);
	return error;
}

/* A temporary file gets its final name, here: what programs do at the end. */
static int
print_rename(const struct caller *caller, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out)
{
	struct place *window, *child = NULL;
	int error;

	if (new_folder->node != folder->node ||
	    new_folder->unit != folder->unit)
		return -EXDEV;
	error = open_window(folder, &window);
	if (error != 0)
		return error;
	error = find(window, name, &child);
	if (error == 0 && !storage_is_temporary(window, new_name) &&
	    !dialect_is_printable(folder->unit->printer->dialect, new_name))
		error = -EINVAL;
	if (error == 0)
		error = entries_rename(caller, window, name, window, new_name,
		    replace, out);
	place_release(child);
	place_release(window);
	return error;
}

const struct kind kind_print = {
	.lookup = print_lookup,
	.list = print_list,
	.attributes = node_look,
	.create = print_create,
	.remove = print_remove,
	.rename = print_rename,
	.entry_s = 60,
	.attr_s = 60,
};
