/*
 * Uploads to PrusaLink: one PUT with the exact length, and the printer's true
 * verdict.  Whoever has the upload turn of the prusalink runs in here; the
 * connection for uploads is used by nobody else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/stream.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/http/away.h"
#include "client/http/form.h"
#include "client/http/http.h"
#include "client/listing.h"
#include "client/prusalink/foreign_transfer.h"
#include "client/prusalink/normalise.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/prusalink/replace_held.h"
#include "client/traits.h"

#define VISIBLE_MS   5000 /* the Pi's file tree follows within a second */
#define VISIBLE_TICK 200
#define LET_GO_MS    250 /* more than an acknowledgement is put off */
#define SOON_MS	     20	 /* the first wait; then twice as long */

int
prusalink_put(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct hold *hold,
    struct http_reply *reply)
{
	struct http_request request = { .connection = CONNECTION_UP,
		.method = "PUT",
		.headers = { "Content-Type: text/x.gcode" },
		.body = &store->source,
		.hold = hold,
		.once = true };
	struct buf target = { 0 };
	int error, count = 1;

	if (store->replace)
		request.headers[count++] = "Overwrite: ?1";
	if (store->start != NULL)
		request.headers[count] = "Print-After-Upload: ?1";

	error = prusalink_target(prusalink, "/api/v1/files/", store->folder,
	    store->name, &target);
	if (error == 0) {
		request.target = target.data;
		error = http_perform(prusalink->http, wait, &request, reply);
	}
	buf_free(&target);
	return error;
}

/*
 * Buddy closes a file that was read only after its last bytes were
 * acknowledged (nhttp/send_file.cpp); until then it refuses to replace it, with
 * the whole body sent in vain.
 */
static int
let_go(struct prusalink *prusalink, const struct wait *wait)
{
	int64_t until_ms, now_ms = time_now_ms();

	pthread_mutex_lock(&prusalink->lock);
	until_ms = prusalink->read_ms == 0 ? 0 : prusalink->read_ms + LET_GO_MS;
	pthread_mutex_unlock(&prusalink->lock);
	return until_ms > now_ms ? time_pause(wait, until_ms - now_ms) : 0;
}

/* Names with a quote or a line end were refused by the name rules. */
static int
make_form(struct form *form, const struct store *store)
{
	const char *folder = strchr(store->folder, '/');
	int error = 0;

	if (store->start != NULL)
		error = form_add(form, "print", "true");
	if (error == 0)
		error = form_add(form, "path", folder == NULL ? "/" : folder);
	return error != 0 ? error :
			    form_end(form, "file", store->name, &store->source);
}

/* The older upload: POST /api/files/local, as multipart/form-data (RFC 7578).
 */
static int
post_form(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, struct http_reply *reply)
{
	struct form form = { 0 };
	struct source body;
	const struct http_request request = { .connection = CONNECTION_UP,
		.method = "POST",
		.target = "/api/files/local",
		.headers = { FORM_HEADER },
		.body = &body,
		.once = true };
	int error = make_form(&form, store);

	if (error == 0) {
		body = form_source(&form);
		error = http_perform(prusalink->http, wait, &request, reply);
	}
	/* 413 here means that the free space is smaller (files_legacy.py). */
	if (error == 0 && reply->status == 413)
		reply->status = 507;
	form_free(&form);
	return error;
}

/*
 * The Pi's PUT loses the last byte of a file whose size is a multiple of its
 * chunk and one more, and its multipart upload does not; that one takes
 * nothing but G-code, and overwrites without being told.
 */
static int
put_odd(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, struct http_reply *reply)
{
	struct entry there;
	int error;

	if (!traits_is_printable(prusalink->printer.traits, store->name)) {
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: PrusaLink cannot store a file "
		    "of %lld bytes; add or remove a byte",
		    store->folder, store->name, (long long)store->source.len);
		return -EINVAL;
	}
	if (!store->replace) {
		error = prusalink_entry(prusalink, wait, store->folder,
		    store->name, &there);
		if (error == 0) {
			entry_free(&there);
			return -EEXIST;
		}
		if (error != -ENOENT)
			return error;
	}
	return post_form(prusalink, wait, store, reply);
}

