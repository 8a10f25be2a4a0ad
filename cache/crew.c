/*
 * Short-lived threads, counted.  Each that ends waits for the end of the one
 * that did so before it, and the crew for that of the last, so that none of
 * them outlives the crew.  crew.lock is never held while a thread works.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cache/crew.h"
#include "client/base/log.h"

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	int at_work; /* all below under lock */
	bool has_last;
	pthread_t last; /* of those that have done their work */
};

struct task {
	struct crew *crew;
	void (*work)(void *);
	void *arg;
	struct log_subject *subject; /* who starts it speaks about this */
};

int
crew_new(struct crew **out)
{
	struct crew *crew = calloc(1, sizeof(*crew));

	if (crew == NULL)
		return -ENOMEM;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->idle, NULL);
	*out = crew;
	return 0;
}

static void
count_down(struct crew *crew)
{
	crew->at_work--;
	pthread_cond_broadcast(&crew->idle);
}

/* A thread's last act. */
static void
leave(struct crew *crew)
{
	pthread_t former;
	bool has_former;

	pthread_mutex_lock(&crew->lock);
	has_former = crew->has_last;
	former = crew->last;
	crew->has_last = true;
	crew->last = pthread_self();
	count_down(crew);
	pthread_mutex_unlock(&crew->lock);
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
	leave(task.crew);
	return NULL;
}

int
crew_start(struct crew *crew, void (*work)(void *), void *arg)
{
	struct task *task = calloc(1, sizeof(*task));
	pthread_t thread;
	int error;

	if (task == NULL)
		return -ENOMEM;
	task->crew = crew;
	task->work = work;
	task->arg = arg;
	task->subject = log_about(NULL);
	(void)log_about(task->subject);
	pthread_mutex_lock(&crew->lock);
	crew->at_work++;
	pthread_mutex_unlock(&crew->lock);
	error = pthread_create(&thread, NULL, run, task);
	if (error == 0)
		return 0;
	free(task);
	pthread_mutex_lock(&crew->lock);
	count_down(crew);
	pthread_mutex_unlock(&crew->lock);
	return -error;
}

void
crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	pthread_mutex_lock(&crew->lock);
	while (crew->at_work > 0)
		pthread_cond_wait(&crew->idle, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	if (crew->has_last)
		pthread_join(crew->last, NULL);
	pthread_cond_destroy(&crew->idle);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
}
