/*
 * The directory print: a window on the storage that uploads go to, in which
 * only files are seen that were made here and are not stored yet.  They are
 * other files than those that the storage has under their names, until they
 * replace them.  They are uploaded with the wish to be printed at once; what
 * is stored already is started where it is.  No state, any thread.
 */
#include <errno.h>
#include <string.h>

#include "cache/stage.h"
#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/handle.h"
#include "fs/storage/mkdir_unlink.h"
#include "fs/storage/rename.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/node.h"

#define AFTERWARDS_MS 3000

/* The folder behind the window (caller: place_release). */
static int
open_window(const struct place *folder, struct place **out)
{
	struct mounted *mounted = folder->mounted;
	const char *name = mounted->printer->traits->upload_storage;
	const struct node *node = NULL;

	if (name != NULL)
		node = node_child(mounted, node_root(), name);
	if (node == NULL)
		return -ENOENT;
	return place_new_window(mounted, node, out);
}

/*
 * Is it a file that is on its way to be printed?  One that has just arrived is
 * still found by its name, because many programs set times and modes of a
 * file that they have closed.
 */
static bool
is_seen(const struct place *place)
{
	struct staged *staged = stage_find(place->mounted->stage, place->key);
	bool seen = staged != NULL ||
	    mounted_just_printed(place->mounted, place->stored_key,
		AFTERWARDS_MS);

	staged_release(staged);
	return seen;
}

/* The place behind a name that is seen, and the window that it is seen in. */
static int
find(const struct place *folder, const char *name, struct place **window,
    struct place **out)
{
	struct place *child = NULL;
	int error = open_window(folder, window);

	if (error != 0)
		return error;
	error = storage_child(*window, name, &child);
	if (error == 0 && !is_seen(child))
		error = -ENOENT;
	if (error != 0)
		place_release(*window);
	return place_give(child, error, out);
}

static int
print_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct place *window, *child;
	int error = find(folder, name, &window, &child);

	if (error != 0)
		return error;
	error = window->node->kind->lookup(caller, window, name, out);
	place_release(child);
	place_release(window);
	return error;
}

static int
print_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	struct folder_lister names = { .lister = lister, .type = S_IFREG };
	int error = open_window(folder, &names.folder);

	(void)caller;
	if (error != 0)
		return error;
	error = stage_each(folder->mounted->stage, names.folder->key,
	    storage_list_name, &names);
	place_release(names.folder);
	return error;
}

/*
 * Can the printer begin a print now?  What ended is no obstacle: its message
 * goes away by itself or with the next print.
 */
static int
check_able(const struct caller *caller, struct mounted *mounted)
{
	static const char *const busy[] = { "PRINTING", "PAUSED", "BUSY",
		"ATTENTION", "ERROR" };
	struct buf text = { 0 }, state = { 0 };
	size_t i;
	int error = printer_document(mounted->printer, &caller->wait,
	    TOPIC_STATUS, &text);

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

/* It was just made: what will it replace in the storage? */
static int
look_at_replaced(const struct caller *caller, struct place *place)
{
	struct upload upload = { .old_mtime = STORE_NONE };
	struct staged *staged = stage_find(place->mounted->stage, place->key);
	int error;

	if (staged == NULL)
		return -EAGAIN;
	error = storage_look_at_target(caller, place, true, &upload);
	if (error == 0)
		error = staged_lock(staged, &caller->wait);
	if (error == 0) {
		staged_replaces(staged, upload.old_mtime);
		staged_unlock(staged);
	} else {
		stage_remove(place->mounted->stage, place->key);
	}
	staged_release(staged);
	return error;
}

/*
 * May a file of that name be printed now?  target is where it will be: a file
 * that the storage has keeps its long name.
 */
static int
check_create(const struct caller *caller, struct place *window,
    const char *name, struct place **target)
{
	struct mounted *mounted = window->mounted;
	int error;

	if (!storage_is_temporary(window, name) &&
	    !traits_is_printable(mounted->printer->traits, name))
		return -EINVAL;
	error = check_able(caller, mounted);
	return error != 0 ? error :
			    storage_resolve(caller, window, name, target);
}

static int
print_create(const struct caller *caller, struct place *folder,
    const char *name, int flags, struct place **out_place, struct file **out)
{
	struct place *window, *target = NULL, *place = NULL;
	int error = open_window(folder, &window);

	if (error != 0)
		return error;
	error = check_create(caller, window, name, &target);
	if (error == 0)
		error = handle_create(caller, window, name_of(target->path),
		    flags, &place, out);
	if (error == 0 && !storage_is_temporary(window, name)) {
		error = look_at_replaced(caller, place);
		if (error != 0)
			(*out)->ops->close(*out, caller);
	}
	place_release(target);
	place_release(window);
	return place_give(place, error, out_place);
}

/* An upload to it goes; what the storage has is not seen here. */
static int
print_remove(const struct caller *caller, struct place *folder,
    const char *name, bool is_folder)
{
	struct place *window, *child;
	int error = is_folder ? -ENOTDIR : find(folder, name, &window, &child);

	if (error != 0)
		return error;
	error = storage_remove_staged(caller, child);
	if (error == -ENOENT) {
		mounted_note_print(child->mounted, "");
		error = 0;
	}
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
	struct place *window, *child;
	int error;

	if (new_folder->node != folder->node ||
	    new_folder->mounted != folder->mounted)
		return -EXDEV;
	error = find(folder, name, &window, &child);
	if (error != 0)
		return error;
	if (!storage_is_temporary(window, new_name) &&
	    !traits_is_printable(folder->mounted->printer->traits, new_name))
		error = -EINVAL;
	if (error == 0)
		error = rename_entry(caller, window, name, window, new_name,
		    replace, out);
	place_release(child);
	place_release(window);
	return error;
}

const struct kind kind_print_directory = {
	.lookup = print_lookup,
	.list = print_list,
	.attributes = node_look,
	.create = print_create,
	.remove = print_remove,
	.rename = print_rename,
	.entry_s = 60,
	.attr_s = 60,
};
