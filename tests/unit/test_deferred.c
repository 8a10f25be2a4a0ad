/*
 * cache/deferred: deletions that are held back for a moment.
 */
#include <sys/wait.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "cache/deferred.h"
#include "client/base/workers.h"
#include "fs/core/caller.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

#define LONG_MS 3600000

static const struct wait forever = { 0 };

/* A deletion, as seen by the one who asked for it. */
struct act {
	atomic_int carried;
	atomic_int dropped;
	atomic_bool held; /* carrying out waits while it is set */
	atomic_llong carried_ms;
	atomic_bool dropped_early;
};

static void
carry_out(void *arg)
{
	struct act *act = arg;

	atomic_store(&act->carried_ms, time_now_ms());
	atomic_fetch_add(&act->carried, 1);
	AWAIT(!atomic_load(&act->held));
	if (atomic_load(&act->dropped) != 0)
		atomic_store(&act->dropped_early, true);
}

static void
drop(void *arg)
{
	atomic_fetch_add(&((struct act *)arg)->dropped, 1);
}

static bool
never_gone(pid_t process)
{
	(void)process;
	return false;
}

static int
add(struct deferred *deferred, const char *key, int ms, struct act *act)
{
	struct deferred_plan plan = {
		.key = key,
		.ms = ms,
		.has_gone = never_gone,
		.carry_out = carry_out,
		.drop = drop,
		.arg = act,
	};

	return deferred_add(deferred, &plan);
}

static void
test_time(struct check *check, struct deferred *deferred)
{
	int64_t begun_ms = time_now_ms();
	struct act act = { 0 };

	CHECK(check, add(deferred, "usb/A", 30, &act) == 0,
	    "a deletion is held back");
	AWAIT(act.dropped > 0);
	CHECK(check, act.carried == 1, "when its time is over it is done once");
	CHECK(check, act.carried_ms - begun_ms >= 30, "it is not done before");
	CHECK(check, act.dropped == 1 && !act.dropped_early,
	    "it is dropped when it is done");
	CHECK(check, !deferred_has(deferred, "usb/A"),
	    "what is done is not waiting any more");
}

static void
test_hurry(struct check *check, struct deferred *deferred)
{
	struct act act = { 0 }, other = { 0 };

	CHECK(check, deferred_hurry(deferred, &forever, "usb/A") == 0,
	    "what is not held back needs no hurry");
	add(deferred, "usb/A", LONG_MS, &act);
	add(deferred, "usb/B", LONG_MS, &other);
	CHECK(check,
	    deferred_has(deferred, "usb/A") && !deferred_has(deferred, "usb/C"),
	    "what is held back is known by its key");
	CHECK(check,
	    deferred_hurry(deferred, &forever, "usb/A") == 0 &&
		act.carried == 1 && !deferred_has(deferred, "usb/A"),
	    "after the hurry it has been done");
	AWAIT(act.dropped > 0);
	CHECK(check, act.dropped == 1, "what was hurried is dropped too");
	CHECK(check, other.carried == 0 && deferred_has(deferred, "usb/B"),
	    "another file's deletion is not hurried");
	deferred_hurry(deferred, &forever, "usb/B");
	AWAIT(other.dropped > 0);
}

static void
test_cancel(struct check *check, struct deferred *deferred)
{
	struct act act = { 0 }, again = { 0 };

	CHECK(check, !deferred_cancel(deferred, &forever, "usb/A"),
	    "there is nothing to call off at first");
	add(deferred, "usb/A", LONG_MS, &act);
	CHECK(check, deferred_cancel(deferred, &forever, "usb/A") == 1,
	    "a deletion is called off");
	CHECK(check,
	    !deferred_has(deferred, "usb/A") &&
		!deferred_cancel(deferred, &forever, "usb/A"),
	    "what was called off does not wait");
	CHECK(check, add(deferred, "usb/A", LONG_MS, &again) == 0,
	    "the same file can be deleted again at once");
	AWAIT(act.dropped > 0);
	CHECK(check, act.carried == 0 && act.dropped == 1,
	    "what was called off is dropped and not done");
	deferred_hurry(deferred, &forever, "usb/A");
	AWAIT(again.dropped > 0);
	CHECK(check, again.carried == 1, "the later deletion is done");
}

static void
test_twice(struct check *check, struct deferred *deferred)
{
	struct act act = { 0 }, second = { 0 };

	add(deferred, "usb/A", LONG_MS, &act);
	CHECK(check, add(deferred, "usb/A", 0, &second) == -EBUSY,
	    "a file is deleted once at a time");
	deferred_hurry(deferred, &forever, "usb/A");
	AWAIT(act.dropped > 0);
	CHECK(check, second.carried == 0 && second.dropped == 0,
	    "a deletion that was refused is neither done nor dropped");
}

