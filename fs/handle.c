/*
 * Open files of a storage.  A reader holds downloaded content, a writer holds
 * a staged file, which comes into being with the first change: opening a file
 * for writing and closing it untouched asks nothing of the printer.  A handle
 * is used by any thread; handle.lock guards which staged file it has.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/withheld.h"
#include "client/log.h"
#include "client/name.h"
#include "client/printer.h"
#include "fs/caller.h"
#include "fs/node.h"
#include "fs/place.h"
#include "fs/storage.h"
#include "fs/unit.h"
#include "fs/upload.h"

struct handle {
	struct file file;
	bool writes;
	pid_t opener;	    /* the process whose close uploads */
	atomic_bool killed; /* its writer was */
	bool on_printer;    /* found and size are those of the file there */
	struct storage_find found;
	off_t size;
	struct content_file *content; /* or NULL */
	pthread_mutex_t lock;
	struct staged *staged; /* under lock; held, or NULL; set once */
};

static struct staged *
staged_of(struct handle *handle)
{
	struct staged *staged;

	pthread_mutex_lock(&handle->lock);
	staged = handle->staged;
	pthread_mutex_unlock(&handle->lock);
	return staged;
}

/* Takes the hold on staged; a handle that has one keeps that. */
static struct staged *
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
	return staged_of(handle);
}

/* Bytes to begin a change with: those on the printer, or none. */
static int
make_spool(struct handle *handle, const struct caller *caller, bool empty,
    struct spool **out)
{
	struct unit *unit = handle->file.place->unit;
	const char *dir = unit->settings->spool_dir;
	struct spool *there;
	int error;

	if (empty || !handle->on_printer)
		return spool_new(dir, out);
	error = content_bring(unit->content, &caller->wait,
	    handle->found.folder, &handle->found.entry, handle->size, &there);
	if (error != 0)
		return error;
	error = spool_clone(there, dir, out);
	spool_release(there);
	return error;
}

/* See that the file is staged; empty: nothing of it will be kept. */
static int
make_staged(struct handle *handle, const struct caller *caller, bool empty,
    struct staged **out)
{
	struct place *place = handle->file.place;
	struct staged *staged = staged_of(handle);
	struct stage_place where;
	struct spool *spool;
	char *folder = NULL;
	int error = 0;

	if (staged == NULL &&
	    (staged = stage_find(place->unit->stage, place->key)) != NULL)
		staged = adopt(handle, staged);
	if (staged != NULL) {
		*out = staged;
		return 0;
	}
	error = make_spool(handle, caller, empty, &spool);
	if (error != 0)
		return error;
	error = storage_stage_place(place, &where, &folder);
	if (error != 0)
		spool_release(spool);
	else
		error = stage_add(place->unit->stage, &where, false, spool,
		    &staged);
	free(folder);
	if (error != 0)
		return error;
	if (handle->on_printer)
		staged_replaces(staged, handle->found.entry.mtime_s);
	*out = adopt(handle, staged);
	return 0;
}

static ssize_t
handle_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	struct handle *handle = (struct handle *)file;
	struct staged *staged = staged_of(handle);
	struct spool *spool;
	ssize_t count;
	int error;

	if (staged != NULL) {
		spool = staged_spool(staged);
		count = spool_read(spool, &caller->wait, out, len, offset);
		spool_release(spool);
		return count;
	}
	if (handle->content == NULL) {
		error = content_open(file->place->unit->content,
		    handle->found.folder, &handle->found.entry, handle->size,
		    &handle->content);
		if (error != 0)
			return error;
	}
	return content_read(handle->content, &caller->wait, out, len, offset);
}

static ssize_t
handle_write(struct file *file, const struct caller *caller, const void *data,
    size_t len, off_t offset)
{
	struct handle *handle = (struct handle *)file;
	const char *dir = file->place->unit->settings->spool_dir;
	struct staged *staged;
	ssize_t count = make_staged(handle, caller, false, &staged);

	if (count == 0)
		count = staged_lock(staged, &caller->wait);
	if (count != 0)
		return count;
	count = staged_write(staged, dir, data, len, offset);
	staged_unlock(staged);
	return count;
}

static int
handle_change(struct file *file, const struct caller *caller,
    const struct changes *changes)
{
	struct handle *handle = (struct handle *)file;
	const char *dir = file->place->unit->settings->spool_dir;
	struct staged *staged;
	int error;

	if (changes->set_size) {
		if (!handle->writes)
			return -EBADF;
		error = make_staged(handle, caller, changes->size == 0,
		    &staged);
		if (error == 0)
			error = staged_lock(staged, &caller->wait);
		if (error != 0)
			return error;
		error = staged_truncate(staged, dir, changes->size);
		staged_unlock(staged);
		if (error != 0)
			return error;
	}
	staged = staged_of(handle);
	if (changes->set_mtime && staged != NULL)
		staged_set_mtime(staged, &changes->mtime);
	else if (changes->set_mtime)
		return file->place->node->kind->change(caller, file->place,
		    &(struct changes){
			.set_mtime = true, .mtime = changes->mtime });
	return 0;
}

/*
 * Close of one descriptor.  Shells pass descriptors on to their children, and
 * every child's end comes here too: only the process that opened uploads.
 */
