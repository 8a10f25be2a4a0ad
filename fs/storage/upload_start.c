/*
 * What is copied to print/ and is on the printer already, byte for byte, is
 * started there, not sent again.  No state, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/spool.h"
#include "cache/whole_file.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"

/*
 * Does the printer have these bytes there?  Who has just read them has brought
 * them, or does so at this moment; else they are read, which takes no longer
 * than to send them.
 */
static bool
is_there(const struct caller *caller, struct mounted *mounted,
    const struct found *found, struct spool *spool)
{
	struct spool *there = NULL;
	struct source bytes;
	off_t size;
	bool is;

	if (found->entry.folder || found->entry.partial ||
	    found_size(found, &caller->wait, &size) != 0 ||
	    size != spool_size(spool))
		return false;
	if (whole_file_bring(mounted->printer, mounted->content, &caller->wait,
		found->folder, &found->entry, size, &there) != 0)
		return false;
	bytes = spool_source(there);
	is = whole_file_begins(&bytes, spool);
	spool_release(there);
	return is;
}

static int
start(const struct caller *caller, struct mounted *mounted,
    const struct found *found, const char *path)
{
	char *wire = name_join(found->folder, found->entry.short_name);
	int error = wire == NULL ?
	    -ENOMEM :
	    printer_command(mounted->printer, &caller->wait, VERB_PRINT, wire);

	free(wire);
	if (error != 0) {
		log_say(LOG_LEVEL_NOTE,
		    "%s is on the printer already, and was not started: %s",
		    path, strerror(-error));
		return error;
	}
	mounted_note_upload(mounted, path);
	events_note_command(mounted->events);
	return 0;
}

static int
start_at(const struct caller *caller, struct mounted *mounted,
    struct spool *spool, struct upload *upload, const char *path)
{
	struct found found = { 0 };
	int error = -ENOENT;

	if (storage_find(caller, mounted, path, &found) != 0)
		return -ENOENT;
	if (is_there(caller, mounted, &found, spool)) {
		upload->start = start(caller, mounted, &found, path);
		mounted_note_print(mounted, upload->key);
		error = 0;
	}
	found_free(&found);
	return error;
}

int
upload_start(const struct caller *caller, struct mounted *mounted,
    struct spool *spool, struct upload *upload)
{
	int error = -ENOENT;

	if (upload->there != NULL)
		error = start_at(caller, mounted, spool, upload, upload->there);
	return error == 0 ?
	    0 :
	    start_at(caller, mounted, spool, upload, upload->path);
}
