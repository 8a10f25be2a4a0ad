/*
 * Open files of a storage.  A reader holds downloaded content, a writer holds
 * a staged file, which comes into being with the first change: opening a file
 * for writing and closing it untouched asks nothing of the printer.  A handle
 * is used by any thread; handle.lock guards what it has.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "cache/unsent.h"
#include "client/base/litter.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/caller.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/upload_list.h"
#include "fs/storage/copy_source.h"
#include "fs/storage/dot_directory.h"
#include "fs/storage/handle_internal.h"
#include "fs/storage/upload.h"

static void
handle_follow(struct file *file, struct place *place)
{
	struct handle *handle = (struct handle *)file;
	struct place *former = NULL;

	pthread_mutex_lock(&handle->lock);
	if (strcmp(handle->now->key, place->key) != 0) {
		former = handle->now;
		handle->now = place_hold(place);
		atomic_store(&handle->was_renamed, true);
	}
	pthread_mutex_unlock(&handle->lock);
	place_release(former);
}

/* The content to read from, or NULL. */
static struct content_file *
content_of(struct handle *handle)
{
	struct content_file *content;

	pthread_mutex_lock(&handle->lock);
	content = handle->renewed != NULL ? handle->renewed : handle->content;
	pthread_mutex_unlock(&handle->lock);
	return content;
}

/*
 * Have the content of that version to read from.  The kernel may read one
 * handle in several threads at once: the first one's is kept.
 */
static int
open_content(struct handle *handle, struct content_file **slot,
    const struct entry *entry, off_t size)
{
	bool is_first = slot == &handle->content;
	struct content_file *content;
	int error = content_open(handle->file.place->mounted->content,
	    handle->found.folder, entry, size, &content);

	if (error != 0)
		return error;
	if (is_first)
		content_note_reader(content, handle->opener);
	pthread_mutex_lock(&handle->lock);
	if (*slot == NULL) {
		*slot = content;
		content = NULL;
		if (!is_first)
			handle->size = size;
	}
	pthread_mutex_unlock(&handle->lock);
	if (content != NULL)
		content_close(content);
	return 0;
}

/*
 * No byte has come of a file whose length is another one than was known: once,
 * it is asked for and brought anew.
 */
static int
renew_content(struct handle *handle, const struct caller *caller)
{
	struct mounted *mounted = handle->file.place->mounted;
	struct entry told;
	bool was_renewed;
	off_t size;
	int error;

	pthread_mutex_lock(&handle->lock);
	was_renewed = handle->renewed != NULL;
	size = handle->size;
	pthread_mutex_unlock(&handle->lock);
	if (was_renewed)
		return -EIO;
	error = printer_look(mounted->printer, &caller->wait,
	    handle->found.folder, &handle->found.entry, &told);
	if (error != 0)
		return error == -EINTR ? error : -EIO;
	error = told.size == size ?
	    -EIO :
	    open_content(handle, &handle->renewed, &told, told.size);
	entry_free(&told);
	return error;
}

static ssize_t
handle_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	struct handle *handle = (struct handle *)file;
	struct staged *staged = handle_staged(handle);
	struct content_file *content;
	struct spool *spool;
	ssize_t count;
	int error;

	if (staged != NULL) {
		spool = staged_spool(staged);
		count = spool_read(spool, &caller->wait, out, len, offset);
		spool_release(spool);
		return count;
	}
	if (content_of(handle) == NULL) {
		error = open_content(handle, &handle->content,
		    &handle->found.entry, handle->size);
		if (error != 0)
			return error;
	}
	content = content_of(handle);
	count = content_read(content, &caller->wait, out, len, offset);
	if (count > 0)
		atomic_store(&handle->got, true);
	if (count != -EIO || atomic_load(&handle->got) ||
	    !content_is_other(content))
		return count;
	error = renew_content(handle, caller);
	if (error != 0)
		return error;
	return content_read(content_of(handle), &caller->wait, out, len,
	    offset);
}

