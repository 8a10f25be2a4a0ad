#ifndef CLIENT_BASE_TIME_H
#define CLIENT_BASE_TIME_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct wait;

/* Milliseconds of the monotonic clock. */
int64_t time_now_ms(void);

/*
 * A condition whose waits are measured with the monotonic clock.  Returns 0
 * or a negative errno.
 */
int time_cond_init(pthread_cond_t *);

/* Wait for the condition, at most ms milliseconds. */
void time_cond_wait(pthread_cond_t *, pthread_mutex_t *, int64_t ms);

/*
 * Wait for the condition, at most a tick, and ask whether the caller has left;
 * for that the lock is let go once more.
 */
bool time_cond_tick(pthread_cond_t *, pthread_mutex_t *, const struct wait *);

/* Wait that long, unless given up.  Returns 0, -EINTR or -ENOMEM. */
int time_pause(const struct wait *, int64_t ms);

/* When to look again at something that is going to show. */
struct looks {
	int64_t until_ms;
	int64_t pause_ms; /* after the next look; then twice as long */
	int64_t most_ms;
};

/* Looks that begin now, for ms, with such a pause at first and at most. */
struct looks time_looks(int64_t ms, int64_t pause_ms, int64_t most_ms);

/*
 * Pause before another look.  Returns 0, -ETIMEDOUT: it is time to give up,
 * without a pause, or what time_pause says.
 */
int time_look_again(struct looks *, const struct wait *);

/* The memory of a wait that ends at a time. */
struct deadline {
	const struct wait *wait;
	int64_t until_ms;
};

/*
 * A wait that is given up when that one is (NULL: never), and in ms at the
 * latest.  Borrows both.
 */
struct wait time_limit(struct deadline *, const struct wait *, int64_t ms);

/*
 * A point in time as Obico tells it, "2026-11-21T02:31:52.436368Z": ISO 8601,
 * always UTC, with or without a fraction.  Returns false and leaves out alone
 * when it is none; out gets microseconds since 1970.
 */
bool time_read(const char *text, int64_t *out);

#endif
