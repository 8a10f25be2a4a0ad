/*
 * Short-lived threads, counted.  crew.lock guards the count; it is never held
 * while a thread works.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "cache/crew.h"
#include "client/log.h"

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	int at_work; /* under lock */
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
leave(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->at_work--;
	pthread_cond_broadcast(&crew->idle);
	pthread_mutex_unlock(&crew->lock);
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
	pthread_attr_t attr;
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
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attr, run, task);
	pthread_attr_destroy(&attr);
	if (error == 0)
		return 0;
	free(task);
	leave(crew);
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
	pthread_cond_destroy(&crew->idle);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
}
