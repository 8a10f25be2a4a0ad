/*
 * Renames that programs do by copying.  Any thread; copying.lock guards the
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
#include "fs/storage/copying.h"
#include "fs/storage/storage.h"
#include "fs/tree/events.h"

#define SOON_MS 5000		       /* mv deletes the target at once */
#define COPY_MS ((int64_t)3600 * 1000) /* and the source after the upload */

struct copying {
	pthread_mutex_t lock;
	char *source; /* all under lock: a key, or NULL */
	char *target; /* a key */
	char *path;   /* of the target; NULL: it was there before */
	pid_t process;
	int64_t since_ms; /* when he was answered EXDEV */
};

int
copying_new(struct copying **out)
{
	struct copying *copying = calloc(1, sizeof(*copying));

	if (copying == NULL)
		return -ENOMEM;
	pthread_mutex_init(&copying->lock, NULL);
	*out = copying;
	return 0;
}

/* With the lock. */
static void
forget(struct copying *copying)
{
	free(copying->source);
	free(copying->target);
	free(copying->path);
	copying->source = copying->target = copying->path = NULL;
}

void
copying_free(struct copying *copying)
{
	if (copying == NULL)
		return;
	forget(copying);
	pthread_mutex_destroy(&copying->lock);
	free(copying);
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
copying_note(const struct caller *caller, const struct place *source,
    const struct place *target)
{
	struct copying *copying = target->mounted->copying;
	bool fresh = is_free(caller, target);

	pthread_mutex_lock(&copying->lock);
	forget(copying);
	copying->source = source == NULL ? NULL : strdup(source->key);
	copying->target = strdup(target->key);
	copying->path = fresh ? strdup(target->path) : NULL;
	copying->process = caller->process;
	copying->since_ms = time_now_ms();
	pthread_mutex_unlock(&copying->lock);
}

/* With the lock: is that key the place's, and the caller he who copies? */
static bool
is_copying(const struct copying *copying, const struct caller *caller,
    const char *key, const struct place *place, int64_t ms)
{
	return key != NULL && copying->process == caller->process &&
	    time_now_ms() - copying->since_ms < ms &&
	    strcmp(key, place->key) == 0;
}

bool
copying_goes_to(const struct caller *caller, const struct place *place)
{
	struct copying *copying = place->mounted->copying;
	bool is;

	pthread_mutex_lock(&copying->lock);
	is = is_copying(copying, caller, copying->target, place, SOON_MS);
	pthread_mutex_unlock(&copying->lock);
	return is;
}

/* Where the caller has copied that place to (caller: free), or NULL. */
static char *
take_path(const struct caller *caller, const struct place *place)
{
	struct copying *copying = place->mounted->copying;
	char *path = NULL;

	pthread_mutex_lock(&copying->lock);
	if (is_copying(copying, caller, copying->source, place, COPY_MS)) {
		path = copying->path;
		copying->path = NULL;
		forget(copying);
	}
	pthread_mutex_unlock(&copying->lock);
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
copying_take_back(const struct caller *caller, const struct place *place)
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
