/*
 * Starting what the printer has: the command "print", a file that is moved to
 * print/, and one that is copied there and is on the printer already, byte for
 * byte, so that it is not sent again.  No state, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/whole_file.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/print.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"
#include "fs/tree/node.h"

static int
command(const struct caller *caller, const struct found *found, enum verb verb)
{
	char *wire = name_join(found->folder, found->entry.short_name);
	int error = wire == NULL ?
	    -ENOMEM :
	    printer_command(found->mounted->printer, &caller->wait, verb, wire);

	free(wire);
	return error;
}

static void
note_started(struct mounted *mounted, const char *path)
{
	mounted_note_upload(mounted, path);
	events_note_command(mounted->events);
}

/*
 * The path from the printer's directory.  An absolute one must begin with the
 * mount point; it is compared as text, for a look at our own mount would wait
 * for ourselves.  The printer's own name may stand before a relative one, as
 * seen from the root of several.
 */
static const char *
from_root(const struct mounted *mounted, const char *path)
{
	const char *rest;

	if (*path == '/') {
		rest = name_inside(path, mounted->settings->mountpoint);
		return rest == NULL || mounted->folder == NULL ?
		    rest :
		    name_inside(rest, mounted->folder);
	}
	rest = mounted->folder == NULL ? NULL :
					 name_inside(path, mounted->folder);
	return rest == NULL ||
		node_child(mounted, node_root(), mounted->folder) != NULL ?
	    path :
	    rest;
}

/* Wait for uploads to that path, by its own name or through print/. */
static int
settle(const struct caller *caller, struct mounted *mounted, const char *path)
{
	char *key = place_key(mounted, path);
	char *printed = place_print_key(mounted, name_of(path));
	int error = -ENOMEM;

	if (key != NULL && printed != NULL)
		error = stage_settle(mounted->stage, &caller->wait, key);
	if (error == 0)
		error = stage_settle(mounted->stage, &caller->wait, printed);
	free(key);
	free(printed);
	return error;
}

/* Start a print file, after the upload of its name that is under way. */
static int
print_path(const struct caller *caller, struct mounted *mounted,
    const char *path)
{
	const struct traits *traits = mounted->printer->traits;
	struct found found;
	int error = settle(caller, mounted, path);

	if (error == 0)
		error = storage_find(caller, mounted, path, &found);
	if (error != 0)
		return error == -EISDIR ? -EINVAL : error;
	if (found.entry.folder ||
	    !traits_is_printable(traits, found.entry.name))
		error = -EINVAL;
	else
		error = command(caller, &found, VERB_PRINT);
	found_free(&found);
	return error;
}

static int
print(const struct caller *caller, struct mounted *mounted, const char *path)
{
	const char *relative;
	char *last;
	int error;

	if (*path != '\0') {
		relative = from_root(mounted, path);
		return relative == NULL ? -ENOENT :
					  print_path(caller, mounted, relative);
	}
	last = mounted_last_upload(mounted);
	if (last == NULL) {
		log_say(LOG_LEVEL_NOTE,
		    "control: print: nothing was uploaded by this mount yet");
		return -ENODATA;
	}
	error = print_path(caller, mounted, last);
	free(last);
	return error;
}

const struct file_commands storage_commands = {
	.print = print,
	.stop_upload = upload_stop,
};

/*
 * Does the printer have these bytes there?  Who has just read them has brought
 * them, or does so at this moment; else they are read, which takes no longer
 * than to send them.
 */
static bool
is_stored_at(const struct caller *caller, const struct found *found,
    struct spool *spool)
{
	struct spool *stored = NULL;
	struct source bytes;
	off_t size;
	bool is;

	if (found->entry.folder || found->entry.partial ||
	    found_size(found, &caller->wait, &size) != 0 ||
	    size != spool_size(spool))
		return false;
	if (whole_file_bring(found->mounted->printer, found->mounted->content,
		&caller->wait, found->folder, &found->entry, size,
		&stored) != 0)
		return false;
	bytes = spool_source(stored);
	is = whole_file_begins(&bytes, spool);
	spool_release(stored);
	return is;
}

