#ifndef CLIENT_BASE_TURN_H
#define CLIENT_BASE_TURN_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdbool.h>

struct wait;

/*
 * A right that one thread holds at a time, given in the order of asking, and
 * that a waiting thread may stop waiting for.
 */
struct turn {
	pthread_mutex_t lock;
	pthread_cond_t moved; /* everything below changed, under lock */
	bool taken;
	TAILQ_HEAD(, turn_waiter) waiters;
};

/* Returns 0 or a negative errno; end with turn_destroy. */
int turn_init(struct turn *);
void turn_destroy(struct turn *);

/* Wait for the right, however long.  Returns 0, or -EINTR: given up. */
int turn_take(struct turn *, const struct wait *);

/* Pass the right on. */
void turn_give(struct turn *);

#endif
