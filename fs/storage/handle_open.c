/*
 * How open files of a storage come to be, and the staged file that one which
 * changes it is a writer of.  Everything that can be refused is refused here,
 * before a byte is written.  A staged file comes into being with the first
 * change, at the place where the file is by then.  Any thread; handle.lock
 * guards what a handle has.
 */
#include <errno.h>
#include <fcntl.h>

#include "cache/content.h"
#include "cache/deferred.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/whole_file.h"
#include "client/base/litter.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/copy_source.h"
#include "fs/storage/exdev_copy.h"
#include "fs/storage/handle.h"
#include "fs/storage/handle_internal.h"

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

/* Give it a staged file, whose hold it takes; one that it has stays. */
static void
adopt(struct handle *handle, struct staged *staged)
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
}

/* Give it a new one at that place, without bytes. */
static int
adopt_new(struct handle *handle, const struct place *place,
    int (*stage)(struct stage *, const struct stage_place *, struct spool *,
	struct staged **))
{
	const struct stage_place where = storage_stage_place(place);
	struct staged *staged;
	struct spool *spool;
	int error = spool_new(place->mounted->settings->spool_dir, &spool);

	if (error == 0)
		error = stage(place->mounted->stage, &where, spool, &staged);
	if (error == 0)
		adopt(handle, staged);
	return error;
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
	struct found found = { 0 };
	struct spool *stored;
	int error = storage_find_place(caller, place, &found);

	if (error == 0)
		error = found_ask(&found, &caller->wait);
	if (error == 0) {
		content_drop_unproved(mounted->content, found.folder,
		    &found.entry);
		error = whole_file_bring(mounted->printer, mounted->content,
		    &caller->wait, found.folder, &found.entry, found.entry.size,
		    &stored);
	}
	if (error == 0) {
		*mtime_s = found.entry.mtime_s;
		error = spool_clone(stored, dir, out);
		spool_release(stored);
	}
	found_free(&found);
	return error;
}

/* Stage it at its place. */
static int
stage_at(struct handle *handle, const struct caller *caller,
    const struct place *place, bool empty)
{
	struct staged *staged = NULL;
	const struct stage_place where = storage_stage_place(place);
	struct spool *spool;
	int64_t mtime_s = handle->found.entry.mtime_s;
	int error = empty || !handle->on_printer ?
	    spool_new(place->mounted->settings->spool_dir, &spool) :
	    bring_newest(place, caller, &spool, &mtime_s);

	if (error == 0)
		error = stage_add(place->mounted->stage, &where,
		    litter_is(name_of(place->path)), spool, &staged);
	/* Another handle may have been quicker: its file is the one. */
	if (error == -EEXIST)
		staged = stage_find(place->mounted->stage, place->key);
	else if (error == 0 && handle->on_printer)
		staged_replaces(staged, mtime_s);
	if (staged == NULL)
		return error;
	adopt(handle, staged);
	return 0;
}

/*
 * See that the file is staged; empty: nothing of it will be kept.  When others
 * have put another file there, a change of the former one has no meaning.  Of a
 * file that was removed since it was opened what is written goes with it; who
 * reads too would want its former bytes, which are nowhere.
 */
static int
make_staged(struct handle *handle, const struct caller *caller, bool empty)
{
	struct staged *listed;
	struct place *place;
	int error = 0;

	if (handle_staged(handle) != NULL)
		return 0;
	if (atomic_load(&handle->file.outdated))
		return -ESTALE;
	place = handle_place(handle);
	if (atomic_load(&handle->file.removed))
		error = handle->reads && !empty ?
		    -ENOENT :
		    adopt_new(handle, place, stage_add_removed);
	else if ((listed = stage_find(place->mounted->stage, place->key)) !=
	    NULL)
		adopt(handle, listed);
	else
		error = stage_at(handle, caller, place, empty);
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
	int error = staged_lock(staged, &caller->wait);

	if (error != 0)
		return error;
	staged_look(staged, &facts);
	if (facts.cancelled && !facts.listed) {
		staged_unlock(staged);
		return -ECANCELED;
	}
	if (!handle->exclusive && !facts.replaces)
		staged_replaces(staged, STORE_NONE);
	return 0;
}

int
handle_begin_change(struct handle *handle, const struct caller *caller,
    bool empty, struct staged **out)
{
	struct stage_place where;
	struct place *place;
	int error = make_staged(handle, caller, empty);

	if (error != 0)
		return error;
	*out = handle_staged(handle);
	error = lock_to_change(handle, caller, *out);
	if (error != 0 || !atomic_load(&handle->was_renamed))
		return error;
	place = handle_place(handle);
	where = storage_stage_place(place);
	error = stage_follow(*out, &where);
	place_release(place);
	if (error != 0)
		staged_unlock(*out);
	return error;
}

/* The caller makes or empties the file: does he copy one of its name? */
static void
note_sources(struct handle *handle, const struct caller *caller)
{
	const struct place *place = handle->file.place;

	handle->sources = copy_sources_find(caller->process,
	    name_of(place->path), place->mounted->settings->mountpoint);
}

/*
 * A file that exists here and shall be written from its beginning.  While
 * others write it this one has bytes of its own, for a mixture of two models
 * is none: whoever closes last has his stay.
 */
static int
begin_anew(struct handle *handle, struct staged *listed)
{
	struct staged_facts facts;

	staged_look(listed, &facts);
	if (facts.temporary || (facts.writers == 0 && !facts.dirty)) {
		adopt(handle, staged_hold(listed));
		return 0;
	}
	if (facts.prints && facts.dirty)
		return -EBUSY;
	return adopt_new(handle, handle->file.place, stage_take_over);
}

