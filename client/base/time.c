/*
 * The monotonic clock and conditions that wait by it; points in time as text.
 * No state, any thread.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "client/base/time.h"
#include "client/base/wait.h"

#define SECOND INT64_C(1000000) /* in microseconds */

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

struct looks
time_looks(int64_t ms, int64_t pause_ms, int64_t most_ms)
{
	return (struct looks){ .until_ms = time_now_ms() + ms,
		.pause_ms = pause_ms,
		.most_ms = most_ms };
}

int
time_look_again(struct looks *looks, const struct wait *wait)
{
	int64_t pause_ms = looks->pause_ms;

	if (time_now_ms() > looks->until_ms)
		return -ETIMEDOUT;
	looks->pause_ms = pause_ms * 2 < looks->most_ms ? pause_ms * 2 :
							  looks->most_ms;
	return time_pause(wait, pause_ms);
}

static bool
is_over(void *arg)
{
	const struct deadline *deadline = arg;

	return (deadline->wait != NULL && wait_given_up(deadline->wait)) ||
	    time_now_ms() >= deadline->until_ms;
}

struct wait
time_limit(struct deadline *deadline, const struct wait *wait, int64_t ms)
{
	deadline->wait = wait;
	deadline->until_ms = time_now_ms() + ms;
	return (struct wait){ .given_up = is_over, .arg = deadline };
}

/* So many digits, as a number no greater than most. */
static bool
read_digits(const char **at, int count, int least, int most, int *out)
{
	int value = 0;

	for (; count > 0; count--, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		value = value * 10 + (**at - '0');
	}
	*out = value;
	return value >= least && value <= most;
}

static bool
pass(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Digits behind the point, of which six count. */
static bool
read_fraction(const char **at, int64_t *us)
{
	int64_t unit = SECOND / 10;

	*us = 0;
	if (!pass(at, '.'))
		return true;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++, unit /= 10)
		*us += (**at - '0') * unit;
	return true;
}

static int
days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
time_read(const char *text, int64_t *out)
{
	const char *at = text;
	struct tm tm = { 0 };
	int year, month;
	int64_t us;

	if (!read_digits(&at, 4, 1, 9999, &year) || !pass(&at, '-') ||
	    !read_digits(&at, 2, 1, 12, &month) || !pass(&at, '-') ||
	    !read_digits(&at, 2, 1, days_of(year, month), &tm.tm_mday) ||
	    !pass(&at, 'T') || !read_digits(&at, 2, 0, 23, &tm.tm_hour) ||
	    !pass(&at, ':') || !read_digits(&at, 2, 0, 59, &tm.tm_min) ||
	    !pass(&at, ':') || !read_digits(&at, 2, 0, 60, &tm.tm_sec) ||
	    !read_fraction(&at, &us))
		return false;
	if (strcmp(at, "Z") != 0 && strcmp(at, "+00:00") != 0)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*out = (int64_t)timegm(&tm) * SECOND + us;
	return true;
}
