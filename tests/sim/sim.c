/*
 * The things that all parts of the simulated printer share: clock, one lock,
 * waiting, freezing, and the table of personalities.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/sim.h"

static const struct personality *const personalities[] = {
	&buddy_personality,
	&obico_personality,
	&pi_personality,
};

int
sim_init(struct sim *sim)
{
	pthread_condattr_t attr;
	int error;

	sim->started = sim_real();
	sim->log_fd = sim->record_fd = -1;
	error = pthread_mutex_init(&sim->lock, NULL);
	if (error != 0)
		return -error;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	error = pthread_cond_init(&sim->changed, &attr);
	pthread_condattr_destroy(&attr);
	return -error;
}

static int
open_log(const char *path, int *fd)
{
	if (path == NULL)
		return 0;
	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return *fd < 0 ? -errno : 0;
}

int
sim_open_logs(struct sim *sim)
{
	int error = open_log(sim->options.log, &sim->log_fd);

	return error != 0 ?
	    error :
	    open_log(getenv("SIMPRINTER_RECORD"), &sim->record_fd);
}

void
sim_log(struct sim *sim, const char *lines, size_t len)
{
	const int fds[] = { sim->log_fd, sim->record_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0 && write(fds[i], lines, len) < 0)
			perror("simprinter: log");
	}
}

void
sim_close_logs(struct sim *sim)
{
	if (sim->log_fd >= 0)
		close(sim->log_fd);
	if (sim->record_fd >= 0)
		close(sim->record_fd);
}

double
sim_real(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double
sim_now(const struct sim *sim)
{
	return (sim_real() - sim->started) / sim->options.time_scale;
}

int
sim_ms(const struct sim *sim, double seconds)
{
	double ms = seconds * sim->options.time_scale * 1000;

	if (seconds < 0)
		return -1;
	return ms > 1e9 ? 1000000000 : (int)ms;
}

void
sim_wait(struct sim *sim, double until_real)
{
	struct timespec until;

	if (until_real < 0) {
		pthread_cond_wait(&sim->changed, &sim->lock);
		return;
	}
	until.tv_sec = (time_t)until_real;
	until.tv_nsec = (long)((until_real - (double)until.tv_sec) * 1e9);
	pthread_cond_timedwait(&sim->changed, &sim->lock, &until);
}

void
sim_sleep(struct sim *sim, double seconds)
{
	double until = sim_real() + seconds;

	if (seconds <= 0)
		return;
	pthread_mutex_lock(&sim->lock);
	while (!sim->stopping && sim_real() < until)
		sim_wait(sim, until);
	pthread_mutex_unlock(&sim->lock);
}

void
sim_gate(struct sim *sim)
{
	if (!atomic_load_explicit(&sim->frozen, memory_order_relaxed))
		return;
	pthread_mutex_lock(&sim->lock);
	while (!sim->stopping && sim_real() < sim->frozen_until)
		sim_wait(sim, sim->frozen_until);
	if (sim_real() >= sim->frozen_until)
		sim->frozen = false;
	pthread_mutex_unlock(&sim->lock);
}

void
sim_freeze(struct sim *sim, double seconds)
{
	pthread_mutex_lock(&sim->lock);
	sim->frozen_until = sim_real() + seconds;
	sim->frozen = seconds > 0;
	pthread_cond_broadcast(&sim->changed);
	pthread_mutex_unlock(&sim->lock);
	server_wake(sim);
}

const struct personality *
sim_personality(const char *name)
{
	for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]);
	     i++) {
		if (strcmp(personalities[i]->name, name) == 0)
			return personalities[i];
	}
	return NULL;
}
