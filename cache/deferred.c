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

struct deletion {
	TAILQ_ENTRY(deletion) link;
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
	TAILQ_HEAD(, deletion) deletions;
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
	TAILQ_INIT(&deferred->deletions);
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

static struct deletion *
find(struct deferred *deferred, const char *key)
{
	struct deletion *deletion;

	TAILQ_FOREACH (deletion, &deferred->deletions, link) {
		if (strcmp(deletion->key, key) == 0 &&
		    deletion->phase != CANCELLED)
			return deletion;
	}
	return NULL;
}

/* Wait, with the lock, for the moment.  Returns whether to go ahead. */
static bool
await_moment(struct deletion *deletion)
{
	struct deferred *deferred = deletion->deferred;
	const struct deferred_plan *plan = &deletion->plan;
	bool gone = false;

	while (deletion->phase == WAITING && !deferred->stopped && !gone &&
	    time_now_ms() < deletion->due_ms) {
		time_cond_wait(&deferred->changed, &deferred->lock,
		    2 * WAIT_TICK_MS);
		gone = plan->has_gone(plan->process);
	}
	return deletion->phase != CANCELLED;
}

static void
work(void *arg)
{
	struct deletion *deletion = arg;
	struct deferred *deferred = deletion->deferred;

	pthread_mutex_lock(&deferred->lock);
	if (await_moment(deletion)) {
		deletion->phase = AT_WORK;
		pthread_mutex_unlock(&deferred->lock);
		deletion->plan.carry_out(deletion->plan.arg);
		pthread_mutex_lock(&deferred->lock);
	}
	TAILQ_REMOVE(&deferred->deletions, deletion, link);
	pthread_cond_broadcast(&deferred->changed);
	pthread_mutex_unlock(&deferred->lock);
	deletion->plan.drop(deletion->plan.arg);
	free(deletion->key);
	free(deletion);
}

int
deferred_add(struct deferred *deferred, const struct deferred_plan *plan)
{
	struct deletion *deletion = calloc(1, sizeof(*deletion));
	int error = 0;

	if (deletion == NULL || (deletion->key = strdup(plan->key)) == NULL) {
		free(deletion);
		return -ENOMEM;
	}
	deletion->deferred = deferred;
	deletion->plan = *plan;
	deletion->due_ms = time_now_ms() + plan->ms;
	pthread_mutex_lock(&deferred->lock);
	if (deferred->stopped || find(deferred, plan->key) != NULL)
		error = -EBUSY;
	else
		TAILQ_INSERT_TAIL(&deferred->deletions, deletion, link);
	pthread_mutex_unlock(&deferred->lock);
	if (error == 0) {
		error = workers_start(deferred->workers, work, deletion);
		if (error == 0)
			return 0;
		pthread_mutex_lock(&deferred->lock);
		TAILQ_REMOVE(&deferred->deletions, deletion, link);
		pthread_mutex_unlock(&deferred->lock);
	}
	free(deletion->key);
	free(deletion);
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
	struct deletion *deletion;
	bool cancelled, left = false;

	pthread_mutex_lock(&deferred->lock);
	deletion = find(deferred, key);
	cancelled = deletion != NULL && deletion->phase == WAITING;
	if (cancelled)
		deletion->phase = CANCELLED;
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
	struct deletion *deletion;
	bool left = false;

	pthread_mutex_lock(&deferred->lock);
	while (!left && (deletion = find(deferred, key)) != NULL) {
		if (deletion->phase == WAITING)
			deletion->phase = HURRIED;
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