struct attempt {
	struct deferred *deferred;
	atomic_bool ended;
	bool cancelled;
};

static void *
cancel_it(void *arg)
{
	struct attempt *attempt = arg;

	attempt->cancelled = deferred_cancel(attempt->deferred, &forever,
				 "usb/A") != 0;
	atomic_store(&attempt->ended, true);
	return NULL;
}

static void *
hurry_it(void *arg)
{
	struct attempt *attempt = arg;

	deferred_hurry(attempt->deferred, &forever, "usb/A");
	atomic_store(&attempt->ended, true);
	return NULL;
}

/* While it is being done it is too late for anything. */
static void
test_at_work(struct check *check, struct deferred *deferred)
{
	struct attempt cancel = { .deferred = deferred };
	struct attempt hurry = { .deferred = deferred };
	struct act act = { .held = true }, second = { 0 };
	struct waiter hasty = { .left = true };
	struct wait wait = waiter_wait(&hasty);
	pthread_t canceller, hurrier;

	add(deferred, "usb/A", 0, &act);
	AWAIT(act.carried > 0);
	CHECK(check, deferred_has(deferred, "usb/A"),
	    "a deletion waits until it is done");
	CHECK(check, add(deferred, "usb/A", 0, &second) == -EBUSY,
	    "while a file is deleted it is not deleted again");
	CHECK(check, deferred_hurry(deferred, &wait, "usb/A") == -EINTR,
	    "who is in a hurry need not wait until it is done");
	CHECK(check, deferred_cancel(deferred, &wait, "usb/A") == -EINTR,
	    "nor need who would call it off");
	pthread_create(&canceller, NULL, cancel_it, &cancel);
	pthread_create(&hurrier, NULL, hurry_it, &hurry);
	check_nap();
	CHECK(check, !cancel.ended && !hurry.ended,
	    "who is too late waits until it is done");
	atomic_store(&act.held, false);
	pthread_join(canceller, NULL);
	pthread_join(hurrier, NULL);
	CHECK(check, !cancel.cancelled, "what has begun cannot be called off");
	AWAIT(act.dropped > 0);
	CHECK(check, act.carried == 1 && act.dropped == 1,
	    "a hurry does not do it twice");
}

static void
test_gone(struct check *check, struct deferred *deferred)
{
	struct act act = { 0 };
	struct deferred_plan plan = {
		.key = "usb/A",
		.ms = LONG_MS,
		.has_gone = caller_is_gone,
		.carry_out = carry_out,
		.drop = drop,
		.arg = &act,
	};
	pid_t child = fork();

	if (child == 0) {
		for (;;)
			pause();
	}
	plan.process = child;
	deferred_add(deferred, &plan);
	CHECK(check, deferred_has(deferred, "usb/A") && act.carried == 0,
	    "while the process lives its deletion waits");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	AWAIT(act.dropped > 0);
	CHECK(check, act.carried == 1 && act.dropped == 1,
	    "when the process is gone its deletion is done");
}

/* Ends both the deferred and its workers. */
static void
test_stop(struct check *check, struct deferred *deferred,
    struct workers *workers)
{
	struct act act[3] = { { 0 } }, late = { 0 };
	int i, carried = 0, dropped = 0;

	add(deferred, "usb/A", LONG_MS, &act[0]);
	add(deferred, "usb/B", LONG_MS, &act[1]);
	add(deferred, "usb/C", LONG_MS, &act[2]);
	deferred_cancel(deferred, &forever, "usb/B");
	deferred_stop(deferred);
	CHECK(check, add(deferred, "usb/D", LONG_MS, &late) == -EBUSY,
	    "after the stop nothing is held back");
	workers_free(workers);
	for (i = 0; i < 3; i++) {
		carried += act[i].carried;
		dropped += act[i].dropped;
	}
	CHECK(check, carried == 2 && act[1].carried == 0,
	    "the stop has everything done that was not called off");
	CHECK(check, dropped == 3, "who ends the crew waits until all is done");
	CHECK(check, late.carried == 0 && late.dropped == 0,
	    "what came too late is neither done nor dropped");
	deferred_free(deferred);
	deferred_free(NULL);
}

int
main(void)
{
	struct check check;
	struct workers *workers;
	struct deferred *deferred;

	check_begin(&check);
	if (workers_new(&workers) != 0 || deferred_new(workers, &deferred) != 0)
		return 1;
	test_time(&check, deferred);
	test_hurry(&check, deferred);
	test_cancel(&check, deferred);
	test_twice(&check, deferred);
	test_at_work(&check, deferred);
	test_gone(&check, deferred);
	test_stop(&check, deferred, workers);
	return check_end(&check);
}
