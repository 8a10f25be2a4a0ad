/*
 * Opening and making files of a storage.  Everything that can be refused is
 * refused here, before a byte is written.  No state, any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "cache/deferred.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "client/base/litter.h"
#include "client/printer.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/backup.h"
#include "fs/storage/copying.h"
#include "fs/storage/handle.h"

/*
 * A file that exists here and shall be written from its beginning.  While
 * others write it this one has bytes of its own, for a mixture of two models
 * is none: whoever closes last has his stay.
 */
static int
begin_anew(struct handle *handle, struct staged *there)
{
	struct place *place = handle->file.place;
	struct mounted *mounted = place->mounted;
	struct staged_facts facts;
	struct stage_place where;
	struct staged *staged;
	struct spool *spool;
	char *folder;
	int error;

	staged_look(there, &facts);
	if (facts.temporary || (facts.writers == 0 && !facts.dirty)) {
		handle_adopt(handle, staged_hold(there));
		return 0;
	}
	if (facts.prints && facts.dirty)
		return -EBUSY;
	error = storage_stage_place(place, &where, &folder);
	if (error != 0)
		return error;
	error = spool_new(mounted->settings->spool_dir, &spool);
	if (error == 0)
		error = stage_take_over(mounted->stage, &where, spool, &staged);
	if (error == 0)
		handle_adopt(handle, staged);
	free(folder);
	return error;
}

/* A file on the printer: may it be opened so? */
static int
open_printed(struct handle *handle, const struct caller *caller, int flags)
{
	struct place *place = handle->file.place;
	struct storage_find *found = &handle->found;
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
	/* What others have stored may have a name that no upload may have. */
	if (handle->writes && !litter_is(found->entry.name))
		error = storage_check_name(place, found->entry.name, false);
	if (error != 0)
		return error;
	if (handle->writes)
		error = storage_check_idle(caller, place);
	if (error == 0 && (flags & O_TRUNC) == 0)
		error = storage_verify(caller, place->mounted, found,
		    &handle->size);
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
		handle_note_originals(handle, caller);
	staged = stage_find(place->mounted->stage, place->key);
	if (staged == NULL)
		error = open_printed(handle, caller, flags);
	else if ((flags & O_TRUNC) != 0 && handle->writes)
		error = begin_anew(handle, staged);
	else
		handle_adopt(handle, staged_hold(staged));
	staged_release(staged);
	if (error == 0 && (flags & O_TRUNC) != 0 && handle->writes)
		error = handle->file.ops->change(&handle->file, caller, &empty);
	if (error != 0) {
		handle->file.ops->close(&handle->file, caller);
		return error;
	}
	*out = &handle->file;
	return 0;
}

/* A new name: staged from the start. */
static int
stage_new_file(struct handle *handle, struct place *place, bool temporary,
    int flags)
{
	struct mounted *mounted = place->mounted;
	struct staged *staged = NULL;
	struct stage_place where;
	struct spool *spool;
	char *folder = NULL;
	int error = spool_new(mounted->settings->spool_dir, &spool);

	if (error != 0)
		return error;
	error = storage_stage_place(place, &where, &folder);
	if (error != 0)
		spool_release(spool);
	else
		error = stage_add(mounted->stage, &where, temporary, spool,
		    &staged);
	free(folder);
	if (error == 0 && place->prints)
		staged_print(staged, true);
	handle->exclusive = error == 0 && (flags & O_EXCL) != 0;
	/* Somebody else may have made it just now. */
	if (error == -EEXIST && (flags & O_EXCL) == 0)
		staged = stage_find(mounted->stage, place->key);
	if (staged == NULL)
		return error;
	if (error == 0 || (flags & O_TRUNC) == 0) {
		handle_adopt(handle, staged);
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
	char *key = place_key(place->mounted, place->path);
	int error = key == NULL ? -ENOMEM : 0;

	if (error == 0 && copying_goes_to(caller, place))
		error = deferred_cancel(deferred, &caller->wait, key);
	*replaces = error > 0;
	if (error == 0)
		error = deferred_hurry(deferred, &caller->wait, key);
	free(key);
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

int
handle_create(const struct caller *caller, struct place *folder,
    const char *name, int flags, struct place **out_place, struct file **out)
{
	struct place *place;
	struct handle *handle;
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
	if (error != 0) {
		place_release(place);
		return error;
	}
	handle = handle_make(caller, place, flags);
	if (handle != NULL && !temporary)
		handle_note_originals(handle, caller);
	error = handle == NULL ?
	    -ENOMEM :
	    stage_new_file(handle, place, temporary, flags);
	if (error == 0 && replaces)
		error = note_replaced(handle, caller);
	if (error != 0) {
		if (handle != NULL)
			handle->file.ops->close(&handle->file, caller);
		place_release(place);
		return error;
	}
	*out_place = place;
	*out = &handle->file;
	return 0;
}

/* truncate(2) by name: a change of its own, uploaded at once. */
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
