/*
 * Somebody else's transfer, which is in the way of an upload.  Any thread;
 * what was seen of it is under prusalink.lock.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/http/http.h"
#include "client/listing.h"
#include "client/prusalink/foreign_transfer.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/traits.h"

#define PATIENCE_MS 60000 /* how long a transfer is waited for */
#define STUCK_MS    59000 /* that it did not move; two looks less */
#define AGAIN_MS    500
#define STOP_MS	    5000 /* a transfer that is stopped ends with its next block */
#define SOON_MS	    20	 /* the first wait; then twice as long */
#define UNSEEN_MOST 2	 /* that often nobody may be seen behind a refusal */
#define CLOCK_S	    3	 /* that the begin of a transfer may seem to differ */
#define NAME_MOST   64

void
foreign_transfer_free(struct foreign_transfer *foreign)
{
	buf_free(&foreign->what);
	buf_free(&foreign->name);
}

/* With the lock. */
static void
forget(struct foreign_transfer *foreign)
{
	foreign_transfer_free(foreign);
	foreign->stuck = false;
}

/* What a transfer is and how far, so that two looks can be compared. */
static int
read_what(const struct buf *body, struct foreign_transfer *out)
{
	static const char *const fields[] = { "display_name", "path", "size",
		"transferred" };
	struct buf ran = { 0 };
	size_t i;
	int error = 0;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]) && error == 0; i++) {
		(void)json_field(buf_text(body), body->len, fields[i],
		    i == 0 ? &out->name : &out->what);
		error = buf_append(&out->what, "\n", 1);
	}
	if (json_field(buf_text(body), body->len, "time_transferring", &ran) ==
	    0)
		out->begun_s = time_now_ms() / 1000 -
		    strtoll(buf_text(&ran), NULL, 10);
	buf_free(&ran);
	return error;
}

static bool
is_same(const struct foreign_transfer *one, const struct foreign_transfer *two)
{
	return strcmp(buf_text(&one->what), buf_text(&two->what)) == 0 &&
	    strcmp(buf_text(&one->name), buf_text(&two->name)) == 0 &&
	    llabs(one->begun_s - two->begun_s) <= CLOCK_S;
}

/* With the lock: one more look.  Takes what was seen. */
static void
note(struct foreign_transfer *foreign, struct foreign_transfer *seen)
{
	int64_t now_ms = time_now_ms();

	if (foreign->what.len > 0 && is_same(foreign, seen)) {
		foreign->stuck = foreign->stuck ||
		    now_ms - foreign->since_ms >= STUCK_MS;
		foreign_transfer_free(seen);
		return;
	}
	forget(foreign);
	*foreign = *seen;
	foreign->since_ms = now_ms;
}

/*
 * Look at the server's transfer.  Returns 0: there is one, -ENODATA: none, or
 * the error of the question.
 */
static int
look(struct prusalink *prusalink, const struct wait *wait, bool *stuck)
{
	struct foreign_transfer seen = { 0 };
	struct http_reply reply;
	int error = prusalink_get(prusalink, wait, "/api/v1/transfer", &reply);

	if (error == 0 && reply.status != 200)
		error = -ENODATA;
	if (error == 0)
		error = read_what(&reply.body, &seen);
	pthread_mutex_lock(&prusalink->lock);
	if (error == 0)
		note(&prusalink->foreign, &seen);
	else if (error == -ENODATA)
		forget(&prusalink->foreign);
	*stuck = prusalink->foreign.stuck;
	pthread_mutex_unlock(&prusalink->lock);
	http_reply_free(&reply);
	if (error != 0)
		foreign_transfer_free(&seen);
	return error;
}

/* What is wrong with it, for the log and for uploads.json. */
static void
describe(struct prusalink *prusalink, char *out, size_t size)
{
	char *name;
	bool stuck;

	pthread_mutex_lock(&prusalink->lock);
	name = name_show(buf_text(&prusalink->foreign.name));
	stuck = prusalink->foreign.stuck;
	pthread_mutex_unlock(&prusalink->lock);
	snprintf(out, size, "the printer's transfer of %.*s %s",
	    name == NULL ? 0 : (int)name_fit(name, NAME_MOST), name,
	    stuck ? "does not move any more: its server must be restarted" :
		    "goes on");
	free(name);
}

