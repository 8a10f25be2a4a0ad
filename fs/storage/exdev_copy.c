/*
 * Renames that programs do by copying.  Any thread; exdev_copy.lock guards the
 * last one of each printer.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/exdev_copy.h"
#include "fs/storage/storage.h"
#include "fs/tree/events.h"

#define SOON_MS 5000		       /* mv deletes the target at once */
#define COPY_MS ((int64_t)3600 * 1000) /* and the source after the upload */

struct exdev_copy {
	pthread_mutex_t lock;
	char *source; /* all under lock: a key, or NULL */
	char *target; /* a key */
	char *path;   /* of the target; NULL: it was there before */
	pid_t process;
	int64_t since_ms; /* when he was answered EXDEV */
};

int
exdev_copy_new(struct exdev_copy **out)
{
	struct exdev_copy *exdev_copy = calloc(1, sizeof(*exdev_copy));

	if (exdev_copy == NULL)
		return -ENOMEM;
	pthread_mutex_init(&exdev_copy->lock, NULL);
	*out = exdev_copy;
	return 0;
}

/* With the lock. */
static void
forget(struct exdev_copy *exdev_copy)
{
	free(exdev_copy->source);
	free(exdev_copy->target);
	free(exdev_copy->path);
	exdev_copy->source = exdev_copy->target = exdev_copy->path = NULL;
}

void
exdev_copy_free(struct exdev_copy *exdev_copy)
{
	if (exdev_copy == NULL)
		return;
	forget(exdev_copy);
	pthread_mutex_destroy(&exdev_copy->lock);
	free(exdev_copy);
}

/* Is there nothing at the target? */
static bool
is_free(const struct caller *caller, const struct place *target)
{
	struct found found;
	int error = storage_find_place(caller, target, &found);

	if (error == 0)
		found_free(&found);
	return error == -ENOENT;
}

void
exdev_copy_note(const struct caller *caller, const struct place *source,
    const struct place *target)
{
	struct exdev_copy *exdev_copy = target->mounted->exdev_copy;
	bool fresh = is_free(caller, target);

	pthread_mutex_lock(&exdev_copy->lock);
	forget(exdev_copy);
	exdev_copy->source = source == NULL ? NULL : strdup(source->key);
	exdev_copy->target = strdup(target->key);
	exdev_copy->path = fresh ? strdup(target->path) : NULL;
	exdev_copy->process = caller->process;
	exdev_copy->since_ms = time_now_ms();
	pthread_mutex_unlock(&exdev_copy->lock);
}

/* With the lock: is that key the place's, and the caller he who copies? */
static bool
is_copying(const struct exdev_copy *exdev_copy, const struct caller *caller,
    const char *key, const struct place *place, int64_t ms)
{
	return key != NULL && exdev_copy->process == caller->process &&
	    time_now_ms() - exdev_copy->since_ms < ms &&
	    strcmp(key, place->key) == 0;
}

bool
exdev_copy_goes_to(const struct caller *caller, const struct place *place)
{
	struct exdev_copy *exdev_copy = place->mounted->exdev_copy;
	bool is;

	pthread_mutex_lock(&exdev_copy->lock);
	is = is_copying(exdev_copy, caller, exdev_copy->target, place, SOON_MS);
	pthread_mutex_unlock(&exdev_copy->lock);
	return is;
}

/* Where the caller has copied that place to (caller: free), or NULL. */
static char *
take_path(const struct caller *caller, const struct place *place)
{
	struct exdev_copy *exdev_copy = place->mounted->exdev_copy;
	char *path = NULL;

	pthread_mutex_lock(&exdev_copy->lock);
	if (is_copying(exdev_copy, caller, exdev_copy->source, place,
		COPY_MS)) {
		path = exdev_copy->path;
		exdev_copy->path = NULL;
		forget(exdev_copy);
	}
	pthread_mutex_unlock(&exdev_copy->lock);
	return path;
}

/* Has the copy as many bytes as what was copied? */
static bool
is_copy(const struct caller *caller, const struct place *place,
    const struct found *copy)
{
	struct found source;
	off_t one = -1, two = -2;
	bool is;

	if (copy->entry.folder ||
	    storage_find_place(caller, place, &source) != 0)
		return false;
	is = found_size(&source, &caller->wait, &one) == 0 &&
	    found_size(copy, &caller->wait, &two) == 0 && one == two;
	found_free(&source);
	return is;
}

void
exdev_copy_take_back(const struct caller *caller, const struct place *place)
{
	struct mounted *mounted = place->mounted;
	char *path = take_path(caller, place);
	struct found copy;

	if (path == NULL)
		return;
	if (storage_find(caller, mounted, path, &copy) == 0) {
		if (is_copy(caller, place, &copy) &&
		    found_remove(&copy, &caller->wait) == 0) {
			content_drop(mounted->content, copy.folder,
			    copy.entry.name);
			events_note_file(mounted->events, path, NULL);
			log_say(LOG_LEVEL_NOTE,
			    "%s cannot go, so its copy %s was taken back",
			    place->path, path);
		}
		found_free(&copy);
	}
	free(path);
}