static int
put(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct hold *hold,
    struct http_reply *reply)
{
	const struct traits *traits = prusalink->printer.traits;
	off_t chunk = traits->lossy_chunk, len = store->source.len;
	int error;

	error = http_login(prusalink->http, wait, CONNECTION_UP,
	    traits->login_ms);
	if (error == 0 && store->replace && traits->closes_late)
		error = let_go(prusalink, wait);
	if (error != 0)
		return error;
	if (chunk > 0 && len > chunk && len % chunk == 1)
		return put_odd(prusalink, wait, store, reply);
	return prusalink_put(prusalink, wait, store, hold, reply);
}

/* PUT, again and again while somebody else's transfer is in the way. */
static int
put_in_turn(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct hold *hold,
    struct http_reply *reply)
{
	struct patience patience = {
		.prusalink = prusalink, .wait = wait, .store = store
	};
	int error = foreign_transfer_check(&patience, reply);

	while (error == 0) {
		error = put(prusalink, wait, store, hold, reply);
		if (error == 0)
			error = foreign_transfer_settle(&patience, reply);
		if (error != 1)
			break;
		http_reply_free(reply);
		error = 0;
	}
	return error;
}

/*
 * In the way that finished says.  Once the old file is gone, the new one must
 * get there: what fails then is tried once more, and never ends as a caller's
 * leaving does, after which nothing is kept.
 */
static int
put_finished(struct prusalink *prusalink, const struct wait *wait,
    struct replace_held *held, struct http_reply *reply)
{
	int error = put_in_turn(prusalink, wait, held->store, &held->hold,
	    reply);

	if ((error != 0 || http_error(reply) != 0) &&
	    replace_held_has_gone(held)) {
		http_reply_free(reply);
		error = put_in_turn(prusalink, wait, held->store, NULL, reply);
		if (error == -EINTR)
			error = -EIO;
	}
	replace_held_end(held);
	return error;
}

/* Does the server hold the file open that was to be replaced? */
static bool
is_refused_as_held(const struct http_reply *reply)
{
	return reply->status == 409 &&
	    strcasestr(reply->message, "busy") != NULL;
}

/*
 * PUT; and if that may be in vain because the end of the file's print is on
 * the screen, so that it is not.
 */
static int
put_well(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, struct http_reply *reply)
{
	struct replace_held held;
	int error;

	if (replace_held_begin(&held, prusalink, wait, store, true) == 0)
		return put_finished(prusalink, wait, &held, reply);
	error = put_in_turn(prusalink, wait, store, NULL, reply);
	if (error != 0 || !is_refused_as_held(reply) ||
	    replace_held_begin(&held, prusalink, wait, store, false) != 0)
		return error;
	http_reply_free(reply);
	return put_finished(prusalink, wait, &held, reply);
}

/* A question that failed for a reason which may pass: ask again. */
static bool
may_pass(int error)
{
	return printer_may_be_changed(error) || error == -EBUSY;
}

/*
 * Wait until the server lists the file with its size.  It may follow late; and
 * one failed question shall not fail an upload that is done.
 */
static int
see_stored(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	struct looks looks = time_looks(VISIBLE_MS, SOON_MS, VISIBLE_TICK);
	int error, again;

	for (;;) {
		error = prusalink_entry(prusalink, wait, store->folder,
		    store->name, out);
		if (error == 0 &&
		    (store->trust || out->size == store->source.len))
			return 0;
		if (error != 0 && error != -ENOENT && !may_pass(error))
			return error;
		again = may_pass(error) ||
			prusalink->printer.traits->shows_late ?
		    time_look_again(&looks, wait) :
		    -ETIMEDOUT;
		if (again == -ETIMEDOUT)
			return error == -ENOENT ? -EIO : error;
		if (error == 0)
			entry_free(out);
		if (again != 0)
			return again;
	}
}

