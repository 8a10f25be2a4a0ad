/*
 * What an open file is a writer of: a staged file, which comes into being with
 * the first change, at the place where the file is by then.  Any thread;
 * handle.lock guards what a handle has.
 */
#include <errno.h>
#include <stdlib.h>

#include "cache/content.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "client/base/litter.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/handle.h"

struct staged *
handle_staged(struct handle *handle)
{
	struct staged *staged;

	pthread_mutex_lock(&handle->lock);
	staged = handle->staged;
	pthread_mutex_unlock(&handle->lock);
	return staged;
}

struct place *
handle_place(struct handle *handle)
{
	struct place *place;

	pthread_mutex_lock(&handle->lock);
	place = place_hold(handle->now);
	pthread_mutex_unlock(&handle->lock);
	return place;
}

struct staged *
handle_adopt(struct handle *handle, struct staged *staged)
{
	pthread_mutex_lock(&handle->lock);
	if (handle->staged == NULL) {
		handle->staged = staged;
		staged = NULL;
		if (handle->writes)
			staged_open(handle->staged);
	}
	pthread_mutex_unlock(&handle->lock);
	staged_release(staged);
	return handle_staged(handle);
}

/*
 * Bytes to begin a change with: those on the printer now, which another
 * handle may have brought there since this one was opened.  Tells their time
 * stamp.
 */
static int
bring_newest(const struct place *place, const struct caller *caller,
    struct spool **out, int64_t *mtime_s)
{
	struct mounted *mounted = place->mounted;
	const char *dir = mounted->settings->spool_dir;
	struct storage_find found = { 0 };
	struct spool *there;
	off_t size;
	int error = storage_find_place(caller, place, &found);

	if (error == 0)
		error = storage_ask(caller, mounted, &found, &size);
	if (error == 0)
		content_drop_unproved(mounted->content, found.folder,
		    &found.entry);
	if (error == 0)
		error = content_bring(mounted->content, &caller->wait,
		    found.folder, &found.entry, size, &there);
	if (error == 0) {
		*mtime_s = found.entry.mtime_s;
		error = spool_clone(there, dir, out);
		spool_release(there);
	}
	storage_found_free(&found);
	return error;
}

static int
make_spool(struct handle *handle, const struct caller *caller,
    const struct place *place, bool empty, struct spool **out, int64_t *mtime_s)
{
	const char *dir = place->mounted->settings->spool_dir;

	*mtime_s = handle->found.entry.mtime_s;
	if (empty || !handle->on_printer)
		return spool_new(dir, out);
	return bring_newest(place, caller, out, mtime_s);
}

/* Stage it at its place. */
static int
stage_at(struct handle *handle, const struct caller *caller,
    const struct place *place, bool empty, struct staged **out)
{
	struct staged *staged = NULL;
	struct stage_place where;
	struct spool *spool;
	char *folder = NULL;
	int64_t mtime_s;
	int error = make_spool(handle, caller, place, empty, &spool, &mtime_s);

	if (error != 0)
		return error;
	error = storage_stage_place(place, &where, &folder);
	if (error != 0)
		spool_release(spool);
	else
		error = stage_add(place->mounted->stage, &where,
		    litter_is(name_of(place->path)), spool, &staged);
	free(folder);
	if (error == 0 && place->prints)
		staged_print(staged, true);
	/* Another handle may have been quicker: its file is the one. */
	if (error == -EEXIST)
		staged = stage_find(place->mounted->stage, place->key);
	else if (error == 0 && handle->on_printer)
		staged_replaces(staged, mtime_s);
	if (staged == NULL)
		return error != 0 ? error : -ENOMEM;
	*out = handle_adopt(handle, staged);
	return 0;
}

/*
 * The file was removed since it was opened: what is written goes with it.
 * Who reads too would want its former bytes, which are nowhere.
 */
static int
stage_lost(struct handle *handle, const struct place *place, bool empty,
    struct staged **out)
{
	struct mounted *mounted = place->mounted;
	struct stage_place where;
	struct staged *staged;
	struct spool *spool;
	char *folder;
	int error;

	if (handle->reads && !empty)
		return -ENOENT;
	error = storage_stage_place(place, &where, &folder);
	if (error != 0)
		return error;
	error = spool_new(mounted->settings->spool_dir, &spool);
	if (error == 0)
		error = stage_add_removed(mounted->stage, &where, spool,
		    &staged);
	if (error == 0)
		*out = handle_adopt(handle, staged);
	free(folder);
	return error;
}

/*
 * See that the file is staged; empty: nothing of it will be kept.  When others
 * have put another file there, a change of the former one has no meaning.
 */
static int
make_staged(struct handle *handle, const struct caller *caller, bool empty,
    struct staged **out)
{
	struct staged *staged = handle_staged(handle);
	struct place *place;
	int error = 0;

	if (staged != NULL) {
		*out = staged;
		return 0;
	}
	if (atomic_load(&handle->file.outdated))
		return -ESTALE;
	place = handle_place(handle);
	if (!atomic_load(&handle->file.removed))
		staged = stage_find(place->mounted->stage, place->key);
	if (atomic_load(&handle->file.removed))
		error = stage_lost(handle, place, empty, out);
	else if (staged != NULL)
		*out = handle_adopt(handle, staged);
	else
		error = stage_at(handle, caller, place, empty, out);
	place_release(place);
	return error;
}

/*
 * The gate, for a change.  Who made a file exclusively replaces nothing; who
 * changes one that he found replaces what the printer has of that name.
 */
static int
lock_to_change(const struct handle *handle, const struct caller *caller,
    struct staged *staged)
{
	struct staged_facts facts;
	int64_t old_mtime;
	int error = staged_lock(staged, &caller->wait);

	if (error != 0)
		return error;
	staged_look(staged, &facts);
	if (facts.cancelled && !facts.listed) {
		staged_unlock(staged);
		return -ECANCELED;
	}
	if (error == 0 && !handle->exclusive &&
	    !staged_does_replace(staged, &old_mtime))
		staged_replaces(staged, STORE_NONE);
	return error;
}

int
handle_begin_change(struct handle *handle, const struct caller *caller,
    bool empty, struct staged **out)
{
	struct stage_place where;
	struct place *place;
	char *folder = NULL;
	int error = make_staged(handle, caller, empty, out);

	if (error == 0)
		error = lock_to_change(handle, caller, *out);
	if (error != 0 || !atomic_load(&handle->was_renamed))
		return error;
	place = handle_place(handle);
	error = storage_stage_place(place, &where, &folder);
	if (error == 0)
		error = stage_follow(*out, &where);
	free(folder);
	place_release(place);
	if (error != 0)
		staged_unlock(*out);
	return error;
}