static int
handle_flush(struct file *file, const struct caller *caller)
{
	struct handle *handle = (struct handle *)file;
	struct staged *staged = staged_of(handle);

	if (!handle->writes || staged == NULL)
		return 0;
	if (caller->process != handle->opener)
		return 0;
	if (caller_has_left(caller->thread)) {
		atomic_store(&handle->killed, true);
		return -EINTR;
	}
	return upload_staged(caller, file->place->unit, staged);
}

static int
handle_sync(struct file *file)
{
	struct staged *staged = staged_of((struct handle *)file);
	struct spool *spool;
	int error;

	if (staged == NULL)
		return 0;
	spool = staged_spool(staged);
	error = spool_sync(spool);
	spool_release(spool);
	return error;
}

/* The last writer has left: what becomes of his file? */
static void
settle(struct handle *handle, const struct caller *caller,
    struct staged *staged)
{
	struct unit *unit = handle->file.place->unit;
	struct staged_facts facts;
	bool killed = atomic_load(&handle->killed);

	staged_look(staged, &facts);
	if (!facts.listed)
		return;
	if (killed && (facts.dirty || facts.temporary)) {
		stage_unlist(staged);
		return;
	}
	if (!facts.temporary && facts.size == 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s is empty: it is kept here until "
		    "the unmount, for no printer can store it",
		    handle->file.place->path);
	if (facts.dirty && !facts.temporary)
		(void)upload_staged(caller, unit, staged);
}

static void
handle_close(struct file *file, const struct caller *caller)
{
	struct handle *handle = (struct handle *)file;
	struct staged *staged = handle->staged;

	if (staged != NULL && handle->writes &&
	    staged_close(staged, handle->opener) == 0)
		settle(handle, caller, staged);
	staged_release(staged);
	if (handle->content != NULL)
		content_close(handle->content);
	storage_found_free(&handle->found);
	place_release(file->place);
	pthread_mutex_destroy(&handle->lock);
	free(handle);
}

static struct handle *
make_handle(const struct caller *caller, struct place *place, int flags)
{
	static const struct file_ops ops = {
		.read = handle_read,
		.write = handle_write,
		.change = handle_change,
		.flush = handle_flush,
		.sync = handle_sync,
		.close = handle_close,
	};
	struct handle *handle = calloc(1, sizeof(*handle));

	if (handle == NULL)
		return NULL;
	handle->file.ops = &ops;
	handle->file.place = place_hold(place);
	handle->writes = (flags & O_ACCMODE) != O_RDONLY;
	handle->opener = caller->process;
	pthread_mutex_init(&handle->lock, NULL);
	return handle;
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
	if (handle->writes &&
	    (found->entry.read_only ||
		storage_check_name(place, found->entry.name, false) == -EROFS))
		return -EROFS;
	if (handle->writes)
		error = storage_check_idle(caller, place);
	if (error == 0 && (flags & O_TRUNC) == 0)
		error = printer_size(place->unit->printer, &caller->wait,
		    found->folder, &found->entry, &handle->size);
	return error;
}

int
handle_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	struct handle *handle = make_handle(caller, place, flags);
	const struct changes empty = { .set_size = true };
	struct staged *staged;
	int error = 0;

	if (handle == NULL)
		return -ENOMEM;
	staged = stage_find(place->unit->stage, place->key);
	if (staged != NULL)
		adopt(handle, staged);
	else
		error = open_printed(handle, caller, flags);
	if (error == 0 && (flags & O_TRUNC) != 0 && handle->writes)
		error = handle_change(&handle->file, caller, &empty);
	if (error != 0) {
		handle_close(&handle->file, caller);
		return error;
	}
	*out = &handle->file;
	return 0;
}

/* A new name: staged from the start. */
static int
stage_new_file(struct handle *handle, struct place *place, bool temporary)
{
	struct unit *unit = place->unit;
	struct stage_place where;
	struct staged *staged;
	struct spool *spool;
	char *folder = NULL;
	int error = spool_new(unit->settings->spool_dir, &spool);

	if (error != 0)
		return error;
	error = storage_stage_place(place, &where, &folder);
	if (error != 0)
		spool_release(spool);
	else
		error = stage_add(unit->stage, &where, temporary, spool,
		    &staged);
	free(folder);
	if (error == 0)
		adopt(handle, staged);
	return error;
}

int
handle_create(const struct caller *caller, struct place *folder,
    const char *name, int flags, struct place **out_place, struct file **out)
{
	struct place *place;
	struct handle *handle;
	bool temporary = storage_is_temporary(folder, name);
	int error = 0;

	if (!temporary)
		error = storage_check_name(folder, name, false);
	if (error == 0)
		error = storage_child(folder, name, &place);
	if (error != 0)
		return error;
	withheld_hurry(folder->unit->withheld, place->key);
	handle = make_handle(caller, place, flags);
	error = handle == NULL ? -ENOMEM :
				 stage_new_file(handle, place, temporary);
	if (error == 0 && !temporary && (flags & O_EXCL) == 0)
		staged_replaces(handle->staged, 0);
	if (error != 0) {
		if (handle != NULL)
			handle_close(&handle->file, caller);
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
	error = handle_change(file, caller, &changes);
	if (error == 0)
		error = handle_flush(file, caller);
	handle_close(file, caller);
	return error;
}
