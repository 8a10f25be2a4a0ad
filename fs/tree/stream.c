/*
 * One stream of lines for many readers.  stream.lock guards the readers and
 * what they have still to read; wakers are called without it.
 */
#include <sys/queue.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "fs/core/kind.h"
#include "fs/tree/stream.h"

#define UNREAD_MAX ((size_t)4 << 20) /* bytes: days of a print */
#define LOOK_MS	   100		     /* between looks whether he waits */

struct stream_reader {
	TAILQ_ENTRY(stream_reader) link;
	struct stream *stream;
	struct buf unread;
	size_t done; /* bytes of it that were read */
	bool missed;
	struct waker waker; /* wake: NULL: none */
};

struct stream {
	pthread_mutex_t lock; /* guards all below, and the readers */
	pthread_cond_t said;
	bool ended;
	TAILQ_HEAD(, stream_reader) readers;
};

int
stream_new(struct stream **out)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return -ENOMEM;
	pthread_mutex_init(&stream->lock, NULL);
	time_cond_init(&stream->said);
	TAILQ_INIT(&stream->readers);
	*out = stream;
	return 0;
}

void
stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	pthread_cond_destroy(&stream->said);
	pthread_mutex_destroy(&stream->lock);
	free(stream);
}

int
stream_join(struct stream *stream, struct stream_reader **out)
{
	struct stream_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return -ENOMEM;
	reader->stream = stream;
	pthread_mutex_lock(&stream->lock);
	TAILQ_INSERT_TAIL(&stream->readers, reader, link);
	pthread_mutex_unlock(&stream->lock);
	*out = reader;
	return 0;
}

void
stream_leave(struct stream_reader *reader)
{
	struct stream *stream = reader->stream;

	pthread_mutex_lock(&stream->lock);
	TAILQ_REMOVE(&stream->readers, reader, link);
	pthread_mutex_unlock(&stream->lock);
	if (reader->waker.wake != NULL)
		reader->waker.drop(reader->waker.handle);
	buf_free(&reader->unread);
	free(reader);
}

static bool
is_empty(const struct stream_reader *reader)
{
	return reader->done == reader->unread.len && !reader->missed;
}

/* With the lock, which is let go for each call. */
static void
wake_all(struct stream *stream)
{
	struct stream_reader *reader;
	struct waker waker;

	pthread_cond_broadcast(&stream->said);
	for (;;) {
		TAILQ_FOREACH (reader, &stream->readers, link) {
			if (reader->waker.wake != NULL)
				break;
		}
		if (reader == NULL)
			return;
		waker = reader->waker;
		memset(&reader->waker, 0, sizeof(reader->waker));
		pthread_mutex_unlock(&stream->lock);
		waker.wake(waker.handle);
		pthread_mutex_lock(&stream->lock);
	}
}

/* What was read is forgotten, though not at every line. */
static void
forget_read(struct stream_reader *reader)
{
	struct buf *unread = &reader->unread;

	if (reader->done <= unread->len / 2)
		return;
	unread->len -= reader->done;
	memmove(unread->data, unread->data + reader->done, unread->len);
	reader->done = 0;
}

static void
give(struct stream_reader *reader, const char *text, size_t len)
{
	if (reader->missed)
		return;
	forget_read(reader);
	if (reader->unread.len - reader->done + len > UNREAD_MAX ||
	    buf_append(&reader->unread, text, len) != 0)
		reader->missed = true;
}

void
stream_say(struct stream *stream, const char *text, size_t len)
{
	struct stream_reader *reader;

	pthread_mutex_lock(&stream->lock);
	TAILQ_FOREACH (reader, &stream->readers, link)
		give(reader, text, len);
	wake_all(stream);
	pthread_mutex_unlock(&stream->lock);
}

void
stream_end(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->ended = true;
	wake_all(stream);
	pthread_mutex_unlock(&stream->lock);
}

/* With the lock; there is something. */
static ssize_t
take(struct stream_reader *reader, void *out, size_t len)
{
	size_t left = reader->unread.len - reader->done;

	if (left == 0) {
		reader->missed = false;
		return -EOVERFLOW;
	}
	len = len < left ? len : left;
	memcpy(out, reader->unread.data + reader->done, len);
	reader->done += len;
	return (ssize_t)len;
}

/* Unlike elsewhere any signal ends the wait, as it does with a pipe. */
static bool
has_left(const struct caller *caller)
{
	return wait_given_up(&caller->wait) ||
	    (caller->is_disturbed != NULL &&
		caller->is_disturbed(caller->wait.arg));
}

ssize_t
stream_read(struct stream_reader *reader, const struct caller *caller,
    void *out, size_t len, bool may_wait)
{
	struct stream *stream = reader->stream;
	ssize_t count = 0;

	pthread_mutex_lock(&stream->lock);
	while (count == 0 && is_empty(reader) && !stream->ended) {
		if (!may_wait) {
			count = -EAGAIN;
			break;
		}
		time_cond_wait(&stream->said, &stream->lock, LOOK_MS);
		pthread_mutex_unlock(&stream->lock);
		if (has_left(caller))
			count = -EINTR;
		pthread_mutex_lock(&stream->lock);
	}
	if (!is_empty(reader))
		count = take(reader, out, len);
	pthread_mutex_unlock(&stream->lock);
	return count;
}

bool
stream_poll(struct stream_reader *reader, const struct waker *waker)
{
	struct stream *stream = reader->stream;
	struct waker old = { 0 };
	bool ready;

	pthread_mutex_lock(&stream->lock);
	ready = !is_empty(reader) || stream->ended;
	if (waker != NULL) {
		old = ready ? *waker : reader->waker;
		if (!ready)
			reader->waker = *waker;
	}
	pthread_mutex_unlock(&stream->lock);
	if (old.wake != NULL)
		old.drop(old.handle);
	return ready;
}
