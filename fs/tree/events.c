/*
 * The file "events".  While it is open one of the printer's workers, the
 * follower, looks at the printer from time to time and tells each change; it
 * ends when the last reader has left.  events.lock guards how many readers
 * there are and whether there is a follower.  The observation belongs to the
 * follower, and before there is one to the reader that starts it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/time.h"
#include "client/base/workers.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/tree/broadcast.h"
#include "fs/tree/events.h"
#include "fs/tree/node.h"
#include "fs/tree/observation.h"

#define CLOSE_MS   5000 /* after a command the printer is looked at closely */
#define CLOSELY_MS 1000
#define CATCH_MS   2000 /* how long a command waits for a look */

struct events {
	struct mounted *mounted;
	struct broadcast *broadcast;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* all below, under lock */
	int readers;
	bool stopping;
	bool following;
	bool looking;
	bool commanded;			 /* since the last look began */
	int64_t commanded_ms;		 /* 0: never */
	struct observation *observation; /* the follower's */
};

struct listener {
	struct file file;
	struct broadcast_reader *reader;
	bool may_wait;
};

/* Say a line; old and new are JSON, "" is null. */
static void
tell(void *arg, const char *kind, const char *old, const char *new)
{
	struct events *events = arg;
	struct buf line = { 0 };
	struct timespec now;
	int error;

	clock_gettime(CLOCK_REALTIME, &now);
	error = buf_printf(&line,
	    "{\"time\":%lld.%03ld,\"printer\":", (long long)now.tv_sec,
	    now.tv_nsec / 1000000);
	if (error == 0)
		error = json_quote(&line, events->mounted->name);
	if (error == 0)
		error = buf_printf(&line,
		    ",\"kind\":\"%s\",\"old\":%s,\"new\":%s}\n", kind,
		    *old == '\0' ? "null" : old, *new == '\0' ? "null" : new);
	if (error == 0)
		broadcast_say(events->broadcast, line.data, line.len);
	buf_free(&line);
}

int
events_new(struct mounted *mounted, struct events **out)
{
	struct events *events = calloc(1, sizeof(*events));
	int error;

	if (events == NULL)
		return -ENOMEM;
	events->mounted = mounted;
	pthread_mutex_init(&events->lock, NULL);
	time_cond_init(&events->changed);
	error = broadcast_new(&events->broadcast);
	if (error == 0)
		error = observation_new(mounted->printer, tell, events,
		    &events->observation);
	if (error != 0) {
		events_free(events);
		return error;
	}
	*out = events;
	return 0;
}

void
events_end(struct events *events)
{
	broadcast_end(events->broadcast);
}

void
events_stop(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->stopping = true;
	pthread_cond_broadcast(&events->changed);
	pthread_mutex_unlock(&events->lock);
	broadcast_end(events->broadcast);
}

void
events_free(struct events *events)
{
	if (events == NULL)
		return;
	observation_free(events->observation);
	broadcast_free(events->broadcast);
	pthread_cond_destroy(&events->changed);
	pthread_mutex_destroy(&events->lock);
	free(events);
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

void
events_note_command(struct events *events)
{
	if (events == NULL)
		return;
	pthread_mutex_lock(&events->lock);
	events->commanded = events->following;
	events->commanded_ms = time_now_ms();
	pthread_cond_broadcast(&events->changed);
	pthread_mutex_unlock(&events->lock);
}

void
events_catch_up(struct events *events, const struct wait *wait)
{
	int64_t until_ms = time_now_ms() + CATCH_MS;
	bool left = false;

	if (events == NULL)
		return;
	pthread_mutex_lock(&events->lock);
	while (events->commanded_ms != 0 && !left && events->following &&
	    (events->commanded || events->looking) && time_now_ms() < until_ms)
		left = time_cond_tick(&events->changed, &events->lock, wait);
	pthread_mutex_unlock(&events->lock);
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

/* With the lock: how long until the next look after one at looked_ms? */
static int64_t
left_ms(const struct events *events, int64_t looked_ms)
{
	int64_t pause_ms = observation_pause_ms(events->observation);

	if (events->commanded)
		return 0;
	if (events->commanded_ms != 0 && pause_ms > CLOSELY_MS &&
	    looked_ms - events->commanded_ms < CLOSE_MS)
		pause_ms = CLOSELY_MS;
	return looked_ms + pause_ms - time_now_ms();
}

static void
follow(void *arg)
{
	struct events *events = arg;
	const struct wait wait = { .given_up = nobody_reads, .arg = events };
	int64_t looked_ms = time_now_ms(), left;

	pthread_mutex_lock(&events->lock);
	while (!events->stopping && events->readers > 0) {
		left = left_ms(events, looked_ms);
		if (left > 0) {
			time_cond_wait(&events->changed, &events->lock, left);
			continue;
		}
		events->commanded = false;
		events->looking = true;
		pthread_mutex_unlock(&events->lock);
		(void)observation_look(events->observation, &wait);
		if (events->mounted->looked != NULL)
			events->mounted->looked(events->mounted->idle_arg);
		looked_ms = time_now_ms();
		pthread_mutex_lock(&events->lock);
		events->looking = false;
		pthread_cond_broadcast(&events->changed);
	}
	events->following = false;
	pthread_cond_broadcast(&events->changed);
	pthread_mutex_unlock(&events->lock);
}

/* The first look is what later ones are compared with. */
static int
start_following(struct events *events, const struct caller *caller)
{
	int error, interrupted;

	observation_forget(events->observation);
	interrupted = observation_look(events->observation, &caller->wait);
	error = workers_start(events->mounted->workers, follow, events);
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
	return broadcast_read(listener->reader, caller, out, len,
	    listener->may_wait);
}

static bool
events_poll(struct file *file, const struct waker *waker)
{
	return broadcast_poll(((struct listener *)file)->reader, waker);
}

static void
events_close(struct file *file, const struct caller *caller)
{
	struct listener *listener = (struct listener *)file;

	broadcast_leave(listener->reader);
	leave(file->place->mounted->events);
	file_close(file, caller);
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
	struct events *events = place->mounted->events;
	struct listener *listener;
	int error;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	listener = (struct listener *)file_new(sizeof(*listener), &ops, place);
	if (listener == NULL)
		return -ENOMEM;
	if (broadcast_join(events->broadcast, &listener->reader) != 0) {
		file_close(&listener->file, caller);
		return -ENOMEM;
	}
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

/* Not listed: programs that read every file of a folder would never end. */
const struct kind kind_events = {
	.attributes = node_look,
	.open = events_open,
	.unlisted = true,
	.entry_s = 60,
	.attr_s = 0,
};
