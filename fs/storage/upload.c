/*
 * From the stage to the printer: one PUT, its verdict, and what is remembered
 * of it.  The staged file's gate is held all the while, so its bytes stand
 * still.  No state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/file_facts.h"
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
#include "fs/core/caller.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/upload_list.h"
#include "fs/storage/backup.h"
#include "fs/storage/dot_directory.h"
#include "fs/storage/print.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"

#define ANSWER_MS 10000 /* to an upload that was called off too late */

/* Option verify=full: is every byte on the printer the byte we sent? */
static int
read_back(const struct caller *caller, struct mounted *mounted,
    const struct upload *upload, const struct entry *stored,
    struct spool *spool)
{
	int error = 0;

	if (mounted->settings->verify_full)
		error = whole_file_compare(mounted->printer, &caller->wait,
		    upload->folder, stored, spool);
	if (error == 0)
		return 0;
	if (error == -ESTALE)
		error = -EIO;
	log_say(LOG_LEVEL_ERROR, "%s: reading it back failed: %s", upload->path,
	    strerror(-error));
	if (error == -EIO)
		(void)printer_remove(mounted->printer, &caller->wait,
		    upload->folder, stored);
	return error;
}

/* The printer has it: remember its bytes, its time and its name. */
static void
remember(struct mounted *mounted, const struct upload *upload,
    const struct entry *stored, struct spool *spool)
{
	if (upload->has_mtime)
		file_facts_note_mtime(mounted->facts, upload->folder,
		    stored->name, stored->mtime_s, &upload->mtime);
	content_keep(mounted->content, upload->folder, stored, spool);
	mounted_note_upload(mounted, upload->path);
	if (upload->print)
		mounted_note_print(mounted, upload->key);
	else
		mounted_note_shown(mounted, upload->key);
	events_note_file(mounted->events, NULL, upload->path);
	if (upload->print && upload->start == 0)
		events_note_command(mounted->events);
}

/* The bytes of a failed upload are kept, unless its writer was killed. */
static void
put_aside(const struct caller *caller, struct unsent_ticket *ticket,
    const struct upload *upload, int error, bool cancelled)
{
	const char *why = strerror(-error);
	bool keeps = false;

	if (cancelled)
		why = "it was called off";
	else if (error == -EINTR && caller_has_left(caller->thread))
		why = "its writer left";
	else
		keeps = true;
	log_say(LOG_LEVEL_NOTE, "%s was not stored: %s", upload->path, why);
	if (keeps)
		unsent_keep(ticket);
	else
		unsent_drop(ticket);
}

/* Bytes on their way: they are counted, and may be called off. */
struct tracked {
	struct source source;
	struct upload_list_entry *entry;
	const struct wait *wait; /* of him who waits for the upload */
	struct staged *staged;
	off_t handed; /* to be sent */
	int64_t handed_ms;
};

/*
 * Shall it go on?  When the last byte has gone it is too late to call it off:
 * the printer's answer, which comes soon, tells what there is.
 */
static bool
is_over(void *arg)
{
	const struct tracked *tracked = arg;
	struct staged_facts facts;

	if (wait_given_up(tracked->wait))
		return true;
	staged_look(tracked->staged, &facts);
	return facts.cancelled &&
	    (tracked->handed < tracked->source.len ||
		time_now_ms() - tracked->handed_ms > ANSWER_MS);
}

static ssize_t
tracked_read(void *arg, void *out, size_t len, off_t offset)
{
	struct tracked *tracked = arg;
	const struct source *source = &tracked->source;
	ssize_t count = source->read(source->arg, out, len, offset);

	if (count > 0) {
		upload_list_sent(tracked->entry, offset + count);
		staged_note_moving(tracked->staged, true);
		tracked->handed = offset + count;
		tracked->handed_ms = time_now_ms();
	}
	return count;
}