/* With the gate: may the file be that long?  The printer's limit is known. */
static int
check_size(struct handle *handle, struct staged *staged, off_t size)
{
	off_t max = handle->file.place->mounted->printer->traits->size_max;

	if (max == 0 || size <= max)
		return 0;
	staged_spoil(staged, -EFBIG);
	return -EFBIG;
}

/* With the gate.  The kernel may think of a former version's end. */
static off_t
end_of(struct staged *staged)
{
	struct staged_facts facts;

	staged_look(staged, &facts);
	return facts.size;
}

static ssize_t
handle_write(struct file *file, const struct caller *caller, const void *data,
    size_t len, off_t offset)
{
	struct handle *handle = (struct handle *)file;
	const char *dir = file->place->mounted->settings->spool_dir;
	struct staged *staged;
	ssize_t count = handle_begin_change(handle, caller, false, &staged);

	if (count != 0)
		return count;
	atomic_store(&handle->wrote, true);
	if (handle->appends)
		offset = end_of(staged);
	count = check_size(handle, staged, offset + (off_t)len);
	if (count == 0)
		count = staged_write(staged, dir, data, len, offset);
	staged_unlock(staged);
	return count;
}

/* Is the file on the printer that long now?  Others may have changed it. */
static bool
has_now(const struct caller *caller, const struct place *place, off_t size)
{
	struct found found;
	off_t now = -1;

	if (storage_find_place(caller, place, &found) != 0)
		return false;
	if (printer_verify(place->mounted->printer, &caller->wait, found.folder,
		&found.entry, true) != 0 ||
	    found_size(&found, &caller->wait, &now) != 0)
		now = -1;
	found_free(&found);
	return now == size;
}

/*
 * Is it that long already, and unchanged since?  Nothing on a printer is
 * empty, and the size is not asked for when all of it goes.
 */
static bool
has_size(struct handle *handle, const struct caller *caller, off_t size)
{
	struct staged *staged = handle_staged(handle);
	struct place *place;
	bool has;

	if (staged != NULL || !handle->on_printer || size == 0 ||
	    handle->size != size)
		return false;
	place = handle_place(handle);
	staged = stage_find(place->mounted->stage, place->key);
	has = staged == NULL && has_now(caller, place, size);
	staged_release(staged);
	place_release(place);
	return has;
}

static int
handle_change(struct file *file, const struct caller *caller,
    const struct changes *changes)
{
	struct handle *handle = (struct handle *)file;
	const char *dir = file->place->mounted->settings->spool_dir;
	struct staged *staged;
	struct place *place;
	int error;

	if (changes->set_size && !handle->writes)
		return -EBADF;
	if (changes->set_size && !has_size(handle, caller, changes->size)) {
		error = handle_begin_change(handle, caller, changes->size == 0,
		    &staged);
		if (error != 0)
			return error;
		atomic_store(&handle->wrote, true);
		error = check_size(handle, staged, changes->size);
		if (error == 0)
			error = staged_truncate(staged, dir, changes->size);
		staged_unlock(staged);
		if (error != 0)
			return error;
	}
	staged = handle_staged(handle);
	if (changes->set_mtime && staged != NULL)
		staged_set_mtime(staged, &changes->mtime);
	if (!changes->set_mtime || staged != NULL)
		return 0;
	place = handle_place(handle);
	error = place->node->kind->change(caller, place,
	    &(struct changes){ .set_mtime = true, .mtime = changes->mtime });
	place_release(place);
	return error;
}

/* They speak once, and are not held open while their copy is sent. */
static struct copy_sources *
take_sources(struct handle *handle)
{
	struct copy_sources *sources;

	pthread_mutex_lock(&handle->lock);
	sources = handle->sources;
	handle->sources = NULL;
	pthread_mutex_unlock(&handle->lock);
	return sources;
}

