#ifndef TESTS_UNIT_WAITER_H
#define TESTS_UNIT_WAITER_H

/*
 * One who waits for something, as seen by the product, and by a test that
 * wants to know whether he waits already, or to have him leave.
 */
#include <stdatomic.h>

#include "client/base/time.h"
#include "client/base/wait.h"
#include "tests/unit/check.h"

#define AWAIT_MS 20000 /* far more than any condition needs */

/* Nap until the condition is true; for conditions that must come true. */
#define AWAIT(condition)                                            \
	do {                                                        \
		int64_t await_until = time_now_ms() + AWAIT_MS;     \
                                                                    \
		while (!(condition) && time_now_ms() < await_until) \
			check_nap();                                \
	} while (0)

/* A zeroed one is patient. */
struct waiter {
	atomic_int asked; /* how often he was asked whether he has left */
	atomic_bool left;
};

static inline bool
waiter_given_up(void *arg)
{
	struct waiter *waiter = arg;

	atomic_fetch_add(&waiter->asked, 1);
	return atomic_load(&waiter->left);
}

static inline struct wait
waiter_wait(struct waiter *waiter)
{
	struct wait wait = { .given_up = waiter_given_up, .arg = waiter };

	return wait;
}

/* Who is asked, waits.  Returns whether he does. */
static inline bool
waiter_await(struct waiter *waiter)
{
	AWAIT(atomic_load(&waiter->asked) > 0);
	return atomic_load(&waiter->asked) > 0;
}

#endif
