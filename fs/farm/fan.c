/*
 * Work on many printers at once.  The threads share struct fan, whose lock
 * guards the count; only the calling thread asks whether its own caller still
 * waits, because that question is for one thread at a time.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "fs/farm/fan.h"

struct fan {
	void (*work)(void *item, const struct wait *);
	atomic_bool left; /* the caller has */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	size_t busy; /* under lock */
};

struct blade {
	struct fan *fan;
	void *item;
	pthread_t thread;
	bool started;
};

static bool
has_left(void *arg)
{
	struct fan *fan = arg;

	return atomic_load(&fan->left);
}

static void *
run(void *arg)
{
	const struct blade *blade = arg;
	struct fan *fan = blade->fan;
	const struct wait wait = { .given_up = has_left, .arg = fan };

	(void)log_about(NULL);
	fan->work(blade->item, &wait);
	pthread_mutex_lock(&fan->lock);
	fan->busy--;
	pthread_cond_broadcast(&fan->ended);
	pthread_mutex_unlock(&fan->lock);
	return NULL;
}

static void
start(struct fan *fan, struct blade *blade)
{
	pthread_mutex_lock(&fan->lock);
	fan->busy++;
	pthread_mutex_unlock(&fan->lock);
	blade->started = pthread_create(&blade->thread, NULL, run, blade) == 0;
	if (!blade->started)
		(void)run(blade);
}

static void
await(struct fan *fan, const struct wait *wait)
{
	pthread_mutex_lock(&fan->lock);
	while (fan->busy > 0) {
		time_cond_wait(&fan->ended, &fan->lock, WAIT_TICK_MS);
		if (fan->busy == 0 || atomic_load(&fan->left))
			continue;
		pthread_mutex_unlock(&fan->lock);
		if (wait_given_up(wait))
			atomic_store(&fan->left, true);
		pthread_mutex_lock(&fan->lock);
	}
	pthread_mutex_unlock(&fan->lock);
}

void
fan_out(const struct wait *wait, void (*work)(void *item, const struct wait *),
    void *items, size_t size, size_t count)
{
	struct fan fan = { .work = work };
	struct blade *blades = calloc(count + 1, sizeof(*blades));
	size_t i;

	if (blades == NULL) {
		for (i = 0; i < count; i++)
			work((char *)items + i * size, wait);
		return;
	}
	pthread_mutex_init(&fan.lock, NULL);
	time_cond_init(&fan.ended);
	for (i = 0; i < count; i++) {
		blades[i].fan = &fan;
		blades[i].item = (char *)items + i * size;
		start(&fan, &blades[i]);
	}
	await(&fan, wait);
	for (i = 0; i < count; i++) {
		if (blades[i].started)
			pthread_join(blades[i].thread, NULL);
	}
	pthread_cond_destroy(&fan.ended);
	pthread_mutex_destroy(&fan.lock);
	free(blades);
}
