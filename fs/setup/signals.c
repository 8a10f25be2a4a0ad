/*
 * The end by a signal.  One thread waits for TERM, INT or HUP; signals.lock
 * guards whether that is over.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "client/base/time.h"
#include "fs/setup/signals.h"

#define AGAIN_MS 100 /* a wake-up that came too early is repeated */

struct signals {
	struct signals_plan plan;
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
signals_prepare(void)
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
is_over(struct signals *signals)
{
	bool over;

	pthread_mutex_lock(&signals->lock);
	over = signals->over;
	pthread_mutex_unlock(&signals->lock);
	return over;
}

static void *
watch(void *arg)
{
	struct signals *signals = arg;
	sigset_t set;
	int number;

	make_set(&set);
	for (;;) {
		sigwait(&set, &number);
		if (is_over(signals))
			return NULL;
		if (number != SIGHUP || signals->plan.reread == NULL)
			break;
		signals->plan.reread(signals->plan.arg);
	}
	signals->plan.prepare(signals->plan.arg);
	signals->plan.finish(signals->plan.arg);
	pthread_mutex_lock(&signals->lock);
	while (!signals->over) {
		pthread_kill(signals->caller, SIGUSR1);
		time_cond_wait(&signals->changed, &signals->lock, AGAIN_MS);
	}
	pthread_mutex_unlock(&signals->lock);
	return NULL;
}

int
signals_start(const struct signals_plan *plan, struct signals **out)
{
	struct signals *signals = calloc(1, sizeof(*signals));
	int error;

	if (signals == NULL)
		return -ENOMEM;
	signals->plan = *plan;
	signals->caller = pthread_self();
	pthread_mutex_init(&signals->lock, NULL);
	time_cond_init(&signals->changed);
	error = pthread_create(&signals->thread, NULL, watch, signals);
	if (error != 0) {
		free(signals);
		return -error;
	}
	*out = signals;
	return 0;
}

void
signals_stop(struct signals *signals)
{
	pthread_mutex_lock(&signals->lock);
	signals->over = true;
	pthread_cond_broadcast(&signals->changed);
	pthread_mutex_unlock(&signals->lock);
	pthread_kill(signals->thread, SIGTERM);
	pthread_join(signals->thread, NULL);
	pthread_cond_destroy(&signals->changed);
	pthread_mutex_destroy(&signals->lock);
	free(signals);
}
