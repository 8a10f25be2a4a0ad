/*
 * The file "events".  While it is open one thread of the unit's crew, the
 * follower, looks at the printer from time to time and tells what is other
 * than before; it ends when the last reader has left.  events.lock guards how
 * many have it open and whether there is a follower; what was seen belongs to
 * the follower, and before there is one to the reader who starts it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cache/cache.h"
#include "cache/crew.h"
#include "client/buf.h"
#include "client/dialect.h"
#include "client/json.h"
#include "client/printer.h"
#include "client/shape.h"
#include "client/time.h"
#include "fs/events.h"
#include "fs/node.h"
#include "fs/place.h"
#include "fs/stream.h"
#include "fs/unit.h"

#define JOB_MS	   2000
#define IDLE_MS	   10000
#define AWAY_MS	   5000
#define STORAGE_MS 10000
#define STORAGES   4

/* A value of the status that is watched. */
static const struct watched {
	const char *kind;
	const char *field;
	bool is_text;
} watched[] = {
	{ "state", "printer.state", true },
	{ "job", "job.id", false },
	{ "progress", "job.progress", false },
	{ "transfer", "transfer.id", false },
};

#define WATCHED (sizeof(watched) / sizeof(watched[0]))

struct events {
	struct unit *unit;
	struct stream *stream;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* all below, under lock */
	int readers;
	bool stopping;
	bool following;
	/* From here on the follower's. */
	bool seen; /* there is something to compare with */
	bool online;
	struct buf values[WATCHED]; /* as JSON, empty: null */
	bool has[STORAGES];	    /* in the order of the dialect */
	bool storages_seen;
	int64_t storages_ms; /* when they were looked at */
};

struct listener {
	struct file file;
	struct stream_reader *reader;
	bool may_wait;
};

int
events_new(struct unit *unit, struct events **out)
{
	struct events *events = calloc(1, sizeof(*events));
	int error = events == NULL ? -ENOMEM : stream_new(&events->stream);

	if (error != 0) {
		free(events);
		return error;
	}
	events->unit = unit;
	pthread_mutex_init(&events->lock, NULL);
	time_cond_init(&events->changed);
	*out = events;
	return 0;
}

void
events_stop(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->stopping = true;
	pthread_cond_broadcast(&events->changed);
	pthread_mutex_unlock(&events->lock);
	stream_end(events->stream);
}

void
events_free(struct events *events)
{
	size_t i;

	if (events == NULL)
		return;
	for (i = 0; i < WATCHED; i++)
		buf_free(&events->values[i]);
	stream_free(events->stream);
	pthread_cond_destroy(&events->changed);
	pthread_mutex_destroy(&events->lock);
	free(events);
}

/* Say a line; old and new are JSON, "" is null. */
static void
tell(struct events *events, const char *kind, const char *old, const char *new)
{
	struct buf line = { 0 };
	struct timespec now;
	int error;

	clock_gettime(CLOCK_REALTIME, &now);
	error = buf_printf(&line,
	    "{\"time\":%lld.%03ld,\"printer\":", (long long)now.tv_sec,
	    now.tv_nsec / 1000000);
	if (error == 0)
		error = json_quote(&line, events->unit->name);
	if (error == 0)
		error = buf_printf(&line,
		    ",\"kind\":\"%s\",\"old\":%s,\"new\":%s}\n", kind,
		    *old == '\0' ? "null" : old, *new == '\0' ? "null" : new);
	if (error == 0)
		stream_say(events->stream, line.data, line.len);
	buf_free(&line);
}

void
events_note_file(struct events *events, const char *old_path,
    const char *new_path)
{
	struct buf old = { 0 }, new = { 0 };
	int error = 0;

	if (events == NULL)
		return;
	if (old_path != NULL)
		error = json_quote(&old, old_path);
	if (error == 0 && new_path != NULL)
		error = json_quote(&new, new_path);
	if (error == 0)
		tell(events, "file", buf_text(&old), buf_text(&new));
	buf_free(&old);
	buf_free(&new);
}

/* The value as JSON; a progress in whole percent. */
static void
read_value(const struct buf *status, const struct watched *row, struct buf *out)
{
	struct buf text = { 0 };
	double number;
	char *end;

	if (json_field(buf_text(status), status->len, row->field, &text) != 0)
		return;
	number = strtod(buf_text(&text), &end);
	if (row->is_text)
		(void)json_quote(out, buf_text(&text));
	else if (*end == '\0' && end != text.data && fabs(number) < 1e15)
		(void)buf_printf(out, "%.0f", floor(number));
	buf_free(&text);
}

static void
compare_status(struct events *events, const struct buf *status)
{
	struct buf value;
	size_t i;

	for (i = 0; i < WATCHED; i++) {
		memset(&value, 0, sizeof(value));
		read_value(status, &watched[i], &value);
		if (events->seen &&
		    strcmp(buf_text(&events->values[i]), buf_text(&value)) != 0)
			tell(events, watched[i].kind,
			    buf_text(&events->values[i]), buf_text(&value));
		buf_free(&events->values[i]);
		events->values[i] = value;
	}
}

static void
compare_storages(struct events *events, const struct buf *text)
{
	const struct dialect *dialect = events->unit->printer->dialect;
	struct shape_storage storage;
	char name[32];
	int i;

	for (i = 0; i < STORAGES && dialect->storages[i].name != NULL; i++) {
		bool has = shape_storage(text->data, text->len,
			       dialect->storages[i].name, &storage) == 0 &&
		    storage.available;

		snprintf(name, sizeof(name), "\"%s\"",
		    dialect->storages[i].name);
		if (events->storages_seen && has != events->has[i])
			tell(events, "storage", has ? "" : name,
			    has ? name : "");
		events->has[i] = has;
	}
	events->storages_seen = true;
}