/* No file of a printer is empty: a size of 0 is none that was told. */
static bool
tells_all(const struct entry *stored)
{
	return stored->size > 0 && stored->named;
}

/*
 * Is what the printer has what was sent?  What it does not tell is not told
 * otherwise: only what is known to be wrong is.
 */
static int
compare(const struct store *store, const struct entry *stored)
{
	if (!tells_all(stored))
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: the printer does not tell all of what it has",
		    store->folder, store->name);
	if (stored->size > 0 && stored->size != store->source.len) {
		log_say(LOG_LEVEL_ERROR,
		    "%s/%s: the printer has %lld bytes of %lld", store->folder,
		    store->name, (long long)stored->size,
		    (long long)store->source.len);
		return -EIO;
	}
	if (!stored->named || strcmp(stored->name, store->name) == 0)
		return 0;
	log_say(LOG_LEVEL_ERROR, "%s/%s: the printer named it %s",
	    store->folder, store->name, stored->name);
	return -EIO;
}

static int
verify_stored(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct http_reply *reply,
    struct entry *out)
{
	const struct traits *traits = prusalink->printer.traits;
	struct entry stored = { 0 };
	int error = -EPROTO;

	if (traits->tells_stored)
		error = normalise_entry(traits, reply->body.data,
		    reply->body.len, &stored);
	if (error == 0 && !tells_all(&stored)) {
		entry_free(&stored);
		error = -EPROTO;
	}
	if (error != 0)
		error = see_stored(prusalink, wait, store, &stored);
	if (away_is_silence(error)) {
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: the printer took it, and was gone before it could "
		    "be compared",
		    store->folder, store->name);
		return -EIO;
	}
	if (error != 0)
		return error;
	error = store->trust ? 0 : compare(store, &stored);
	if (error != 0) {
		(void)printer_remove(&prusalink->printer, wait, store->folder,
		    &stored);
		entry_free(&stored);
		return error;
	}
	*out = stored;
	return 0;
}

/*
 * The body went out whole and no clear answer came back: what the printer has
 * now decides.  A replaced file must have another time stamp than before.
 */
static bool
is_stored_after_all(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	struct entry stored;

	if (see_stored(prusalink, wait, store, &stored) != 0)
		return false;
	if (stored.size == store->source.len &&
	    strcmp(stored.name, store->name) == 0 &&
	    (!store->replace ||
		(store->old_mtime != 0 &&
		    stored.mtime_s != store->old_mtime))) {
		*out = stored;
		return true;
	}
	entry_free(&stored);
	return false;
}

static bool
is_ambiguous(const struct store *store, const struct http_reply *reply,
    int error)
{
	if (error == -EINTR || reply->sent < store->source.len)
		return false;
	/* A server that has stored it says 201. */
	return reply->status == 408 ||
	    (reply->status < 300 && (error != 0 || reply->status != 201));
}

/* Of a body that was whole the Pi says so only when a client stopped it. */
static bool
was_stopped(const struct prusalink *prusalink, const struct http_reply *reply)
{
	return prusalink->printer.traits->stops_transfers &&
	    reply->status == 400 &&
	    (strcasestr(reply->message, "upload has failed") != NULL ||
		strcasestr(reply->message, "upload failed") != NULL);
}

/* What only the back end can tell of a refusal. */
static int
explain(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct http_reply *reply, int error)
{
	if (error == -ENOSPC)
		return prusalink_check_medium(prusalink, wait, store->folder,
		    error);
	if (was_stopped(prusalink, reply)) {
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: somebody stopped this upload at the printer",
		    store->folder, store->name);
		return -ECANCELED;
	}
	prusalink_explain_busy(reply, error, store->folder, store->name);
	return error;
}

/*
 * Did the server store the file and then not start it?  Buddy says so in
 * words; the Pi's refusal may mean anything, and what it has decides.
 */
