/*
 * fs/caller: has the one who waits for us left?  Real children get into each
 * of the states.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "fs/core/caller.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

static const int fatal[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* What a child does before it tells its threads and waits. */
struct role {
	const char *name;   /* of the process, or NULL */
	const int *blocked; /* ends with 0, or NULL */
	bool ignore;	    /* those signals instead */
	bool handle;
	bool second; /* have a thread that blocks nothing */
};

struct child {
	pid_t pid;
	pid_t second; /* thread, or 0 */
};

static void
on_signal(int number)
{
	(void)number;
}

static void *
second_thread(void *arg)
{
	int out = *(int *)arg;
	pid_t thread = (pid_t)syscall(SYS_gettid);
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	if (write(out, &thread, sizeof(thread)) != sizeof(thread))
		_exit(1);
	for (;;)
		pause();
}

static void
prepare_signals(const struct role *role)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;
	size_t i;

	if (role->ignore)
		action.sa_handler = SIG_IGN;
	sigemptyset(&set);
	for (i = 0; role->blocked != NULL && role->blocked[i] != 0; i++) {
		sigaddset(&set, role->blocked[i]);
		if (role->ignore || role->handle)
			sigaction(role->blocked[i], &action, NULL);
	}
	if (!role->ignore && !role->handle)
		sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
play(const struct role *role, int out)
{
	pid_t none = 0;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (role->name != NULL)
		prctl(PR_SET_NAME, role->name);
	prepare_signals(role);
	if (role->second)
		pthread_create(&thread, NULL, second_thread, &out);
	else if (write(out, &none, sizeof(none)) != sizeof(none))
		_exit(1);
	for (;;)
		pause();
}

/* Returns when the child is in its role. */
static struct child
start(const struct role *role)
{
	struct child child = { 0 };
	int ends[2];

	if (pipe(ends) != 0 || (child.pid = fork()) < 0) {
		printf("Bail out! no child\n");
		exit(1);
	}
	if (child.pid == 0)
		play(role, ends[1]);
	close(ends[1]);
	if (read(ends[0], &child.second, sizeof(child.second)) !=
	    sizeof(child.second))
		child.second = -1;
	close(ends[0]);
	return child;
}

/* A stopped process keeps its signals pending. */
static void
freeze(const struct child *child)
{
	int status;

	kill(child->pid, SIGSTOP);
	waitpid(child->pid, &status, WUNTRACED);
}

static void
end(const struct child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
}

/* Wait until the child has ended, and leave it unburied. */
static void
await_end(pid_t child)
{
	siginfo_t info;

	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
}

static void
test_alive(struct check *check)
{
	const struct role role = { 0 };
	struct child child = start(&role);
	pid_t self = (pid_t)syscall(SYS_gettid);

	CHECK(check, !caller_has_left(child.pid), "who is alive has not left");
	CHECK(check, !caller_is_gone(child.pid), "who is alive is not gone");
	CHECK(check, caller_process(child.pid) == child.pid,
	    "a process is its first thread's");
	freeze(&child);
	CHECK(check, !caller_has_left(child.pid),
	    "who is stopped has not left");
	end(&child);
	CHECK(check, !caller_has_left(self) && caller_process(self) == getpid(),
	    "we ourselves have not left");
	CHECK(check,
	    !caller_has_left(0) && !caller_is_gone(0) && caller_process(0) == 0,
	    "one of another pid namespace never leaves");
}

static void
test_normal_end(struct check *check)
{
	pid_t child = fork();
	int code;

	if (child == 0)
		_exit(0);
	await_end(child);
	CHECK(check, !caller_has_left(child),
	    "who ends by himself has not left");
	waitpid(child, NULL, 0);
	CHECK(check, caller_is_gone(child), "who is buried is gone");
	for (code = 1; code < 256; code += 126) {
		child = fork();
		if (child == 0)
			_exit(code);
		await_end(child);
		CHECK(check, !caller_has_left(child),
		    "who ends by himself with status %d has not left", code);
		waitpid(child, NULL, 0);
	}
}

