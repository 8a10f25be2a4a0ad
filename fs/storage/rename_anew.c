/*
 * Another name for a file on a printer whose server cannot rename, within its
 * folder: the bytes are brought, stored under the new name, compared, and the
 * old one is deleted.  The kernel holds a lock of the folder meanwhile, so it
 * is done only where it is a matter of seconds.  No state, any thread.
 */
#include <errno.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/content.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/unsent.h"
#include "cache/whole_file.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/listing.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/exdev_copy.h"
#include "fs/storage/mkdir_unlink.h"
#include "fs/storage/rename.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"

#define LIMIT_MS 5000  /* the whole of it, as estimated */
#define END_MS	 10000 /* for the deletion, once the new one is stored */
#define AGAIN_MS 15000 /* for a printer that went away amid it all */
#define TICK_MS	 250

/* A file that is renamed, and its new name. */
struct anew {
	const struct caller *caller;
	const struct renaming *renaming;
	const struct found *found;
	struct mounted *mounted;
	struct spool *spool; /* held; NULL: its bytes are not here yet */
	off_t size;
	struct upload upload; /* what is there */
};

static int
refuse_slow(const struct anew *anew, int64_t ms)
{
	const char *path = anew->renaming->source->path;

	if (ms < 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s is not renamed, for an upload is under way; programs "
		    "copy it",
		    path);
	else
		log_say(LOG_LEVEL_NOTE,
		    "%s is not renamed, for that would take about %lld "
		    "seconds and hold up its folder; programs copy it",
		    path, (long long)((ms + 999) / 1000));
	exdev_copy_note(anew->caller, anew->renaming->source,
	    anew->renaming->target);
	return -EXDEV;
}

static int
check_pace(const struct anew *anew)
{
	int64_t ms = cache_estimate_ms(anew->mounted->printer,
	    anew->spool == NULL ? anew->size : 0, anew->size);

	return ms < 0 || ms > LIMIT_MS ? refuse_slow(anew, ms) : 0;
}

/* A download that is slower than expected is not awaited any longer. */
static int
bring(struct anew *anew)
{
	const struct wait *left = &anew->caller->wait;
	struct deadline deadline;
	const struct wait wait = time_limit(&deadline, left, LIMIT_MS);
	int error;

	if (anew->spool != NULL)
		return 0;
	error = whole_file_bring(anew->mounted->printer, anew->mounted->content,
	    &wait, anew->found->folder, &anew->found->entry, anew->size,
	    &anew->spool);
	if (error == -EINTR && !wait_given_up(left))
		error = refuse_slow(anew, LIMIT_MS);
	return error == 0 ? check_pace(anew) : error;
}

/* The bytes and the time of what is stored then are known. */
static int
put(const struct anew *anew, const struct wait *wait, const char *name,
    bool replace, int64_t old_mtime, struct entry *out)
{
	struct mounted *mounted = anew->mounted;
	const char *folder = anew->renaming->folder->wire;
	const struct store store = { .folder = folder,
		.name = name,
		.source = spool_source(anew->spool),
		.replace = replace,
		.old_mtime = old_mtime };
	int error = printer_store(mounted->printer, wait, &store, out);

	if (error != 0)
		return error;
	content_keep(mounted->content, folder, out, anew->spool);
	rename_keep_mtime(mounted, anew->found, folder, out);
	return 0;
}

/*
 * A file that others have put there meanwhile is theirs: -EBUSY, for after
 * -ESTALE the kernel would try again with it.
 */
static int
check_same(const struct anew *anew, const struct caller *caller)
{
	struct found now;
	int error = storage_find_place(caller, anew->renaming->source, &now);

	if (error != 0)
		return error;
	error = found_ask(&now, &caller->wait);
	if (error == 0 &&
	    (entry_version(&now.entry) != entry_version(&anew->found->entry) ||
		now.entry.size != anew->found->entry.size))
		error = -EBUSY;
	found_free(&now);
	return error;
}

/* Did the printer say no, so that the file is there for certain? */
static bool
is_refusal(int error)
{
	return error == -EBUSY || error == -EACCES || error == -EPERM ||
	    error == -EROFS;
}

/*
 * The old one cannot go: the new one does, so that there is one file as
 * before.  What has replaced another file stays, for that would be lost.
 */
static void
take_back(const struct anew *anew, const struct caller *caller,
    const struct entry *stored)
{
	const struct place *folder = anew->renaming->folder;
	int error = -EEXIST;

	if (!anew->upload.replace)
		error = printer_remove(anew->mounted->printer, &caller->wait,
		    folder->wire, stored);
	if (error == 0)
		content_drop(anew->mounted->content, folder->wire,
		    stored->name);
	else
		log_say(LOG_LEVEL_ERROR, "%s stays beside %s",
		    anew->renaming->target->path, anew->renaming->source->path);
}

/* The new one is stored: from here on only the clock ends it. */
static int
remove_old(const struct anew *anew, const struct entry *stored)
{
	struct deadline deadline;
	struct caller patient = *anew->caller;
	bool mine;
	int error;

	patient.wait = time_limit(&deadline, NULL, END_MS);
	error = check_same(anew, &patient);
	mine = error == 0;
	if (mine)
		error = found_remove(anew->found, &patient.wait);
	if (error == 0 || error == -ENOENT) {
		content_drop(anew->found->mounted->content, anew->found->folder,
		    anew->found->entry.name);
		return 0;
	}
	log_say(LOG_LEVEL_ERROR, "%s/%s could not be deleted: %s",
	    anew->found->folder, anew->found->entry.name, strerror(-error));
	if (mine && is_refusal(error))
		take_back(anew, &patient, stored);
	return error == -EINTR ? -ETIMEDOUT : error;
}