static int
start_at(const struct caller *caller, struct mounted *mounted,
    struct spool *spool, struct upload *upload, const char *path)
{
	struct found found;
	bool is;

	if (storage_find(caller, mounted, path, &found) != 0)
		return -ENOENT;
	is = is_stored_at(caller, &found, spool);
	if (is) {
		upload->start = command(caller, &found, VERB_PRINT);
		if (upload->start == 0)
			note_started(mounted, path);
		else
			log_say(LOG_LEVEL_NOTE,
			    "%s is on the printer already, and was not "
			    "started: %s",
			    path, strerror(-upload->start));
		mounted_note_print(mounted,
		    upload->key != NULL ? upload->key : "");
	}
	found_free(&found);
	return is ? 0 : -ENOENT;
}

int
print_same(const struct caller *caller, struct mounted *mounted,
    struct spool *spool, struct upload *upload)
{
	int error = -ENOENT;

	if (upload->source != NULL)
		error = start_at(caller, mounted, spool, upload,
		    upload->source);
	return error == 0 ?
	    0 :
	    start_at(caller, mounted, spool, upload, upload->path);
}

/* Do both names mean the same file to the printer? */
static bool
is_same_name(const struct mounted *mounted, const char *a, const char *b)
{
	char *key = place_key(mounted, a), *other = place_key(mounted, b);
	bool same = key != NULL && other != NULL && strcmp(key, other) == 0;

	free(key);
	free(other);
	return same;
}

/*
 * Is it there whole, and nowhere on its way?  -EXDEV: it is no file that the
 * printer has.
 */
static int
check_whole(struct mounted *mounted, const char *key)
{
	struct staged *staged = stage_find(mounted->stage, key);
	struct staged_facts facts = { .temporary = true };

	if (staged == NULL)
		return 0;
	staged_look(staged, &facts);
	staged_release(staged);
	return facts.temporary || facts.size == 0 ? -EXDEV : -EBUSY;
}

/* Is a file on its way under that name of print/? */
static int
check_free(struct mounted *mounted, const char *name)
{
	char *key = place_print_key(mounted, name);
	struct staged *staged;
	int error;

	if (key == NULL)
		return -ENOMEM;
	staged = stage_find(mounted->stage, key);
	error = staged == NULL ? 0 : -EBUSY;
	staged_release(staged);
	free(key);
	return error;
}

/* May that file be started under this name of print/?  0 or negative. */
static int
check_start(const struct place *source, const struct entry *entry,
    struct place *to, const char *new_name)
{
	struct mounted *mounted = source->mounted;

	if (entry->folder || to->mounted != mounted ||
	    (!is_same_name(mounted, new_name, entry->name) &&
		!is_same_name(mounted, new_name, entry->short_name)) ||
	    !traits_is_printable(mounted->printer->traits, entry->name))
		return -EXDEV;
	return entry->partial ? -EBUSY : check_free(mounted, entry->name);
}

/*
 * The kernel holds a lock of the whole mount until a rename across directories
 * is answered, so the printer is asked once, and its answer alone is awaited.
 * The file stays where it is: its place is the answer.
 */
int
print_start(const struct caller *caller, struct place *folder, const char *name,
    struct place *to, const char *new_name, struct place **out)
{
	struct found found = { 0 };
	struct place *source = NULL;
	int error = folder->node->kind->lookup(caller, folder, name, &source);

	if (error == 0)
		error = check_whole(source->mounted, source->key);
	if (error == 0)
		error = storage_find_place(caller, source, &found);
	if (error == 0)
		error = check_start(source, &found.entry, to, new_name);
	if (error == 0) {
		error = command(caller, &found, VERB_START);
		log_say(LOG_LEVEL_NOTE, "print: %s is started where it is%s%s",
		    source->path, error == 0 ? "" : ": ",
		    error == 0 ? "" : strerror(-error));
	}
	if (error == 0) {
		note_started(source->mounted, source->path);
		*out = place_hold(source);
	}
	found_free(&found);
	place_release(source);
	return error;
}