/* The name is free: what is read of its former file, or made a backup, ends. */
static int
settle(struct mounted *mounted, const struct wait *wait,
    const struct upload *upload, const struct staged *staged)
{
	int error = upload->key == NULL ?
	    -ENOMEM :
	    backup_settle(mounted, wait, upload->key, staged);

	return error != 0 ? error :
			    content_settle(mounted->content, wait,
				upload->folder, name_of(upload->path));
}

static void
tracked_queued(void *arg)
{
	struct tracked *tracked = arg;

	upload_list_queued(tracked->entry);
	staged_note_moving(tracked->staged, false);
	tracked->handed = 0;
}

static int
send_bytes(const struct caller *caller, struct mounted *mounted,
    struct staged *staged, struct spool *spool, struct upload *upload)
{
	struct tracked tracked = { .source = spool_source(spool),
		.wait = &caller->wait,
		.staged = staged };
	const struct wait wait = { .given_up = is_over, .arg = &tracked };
	char words[STORE_WORDS] = "";
	const struct store store = { .folder = upload->folder,
		.name = name_of(upload->path),
		.source = { .read = tracked_read,
		    .arg = &tracked,
		    .len = tracked.source.len },
		.queued = tracked_queued,
		.queued_arg = &tracked,
		.words = words,
		.start = upload->print ? &upload->start : NULL,
		.trust = mounted->settings->verify_none,
		.replace = upload->replace,
		.old_mtime = upload->old_mtime };
	struct unsent_ticket *ticket;
	struct entry stored = { 0 };
	bool cancelled;
	int error;

	tracked.entry = upload_list_begin(mounted->uploads, upload->path,
	    tracked.source.len);
	ticket = unsent_begin(mounted->unsent, spool, upload->path);
	error = settle(mounted, &wait, upload, staged);
	if (error == 0)
		error = printer_store(mounted->printer, &wait, &store, &stored);
	cancelled = staged_end_sending(staged, error == 0);
	if (cancelled)
		error = -ECANCELED;
	if (error == 0)
		error = read_back(caller, mounted, upload, &stored, spool);
	if (error == 0) {
		remember(mounted, upload, &stored, spool);
		unsent_stored(ticket, upload->path);
	} else {
		/* It may be another file, in the same second. */
		if (printer_may_be_changed(error) || error == -ECANCELED)
			content_drop(mounted->content, upload->folder,
			    name_of(upload->path));
		put_aside(caller, ticket, upload, error, cancelled);
	}
	upload_list_end(tracked.entry, error != 0 ? error : upload->start,
	    words);
	entry_free(&stored);
	return error;
}

/* A file that shall be printed and is stored already is only started. */
static int
send_or_start(const struct caller *caller, struct mounted *mounted,
    struct staged *staged, struct upload *upload)
{
	struct spool *spool = staged_spool(staged);
	int error = upload->print ? print_same(caller, mounted, spool, upload) :
				    -ENOENT;

	if (error == -ENOENT) {
		staged_begin_sending(staged);
		error = send_bytes(caller, mounted, staged, spool, upload);
	}
	spool_release(spool);
	return error;
}

int
upload_as(const struct caller *caller, struct mounted *mounted,
    struct staged *staged, struct upload *upload)
{
	struct staged_facts facts;
	char *key = place_key(mounted, upload->path);
	int error;

	staged_look(staged, &facts);
	upload->key = key; /* without memory the bytes are kept all the same */
	upload->print = facts.prints;
	upload->start = 0;
	upload->has_mtime = facts.mtime_set;
	upload->mtime = facts.mtime;
	error = send_or_start(caller, mounted, staged, upload);
	if (error == 0) {
		staged_clean(staged);
		stage_unlist(staged);
		/* An empty one hides no longer what the storage has now. */
		if (key != NULL)
			stage_drop_empty(mounted->stage, key);
	} else {
		staged_share(staged);
	}
	free(key);
	return error != 0 ? error : upload->start;
}

int
upload_staged(const struct caller *caller, struct mounted *mounted,
    struct staged *staged, const char *source)
{
	struct upload upload = { .source = source };
	struct staged_facts facts;
	int error = staged_lock(staged, &caller->wait);

