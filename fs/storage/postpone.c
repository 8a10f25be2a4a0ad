/*
 * The deletion just before PrusaSlicer's rename, held back for a moment.  No
 * state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/stage.h"
#include "cache/withheld.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/printer.h"
#include "fs/core/caller.h"
#include "fs/core/kind.h"
#include "fs/core/place.h"
#include "fs/core/unit.h"
#include "fs/storage/copying.h"
#include "fs/storage/postpone.h"
#include "fs/storage/storage.h"
#include "fs/tree/events.h"

#define WITHHELD_MS 5000  /* between PrusaSlicer's unlink and its rename */
#define DELETION_MS 10000 /* nobody waits for it but the end */

/* A deletion that waits for its moment. */
struct postponed {
	struct unit *unit;
	struct storage_find found;
	char *path;	  /* as users see it */
	int64_t until_ms; /* for the printer to answer */
};

static bool
is_overdue(void *arg)
{
	const struct postponed *postponed = arg;

	return time_now_ms() > postponed->until_ms;
}

static void
carry_out(void *arg)
{
	struct postponed *postponed = arg;
	const struct wait wait = { .given_up = is_overdue, .arg = postponed };
	int error;

	postponed->until_ms = time_now_ms() + DELETION_MS;
	error = printer_remove(postponed->unit->printer, &wait,
	    postponed->found.folder, &postponed->found.entry);
	if (error != 0)
		log_say(LOG_LEVEL_ERROR,
		    "%s/%s could not be deleted and is "
		    "still there: %s",
		    postponed->found.folder, postponed->found.entry.name,
		    strerror(-error));
	else
		events_note_file(postponed->unit->events, postponed->path,
		    NULL);
}

static void
drop(void *arg)
{
	struct postponed *postponed = arg;

	storage_found_free(&postponed->found);
	free(postponed->path);
	free(postponed);
}

/*
 * Has the caller just written NAME.tmp and closed it?  Then this is the way
 * PrusaSlicer replaces NAME.
 */
static bool
is_replacing(const struct caller *caller, const struct place *place)
{
	char *temporary, *key;
	bool is = false;

	temporary = malloc(strlen(place->path) + sizeof(".tmp"));
	if (temporary == NULL)
		return false;
	strlcpy(temporary, place->path, strlen(place->path) + sizeof(".tmp"));
	strlcat(temporary, ".tmp", strlen(place->path) + sizeof(".tmp"));
	key = place_key(place->unit, temporary);
	if (key != NULL)
		is = stage_was_closed_by(place->unit->stage, key,
		    caller->process, WITHHELD_MS);
	free(key);
	free(temporary);
	return is;
}

int
postpone_removal(const struct caller *caller, const struct place *place,
    const struct storage_find *found)
{
	struct postponed *postponed = calloc(1, sizeof(*postponed));
	struct withheld_plan plan = { .key = place->key,
		.ms = WITHHELD_MS,
		.process = caller->process,
		.has_gone = caller_is_gone,
		.carry_out = carry_out,
		.drop = drop,
		.arg = postponed };
	int error;

	if (postponed == NULL)
		return -ENOMEM;
	if (!is_replacing(caller, place) && !copying_goes_to(caller, place)) {
		free(postponed);
		return -EINVAL;
	}
	postponed->unit = place->unit;
	postponed->found = *found;
	postponed->path = strdup(place->path);
	error = postponed->path == NULL ?
	    -ENOMEM :
	    withheld_add(place->unit->withheld, &plan);
	if (error != 0) {
		free(postponed->path);
		free(postponed);
	}
	return error;
}