static void
test_killed(struct check *check)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP,
		SIGQUIT, SIGALRM, SIGUSR1, SIGPIPE };
	const struct role role = { 0 };
	struct child child;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		child = start(&role);
		kill(child.pid, signals[i]);
		await_end(child.pid);
		CHECK(check, caller_has_left(child.pid),
		    "who is ended by SIG%s has left", sigabbrev_np(signals[i]));
		CHECK(check, !caller_is_gone(child.pid),
		    "who is ended by SIG%s is not gone before his burial",
		    sigabbrev_np(signals[i]));
		end(&child);
		CHECK(check, caller_is_gone(child.pid),
		    "who was ended by SIG%s is gone", sigabbrev_np(signals[i]));
	}
}

static void
test_pending(struct check *check)
{
	static const int blocked[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0 };
	const struct role open = { 0 };
	const struct role handler = { .blocked = blocked, .handle = true };
	const struct role deaf = { .blocked = blocked };
	const struct role careless = { .blocked = blocked, .ignore = true };
	const struct {
		const struct role *role;
		const char *how;
		bool left;
	} rows[] = {
		{ &open, "pending", true },
		{ &handler, "pending for a handler", true },
		{ &deaf, "blocked", false },
		{ &careless, "ignored", false },
	};
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (j = 0; j < sizeof(fatal) / sizeof(fatal[0]); j++) {
			struct child child = start(rows[i].role);

			freeze(&child);
			kill(child.pid, fatal[j]);
			CHECK(check, caller_has_left(child.pid) == rows[i].left,
			    "who has SIG%s %s has %sleft",
			    sigabbrev_np(fatal[j]), rows[i].how,
			    rows[i].left ? "" : "not ");
			end(&child);
		}
	}
}

static void
test_harmless(struct check *check)
{
	static const int signals[] = { SIGALRM, SIGCHLD, SIGURG, SIGUSR1,
		SIGUSR2, SIGPIPE, SIGWINCH, SIGTSTP, SIGIO, SIGPROF };
	const struct role role = { 0 };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct child child = start(&role);

		freeze(&child);
		kill(child.pid, signals[i]);
		CHECK(check, !caller_has_left(child.pid),
		    "SIG%s makes nobody leave", sigabbrev_np(signals[i]));
		end(&child);
	}
	{
		struct child child = start(&role);

		freeze(&child);
		kill(child.pid, SIGRTMIN);
		kill(child.pid, SIGRTMAX);
		CHECK(check, !caller_has_left(child.pid),
		    "real-time signals make nobody leave");
		end(&child);
	}
}

/* The first thread blocks TERM, the second does not. */
static void
test_threads(struct check *check)
{
	static const int blocked[] = { SIGTERM, 0 };
	const struct role role = { .blocked = blocked, .second = true };
	struct child child = start(&role);

	CHECK(check,
	    child.second > 0 && child.second != child.pid &&
		caller_process(child.second) == child.pid,
	    "a thread knows its process");
	CHECK(check,
	    !caller_has_left(child.second) && !caller_is_gone(child.second),
	    "a thread that waits is there");
	freeze(&child);
	kill(child.pid, SIGTERM);
	CHECK(check,
	    !caller_has_left(child.pid) && caller_has_left(child.second),
	    "a process's signal is for the threads that do not block it");
	end(&child);
	CHECK(check,
	    caller_is_gone(child.second) &&
		caller_process(child.second) == child.second,
	    "a thread goes with its process");
	child = start(&role);
	freeze(&child);
	syscall(SYS_tgkill, child.pid, child.second, SIGINT);
	CHECK(check,
	    !caller_has_left(child.pid) && caller_has_left(child.second),
	    "a thread's signal is for that thread only");
	end(&child);
}

/* /proc writes the process's name among its numbers. */
static void
test_names(struct check *check)
{
	static const char *const names[] = { ") Z 1 1 1 (", "a b c d e f g",
		"(((((", ")))))", "\nSigPnd:\tffff", "\nTgid:\t1", " ", "" };
	struct role role = { 0 };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct child child;

		role.name = names[i];
		child = start(&role);
		CHECK(check,
		    !caller_has_left(child.pid) &&
			caller_process(child.pid) == child.pid,
		    "a process called \"%s\" deceives nobody", names[i]);
		kill(child.pid, SIGTERM);
		await_end(child.pid);
		CHECK(check, caller_has_left(child.pid),
		    "a process called \"%s\" can leave", names[i]);
		end(&child);
	}
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_alive(&check);
	test_normal_end(&check);
	test_killed(&check);
	test_pending(&check);
	test_harmless(&check);
	test_threads(&check);
	test_names(&check);
	return check_end(&check);
}
