/*
 * The end by a signal.  One thread waits for TERM, INT or HUP; ending.lock
 * guards whether that is over.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/base/time.h"
#include "fs/setup/ending.h"

#define AGAIN_MS 100 /* a wake-up that came too early is repeated */

struct ending {
	struct ending_plan plan;
	pthread_t thread;
	pthread_t caller;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* all below under lock */
	bool over;
};

static void *
idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* pthread_cancel has the C library open a file the first time. */
static void
cancel_once(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, idle, NULL) != 0)
		return;
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static void
make_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

/* Only there to interrupt a system call. */
static void
on_wake(int number)
{
	(void)number;
}

void
ending_prepare(void)
{
	struct sigaction wake = { .sa_handler = on_wake };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	cancel_once();
	make_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGUSR1, &wake, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static bool
is_over(struct ending *ending)
{
	bool over;

	pthread_mutex_lock(&ending->lock);
	over = ending->over;
	pthread_mutex_unlock(&ending->lock);
	return over;
}

static void *
watch(void *arg)
{
	struct ending *ending = arg;
	sigset_t set;
	int number;

	make_set(&set);
	for (;;) {
		sigwait(&set, &number);
		if (is_over(ending))
			return NULL;
		if (number != SIGHUP || ending->plan.reread == NULL)
			break;
		ending->plan.reread(ending->plan.arg);
	}
	ending->plan.prepare(ending->plan.arg);
	ending->plan.finish(ending->plan.arg);
	pthread_mutex_lock(&ending->lock);
	while (!ending->over) {
		pthread_kill(ending->caller, SIGUSR1);
		time_cond_wait(&ending->changed, &ending->lock, AGAIN_MS);
	}
	pthread_mutex_unlock(&ending->lock);
	return NULL;
}

int
ending_start(const struct ending_plan *plan, struct ending **out)
{
	struct ending *ending = calloc(1, sizeof(*ending));
	int error;

	if (ending == NULL)
		return -ENOMEM;
	ending->plan = *plan;
	ending->caller = pthread_self();
	pthread_mutex_init(&ending->lock, NULL);
	time_cond_init(&ending->changed);
	error = pthread_create(&ending->thread, NULL, watch, ending);
	if (error != 0) {
		free(ending);
		return -error;
	}
	*out = ending;
	return 0;
}

void
ending_stop(struct ending *ending)
{
	pthread_mutex_lock(&ending->lock);
	ending->over = true;
	pthread_cond_broadcast(&ending->changed);
	pthread_mutex_unlock(&ending->lock);
	pthread_kill(ending->thread, SIGTERM);
	pthread_join(ending->thread, NULL);
	pthread_cond_destroy(&ending->changed);
	pthread_mutex_destroy(&ending->lock);
	free(ending);
}
