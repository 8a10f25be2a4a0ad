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
#include "client/base/workers.h"
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
};

static bool
has_left(void *arg)
{
	struct parallel_run *all = arg;

	return atomic_load(&all->left);
}

static void
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
}

static void
await(struct parallel_run *all, const struct wait *wait)
{
	pthread_mutex_lock(&all->lock);
	while (all->busy > 0) {
		if (time_cond_tick(&all->ended, &all->lock, wait))
			atomic_store(&all->left, true);
	}
	pthread_mutex_unlock(&all->lock);
}

void
run_parallel(const struct wait *wait,
    void (*work)(void *item, const struct wait *), void *items, size_t size,
    size_t count)
{
	struct parallel_run all = { .work = work, .busy = count };
	struct parallel_item *each = calloc(count + 1, sizeof(*each));
	struct workers *workers;
	size_t i;

	if (each == NULL || workers_new(&workers) != 0) {
		for (i = 0; i < count; i++)
			work((char *)items + i * size, wait);
		free(each);
		return;
	}
	pthread_mutex_init(&all.lock, NULL);
	time_cond_init(&all.ended);
	for (i = 0; i < count; i++) {
		each[i].all = &all;
		each[i].item = (char *)items + i * size;
		if (workers_start(workers, run, &each[i]) != 0)
			run(&each[i]);
	}
	await(&all, wait);
	workers_free(workers);
	pthread_cond_destroy(&all.ended);
	pthread_mutex_destroy(&all.lock);
	free(each);
}