	if (error != 0)
		return error;
	staged_look(staged, &facts);
	if (facts.temporary ||
	    (facts.spoiled == 0 && (!facts.dirty || facts.size == 0)))
		goto out;
	upload.replace = facts.replaces;
	upload.old_mtime = facts.old_mtime_s;
	error = facts.spoiled;
	staged_see_target(staged, &upload.folder, &upload.path);
	if (error == 0)
		error = upload_as(caller, mounted, staged, &upload);
	staged_judge(staged, error);
	if (error != 0) {
		staged_clean(staged);
		stage_unlist(staged);
	}
	/* A later write through the same handle replaces what is there now. */
	if (error == 0)
		staged_replaces(staged, 0);
out:
	staged_unlock(staged);
	return error;
}

int
upload_cancel(const struct caller *caller, struct staged *staged)
{
	struct staged_facts facts;
	int error;

	if (!staged_cancel(staged))
		return -ESRCH;
	error = staged_lock(staged, &caller->wait);
	if (error != 0)
		return error;
	staged_look(staged, &facts);
	staged_unlock(staged);
	return facts.cancelled ? 0 : -ESRCH;
}

int
upload_stop(const struct caller *caller, struct mounted *mounted)
{
	struct staged *staged = stage_find_sending(mounted->stage);
	int error = staged == NULL ? -ESRCH : upload_cancel(caller, staged);

	staged_release(staged);
	return error;
}

#define INCOMPLETE ".incomplete" /* no printer takes such a name */

/* Its bytes go to unsent/.  Takes the path; NULL: there was no memory. */
static void
keep_as(struct mounted *mounted, struct staged *staged, char *path)
{
	struct spool *spool = staged_spool(staged);

	if (path != NULL)
		unsent_keep(unsent_begin(mounted->unsent, spool, path));
	spool_release(spool);
	free(path);
}

int
upload_break_off(const struct caller *caller, struct mounted *mounted,
    struct staged *staged, bool keep)
{
	const char *folder, *path;
	struct staged_facts facts;
	char *marked;
	int error = staged_lock(staged, &caller->wait);

	if (error != 0)
		return error;
	staged_look(staged, &facts);
	staged_see_target(staged, &folder, &path);
	log_say(LOG_LEVEL_NOTE,
	    "%s: its copy was broken off after %lld bytes: nothing is %s%s",
	    path, (long long)facts.size, facts.prints ? "printed" : "stored",
	    keep ? ", they are in unsent" : "");
	/* The beginning of a file has a name that says so. */
	if (keep && asprintf(&marked, "%s" INCOMPLETE, path) >= 0)
		keep_as(mounted, staged, marked);
	upload_list_end(upload_list_begin(mounted->uploads, path, facts.size),
	    -ECANCELED, "broken off by its writer");
	staged_judge(staged, -ECANCELED);
	staged_clean(staged);
	stage_unlist(staged);
	staged_unlock(staged);
	return -ECANCELED;
}

/* To unsent/, under its name or, of a backup, as what it is. */
static void
keep_forgotten(struct mounted *mounted, struct staged *staged)
{
	struct unsent_ticket *ticket;
	struct staged_facts facts;
	char *folder, *path;

	staged_look(staged, &facts);
	ticket = facts.backup ? staged_take_ticket(staged) : NULL;
	if (ticket != NULL) {
		unsent_keep(ticket);
		return;
	}
	if (staged_target(staged, &folder, &path) != 0)
		return;
	log_say(LOG_LEVEL_NOTE, "%s was never renamed", path);
	keep_as(mounted, staged, dot_directory_unsent_path(path));
	free(folder);
	free(path);
}

void
upload_give_up(struct mounted *mounted, int64_t age_ms)
{
	struct staged *staged;

	while ((staged = stage_find_forgotten(mounted->stage, age_ms)) !=
	    NULL) {
		keep_forgotten(mounted, staged);
		staged_share(staged);
		stage_unlist(staged);
		staged_release(staged);
	}
}