/* It was in vain. */
static int
complain(const struct patience *patience, struct http_reply *reply)
{
	const struct store *store = patience->store;

	describe(patience->prusalink, reply->message, sizeof(reply->message));
	log_say(LOG_LEVEL_NOTE, "%s/%s: %s", store->folder, store->name,
	    reply->message);
	return -EBUSY;
}

int
foreign_transfer_check(struct patience *patience, struct http_reply *reply)
{
	struct prusalink *prusalink = patience->prusalink;
	bool stuck;

	pthread_mutex_lock(&prusalink->lock);
	stuck = prusalink->foreign.stuck;
	pthread_mutex_unlock(&prusalink->lock);
	if (!stuck || look(prusalink, patience->wait, &stuck) != 0 || !stuck)
		return 0;
	return complain(patience, reply);
}

/* Does the refusal name somebody else's transfer? */
static bool
names_transfer(const struct http_reply *reply)
{
	static const char *const words[] = { "transfer in progress",
		"one file at time can be transferred" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (reply->status == 409 &&
		    strcasestr(reply->message, words[i]) != NULL)
			return true;
	}
	return false;
}

/*
 * Wait while the transfer that was seen is there.  Returns 1: it is gone, or
 * nobody could tell, -EBUSY or -EINTR.
 */
static int
await_end(struct patience *patience, bool stuck, struct http_reply *reply)
{
	const struct store *store = patience->store;
	int error;

	if (store->queued != NULL)
		store->queued(store->queued_arg);
	do {
		if (stuck || time_now_ms() > patience->until_ms)
			return complain(patience, reply);
		error = time_pause(patience->wait, AGAIN_MS);
		if (error != 0)
			return error;
		error = look(patience->prusalink, patience->wait, &stuck);
	} while (error == 0);
	return error == -EINTR ? error : 1;
}

/* A print is not started twice: has the file come in spite of the answer? */
static bool
may_print(const struct patience *patience)
{
	const struct store *store = patience->store;
	struct entry there;
	bool may;

	if (store->start == NULL ||
	    prusalink_entry(patience->prusalink, patience->wait, store->folder,
		store->name, &there) != 0)
		return false;
	may = there.size == store->source.len;
	entry_free(&there);
	return may;
}

/* Nobody was seen: he may have ended just now; and the next one, too. */
static int
try_again(struct patience *patience)
{
	int error = 0;

	if (patience->unseen++ > 0)
		error = time_pause(patience->wait, AGAIN_MS);
	return error == 0 ? 1 : error;
}

int
foreign_transfer_settle(struct patience *patience, struct http_reply *reply)
{
	bool named = names_transfer(reply), stuck;
	int error;

	if (!named &&
	    (reply->status != 500 ||
		!patience->prusalink->printer.traits->fails_when_busy))
		return 0;
	if (patience->until_ms == 0)
		patience->until_ms = time_now_ms() + PATIENCE_MS;
	else if (time_now_ms() > patience->until_ms)
		return named ? complain(patience, reply) : 0;
	error = look(patience->prusalink, patience->wait, &stuck);
	if (error == 0) {
		patience->unseen = 0;
		return await_end(patience, stuck, reply);
	}
	if (error == -EINTR)
		return error;
	if (!named &&
	    (error != -ENODATA || patience->unseen >= UNSEEN_MOST ||
		may_print(patience)))
		return 0;
	return try_again(patience);
}

int
foreign_transfer_await_stop(struct prusalink *prusalink,
    const struct wait *wait)
{
	struct looks looks = time_looks(STOP_MS, SOON_MS, AGAIN_MS);
	int64_t still_ms;
	char words[160];
	bool stuck;
	int error, over;

	do {
		error = look(prusalink, wait, &stuck);
		if (error != 0)
			return error == -ENODATA ? 0 : error;
		over = time_look_again(&looks, wait);
	} while (over == 0);
	if (over != -ETIMEDOUT)
		return over;
	pthread_mutex_lock(&prusalink->lock);
	still_ms = time_now_ms() - prusalink->foreign.since_ms;
	prusalink->foreign.stuck = still_ms >= STOP_MS - 2 * AGAIN_MS;
	pthread_mutex_unlock(&prusalink->lock);
	describe(prusalink, words, sizeof(words));
	log_say(LOG_LEVEL_NOTE, "stop-transfer: %s", words);
	return -EBUSY;
}