static bool
nobody_reads(void *arg)
{
	struct events *events = arg;
	bool nobody;

	pthread_mutex_lock(&events->lock);
	nobody = events->stopping || events->readers == 0;
	pthread_mutex_unlock(&events->lock);
	return nobody;
}

static void
look_at_storages(struct events *events, const struct wait *wait)
{
	struct printer *printer = events->unit->printer;
	struct buf text = { 0 };

	cache_expire(printer, TOPIC_STORAGE, JOB_MS / 2);
	if (printer_document(printer, wait, TOPIC_STORAGE, &text) == 0)
		compare_storages(events, &text);
	events->storages_ms = time_now_ms();
	buf_free(&text);
}

/* Look at the printer and tell what has changed.  Returns 0 or -EINTR. */
static int
look(struct events *events, const struct wait *wait)
{
	struct printer *printer = events->unit->printer;
	struct buf status = { 0 };
	bool online;
	int error;

	cache_expire(printer, TOPIC_STATUS, JOB_MS / 2);
	error = printer_document(printer, wait, TOPIC_STATUS, &status);
	if (error == -EINTR)
		return error;
	online = error == 0;
	if (events->seen && online != events->online)
		tell(events, "online", online ? "false" : "true",
		    online ? "true" : "false");
	if (online)
		compare_status(events, &status);
	events->seen = events->seen || online;
	events->online = online;
	buf_free(&status);
	if (online && time_now_ms() - events->storages_ms >= STORAGE_MS)
		look_at_storages(events, wait);
	return 0;
}

static int64_t
pause_ms(const struct events *events)
{
	if (!events->online)
		return AWAY_MS;
	return events->values[1].len > 0 ? JOB_MS : IDLE_MS; /* the job */
}

static void
follow(void *arg)
{
	struct events *events = arg;
	const struct wait wait = { .given_up = nobody_reads, .arg = events };
	int64_t next_ms = time_now_ms(), left;

	if (events->seen)
		next_ms += pause_ms(events);
	pthread_mutex_lock(&events->lock);
	while (!events->stopping && events->readers > 0) {
		left = next_ms - time_now_ms();
		if (left > 0) {
			time_cond_wait(&events->changed, &events->lock, left);
			continue;
		}
		pthread_mutex_unlock(&events->lock);
		(void)look(events, &wait);
		next_ms = time_now_ms() + pause_ms(events);
		pthread_mutex_lock(&events->lock);
	}
	events->following = false;
	pthread_mutex_unlock(&events->lock);
}

/* What there is now is the ground that changes are measured from. */
static int
start_following(struct events *events, const struct caller *caller)
{
	int error, interrupted;

	events->seen = events->storages_seen = false;
	events->storages_ms = time_now_ms() - STORAGE_MS;
	events->online = false;
	interrupted = look(events, &caller->wait);
	events->seen = interrupted == 0;
	error = crew_start(events->unit->crew, follow, events);
	if (error != 0) {
		pthread_mutex_lock(&events->lock);
		events->following = false;
		pthread_mutex_unlock(&events->lock);
	}
	return error != 0 ? error : interrupted;
}

static int
enter(struct events *events, const struct caller *caller)
{
	bool first;

	pthread_mutex_lock(&events->lock);
	events->readers++;
	first = !events->following;
	events->following = true;
	pthread_mutex_unlock(&events->lock);
	return first ? start_following(events, caller) : 0;
}

static void
leave(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->readers--;
	pthread_cond_broadcast(&events->changed);
	pthread_mutex_unlock(&events->lock);
}

static ssize_t
events_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	const struct listener *listener = (struct listener *)file;

	(void)offset;
	return stream_read(listener->reader, caller, out, len,
	    listener->may_wait);
}

static bool
events_poll(struct file *file, const struct waker *waker)
{
	return stream_poll(((struct listener *)file)->reader, waker);
}

static void
events_close(struct file *file, const struct caller *caller)
{
	struct listener *listener = (struct listener *)file;

	(void)caller;
	stream_leave(listener->reader);
	leave(file->place->unit->events);
	place_release(file->place);
	free(listener);
}

static int
events_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	static const struct file_ops ops = {
		.read = events_read,
		.poll = events_poll,
		.close = events_close,
	};
	struct events *events = place->unit->events;
	struct listener *listener;
	int error;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	listener = calloc(1, sizeof(*listener));
	if (listener == NULL ||
	    stream_join(events->stream, &listener->reader) != 0) {
		free(listener);
		return -ENOMEM;
	}
	listener->file.ops = &ops;
	listener->file.place = place_hold(place);
	listener->file.direct = true;
	listener->file.is_stream = true;
	listener->may_wait = (flags & O_NONBLOCK) == 0;
	error = enter(events, caller);
	if (error != 0) {
		events_close(&listener->file, caller);
		return error;
	}
	*out = &listener->file;
	return 0;
}

static int
events_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	(void)caller;
	node_attributes(place, out);
	return 0;
}

/* Not listed: programs that read every file of a folder would never end. */
const struct kind kind_events = {
	.attributes = events_attributes,
	.open = events_open,
	.unlisted = true,
	.entry_s = 60,
	.attr_s = 0,
};
