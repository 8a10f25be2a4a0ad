/*
 * Replacing the model whose finished print is still on the screen.  Runs in
 * the thread that uploads; prusalink.lock guards what is known of the last job.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/http/http.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/prusalink/replace_held.h"
#include "client/traits.h"

#define DELETE_MS  8000 /* the upload stands still: Buddy's patience is 12 s */
#define LOOK_MS	   8000
#define TAKEN_MS   2000
#define TAKEN_TICK 10
#define PIECE	   4096 /* bytes that are held back */

void
replace_held_note_job(struct prusalink *prusalink, const char *path)
{
	pthread_mutex_lock(&prusalink->lock);
	buf_clear(&prusalink->job_path);
	(void)buf_printf(&prusalink->job_path, "%s", path);
	pthread_mutex_unlock(&prusalink->lock);
}

void
replace_held_note_document(struct prusalink *prusalink, const char *text,
    size_t len)
{
	struct buf folder = { 0 }, name = { 0 }, path = { 0 };

	if (!prusalink->printer.traits->holds_finished)
		return;
	if (json_field(text, len, "file.path", &folder) == 0 &&
	    json_field(text, len, "file.name", &name) == 0 &&
	    buf_printf(&path, "%s/%s", buf_text(&folder), buf_text(&name)) == 0)
		replace_held_note_job(prusalink,
		    path.data + (*path.data == '/'));
	buf_free(&folder);
	buf_free(&name);
	buf_free(&path);
}

/* Is the last job's file, as far as it is known, in that folder? */
static bool
is_near(struct prusalink *prusalink, const char *folder)
{
	bool is;

	pthread_mutex_lock(&prusalink->lock);
	is = name_is_in(buf_text(&prusalink->job_path), folder);
	pthread_mutex_unlock(&prusalink->lock);
	return is;
}

static bool
is_last_job(struct prusalink *prusalink, const char *folder,
    const struct entry *entry)
{
	char *path = name_join(folder, entry->short_name);
	bool is = false;

	if (path != NULL) {
		pthread_mutex_lock(&prusalink->lock);
		is = strcasecmp(buf_text(&prusalink->job_path), path) == 0;
		pthread_mutex_unlock(&prusalink->lock);
	}
	free(path);
	return is;
}

/*
 * A server that refused the upload would drain it and seem to take it: there
 * must be a transfer.  What it has acknowledged it may still be going to look
 * at.
 */
static int
await_taken(struct prusalink *prusalink, const struct wait *wait)
{
	struct looks looks = time_looks(TAKEN_MS, TAKEN_TICK, TAKEN_MS);
	struct http_reply reply;
	bool taken;
	int error;

	do {
		error = prusalink_get(prusalink, wait, "/api/v1/transfer",
		    &reply);
		taken = error == 0 && reply.status == 200;
		http_reply_free(&reply);
		if (taken || error != 0)
			return error;
		error = time_look_again(&looks, wait);
	} while (error == 0);
	return error == -ETIMEDOUT ? -EBUSY : error;
}

/* From here on only the clock ends it: half of this is worse than all. */
static int
release_last(void *arg)
{
	struct replace_held *held = arg;
	struct deadline deadline;
	const struct wait wait = time_limit(&deadline, NULL, DELETE_MS);
	const struct store *store = held->store;
	int error = await_taken(held->prusalink, &wait);

	if (error == 0) {
		held->asked = true;
		error = printer_remove(&held->prusalink->printer, &wait,
		    store->folder, &held->entry);
	}
	if (error != 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: the printer does not let go of the former file, "
		    "and the upload was called off: %s",
		    store->folder, store->name, strerror(-error));
	return error == -EINTR ? -ETIMEDOUT : error;
}

int
replace_held_begin(struct replace_held *held, struct prusalink *prusalink,
    const struct wait *wait, const struct store *store, bool known)
{
	off_t len = store->source.len;
	struct entry entry;
	int error;

	if (!prusalink->printer.traits->holds_finished || !store->replace ||
	    (known && !is_near(prusalink, store->folder)) ||
	    !prusalink_shows_end(&prusalink->printer, wait))
		return -ENOENT;
	error = prusalink_entry(prusalink, wait, store->folder, store->name,
	    &entry);
	if (error != 0)
		return error;
	if (entry.folder ||
	    (known && !is_last_job(prusalink, store->folder, &entry))) {
		entry_free(&entry);
		return -ENOENT;
	}
	memset(held, 0, sizeof(*held));
	held->prusalink = prusalink;
	held->store = store;
	held->entry = entry;
	held->hold.at = len > 2 * PIECE ? len - PIECE : len / 2;
	held->hold.release = release_last;
	held->hold.arg = held;
	return 0;
}

bool
replace_held_has_gone(struct replace_held *held)
{
	struct deadline deadline;
	const struct wait wait = time_limit(&deadline, NULL, LOOK_MS);
	const struct store *store = held->store;
	struct entry there;
	int error;

	if (!held->asked)
		return false;
	error = prusalink_entry(held->prusalink, &wait, store->folder,
	    store->name, &there);
	if (error == 0)
		entry_free(&there);
	return error == -ENOENT;
}

void
replace_held_end(struct replace_held *held)
{
	entry_free(&held->entry);
}
