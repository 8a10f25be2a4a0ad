/*
 * The command "print": which file is meant, and may it be printed?  No state,
 * any thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "cache/stage.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/node.h"

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
	char *wire;
	int error = settle(caller, mounted, path);

	if (error == 0)
		error = storage_find(caller, mounted, path, &found);
	if (error != 0)
		return error == -EISDIR ? -EINVAL : error;
	wire = name_join(found.folder, found.entry.short_name);
	if (wire == NULL)
		error = -ENOMEM;
	else if (found.entry.folder ||
	    !traits_is_printable(traits, found.entry.name))
		error = -EINVAL;
	else
		error = printer_command(mounted->printer, &caller->wait,
		    VERB_PRINT, wire);
	free(wire);
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
