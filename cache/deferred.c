/*
 * Held-back deletions.  Each has a thread of the workers, which waits for its
 * moment; deferred.lock guards the list and is not held while a deletion is
 * carried out.  A key stays on the list until its deletion is done.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cache/deferred.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"

enum phase {
	WAITING,
	HURRIED,
	CANCELLED,
	AT_WORK
};

struct deferral {
	TAILQ_ENTRY(deferral) link;
	struct deferred *deferred;
	struct deferred_plan plan;
	char *key;
	int64_t due_ms;
	enum phase phase;
};

struct deferred {
	struct workers *workers;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* all below under lock */
	bool stopped;
	TAILQ_HEAD(, deferral) all;
};

int
deferred_new(struct workers *workers, struct deferred **out)
{
	struct deferred *deferred = calloc(1, sizeof(*deferred));

	if (deferred == NULL)
		return -ENOMEM;
	deferred->workers = workers;
	pthread_mutex_init(&deferred->lock, NULL);
	time_cond_init(&deferred->changed);
	TAILQ_INIT(&deferred->all);
	*out = deferred;
	return 0;
}

void
deferred_free(struct deferred *deferred)
{
	if (deferred == NULL)
		return;
	pthread_cond_destroy(&deferred->changed);
	pthread_mutex_destroy(&deferred->lock);
	free(deferred);
}

static struct deferral *
find(struct deferred *deferred, const char *key)
{
	struct deferral *deferral;

	TAILQ_FOREACH (deferral, &deferred->all, link) {
		if (strcmp(deferral->key, key) == 0 &&
		    deferral->phase != CANCELLED)
			return deferral;
	}
	return NULL;
}

/* Wait, with the lock, for the moment.  Returns whether to go ahead. */
static bool
await_moment(struct deferral *deferral)
{
	struct deferred *deferred = deferral->deferred;
	const struct deferred_plan *plan = &deferral->plan;
	bool gone = false;

	while (deferral->phase == WAITING && !deferred->stopped && !gone &&
	    time_now_ms() < deferral->due_ms) {
		time_cond_wait(&deferred->changed, &deferred->lock,
		    2 * WAIT_TICK_MS);
		gone = plan->has_gone(plan->process);
	}
	return deferral->phase != CANCELLED;
}

static void
work(void *arg)
{
	struct deferral *deferral = arg;
	struct deferred *deferred = deferral->deferred;

	pthread_mutex_lock(&deferred->lock);
	if (await_moment(deferral)) {
		deferral->phase = AT_WORK;
		pthread_mutex_unlock(&deferred->lock);
		deferral->plan.carry_out(deferral->plan.arg);
		pthread_mutex_lock(&deferred->lock);
	}
	TAILQ_REMOVE(&deferred->all, deferral, link);
	pthread_cond_broadcast(&deferred->changed);
	pthread_mutex_unlock(&deferred->lock);
	deferral->plan.drop(deferral->plan.arg);
	free(deferral->key);
	free(deferral);
}

int
deferred_add(struct deferred *deferred, const struct deferred_plan *plan)
{
	struct deferral *deferral = calloc(1, sizeof(*deferral));
	int error = 0;

	if (deferral == NULL || (deferral->key = strdup(plan->key)) == NULL) {
		free(deferral);
		return -ENOMEM;
	}
	deferral->deferred = deferred;
	deferral->plan = *plan;
	deferral->due_ms = time_now_ms() + plan->ms;
	pthread_mutex_lock(&deferred->lock);
	if (deferred->stopped || find(deferred, plan->key) != NULL)
		error = -EBUSY;
	else
		TAILQ_INSERT_TAIL(&deferred->all, deferral, link);
	pthread_mutex_unlock(&deferred->lock);
	if (error == 0) {
		error = workers_start(deferred->workers, work, deferral);
		if (error == 0)
			return 0;
		pthread_mutex_lock(&deferred->lock);
		TAILQ_REMOVE(&deferred->all, deferral, link);
		pthread_mutex_unlock(&deferred->lock);
	}
	free(deferral->key);
	free(deferral);
	return error;
}

bool
deferred_has(struct deferred *deferred, const char *key)
{
	bool has;

	pthread_mutex_lock(&deferred->lock);
	has = find(deferred, key) != NULL;
	pthread_mutex_unlock(&deferred->lock);
	return has;
}

int
deferred_cancel(struct deferred *deferred, const struct wait *wait,
    const char *key)
{
	struct deferral *deferral;
	bool cancelled, left = false;

	pthread_mutex_lock(&deferred->lock);
	deferral = find(deferred, key);
	cancelled = deferral != NULL && deferral->phase == WAITING;
	if (cancelled)
		deferral->phase = CANCELLED;
	while (!cancelled && !left && find(deferred, key) != NULL) {
		left = time_cond_tick(&deferred->changed, &deferred->lock,
		    wait);
	}
	pthread_cond_broadcast(&deferred->changed);
	pthread_mutex_unlock(&deferred->lock);
	return left ? -EINTR : cancelled;
}

int
deferred_hurry(struct deferred *deferred, const struct wait *wait,
    const char *key)
{
	struct deferral *deferral;
	bool left = false;

	pthread_mutex_lock(&deferred->lock);
	while (!left && (deferral = find(deferred, key)) != NULL) {
		if (deferral->phase == WAITING)
			deferral->phase = HURRIED;
		pthread_cond_broadcast(&deferred->changed);
		left = time_cond_tick(&deferred->changed, &deferred->lock,
		    wait);
	}
	pthread_mutex_unlock(&deferred->lock);
	return left ? -EINTR : 0;
}

void
deferred_stop(struct deferred *deferred)
{
	pthread_mutex_lock(&deferred->lock);
	deferred->stopped = true;
	pthread_cond_broadcast(&deferred->changed);
	pthread_mutex_unlock(&deferred->lock);
}
