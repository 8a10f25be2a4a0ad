/*
 * fs/stream: every reader gets every line since he joined, in pieces of any
 * size, and is woken.
 */
#include <errno.h>
#include <pthread.h>

#include "fs/core/kind.h"
#include "fs/tree/stream.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

static bool
gets(struct stream_reader *reader, const char *wanted, size_t piece)
{
	const struct caller caller = { 0 };
	char text[256];
	size_t len = 0;
	ssize_t count;

	while ((count = stream_read(reader, &caller, text + len,
		    len + piece < sizeof(text) ? piece : sizeof(text) - len,
		    false)) > 0)
		len += (size_t)count;
	return count == -EAGAIN && len == strlen(wanted) &&
	    memcmp(text, wanted, len) == 0;
}

static void
test_readers(struct check *check, struct stream *stream)
{
	struct stream_reader *early, *late;

	stream_say(stream, "nobody\n", 7);
	stream_join(stream, &early);
	stream_say(stream, "one\n", 4);
	stream_join(stream, &late);
	stream_say(stream, "two\n", 4);
	CHECK(check, gets(early, "one\ntwo\n", 1),
	    "all since the beginning, byte by byte");
	CHECK(check, gets(late, "two\n", 100), "all since he joined, at once");
	stream_say(stream, "three\n", 6);
	CHECK(check, gets(early, "three\n", 4), "and what comes then");
	stream_leave(early);
	stream_say(stream, "four\n", 5);
	CHECK(check, gets(late, "three\nfour\n", 3),
	    "whoever leaves takes nothing along");
	stream_leave(late);
}

static void
count_wake(void *handle)
{
	++*(int *)handle;
}

static void
count_drop(void *handle)
{
	*(int *)handle += 100;
}

static void
test_wakers(struct check *check, struct stream *stream)
{
	int first = 0, second = 0, third = 0, fourth = 0;
	struct waker waker = { .wake = count_wake, .drop = count_drop };
	struct stream_reader *reader;

	stream_join(stream, &reader);
	waker.handle = &first;
	CHECK(check, !stream_poll(reader, &waker), "there is nothing");
	waker.handle = &second;
	CHECK(check, !stream_poll(reader, &waker) && first == 100,
	    "a second waker replaces the first");
	stream_say(stream, "a\n", 2);
	CHECK(check, second == 1, "a line wakes");
	stream_say(stream, "b\n", 2);
	CHECK(check, second == 1, "once");
	waker.handle = &third;
	CHECK(check, stream_poll(reader, &waker) && third == 100,
	    "there is something: nobody has to wait");
	CHECK(check, gets(reader, "a\nb\n", 10) && !stream_poll(reader, NULL),
	    "until it is read");
	waker.handle = &fourth;
	(void)stream_poll(reader, &waker);
	stream_leave(reader);
	CHECK(check, fourth == 100, "who leaves waits no more");
}

static void
test_slow(struct check *check, struct stream *stream)
{
	static char line[4096];
	const struct caller caller = { 0 };
	struct stream_reader *reader;
	ssize_t count;
	size_t total = 0, i;

	memset(line, 'x', sizeof(line));
	stream_join(stream, &reader);
	for (i = 0; i < 1100; i++)
		stream_say(stream, line, sizeof(line));
	while ((count = stream_read(reader, &caller, line, sizeof(line),
		    false)) > 0)
		total += (size_t)count;
	CHECK(check, count == -EOVERFLOW && total == (size_t)4 << 20,
	    "what is kept for a slow reader has a limit, and he is told");
	stream_say(stream, "on\n", 3);
	CHECK(check, gets(reader, "on\n", 10), "then it goes on");
	stream_leave(reader);
}

struct blocked {
	struct stream_reader *reader;
	struct waiter waiter;
	ssize_t count;
	pthread_t thread;
};

static void *
read_one(void *arg)
{
	struct blocked *blocked = arg;
	const struct caller caller = { .wait = waiter_wait(&blocked->waiter) };
	char byte;

	blocked->count = stream_read(blocked->reader, &caller, &byte, 1, true);
	return NULL;
}

static void
block(struct stream *stream, struct blocked *blocked)
{
	memset(blocked, 0, sizeof(*blocked));
	stream_join(stream, &blocked->reader);
	pthread_create(&blocked->thread, NULL, read_one, blocked);
	waiter_await(&blocked->waiter);
}

static void
test_blocking(struct check *check, struct stream *stream)
{
	struct blocked blocked;

	block(stream, &blocked);
	stream_say(stream, "x", 1);
	pthread_join(blocked.thread, NULL);
	CHECK(check, blocked.count == 1, "a blocked reader gets a line");
	stream_leave(blocked.reader);
	block(stream, &blocked);
	atomic_store(&blocked.waiter.left, true);
	pthread_join(blocked.thread, NULL);
	CHECK(check, blocked.count == -EINTR, "one who leaves is let go");
	stream_leave(blocked.reader);
	block(stream, &blocked);
	stream_end(stream);
	pthread_join(blocked.thread, NULL);
	CHECK(check, blocked.count == 0, "the end is an end of file");
	CHECK(check, stream_poll(blocked.reader, NULL), "which poll tells");
	stream_leave(blocked.reader);
}

int
main(void)
{
	struct stream *stream;
	struct check check;

	check_begin(&check);
	CHECK(&check, stream_new(&stream) == 0, "a stream is made");
	test_readers(&check, stream);
	test_wakers(&check, stream);
	test_slow(&check, stream);
	test_blocking(&check, stream);
	stream_free(stream);
	return check_end(&check);
}