static bool
is_stored_only(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct http_reply *reply,
    struct entry *out)
{
	if (store->start == NULL || reply->sent < store->source.len)
		return false;
	if (strcasestr(reply->message, "can't print") != NULL)
		return see_stored(prusalink, wait, store, out) == 0;
	return (reply->status == 408 || http_error(reply) == -EBUSY) &&
	    strcasestr(reply->message, "busy") == NULL &&
	    is_stored_after_all(prusalink, wait, store, out);
}

/* How what the answer did not tell of a print is found: 0 or -EBUSY. */
typedef int find_start(struct prusalink *, const struct wait *,
    const struct store *, const struct http_reply *, const char *path);

/*
 * It is stored, and its print was refused.  A Pi that still shows the end of
 * its last print is about to be able to.
 */
static int
start_late(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct http_reply *reply, const char *path)
{
	int error = -EBUSY;

	if (reply->status == 409 && prusalink->printer.traits->recovers)
		error = prusalink_command(&prusalink->printer, wait, VERB_PRINT,
		    path);
	if (error != 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s was stored, and the printer did not start it: %s",
		    store->folder, store->name,
		    *reply->message ? reply->message : "it does not say why");
	return error == 0 ? 0 : -EBUSY;
}

/* The answer was lost: a print is never started twice, so look for it. */
static int
look_for_start(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct http_reply *reply, const char *path)
{
	(void)reply;
	if (prusalink_does_print(&prusalink->printer, wait, path))
		return 0;
	log_say(LOG_LEVEL_NOTE, "%s/%s was stored, and no print of it is seen",
	    store->folder, store->name);
	return -EBUSY;
}

/*
 * What has become of its print, found out unless the answer tells it (NULL).
 * It is noted, for the end of it will be shown, and hold the file.
 */
static void
note_start(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, const struct http_reply *reply,
    const struct entry *stored, find_start *find)
{
	char *path = name_join(store->folder, stored->short_name);

	if (find != NULL)
		*store->start = path == NULL ?
		    -EBUSY :
		    find(prusalink, wait, store, reply, path);
	if (path != NULL && *store->start == 0)
		replace_held_note_job(prusalink, path);
	free(path);
}

/* Does the server keep what came of it?  A single chunk is read beforehand. */
static void
note_part(struct prusalink *prusalink, const struct store *store,
    const struct http_reply *reply, int error)
{
	const struct traits *traits = prusalink->printer.traits;

	if (!traits->keeps_parts || store->source.len <= traits->lossy_chunk)
		return;
	if (error == 0)
		parts_taken(prusalink, store->name);
	else if (reply->sent > 0 &&
	    (reply->status == 0 || reply->status == 400))
		parts_note(prusalink, store->name);
}

static int
store_in_turn(struct prusalink *prusalink, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	find_start *find = NULL;
	struct http_reply reply = { 0 };
	int error = put_well(prusalink, wait, store, &reply);
	bool is_ours = error == 0 &&
	    is_stored_only(prusalink, wait, store, &reply, out);

	if (error == 0 && !is_ours)
		error = http_error(&reply);
	if (is_ours) {
		find = start_late;
	} else if (is_ambiguous(store, &reply, error)) {
		find = look_for_start;
		if (is_stored_after_all(prusalink, wait, store, out))
			error = 0;
		else if (error == 0)
			error = -EPROTO;
	} else if (error == 0) {
		error = verify_stored(prusalink, wait, store, &reply, out);
	} else {
		error = explain(prusalink, wait, store, &reply, error);
	}
	note_part(prusalink, store, &reply, error);
	if (error == 0 && store->start != NULL)
		note_start(prusalink, wait, store, &reply, out, find);
	if (store->words != NULL)
		strlcpy(store->words, reply.message,
		    name_fit(reply.message, STORE_WORDS - 1) + 1);
	http_reply_free(&reply);
	return error;
}

int
prusalink_store(struct printer *printer, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	int error = turn_take(&prusalink->upload, wait);

	if (error != 0)
		return error;
	error = store_in_turn(prusalink, wait, store, out);
	turn_give(&prusalink->upload);
	return error;
}
