/*
 * The monotonic clock, and conditions that wait by it.
 */
#include <errno.h>
#include <stdbool.h>
#include <time.h>

#include "client/base/time.h"
#include "client/base/wait.h"

int64_t
time_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
time_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int error = pthread_condattr_init(&attr);

	if (error != 0)
		return -error;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	error = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return -error;
}

void
time_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(cond, lock, &until);
}

bool
time_cond_tick(pthread_cond_t *cond, pthread_mutex_t *lock,
    const struct wait *wait)
{
	bool left;

	time_cond_wait(cond, lock, WAIT_TICK_MS);
	pthread_mutex_unlock(lock);
	left = wait_given_up(wait);
	pthread_mutex_lock(lock);
	return left;
}

int
time_pause(const struct wait *wait, int64_t ms)
{
	int64_t until = time_now_ms() + ms;
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t never;
	bool left;

	if (time_cond_init(&never) != 0)
		return -ENOMEM;
	pthread_mutex_lock(&lock);
	while (!(left = wait_given_up(wait)) && time_now_ms() < until)
		time_cond_wait(&never, &lock, WAIT_TICK_MS);
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&never);
	return left ? -EINTR : 0;
}

bool
time_is_over(void *arg)
{
	const struct deadline *deadline = arg;

	return wait_given_up(deadline->wait) ||
	    time_now_ms() >= deadline->until_ms;
}
