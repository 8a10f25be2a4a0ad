/*
 * The deletion just before PrusaSlicer's rename, held back for a moment.  No
 * state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/deferred.h"
#include "cache/stage.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "fs/core/caller.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/copying.h"
#include "fs/storage/defer_delete.h"
#include "fs/storage/storage.h"
#include "fs/tree/events.h"

#define WITHHELD_MS 5000  /* between PrusaSlicer's unlink and its rename */
#define DELETION_MS 10000 /* nobody waits for it but the end */

/* A deletion that waits for its moment. */
struct deferred_file {
	struct found found;
	char *path; /* as users see it */
};

static void
carry_out(void *arg)
{
	struct deferred_file *file = arg;
	struct deadline deadline;
	const struct wait wait = time_limit(&deadline, NULL, DELETION_MS);
	int error = found_remove(&file->found, &wait);

	if (error != 0)
		log_say(LOG_LEVEL_ERROR,
		    "%s/%s could not be deleted and is "
		    "still there: %s",
		    file->found.folder, file->found.entry.name,
		    strerror(-error));
	else
		events_note_file(file->found.mounted->events, file->path, NULL);
}

static void
drop(void *arg)
{
	struct deferred_file *file = arg;

	found_free(&file->found);
	free(file->path);
	free(file);
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
	key = place_key(place->mounted, temporary);
	if (key != NULL)
		is = stage_was_closed_by(place->mounted->stage, key,
		    caller->process, WITHHELD_MS);
	free(key);
	free(temporary);
	return is;
}

int
defer_delete(const struct caller *caller, const struct place *place,
    const struct found *found)
{
	struct deferred_file *file = calloc(1, sizeof(*file));
	struct deferred_plan plan = { .key = place->key,
		.ms = WITHHELD_MS,
		.process = caller->process,
		.has_gone = caller_is_gone,
		.carry_out = carry_out,
		.drop = drop,
		.arg = file };
	int error;

	if (file == NULL)
		return -ENOMEM;
	if (!is_replacing(caller, place) && !copying_goes_to(caller, place)) {
		free(file);
		return -EINVAL;
	}
	file->found = *found;
	file->path = strdup(place->path);
	error = file->path == NULL ?
	    -ENOMEM :
	    deferred_add(place->mounted->deferred, &plan);
	if (error != 0) {
		free(file->path);
		free(file);
	}
	return error;
}
