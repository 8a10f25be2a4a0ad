/*
 * Held-back deletions.  Each has a thread of the crew, which waits for its
 * moment; withheld.lock guards the list and is not held while a deletion is
 * carried out.  A key stays on the list until its deletion is done.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "cache/crew.h"
#include "cache/withheld.h"
#include "client/base/time.h"
#include "client/base/wait.h"

enum phase {
	WAITING,
	HURRIED,
	CANCELLED,
	AT_WORK
};

struct deletion {
	TAILQ_ENTRY(deletion) link;
	struct withheld *withheld;
	struct withheld_plan plan;
	char *key;
	int64_t due_ms;
	enum phase phase;
};

struct withheld {
	struct crew *crew;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* all below under lock */
	bool stopped;
	TAILQ_HEAD(, deletion) deletions;
};

int
withheld_new(struct crew *crew, struct withheld **out)
{
	struct withheld *withheld = calloc(1, sizeof(*withheld));

	if (withheld == NULL)
		return -ENOMEM;
	withheld->crew = crew;
	pthread_mutex_init(&withheld->lock, NULL);
	time_cond_init(&withheld->changed);
	TAILQ_INIT(&withheld->deletions);
	*out = withheld;
	return 0;
}

void
withheld_free(struct withheld *withheld)
{
	if (withheld == NULL)
		return;
	pthread_cond_destroy(&withheld->changed);
	pthread_mutex_destroy(&withheld->lock);
	free(withheld);
}

static struct deletion *
find(struct withheld *withheld, const char *key)
{
	struct deletion *deletion;

	TAILQ_FOREACH (deletion, &withheld->deletions, link) {
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
	struct withheld *withheld = deletion->withheld;
	const struct withheld_plan *plan = &deletion->plan;
	bool gone = false;

	while (deletion->phase == WAITING && !withheld->stopped && !gone &&
	    time_now_ms() < deletion->due_ms) {
		time_cond_wait(&withheld->changed, &withheld->lock,
		    2 * WAIT_TICK_MS);
		gone = plan->has_gone(plan->process);
	}
	return deletion->phase != CANCELLED;
}

static void
work(void *arg)
{
	struct deletion *deletion = arg;
	struct withheld *withheld = deletion->withheld;

	pthread_mutex_lock(&withheld->lock);
	if (await_moment(deletion)) {
		deletion->phase = AT_WORK;
		pthread_mutex_unlock(&withheld->lock);
		deletion->plan.carry_out(deletion->plan.arg);
		pthread_mutex_lock(&withheld->lock);
	}
	TAILQ_REMOVE(&withheld->deletions, deletion, link);
	pthread_cond_broadcast(&withheld->changed);
	pthread_mutex_unlock(&withheld->lock);
	deletion->plan.drop(deletion->plan.arg);
	free(deletion->key);
	free(deletion);
}

int
withheld_add(struct withheld *withheld, const struct withheld_plan *plan)
{
	struct deletion *deletion = calloc(1, sizeof(*deletion));
	int error = 0;

	if (deletion == NULL || (deletion->key = strdup(plan->key)) == NULL) {
		free(deletion);
		return -ENOMEM;
	}
	deletion->withheld = withheld;
	deletion->plan = *plan;
	deletion->due_ms = time_now_ms() + plan->ms;
	pthread_mutex_lock(&withheld->lock);
	if (withheld->stopped || find(withheld, plan->key) != NULL)
		error = -EBUSY;
	else
		TAILQ_INSERT_TAIL(&withheld->deletions, deletion, link);
	pthread_mutex_unlock(&withheld->lock);
	if (error == 0) {
		error = crew_start(withheld->crew, work, deletion);
		if (error == 0)
			return 0;
		pthread_mutex_lock(&withheld->lock);
		TAILQ_REMOVE(&withheld->deletions, deletion, link);
		pthread_mutex_unlock(&withheld->lock);
	}
	free(deletion->key);
	free(deletion);
	return error;
}

bool
withheld_has(struct withheld *withheld, const char *key)
{
	bool has;

	pthread_mutex_lock(&withheld->lock);
	has = find(withheld, key) != NULL;
	pthread_mutex_unlock(&withheld->lock);
	return has;
}

int
withheld_cancel(struct withheld *withheld, const struct wait *wait,
    const char *key)
{
	struct deletion *deletion;
	bool cancelled, left = false;

	pthread_mutex_lock(&withheld->lock);
	deletion = find(withheld, key);
	cancelled = deletion != NULL && deletion->phase == WAITING;
	if (cancelled)
		deletion->phase = CANCELLED;
	while (!cancelled && !left && find(withheld, key) != NULL) {
		left = time_cond_tick(&withheld->changed, &withheld->lock,
		    wait);
	}
	pthread_cond_broadcast(&withheld->changed);
	pthread_mutex_unlock(&withheld->lock);
	return left ? -EINTR : cancelled;
}

int
withheld_hurry(struct withheld *withheld, const struct wait *wait,
    const char *key)
{
	struct deletion *deletion;
	bool left = false;

	pthread_mutex_lock(&withheld->lock);
	while (!left && (deletion = find(withheld, key)) != NULL) {
		if (deletion->phase == WAITING)
			deletion->phase = HURRIED;
		pthread_cond_broadcast(&withheld->changed);
		left = time_cond_tick(&withheld->changed, &withheld->lock,
		    wait);
	}
	pthread_mutex_unlock(&withheld->lock);
	return left ? -EINTR : 0;
}

void
withheld_stop(struct withheld *withheld)
{
	pthread_mutex_lock(&withheld->lock);
	withheld->stopped = true;
	pthread_cond_broadcast(&withheld->changed);
	pthread_mutex_unlock(&withheld->lock);
}
