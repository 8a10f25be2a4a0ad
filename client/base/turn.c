/*
 * First come, first served, with the freedom to leave the queue.  Any thread;
 * turn.lock guards the queue and is never held while waiting for anything but
 * the condition.
 */
#include <errno.h>

#include "client/base/time.h"
#include "client/base/turn.h"

struct turn_waiter {
	TAILQ_ENTRY(turn_waiter) link;
};

int
turn_init(struct turn *turn)
{
	int error = pthread_mutex_init(&turn->lock, NULL);

	if (error != 0)
		return -error;
	error = time_cond_init(&turn->moved);
	if (error != 0) {
		pthread_mutex_destroy(&turn->lock);
		return error;
	}
	turn->taken = false;
	TAILQ_INIT(&turn->waiters);
	return 0;
}

void
turn_destroy(struct turn *turn)
{
	pthread_cond_destroy(&turn->moved);
	pthread_mutex_destroy(&turn->lock);
}

int
turn_take(struct turn *turn, const struct wait *wait)
{
	struct turn_waiter self;
	bool left = false;

	pthread_mutex_lock(&turn->lock);
	TAILQ_INSERT_TAIL(&turn->waiters, &self, link);
	while ((turn->taken || TAILQ_FIRST(&turn->waiters) != &self) && !left) {
		left = time_cond_tick(&turn->moved, &turn->lock, wait);
	}
	TAILQ_REMOVE(&turn->waiters, &self, link);
	if (!left)
		turn->taken = true;
	pthread_cond_broadcast(&turn->moved);
	pthread_mutex_unlock(&turn->lock);
	return left ? -EINTR : 0;
}

void
turn_give(struct turn *turn)
{
	pthread_mutex_lock(&turn->lock);
	turn->taken = false;
	pthread_cond_broadcast(&turn->moved);
	pthread_mutex_unlock(&turn->lock);
}
