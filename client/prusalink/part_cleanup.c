/*
 * Removing what broken-off uploads have left on a Pi.  The thread of the
 * prusalink takes the upload turn for each; prusalink.lock guards what there is
 * to do.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/stream.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/http/form.h"
#include "client/http/http.h"
#include "client/listing.h"
#include "client/prusalink/part_cleanup.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/traits.h"

#define LATER_MS 1000 /* the next upload may be of the same name */
#define END_MS	 8000 /* for one, from its turn on */
#define EXIT_MS	 2000 /* when the prusalink ends */
#define FREE_MS	 2000 /* for the server to see that the upload has ended */
#define TICK_MS	 20   /* the first wait; then twice as long */
#define TICKS	 200

struct part {
	TAILQ_ENTRY(part) link;
	struct log_subject *subject;
	char *name;
};

/* How long the thread may work on one. */
struct limit {
	struct prusalink *prusalink;
	int64_t until_ms;
};

void
parts_init(struct parts *parts)
{
	TAILQ_INIT(&parts->list);
}

static bool
is_over(void *arg)
{
	const struct limit *limit = arg;
	int64_t ending_ms, now_ms = time_now_ms();

	pthread_mutex_lock(&limit->prusalink->lock);
	ending_ms = limit->prusalink->parts.ending_ms;
	pthread_mutex_unlock(&limit->prusalink->lock);
	return now_ms >= limit->until_ms ||
	    (ending_ms != 0 && now_ms >= ending_ms + EXIT_MS);
}

/* Of this process alone, and not hidden: such a one could not be deleted. */
static void
own_folder(char *out, size_t size)
{
	snprintf(out, size, "prusafs-%jd", (intmax_t)getpid());
}

/* Ask while it is not so yet, with pauses that grow, no longer than that. */
static int
try_for(struct prusalink *prusalink, const struct wait *wait, int64_t ms,
    int (*ask)(struct prusalink *, const struct wait *, const char *folder,
	const char *name),
    const char *folder, const char *name)
{
	struct looks looks = time_looks(ms, TICK_MS, TICKS);
	int error;

	do {
		error = ask(prusalink, wait, folder, name);
	} while ((error == -EBUSY || error == -ENOENT) &&
	    time_look_again(&looks, wait) == 0);
	return error;
}

/* Is the slot free?  Whoever has it is not disturbed. */
static int
is_free(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const char *name)
{
	struct http_reply reply;
	int error = prusalink_get(prusalink, wait, "/api/v1/transfer", &reply);

	(void)folder;
	(void)name;
	if (error == 0 && reply.status != 204)
		error = -EBUSY;
	http_reply_free(&reply);
	return error;
}

/* The Pi's file tree follows its disk a moment later. */
static int
is_seen(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const char *name)
{
	struct entry entry;
	int error = prusalink_entry(prusalink, wait, folder, name, &entry);

	if (error == 0)
		entry_free(&entry);
	return error;
}

static int
put_tiny(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const char *name)
{
	const struct store store = {
		.folder = folder, .name = name, .source = form_of_text(";\n")
	};
	struct http_reply reply = { 0 };
	int error = http_login(prusalink->http, wait, CONNECTION_UP,
	    prusalink->printer.traits->login_ms);

	if (error == 0)
		error = prusalink_put(prusalink, wait, &store, NULL, &reply);
	if (error == 0)
		error = http_error(&reply);
	http_reply_free(&reply);
	return error;
}

static int
remove_one(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, char *name, bool is_folder)
{
	const struct entry entry = {
		.name = name, .short_name = name, .folder = is_folder
	};

	return prusalink_remove(&prusalink->printer, wait, folder, &entry);
}

/* With the upload turn. */
static void
tidy(struct prusalink *prusalink, const struct wait *wait, char *name)
{
	const char *storage = prusalink->printer.traits->upload_storage;
	char own[32];
	char *folder;
	int error;

	own_folder(own, sizeof(own));
	folder = name_join(storage, own);
	if (folder == NULL)
		return;
	error = try_for(prusalink, wait, FREE_MS, is_free, folder, name);
	if (error == 0)
		error = put_tiny(prusalink, wait, folder, name);
	if (error == 0)
		error = try_for(prusalink, wait, FREE_MS, is_seen, folder,
		    name);
	if (error == 0)
		error = remove_one(prusalink, wait, folder, name, false);
	if (error == 0)
		error = remove_one(prusalink, wait, storage, own, true);
	log_say(LOG_LEVEL_DETAIL,
	    "%s/.%s.part, the rest of an upload that was broken off: %s",
	    storage, name, error == 0 ? "removed" : strerror(-error));
	free(folder);
}

static void
part_free(struct part *part)
{
	free(part->name);
	free(part);
}

