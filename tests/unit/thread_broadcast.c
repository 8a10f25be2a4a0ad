/*
 * fs/stream: every reader gets every line since he joined, in pieces of any
 * size, and is woken.
 */
#include <errno.h>
#include <pthread.h>

#include "fs/core/kind.h"
#include "fs/tree/broadcast.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

static bool
gets(struct broadcast_reader *reader, const char *wanted, size_t piece)
{
	const struct caller caller = { 0 };
	char text[256];
	size_t len = 0;
	ssize_t count;

	while ((count = broadcast_read(reader, &caller, text + len,
		    len + piece < sizeof(text) ? piece : sizeof(text) - len,
		    false)) > 0)
		len += (size_t)count;
	return count == -EAGAIN && len == strlen(wanted) &&
	    memcmp(text, wanted, len) == 0;
}

static void
test_readers(struct check *check, struct broadcast *broadcast)
{
	struct broadcast_reader *early, *late;

	broadcast_say(broadcast, "nobody\n", 7);
	broadcast_join(broadcast, &early);
	broadcast_say(broadcast, "one\n", 4);
	broadcast_join(broadcast, &late);
	broadcast_say(broadcast, "two\n", 4);
	CHECK(check, gets(early, "one\ntwo\n", 1),
	    "all since the beginning, byte by byte");
	CHECK(check, gets(late, "two\n", 100), "all since he joined, at once");
	broadcast_say(broadcast, "three\n", 6);
	CHECK(check, gets(early, "three\n", 4), "and what comes then");
	broadcast_leave(early);
	broadcast_say(broadcast, "four\n", 5);
	CHECK(check, gets(late, "three\nfour\n", 3),
	    "whoever leaves takes nothing along");
	broadcast_leave(late);
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
test_wakers(struct check *check, struct broadcast *broadcast)
{
	int first = 0, second = 0, third = 0, fourth = 0;
	struct waker waker = { .wake = count_wake, .drop = count_drop };
	struct broadcast_reader *reader;

	broadcast_join(broadcast, &reader);
	waker.handle = &first;
	CHECK(check, !broadcast_poll(reader, &waker), "there is nothing");
	waker.handle = &second;
	CHECK(check, !broadcast_poll(reader, &waker) && first == 100,
	    "a second waker replaces the first");
	broadcast_say(broadcast, "a\n", 2);
	CHECK(check, second == 1, "a line wakes");
	broadcast_say(broadcast, "b\n", 2);
	CHECK(check, second == 1, "once");
	waker.handle = &third;
	CHECK(check, broadcast_poll(reader, &waker) && third == 100,
	    "there is something: nobody has to wait");
	CHECK(check,
	    gets(reader, "a\nb\n", 10) && !broadcast_poll(reader, NULL),
	    "until it is read");
	waker.handle = &fourth;
	(void)broadcast_poll(reader, &waker);
	broadcast_leave(reader);
	CHECK(check, fourth == 100, "who leaves waits no more");
}

static void
test_slow(struct check *check, struct broadcast *broadcast)
{
	static char line[4096];
	const struct caller caller = { 0 };
	struct broadcast_reader *reader;
	ssize_t count;
	size_t total = 0, i;

	memset(line, 'x', sizeof(line));
	broadcast_join(broadcast, &reader);
	for (i = 0; i < 1100; i++)
		broadcast_say(broadcast, line, sizeof(line));
	while ((count = broadcast_read(reader, &caller, line, sizeof(line),
		    false)) > 0)
		total += (size_t)count;
	CHECK(check, count == -EOVERFLOW && total == (size_t)4 << 20,
	    "what is kept for a slow reader has a limit, and he is told");
	broadcast_say(broadcast, "on\n", 3);
	CHECK(check, gets(reader, "on\n", 10), "then it goes on");
	broadcast_leave(reader);
}

struct blocked {
	struct broadcast_reader *reader;
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

	blocked->count = broadcast_read(blocked->reader, &caller, &byte, 1,
	    true);
	return NULL;
}

static void
block(struct broadcast *broadcast, struct blocked *blocked)
{
	memset(blocked, 0, sizeof(*blocked));
	broadcast_join(broadcast, &blocked->reader);
	pthread_create(&blocked->thread, NULL, read_one, blocked);
	waiter_await(&blocked->waiter);
}

static void
test_blocking(struct check *check, struct broadcast *broadcast)
{
	struct blocked blocked;

	block(broadcast, &blocked);
	broadcast_say(broadcast, "x", 1);
	pthread_join(blocked.thread, NULL);
	CHECK(check, blocked.count == 1, "a blocked reader gets a line");
	broadcast_leave(blocked.reader);
	block(broadcast, &blocked);
	atomic_store(&blocked.waiter.left, true);
	pthread_join(blocked.thread, NULL);
	CHECK(check, blocked.count == -EINTR, "one who leaves is let go");
	broadcast_leave(blocked.reader);
	block(broadcast, &blocked);
	broadcast_end(broadcast);
	pthread_join(blocked.thread, NULL);
	CHECK(check, blocked.count == 0, "the end is an end of file");
	CHECK(check, broadcast_poll(blocked.reader, NULL), "which poll tells");
	broadcast_leave(blocked.reader);
}

int
main(void)
{
	struct broadcast *broadcast;
	struct check check;

	check_begin(&check);
	CHECK(&check, broadcast_new(&broadcast) == 0, "a stream is made");
	test_readers(&check, broadcast);
	test_wakers(&check, broadcast);
	test_slow(&check, broadcast);
	test_blocking(&check, broadcast);
	broadcast_free(broadcast);
	return check_end(&check);
}
