#ifndef CLIENT_BASE_WAIT_H
#define CLIENT_BASE_WAIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How a function that may block learns that nobody waits for it any more.
 * Every such function takes one, behind the object that it works on if there is
 * one, and asks it at least every WAIT_TICK_MS; it then ends with -EINTR.
 */
struct wait {
	bool (*given_up)(void *arg);
	void *arg;
};

#define WAIT_TICK_MS 50

static inline bool
wait_given_up(const struct wait *wait)
{
	return wait->given_up != NULL && wait->given_up(wait->arg);
}

#endif