/* With the lock. */
static void
drop(struct prusalink *prusalink, struct part *part)
{
	TAILQ_REMOVE(&prusalink->parts.list, part, link);
	part_free(part);
}

static struct part *
take(struct prusalink *prusalink)
{
	struct part *part;

	pthread_mutex_lock(&prusalink->lock);
	part = TAILQ_FIRST(&prusalink->parts.list);
	if (part != NULL)
		TAILQ_REMOVE(&prusalink->parts.list, part, link);
	pthread_mutex_unlock(&prusalink->lock);
	return part;
}

/* One, if it is there still after the uploads that came before. */
static void
work_once(struct prusalink *prusalink)
{
	struct limit limit = { .prusalink = prusalink, .until_ms = INT64_MAX };
	const struct wait wait = { .given_up = is_over, .arg = &limit };
	struct part *part;

	if (turn_take(&prusalink->upload, &wait) != 0)
		return;
	part = take(prusalink);
	if (part != NULL) {
		(void)log_about(part->subject);
		limit.until_ms = time_now_ms() + END_MS;
		tidy(prusalink, &wait, part->name);
		part_free(part);
	}
	turn_give(&prusalink->upload);
}

static bool
is_ending(void *arg)
{
	struct prusalink *prusalink = arg;
	bool is;

	pthread_mutex_lock(&prusalink->lock);
	is = prusalink->parts.ending_ms != 0;
	pthread_mutex_unlock(&prusalink->lock);
	return is;
}

static void *
work(void *arg)
{
	struct prusalink *prusalink = arg;
	struct parts *parts = &prusalink->parts;
	struct limit limit = { .prusalink = prusalink, .until_ms = INT64_MAX };
	const struct wait wait = { .given_up = is_ending, .arg = prusalink };

	pthread_mutex_lock(&prusalink->lock);
	while (!TAILQ_EMPTY(&parts->list)) {
		pthread_mutex_unlock(&prusalink->lock);
		if (is_over(&limit))
			return NULL;
		(void)time_pause(&wait, LATER_MS);
		work_once(prusalink);
		pthread_mutex_lock(&prusalink->lock);
	}
	parts->working = false;
	pthread_mutex_unlock(&prusalink->lock);
	return NULL;
}

/* With the lock: a thread that has ended its work is joined at once. */
static void
start(struct prusalink *prusalink)
{
	struct parts *parts = &prusalink->parts;

	if (parts->working)
		return;
	if (parts->started)
		pthread_join(parts->thread, NULL);
	parts->started = pthread_create(&parts->thread, NULL, work,
			     prusalink) == 0;
	parts->working = parts->started;
}

void
parts_taken(struct prusalink *prusalink, const char *name)
{
	struct part *part, *next;

	pthread_mutex_lock(&prusalink->lock);
	TAILQ_FOREACH_SAFE(part, &prusalink->parts.list, link, next)
	{
		if (strcmp(part->name, name) == 0)
			drop(prusalink, part);
	}
	pthread_mutex_unlock(&prusalink->lock);
}

void
parts_note(struct prusalink *prusalink, const char *name)
{
	struct part *part;

	parts_taken(prusalink, name);
	part = calloc(1, sizeof(*part));
	if (part == NULL || (part->name = strdup(name)) == NULL) {
		free(part);
		return;
	}
	part->subject = log_about(NULL);
	(void)log_about(part->subject);
	pthread_mutex_lock(&prusalink->lock);
	TAILQ_INSERT_TAIL(&prusalink->parts.list, part, link);
	start(prusalink);
	pthread_mutex_unlock(&prusalink->lock);
}

int
parts_hide(struct prusalink *prusalink, const char *folder,
    struct listing **listing)
{
	const struct entry *found;
	struct listing *other;
	char own[32];
	bool working;
	int error;

	pthread_mutex_lock(&prusalink->lock);
	working = prusalink->parts.working;
	pthread_mutex_unlock(&prusalink->lock);
	own_folder(own, sizeof(own));
	found = listing_find(*listing, own);
	if (!working || found == NULL ||
	    strcmp(folder, prusalink->printer.traits->upload_storage) != 0)
		return 0;
	error = listing_but(*listing, found, &other);
	if (error != 0)
		return error;
	listing_release(*listing);
	*listing = other;
	return 0;
}

void
parts_end(struct prusalink *prusalink)
{
	struct parts *parts = &prusalink->parts;
	struct part *part;
	bool started;

	pthread_mutex_lock(&prusalink->lock);
	parts->ending_ms = time_now_ms();
	started = parts->started;
	pthread_mutex_unlock(&prusalink->lock);
	if (started)
		pthread_join(parts->thread, NULL);
	while ((part = TAILQ_FIRST(&parts->list)) != NULL)
		drop(prusalink, part);
}
