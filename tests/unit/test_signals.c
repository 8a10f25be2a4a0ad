/*
 * fs/signals: what happens when a signal asks the program to end.  Each course
 * is run by a child, whose exit status tells how it went.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "fs/setup/signals.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

struct course {
	atomic_int prepared;
	atomic_int finished;
	atomic_bool disordered;
	int idle[2]; /* a pipe that nobody writes to */
};

static void
prepare(void *arg)
{
	struct course *course = arg;

	if (atomic_load(&course->finished) != 0)
		atomic_store(&course->disordered, true);
	atomic_fetch_add(&course->prepared, 1);
}

static void
finish(void *arg)
{
	struct course *course = arg;

	if (atomic_load(&course->prepared) != 1)
		atomic_store(&course->disordered, true);
	atomic_fetch_add(&course->finished, 1);
}

static struct signals *
start(struct course *course)
{
	const struct signals_plan plan = {
		.prepare = prepare, .finish = finish, .arg = course
	};
	struct signals *signals;

	if (pipe(course->idle) != 0)
		_exit(1);
	signals_prepare();
	if (signals_start(&plan, &signals) != 0)
		_exit(1);
	return signals;
}

static bool
ended_once(const struct course *course)
{
	return course->prepared == 1 && course->finished == 1 &&
	    !course->disordered;
}

/* Wait in a system call, as the loop of FUSE does.  Returns its error. */
static int
wait_in_call(struct course *course)
{
	char byte;

	return read(course->idle[0], &byte, 1) < 0 ? errno : 0;
}

static bool
asleep(int ready)
{
	struct course course = { 0 };
	struct signals *signals = start(&course);
	int error;

	if (write(ready, "x", 1) != 1)
		return false;
	error = wait_in_call(&course);
	signals_stop(signals);
	return error == EINTR && ended_once(&course);
}

/* The first wake-up finds nobody in a system call. */
static bool
busy(int ready)
{
	struct course course = { 0 };
	struct signals *signals = start(&course);
	int error;

	if (write(ready, "x", 1) != 1)
		return false;
	AWAIT(atomic_load(&course.finished) > 0);
	check_nap();
	check_nap();
	error = wait_in_call(&course);
	signals_stop(signals);
	return error == EINTR && ended_once(&course);
}

static bool
undisturbed(int ready)
{
	struct course course = { 0 };
	struct signals *signals = start(&course);

	(void)ready;
	signals_stop(signals);
	return course.prepared == 0 && course.finished == 0;
}

static bool
broken_pipe(int ready)
{
	struct course course = { 0 };
	struct signals *signals = start(&course);
	bool survived;

	(void)ready;
	close(course.idle[0]);
	survived = write(course.idle[1], "x", 1) < 0 && errno == EPIPE;
	signals_stop(signals);
	return survived && course.prepared == 0;
}

/* Returns whether the child says that all went well. */
static bool
run(bool (*play)(int ready), int number, int times)
{
	int ends[2], status = -1, i;
	pid_t child;
	char byte;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		return false;
	if (child == 0) {
		alarm(60);
		_exit(play(ends[1]) ? 0 : 1);
	}
	close(ends[1]);
	if (number != 0 && read(ends[0], &byte, 1) == 1) {
		for (i = 0; i < times; i++)
			kill(child, number);
	}
	waitpid(child, &status, 0);
	close(ends[0]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int
main(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct check check;
	size_t i;

	check_begin(&check);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		CHECK(&check, run(asleep, numbers[i], 1),
		    "SIG%s prepares, finishes, and wakes the one who waits",
		    sigabbrev_np(numbers[i]));
		CHECK(&check, run(busy, numbers[i], 1),
		    "one who was not yet waiting is woken after SIG%s too",
		    sigabbrev_np(numbers[i]));
		CHECK(&check, run(asleep, numbers[i], 5),
		    "an impatient user's SIG%ss do it once",
		    sigabbrev_np(numbers[i]));
	}
	CHECK(&check, run(undisturbed, 0, 0),
	    "an end without a signal calls nothing");
	CHECK(&check, run(broken_pipe, 0, 0),
	    "a broken pipe is an error and not the end");
	return check_end(&check);
}
