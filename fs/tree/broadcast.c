/*
 * One text for many readers, who come and go.  broadcast.lock guards them and
 * what each has still to read; wakers are called without it.
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
#include "fs/tree/broadcast.h"

#define UNREAD_MAX ((size_t)4 << 20) /* bytes: days of a print */
#define LOOK_MS	   100 /* between looks whether the caller waits */

struct broadcast_reader {
	TAILQ_ENTRY(broadcast_reader) link;
	struct broadcast *broadcast;
	struct buf unread;
	size_t done; /* bytes of it that were read */
	bool missed;
	struct waker waker; /* wake: NULL: none */
};

struct broadcast {
	pthread_mutex_t lock; /* guards all below, and the readers */
	pthread_cond_t said;
	bool ended;
	TAILQ_HEAD(, broadcast_reader) readers;
};

int
broadcast_new(struct broadcast **out)
{
	struct broadcast *broadcast = calloc(1, sizeof(*broadcast));

	if (broadcast == NULL)
		return -ENOMEM;
	pthread_mutex_init(&broadcast->lock, NULL);
	time_cond_init(&broadcast->said);
	TAILQ_INIT(&broadcast->readers);
	*out = broadcast;
	return 0;
}

void
broadcast_free(struct broadcast *broadcast)
{
	if (broadcast == NULL)
		return;
	pthread_cond_destroy(&broadcast->said);
	pthread_mutex_destroy(&broadcast->lock);
	free(broadcast);
}

int
broadcast_join(struct broadcast *broadcast, struct broadcast_reader **out)
{
	struct broadcast_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return -ENOMEM;
	reader->broadcast = broadcast;
	pthread_mutex_lock(&broadcast->lock);
	TAILQ_INSERT_TAIL(&broadcast->readers, reader, link);
	pthread_mutex_unlock(&broadcast->lock);
	*out = reader;
	return 0;
}

void
broadcast_leave(struct broadcast_reader *reader)
{
	struct broadcast *broadcast = reader->broadcast;

	pthread_mutex_lock(&broadcast->lock);
	TAILQ_REMOVE(&broadcast->readers, reader, link);
	pthread_mutex_unlock(&broadcast->lock);
	if (reader->waker.wake != NULL)
		reader->waker.drop(reader->waker.handle);
	buf_free(&reader->unread);
	free(reader);
}

static bool
is_empty(const struct broadcast_reader *reader)
{
	return reader->done == reader->unread.len && !reader->missed;
}

/* With the lock, which is let go for each call. */
static void
wake_all(struct broadcast *broadcast)
{
	struct broadcast_reader *reader;
	struct waker waker;

	pthread_cond_broadcast(&broadcast->said);
	for (;;) {
		TAILQ_FOREACH (reader, &broadcast->readers, link) {
			if (reader->waker.wake != NULL)
				break;
		}
		if (reader == NULL)
			return;
		waker = reader->waker;
		memset(&reader->waker, 0, sizeof(reader->waker));
		pthread_mutex_unlock(&broadcast->lock);
		waker.wake(waker.handle);
		pthread_mutex_lock(&broadcast->lock);
	}
}

/* Forget what was read, though not at every line. */
static void
forget_read(struct broadcast_reader *reader)
{
	struct buf *unread = &reader->unread;

	if (reader->done <= unread->len / 2)
		return;
	unread->len -= reader->done;
	memmove(unread->data, unread->data + reader->done, unread->len);
	reader->done = 0;
}

static void
give(struct broadcast_reader *reader, const char *text, size_t len)
{
	if (reader->missed)
		return;
	forget_read(reader);
	if (reader->unread.len - reader->done + len > UNREAD_MAX ||
	    buf_append(&reader->unread, text, len) != 0)
		reader->missed = true;
}

void
broadcast_say(struct broadcast *broadcast, const char *text, size_t len)
{
	struct broadcast_reader *reader;

	pthread_mutex_lock(&broadcast->lock);
	TAILQ_FOREACH (reader, &broadcast->readers, link)
		give(reader, text, len);
	wake_all(broadcast);
	pthread_mutex_unlock(&broadcast->lock);
}

void
broadcast_end(struct broadcast *broadcast)
{
	pthread_mutex_lock(&broadcast->lock);
	broadcast->ended = true;
	wake_all(broadcast);
	pthread_mutex_unlock(&broadcast->lock);
}

/* With the lock; there is something. */
static ssize_t
take(struct broadcast_reader *reader, void *out, size_t len)
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
broadcast_read(struct broadcast_reader *reader, const struct caller *caller,
    void *out, size_t len, bool may_wait)
{
	struct broadcast *broadcast = reader->broadcast;
	ssize_t count = 0;

	pthread_mutex_lock(&broadcast->lock);
	while (count == 0 && is_empty(reader) && !broadcast->ended) {
		if (!may_wait) {
			count = -EAGAIN;
			break;
		}
		time_cond_wait(&broadcast->said, &broadcast->lock, LOOK_MS);
		pthread_mutex_unlock(&broadcast->lock);
		if (has_left(caller))
			count = -EINTR;
		pthread_mutex_lock(&broadcast->lock);
	}
	if (!is_empty(reader))
		count = take(reader, out, len);
	pthread_mutex_unlock(&broadcast->lock);
	return count;
}

bool
broadcast_poll(struct broadcast_reader *reader, const struct waker *waker)
{
	struct broadcast *broadcast = reader->broadcast;
	struct waker old = { 0 };
	bool ready;

	pthread_mutex_lock(&broadcast->lock);
	ready = !is_empty(reader) || broadcast->ended;
	if (waker != NULL) {
		old = ready ? *waker : reader->waker;
		if (!ready)
			reader->waker = *waker;
	}
	pthread_mutex_unlock(&broadcast->lock);
	if (old.wake != NULL)
		old.drop(old.handle);
	return ready;
}