static int
store_then_remove(const struct anew *anew)
{
	const struct upload *upload = &anew->upload;
	struct entry stored;
	int error = put(anew, &anew->caller->wait,
	    name_of(anew->renaming->target->path), upload->replace,
	    upload->old_mtime, &stored);

	if (error != 0)
		return error;
	error = remove_old(anew, &stored);
	entry_free(&stored);
	return error;
}

/* May a question or an upload that failed so be worth another one? */
static bool
may_pass(int error)
{
	return printer_may_be_changed(error) || error == -EHOSTDOWN;
}

/*
 * The old one is gone: the new one must get there.  A printer that is away is
 * awaited for a while; under the old name a refused one may still be taken; if
 * all is in vain, the bytes are in unsent/.
 */
static int
store_at_last(const struct anew *anew, struct unsent_ticket *ticket)
{
	const char *const names[] = { name_of(anew->renaming->target->path),
		anew->found->entry.name };
	const struct wait ending = { .given_up = mounted_is_ending,
		.arg = anew->mounted };
	int64_t until_ms = time_now_ms() + AGAIN_MS;
	struct entry stored;
	bool again = false;
	int error, refused;

	do {
		error = put(anew, &ending, names[0], again,
		    again ? 0 : STORE_NONE, &stored);
		again = true; /* the first may have got there unseen */
	} while (may_pass(error) && time_now_ms() < until_ms &&
	    time_pause(&ending, TICK_MS) == 0);
	refused = error;
	if (error != 0)
		error = put(anew, &ending, names[1], false, STORE_NONE,
		    &stored);
	if (error != 0) {
		unsent_keep(ticket);
		return refused;
	}
	entry_free(&stored);
	if (refused == 0)
		unsent_stored(ticket, anew->renaming->target->path);
	else
		unsent_drop(ticket);
	return refused;
}

/* An answer that was lost is asked for again, for half of it is worst. */
static int
remove_at_last(const struct anew *anew)
{
	const struct wait ending = { .given_up = mounted_is_ending,
		.arg = anew->mounted };
	int64_t until_ms = time_now_ms() + AGAIN_MS;
	int error = found_remove(anew->found, &ending);

	if (error == -EHOSTDOWN)
		return error; /* it was not asked */
	while (may_pass(error) && time_now_ms() < until_ms &&
	    time_pause(&ending, TICK_MS) == 0)
		error = found_remove(anew->found, &ending);
	return error == -ENOENT ? 0 : error;
}

/*
 * The printer may still show what was just uploaded and hold it open, and only
 * a deletion can tell.  It is asked first, so that nothing is sent in vain;
 * the bytes have a name on the local disk before that, as those of any upload.
 */
static int
remove_then_store(const struct anew *anew)
{
	struct unsent_ticket *ticket;
	int error = check_same(anew, anew->caller);

	if (error != 0)
		return error;
	ticket = unsent_begin(anew->mounted->unsent, anew->spool,
	    anew->renaming->target->path);
	if (ticket == NULL || spool_sync(anew->spool) != 0) {
		unsent_drop(ticket);
		return store_then_remove(anew);
	}
	error = remove_at_last(anew);
	if (error == 0) {
		found_forget(anew->found, anew->renaming->source->key);
		return store_at_last(anew, ticket);
	}
	if (may_pass(error) && error != -EHOSTDOWN)
		unsent_keep(ticket); /* it may be gone */
	else
		unsent_drop(ticket);
	return error;
}

/* All that can be known before a byte is moved. */
static int
check(struct anew *anew)
{
	const struct entry *entry = &anew->found->entry;
	struct mounted *mounted = anew->mounted;
	int error = entry->partial ?
	    -EBUSY :
	    storage_check_idle(anew->caller, anew->renaming->source);

	if (error == 0)
		error = found_size(anew->found, &anew->caller->wait,
		    &anew->size);
	if (error != 0)
		return error;
	if (anew->size == 0)
		return -EXDEV; /* an upload of nothing is none */
	content_drop_unproved(mounted->content, anew->found->folder, entry);
	anew->spool = content_have(mounted->content, anew->found->folder, entry,
	    anew->size);
	error = check_pace(anew);
	if (error == 0)
		error = storage_look_at_target(anew->caller,
		    anew->renaming->target, anew->renaming->replace,
		    &anew->upload);
	return error;
}

int
rename_anew(const struct caller *caller, const struct renaming *renaming,
    const struct found *found)
{
	struct anew anew = { .caller = caller,
		.renaming = renaming,
		.found = found,
		.mounted = renaming->folder->mounted };
	bool shown = mounted_may_show(anew.mounted, renaming->source->key);
	int error = check(&anew);

	if (error == 0)
		error = bring(&anew);
	if (error == 0)
		error = shown && !anew.upload.replace ?
		    remove_then_store(&anew) :
		    store_then_remove(&anew);
	if (error == 0) {
		stage_remove(anew.mounted->stage, renaming->target->key);
		mounted_note_shown(anew.mounted, renaming->target->key);
		events_note_file(anew.mounted->events, renaming->source->path,
		    renaming->target->path);
	}
	spool_release(anew.spool);
	return error;
}