/* The path of what a copy is made from, if it is on this printer, or NULL. */
static const char *
source_on_printer(const struct mounted *mounted,
    const struct copy_sources *sources)
{
	const char *path = copy_sources_in_mount(sources);

	return path == NULL || mounted->folder == NULL ?
	    path :
	    name_inside(path, mounted->folder);
}

/* Is the printer's file longer?  It is not read again to be compared. */
static bool
is_longer_on_printer(const struct caller *caller, struct mounted *mounted,
    const char *path, off_t size)
{
	struct found found;
	off_t stored = 0;

	if (storage_find(caller, mounted, path, &found) != 0)
		return false;
	if (found.entry.folder ||
	    found_size(&found, &caller->wait, &stored) != 0)
		stored = 0;
	found_free(&found);
	return stored > size;
}

/* original: its path, if it is on this printer, or NULL. */
static enum copy_verdict
ask_sources(const struct caller *caller, struct mounted *mounted,
    const struct copy_sources *sources, struct staged *staged,
    const char *source)
{
	struct spool *spool = staged_spool(staged);
	enum copy_verdict say = copy_sources_compare(sources, spool);

	if (say == COPY_WHOLE && source != NULL &&
	    is_longer_on_printer(caller, mounted, source, spool_size(spool)))
		say = COPY_UNREADABLE;
	spool_release(spool);
	return say;
}

static int
send_written(struct handle *handle, const struct caller *caller,
    struct staged *staged)
{
	struct copy_sources *sources = take_sources(handle);
	struct mounted *mounted = handle->file.place->mounted;
	enum copy_verdict say = COPY_WHOLE;
	struct staged_facts facts;
	char *source = NULL;
	int error;

	staged_look(staged, &facts);
	if (facts.prints && source_on_printer(mounted, sources) != NULL)
		source = strdup(source_on_printer(mounted, sources));
	if (sources != NULL)
		say = ask_sources(caller, mounted, sources, staged, source);
	copy_sources_free(sources);
	if (facts.incomplete || (say == COPY_UNREADABLE && facts.prints))
		error = upload_break_off(caller, mounted, staged, true);
	else if (say == COPY_BROKEN)
		error = upload_break_off(caller, mounted, staged, false);
	else
		error = upload_staged(caller, mounted, staged, source);
	free(source);
	return error;
}

