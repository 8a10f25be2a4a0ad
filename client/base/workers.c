/*
 * Short-lived threads, counted.  Each one that ends waits for the one that
 * ended before it, and workers_free for the last, so that none of them outlives
 * the struct.  workers.lock is never held while a thread works.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "client/base/log.h"
#include "client/base/workers.h"

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	int at_work; /* all below under lock */
	bool has_last;
	pthread_t last; /* of those that have done their work */
};

struct task {
	struct workers *workers;
	void (*work)(void *);
	void *arg;
	struct log_subject *subject; /* of the thread that starts it */
};

int
workers_new(struct workers **out)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (workers == NULL)
		return -ENOMEM;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->idle, NULL);
	*out = workers;
	return 0;
}

static void
count_down(struct workers *workers)
{
	workers->at_work--;
	pthread_cond_broadcast(&workers->idle);
}

/* A thread's last act. */
static void
leave(struct workers *workers)
{
	pthread_t former;
	bool has_former;

	pthread_mutex_lock(&workers->lock);
	has_former = workers->has_last;
	former = workers->last;
	workers->has_last = true;
	workers->last = pthread_self();
	count_down(workers);
	pthread_mutex_unlock(&workers->lock);
	if (has_former)
		pthread_join(former, NULL);
}

static void *
run(void *arg)
{
	struct task task = *(struct task *)arg;

	free(arg);
	(void)log_about(task.subject);
	task.work(task.arg);
	leave(task.workers);
	return NULL;
}

int
workers_start(struct workers *workers, void (*work)(void *), void *arg)
{
	struct task *task = calloc(1, sizeof(*task));
	pthread_t thread;
	int error;

	if (task == NULL)
		return -ENOMEM;
	task->workers = workers;
	task->work = work;
	task->arg = arg;
	task->subject = log_about(NULL);
	(void)log_about(task->subject);
	pthread_mutex_lock(&workers->lock);
	workers->at_work++;
	pthread_mutex_unlock(&workers->lock);
	error = pthread_create(&thread, NULL, run, task);
	if (error == 0)
		return 0;
	free(task);
	pthread_mutex_lock(&workers->lock);
	count_down(workers);
	pthread_mutex_unlock(&workers->lock);
	return -error;
}

void
workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->lock);
	while (workers->at_work > 0)
		pthread_cond_wait(&workers->idle, &workers->lock);
	pthread_mutex_unlock(&workers->lock);
	if (workers->has_last)
		pthread_join(workers->last, NULL);
	pthread_cond_destroy(&workers->idle);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}
