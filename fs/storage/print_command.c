/*
 * The command "print": which file is meant, and may it be printed?  No state,
 * any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/stage.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/listing.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/place.h"
#include "fs/core/unit.h"
#include "fs/storage/storage.h"
#include "fs/tree/control.h"
#include "fs/tree/node.h"

/* What follows a folder's name in a path; NULL: it is somewhere else. */
static const char *
behind(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/' ?
	    path + len + 1 :
	    NULL;
}

/*
 * The path from the printer's directory.  An absolute one must begin with the
 * mount point; it is compared as text, for a look at our own mount would wait
 * for ourselves.  The printer's own name may stand before a relative one, as
 * seen from the root of several.
 */
static const char *
from_root(const struct unit *unit, const char *path)
{
	const char *rest;

	if (*path == '/') {
		rest = behind(unit->settings->mountpoint, path);
		return rest == NULL || unit->folder == NULL ?
		    rest :
		    behind(unit->folder, rest);
	}
	rest = unit->folder == NULL ? NULL : behind(unit->folder, path);
	return rest == NULL ||
		node_child(unit, node_root(), unit->folder) != NULL ?
	    path :
	    rest;
}

/* Wait for uploads to that path, by its own name or through print/. */
static int
settle(const struct caller *caller, struct unit *unit, const char *path)
{
	char *key = place_key(unit, path);
	char *printed = place_print_key(unit, name_of(path));
	int error = -ENOMEM;

	if (key != NULL && printed != NULL)
		error = stage_settle(unit->stage, &caller->wait, key);
	if (error == 0)
		error = stage_settle(unit->stage, &caller->wait, printed);
	free(key);
	free(printed);
	return error;
}

/* Start a print file, after the upload of its name that is under way. */
static int
print_path(const struct caller *caller, struct unit *unit, const char *path)
{
	const struct traits *traits = unit->printer->traits;
	struct storage_find found;
	char *wire;
	int error = settle(caller, unit, path);

	if (error == 0)
		error = storage_find(caller, unit, path, &found);
	if (error != 0)
		return error == -EISDIR ? -EINVAL : error;
	wire = name_join(found.folder, found.entry.short_name);
	if (wire == NULL)
		error = -ENOMEM;
	else if (found.entry.folder ||
	    !traits_is_printable(traits, found.entry.name))
		error = -EINVAL;
	else
		error = printer_command(unit->printer, &caller->wait,
		    VERB_PRINT, wire);
	free(wire);
	storage_found_free(&found);
	return error;
}

int
control_print(const struct caller *caller, struct unit *unit, const char *path)
{
	const char *relative;
	char *last;
	int error;

	if (*path != '\0') {
		relative = from_root(unit, path);
		return relative == NULL ? -ENOENT :
					  print_path(caller, unit, relative);
	}
	last = unit_last_upload(unit);
	if (last == NULL) {
		log_say(LOG_LEVEL_NOTE,
		    "control: print: nothing was uploaded by this mount yet");
		return -ENODATA;
	}
	error = print_path(caller, unit, last);
	free(last);
	return error;
}