static void
secure(struct mounted *mounted, struct staged *staged, struct spool *spool)
{
	char *folder, *path, *name;

	if (spool_size(spool) == 0 ||
	    staged_target(staged, &folder, &path) != 0)
		return;
	name = litter_is_in(path) ? NULL : dot_directory_unsent_path(path);
	if (name != NULL)
		staged_secure(staged, spool,
		    unsent_begin(mounted->unsent, spool, name));
	free(name);
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

/*
 * In a working directory a file stays as its writer left it, for programs go
 * on with a part there.
 */
static bool
is_working(const struct place *place)
{
	return stage_folders_claim(place->path) != NULL;
}

static void
keep(struct handle *handle, struct staged *staged)
{
	struct staged_facts facts;
	struct place *place;
	struct spool *spool;
	bool works;

	staged_look(staged, &facts);
	if (!facts.temporary || !facts.listed || facts.incomplete ||
	    facts.spoiled != 0 || facts.size == 0)
		return;
	staged_note_closed(staged);
	place = handle_place(handle);
	works = is_working(place);
	if (works || !is_made_up(name_of(place->path))) {
		spool = staged_spool(staged);
		secure(place->mounted, staged, spool);
		spool_release(spool);
		if (!works && !litter_is_in(place->path) &&
		    !atomic_exchange(&handle->said, true))
			log_say(LOG_LEVEL_DETAIL, "%s is " UPLOAD_LIST_STAYS,
			    place->path);
	}
	place_release(place);
}

/* Nothing can be printed then. */
static bool
is_empty_print(const struct staged_facts *facts)
{
	return facts->prints && facts->listed && !facts->temporary &&
	    facts->size == 0 && facts->spoiled == 0;
}

/*
 * Close of one descriptor.  Shells pass descriptors on to their children, and
 * every child's end comes here too: only the process that opened uploads.
 */
static int
handle_flush(struct file *file, const struct caller *caller)
{
	struct handle *handle = (struct handle *)file;
	struct staged *staged = handle_staged(handle);
	struct staged_facts facts;
	int error;

	if (!handle->writes || staged == NULL)
		return 0;
	if (caller->process != handle->opener)
		return 0;
	if (caller_has_left(caller->thread)) {
		atomic_store(&handle->killed, true);
		return -EINTR;
	}
	staged_look(staged, &facts);
	/* A handle that wrote nothing does not send what another one writes. */
	if (!atomic_load(&handle->wrote) && facts.writers > 1)
		return 0;
	if (is_empty_print(&facts))
		return -EINVAL;
	/* The close of another descriptor may have sent what this one wrote. */
	if (!facts.dirty)
		return atomic_load(&handle->wrote) ? facts.verdict : 0;
	error = send_written(handle, caller, staged);
	if (error == 0) {
		atomic_store(&file->stored, true);
		keep(handle, staged);
	}
	return error;
}

static int
handle_sync(struct file *file)
{
	struct staged *staged = handle_staged((struct handle *)file);
	struct spool *spool;
	int error;

	if (staged == NULL)
		return 0;
	spool = staged_spool(staged);
	error = spool_sync(spool);
	if (error == 0)
		secure(file->place->mounted, staged, spool);
	spool_release(spool);
	return error;
}

/*
 * No name shall stay of a creation that failed at its very end, and no part of
 * a file whose writer the mount's end has cut off.
 */
static void
handle_abandon(struct file *file)
{
	struct handle *handle = (struct handle *)file;

	atomic_store(&handle->killed, true);
}

/* The last writer has left: what becomes of his file? */
static void
settle(struct handle *handle, const struct caller *caller,
    struct staged *staged)
{
	struct staged_facts facts;
	struct place *place = handle_place(handle);
	bool killed = atomic_load(&handle->killed) && !is_working(place);

	place_release(place);

	staged_look(staged, &facts);
	if (!facts.listed && !facts.dirty)
		return;
	if (killed && (facts.dirty || facts.temporary || facts.size == 0)) {
		stage_unlist(staged);
		return;
	}
	if (is_empty_print(&facts)) {
		log_say(LOG_LEVEL_NOTE, "print: %s is empty: nothing to print",
		    handle->file.place->path);
		stage_unlist(staged);
		return;
	}
	if (!facts.temporary && facts.size == 0 && facts.spoiled == 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s is empty: it is kept here until "
		    "the unmount, for no printer can store it",
		    handle->file.place->path);
	if (!facts.temporary && (facts.dirty || facts.spoiled != 0))
		(void)send_written(handle, caller, staged);
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
	copy_sources_free(handle->sources);
	if (handle->renewed != NULL)
		content_close(handle->renewed);
	found_free(&handle->found);
	place_release(handle->now);
	pthread_mutex_destroy(&handle->lock);
	file_close(file, caller);
}

struct handle *
handle_make(const struct caller *caller, struct place *place, int flags)
{
	static const struct file_ops ops = {
		.read = handle_read,
		.write = handle_write,
		.change = handle_change,
		.follow = handle_follow,
		.flush = handle_flush,
		.sync = handle_sync,
		.abandon = handle_abandon,
		.close = handle_close,
	};
	struct handle *handle = (struct handle *)file_new(sizeof(*handle), &ops,
	    place);

	if (handle == NULL)
		return NULL;
	handle->now = place_hold(place);
	handle->reads = (flags & O_ACCMODE) != O_WRONLY;
	handle->writes = (flags & O_ACCMODE) != O_RDONLY;
	handle->appends = (flags & O_APPEND) != 0;
	handle->opener = caller->process;
	pthread_mutex_init(&handle->lock, NULL);
	return handle;
}