/* A file on the printer: may it be opened so? */
static int
open_printed(struct handle *handle, const struct caller *caller, int flags)
{
	struct place *place = handle->file.place;
	struct found *found = &handle->found;
	int error = storage_find_place(caller, place, found);

	if (error != 0)
		return error;
	if (found->entry.folder)
		return -EISDIR;
	handle->on_printer = true;
	if (found->entry.partial)
		return -EBUSY;
	if (handle->writes && found->entry.read_only)
		return -EROFS;
	/* A file that others have stored may have a name that no upload may. */
	if (handle->writes && !litter_is(found->entry.name))
		error = storage_check_name(place, found->entry.name, false);
	if (error != 0)
		return error;
	if (handle->writes)
		error = storage_check_idle(caller, place);
	if (error == 0 && (flags & O_TRUNC) == 0)
		error = found_verify(found, &caller->wait, &handle->size);
	return error;
}

/* How an opening ends: out takes the handle, or it is closed. */
static int
give(struct handle *handle, const struct caller *caller, int error,
    struct file **out)
{
	if (error == 0)
		*out = &handle->file;
	else
		handle->file.ops->close(&handle->file, caller);
	return error;
}

int
handle_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	struct handle *handle = handle_make(caller, place, flags);
	const struct changes empty = { .set_size = true };
	struct staged *staged;
	int error = 0;

	if (handle == NULL)
		return -ENOMEM;
	if ((flags & O_TRUNC) != 0 && handle->writes)
		note_sources(handle, caller);
	staged = stage_find(place->mounted->stage, place->key);
	if (staged == NULL)
		error = open_printed(handle, caller, flags);
	else if ((flags & O_TRUNC) != 0 && handle->writes)
		error = begin_anew(handle, staged);
	else
		adopt(handle, staged_hold(staged));
	staged_release(staged);
	if (error == 0 && (flags & O_TRUNC) != 0 && handle->writes)
		error = handle->file.ops->change(&handle->file, caller, &empty);
	return give(handle, caller, error, out);
}

/* A new name: staged from the start. */
static int
stage_new_file(struct handle *handle, struct place *place, bool temporary,
    int flags)
{
	struct mounted *mounted = place->mounted;
	struct staged *staged = NULL;
	const struct stage_place where = storage_stage_place(place);
	struct spool *spool;
	int error = spool_new(mounted->settings->spool_dir, &spool);

	if (error == 0)
		error = stage_add(mounted->stage, &where, temporary, spool,
		    &staged);
	handle->exclusive = error == 0 && (flags & O_EXCL) != 0;
	/* Somebody else may have made it just now. */
	if (error == -EEXIST && (flags & O_EXCL) == 0)
		staged = stage_find(mounted->stage, place->key);
	if (staged == NULL)
		return error;
	if (error == 0 || (flags & O_TRUNC) == 0) {
		adopt(handle, staged);
		return 0;
	}
	error = begin_anew(handle, staged);
	staged_release(staged);
	return error;
}

/*
 * A deletion of that name that waits is carried out, unless its caller now
 * copies what he wanted to rename: then his copy replaces it.
 */
static int
settle_deletion(const struct caller *caller, const struct place *place,
    bool *replaces)
{
	struct deferred *deferred = place->mounted->deferred;
	const char *key = place->stored_key;
	int error = 0;

	if (exdev_copy_goes_to(caller, place))
		error = deferred_cancel(deferred, &caller->wait, key);
	*replaces = error > 0;
	if (error == 0)
		error = deferred_hurry(deferred, &caller->wait, key);
	return error < 0 ? error : 0;
}

static int
note_replaced(struct handle *handle, const struct caller *caller)
{
	struct staged *staged = handle_staged(handle);
	int error = staged_lock(staged, &caller->wait);

	if (error != 0)
		return error;
	handle->exclusive = false;
	staged_replaces(staged, 0);
	staged_unlock(staged);
	return 0;
}

static int
create_at(const struct caller *caller, struct place *place, bool temporary,
    bool replaces, int flags, struct file **out)
{
	struct handle *handle = handle_make(caller, place, flags);
	int error;

	if (handle == NULL)
		return -ENOMEM;
	if (!temporary)
		note_sources(handle, caller);
	error = stage_new_file(handle, place, temporary, flags);
	if (error == 0 && replaces)
		error = note_replaced(handle, caller);
	return give(handle, caller, error, out);
}

int
handle_create(const struct caller *caller, struct place *folder,
    const char *name, int flags, struct place **out_place, struct file **out)
{
	struct place *place;
	bool temporary = storage_is_temporary(folder, name), replaces = false;
	int error = 0;

	if (!temporary)
		error = storage_check_name(folder, name, false);
	else if (storage_is_read_only(folder))
		error = -EROFS;
	if (error == 0)
		error = storage_child(folder, name, &place);
	if (error != 0)
		return error;
	error = settle_deletion(caller, place, &replaces);
	if (error == 0 && !temporary && !replaces && !place->prints &&
	    (flags & O_EXCL) != 0 && !backup_hides(folder->mounted, place->key))
		error = storage_check_new(caller, place);
	if (error == 0)
		error = create_at(caller, place, temporary, replaces, flags,
		    out);
	return place_give(place, error, out_place);
}

int
handle_truncate(const struct caller *caller, struct place *place, off_t size)
{
	const struct changes changes = { .set_size = true, .size = size };
	struct file *file;
	int error = handle_open(caller, place, O_WRONLY, &file);

	if (error != 0)
		return error;
	error = file->ops->change(file, caller, &changes);
	if (error == 0)
		error = file->ops->flush(file, caller);
	file->ops->close(file, caller);
	return error;
}
