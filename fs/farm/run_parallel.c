/*
 * Work on many printers at once.  The threads share struct parallel_run, whose
 * lock guards the count; only the calling thread asks whether its own caller
 * still waits, because that question is for one thread at a time.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "fs/farm/run_parallel.h"

struct parallel_run {
	void (*work)(void *item, const struct wait *);
	atomic_bool left; /* the caller has */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	size_t busy; /* under lock */
};

struct parallel_item {
	struct parallel_run *all;
	void *item;
	pthread_t thread;
	bool started;
};

static bool
has_left(void *arg)
{
	struct parallel_run *all = arg;

	return atomic_load(&all->left);
}

static void *
run(void *arg)
{
	const struct parallel_item *one = arg;
	struct parallel_run *all = one->all;
	const struct wait wait = { .given_up = has_left, .arg = all };

	(void)log_about(NULL);
	all->work(one->item, &wait);
	pthread_mutex_lock(&all->lock);
	all->busy--;
	pthread_cond_broadcast(&all->ended);
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

static void
start(struct parallel_run *all, struct parallel_item *one)
{
	pthread_mutex_lock(&all->lock);
	all->busy++;
	pthread_mutex_unlock(&all->lock);
	one->started = pthread_create(&one->thread, NULL, run, one) == 0;
	if (!one->started)
		(void)run(one);
}

static void
await(struct parallel_run *all, const struct wait *wait)
{
	pthread_mutex_lock(&all->lock);
	while (all->busy > 0) {
		time_cond_wait(&all->ended, &all->lock, WAIT_TICK_MS);
		if (all->busy == 0 || atomic_load(&all->left))
			continue;
		pthread_mutex_unlock(&all->lock);
		if (wait_given_up(wait))
			atomic_store(&all->left, true);
		pthread_mutex_lock(&all->lock);
	}
	pthread_mutex_unlock(&all->lock);
}

void
run_parallel(const struct wait *wait,
    void (*work)(void *item, const struct wait *), void *items, size_t size,
    size_t count)
{
	struct parallel_run all = { .work = work };
	struct parallel_item *each = calloc(count + 1, sizeof(*each));
	size_t i;

	if (each == NULL) {
		for (i = 0; i < count; i++)
			work((char *)items + i * size, wait);
		return;
	}
	pthread_mutex_init(&all.lock, NULL);
	time_cond_init(&all.ended);
	for (i = 0; i < count; i++) {
		each[i].all = &all;
		each[i].item = (char *)items + i * size;
		start(&all, &each[i]);
	}
	await(&all, wait);
	for (i = 0; i < count; i++) {
		if (each[i].started)
			pthread_join(each[i].thread, NULL);
	}
	pthread_cond_destroy(&all.ended);
	pthread_mutex_destroy(&all.lock);
	free(each);
}
