/*
 * What becomes of a written file when it is closed: a whole one goes to the
 * printer, a copy that was broken off does not.  No state of its own, any
 * thread; handle.lock guards what a handle has.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "cache/unsent.h"
#include "client/base/litter.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/upload_list.h"
#include "fs/storage/handle.h"
#include "fs/storage/original.h"
#include "fs/storage/upload.h"
#include "fs/storage/working.h"

void
handle_note_originals(struct handle *handle, const struct caller *caller)
{
	const struct place *place = handle->file.place;

	handle->originals = originals_find(caller->process,
	    name_of(place->path), place->mounted->settings->mountpoint);
}

/* They speak once, and are not held open while their copy is sent. */
static struct originals *
take_originals(struct handle *handle)
{
	struct originals *originals;

	pthread_mutex_lock(&handle->lock);
	originals = handle->originals;
	handle->originals = NULL;
	pthread_mutex_unlock(&handle->lock);
	return originals;
}

/* What a copy in print/ is made from, if it is on this printer, or NULL. */
static const char *
path_there(const struct mounted *mounted, const struct originals *originals)
{
	const char *path = originals_in_mount(originals);
	size_t len = mounted->folder == NULL ? 0 : strlen(mounted->folder);

	if (path == NULL || len == 0)
		return path;
	return strncmp(path, mounted->folder, len) == 0 && path[len] == '/' ?
	    path + len + 1 :
	    NULL;
}

/* Is the printer's file longer?  It is not read again to be compared. */
static bool
is_longer_there(const struct caller *caller, struct mounted *mounted,
    const char *path, off_t size)
{
	struct storage_find found;
	off_t there = 0;

	if (storage_find(caller, mounted, path, &found) != 0)
		return false;
	if (found.entry.folder ||
	    printer_size(mounted->printer, &caller->wait, found.folder,
		&found.entry, &there) != 0)
		there = 0;
	storage_found_free(&found);
	return there > size;
}

static enum originals_say
compare(const struct caller *caller, struct mounted *mounted,
    const struct originals *originals, struct staged *staged, bool prints)
{
	struct spool *spool = staged_spool(staged);
	enum originals_say say = originals_compare(originals, &caller->wait,
	    spool);
	const char *there = prints ? path_there(mounted, originals) : NULL;

	if (say == ORIGINALS_WHOLE && there != NULL &&
	    is_longer_there(caller, mounted, there, spool_size(spool)))
		say = ORIGINALS_UNREADABLE;
	spool_release(spool);
	return say;
}

int
handle_send(struct handle *handle, const struct caller *caller,
    struct staged *staged)
{
	struct originals *originals = take_originals(handle);
	struct mounted *mounted = handle->file.place->mounted;
	struct staged_facts facts;
	enum originals_say say;
	char *there = NULL;
	int error;

	staged_look(staged, &facts);
	say = originals == NULL ?
	    ORIGINALS_WHOLE :
	    compare(caller, mounted, originals, staged, facts.prints);
	if (facts.prints && path_there(mounted, originals) != NULL)
		there = strdup(path_there(mounted, originals));
	originals_free(originals);
	if (facts.incomplete || (say == ORIGINALS_UNREADABLE && facts.prints))
		error = upload_break_off(caller, mounted, staged, true);
	else if (say == ORIGINALS_BROKEN)
		error = upload_break_off(caller, mounted, staged, false);
	else
		error = upload_staged(caller, mounted, staged, there);
	free(there);
	return error;
}

void
handle_secure(struct mounted *mounted, struct staged *staged,
    struct spool *spool)
{
	char *folder, *path, *kept;

	if (spool_size(spool) == 0 ||
	    staged_target(staged, &folder, &path) != 0)
		return;
	kept = litter_is_in(path) ? NULL : working_unsent_path(path);
	if (kept != NULL)
		staged_secure(staged, spool,
		    unsent_begin(mounted->unsent, spool, kept));
	free(kept);
	free(folder);
	free(path);
}

#define RANDOM 6 /* characters that mkstemp chooses */

/*
 * Has a program made up this name, ".cube.gcode.aB3xYz" or
 * ".goutputstream-AB3XYZ"?  Its rename follows at once.
 */
static bool
is_made_up(const char *name)
{
	static const char gio[] = ".goutputstream-";
	size_t len = strlen(name), i;
	bool is_word = true;

	if (strncmp(name, gio, strlen(gio)) == 0)
		return true;
	if (name[0] != '.' || len < RANDOM + 3 || name[len - RANDOM - 1] != '.')
		return false;
	for (i = len - RANDOM; i < len; i++) {
		if (!isalnum((unsigned char)name[i]))
			return false;
		is_word = is_word && islower((unsigned char)name[i]);
	}
	return !is_word;
}

void
handle_keep(struct handle *handle, struct staged *staged)
{
	struct staged_facts facts;
	struct place *place;
	struct spool *spool;
	bool is_working;

	staged_look(staged, &facts);
	if (!facts.temporary || !facts.listed || facts.incomplete ||
	    facts.spoiled != 0 || facts.size == 0)
		return;
	staged_note_closed(staged);
	place = handle_place(handle);
	is_working = stage_folders_claim(place->path) != NULL;
	if (is_working || !is_made_up(name_of(place->path))) {
		spool = staged_spool(staged);
		handle_secure(place->mounted, staged, spool);
		spool_release(spool);
		if (!is_working && !litter_is_in(place->path) &&
		    !atomic_exchange(&handle->told, true))
			log_record("%s is " LEDGER_KEPT, place->path);
	}
	place_release(place);
}
