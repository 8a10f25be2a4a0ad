/*
 * The control FIFO.  Its thread reads a line at a time, does what it says
 * under sim.lock, and writes the answer to the FIFO named in the line.  It
 * keeps the FIFO open for writing itself, so that there is no end of file.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/control.h"
#include "tests/sim/sim.h"
#include "tests/sim/stamp.h"
#include "tests/sim/text.h"

enum {
	MOST_WORDS = 64,
	LINE_SIZE = 4096,
	UNKNOWN = 64
};

struct verb {
	const char *word;
	const char *second; /* NULL: any */
	int (*run)(struct sim *, int count, char **words, struct text *answer);
};

static int
run_idle(struct sim *sim, int count, char **words, struct text *answer)
{
	machine_idle(sim);
	sim->personality->control(sim, count, words, answer);
	return 0;
}

/* Somebody at the printer leaves what the screen shows. */
static int
run_dismiss(struct sim *sim, int count, char **words, struct text *answer)
{
	struct machine_view view;

	machine_look(sim, &view);
	if (view.phase == PHASE_FINISHED || view.phase == PHASE_STOPPED)
		machine_idle(sim);
	sim->personality->control(sim, count, words, answer);
	return 0;
}

/* The end of a print is left at the moment that a start is refused. */
static int
run_clears(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)count, (void)words, (void)answer;
	sim->machine.clears = true;
	return 0;
}

static int
run_attention(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)count, (void)words, (void)answer;
	machine_attention(sim);
	return 0;
}

static int
run_finish(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)count, (void)words, (void)answer;
	return machine_finish(sim);
}

static int
run_pause(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)count, (void)words, (void)answer;
	return machine_pause(sim, true);
}

static int
run_resume(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)count, (void)words, (void)answer;
	return machine_resume(sim, true);
}

/* Transfers and connections end, the printer forgets what it was doing. */
static int
run_restart(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)count, (void)words, (void)answer;
	sim->boot++;
	sim->transfer.active = false;
	machine_idle(sim);
	sim->personality->restart(sim);
	server_cut(sim);
	return 0;
}

static int
run_writes(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)count, (void)answer;
	sim->writes_fail = strcmp(words[1], "fail") == 0;
	return 0;
}

static int
run_clock(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)answer;
	return count != 2 ? -EINVAL : stamp_set(sim, words[1]);
}

static int
run_full(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)answer;
	sim->full = count < 2 || strcmp(words[1], "off") != 0;
	return 0;
}

static int
run_tick(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)answer;
	sim->tick_status = count < 2 || strcmp(words[1], "off") != 0;
	return 0;
}

static int
run_elsewhere(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)answer;
	if (count == 2 && strcmp(words[1], "next") == 0) {
		sim->transfer.next = true;
		return 0;
	}
	transfer_elsewhere(sim, count < 2 || strcmp(words[1], "off") != 0,
	    count > 2 ? (int)strtol(words[2], NULL, 10) : 0);
	return 0;
}

static int
run_rate(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)answer;
	if (count != 2)
		return -EINVAL;
	sim->rate = strtol(words[1], NULL, 10);
	return 0;
}

static int
run_latency(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)answer;
	if (count != 2)
		return -EINVAL;
	sim->latency_ms = strtol(words[1], NULL, 10);
	return 0;
}

static int
run_state(struct sim *sim, int count, char **words, struct text *answer)
{
	struct machine_view view;

	(void)count, (void)words;
	machine_look(sim, &view);
	text_puts(answer, view.state);
	return 0;
}

/* The last bytes of a download are acknowledged so much later. */
static int
run_linger(struct sim *sim, int count, char **words, struct text *answer)
{
	(void)answer;
	if (count != 2)
		return -EINVAL;
	sim->linger_ms = strtol(words[1], NULL, 10);
	return 0;
}

/* Write a file of x as somebody else would: behind the server's back. */
static int
write_file(const char *path, long long size)
{
	char data[16384];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int error = 0;

	if (fd < 0)
		return -errno;
	memset(data, 'x', sizeof(data));
	while (size > 0 && error == 0) {
		ssize_t did = write(fd, data,
		    size < (long long)sizeof(data) ? (size_t)size :
						     sizeof(data));

		error = did < 0 ? -errno : 0;
		size -= did > 0 ? did : 0;
	}
	close(fd);
	return error;
}

static int
run_copy(struct sim *sim, int count, char **words, struct text *answer)
{
	char *path;
	int error;

	(void)answer;
	if (count != 3)
		return -EINVAL;
	path = sim->personality->copy_target(sim, words[1]);
	if (path == NULL)
		return -ENOENT;
	error = write_file(path, strtoll(words[2], NULL, 10));
	free(path);
	return error;
}

/* clang-format off */
static const struct verb verbs[] = {
	{ "attention",          NULL,     run_attention },
	{ "clears",             NULL,     run_clears },
	{ "clock",              NULL,     run_clock },
	{ "copy",               NULL,     run_copy },
	{ "dismiss",            NULL,     run_dismiss },
	{ "finish",             NULL,     run_finish },
	{ "full",               NULL,     run_full },
	{ "idle",               NULL,     run_idle },
	{ "latency",            NULL,     run_latency },
	{ "linger",             NULL,     run_linger },
	{ "pause",              "from",   run_pause },
	{ "rate",               NULL,     run_rate },
	{ "restart",            NULL,     run_restart },
	{ "resume",             "from",   run_resume },
	{ "state",              NULL,     run_state },
	{ "tick-status",        NULL,     run_tick },
	{ "transfer-elsewhere", NULL,     run_elsewhere },
	{ "writes",             "fail",   run_writes },
	{ "writes",             "work",   run_writes },
};
/* clang-format on */

/* Is it about the connection, whatever is at its end? */
static bool
is_knob(const struct verb *verb)
{
	return verb->run == run_latency || verb->run == run_rate ||
	    verb->run == run_linger;
}

static int
run(struct sim *sim, int count, char **words, struct text *answer)
{
	int error;

	if (strcmp(words[0], "freeze") == 0) {
		if (count != 2)
			return -EINVAL;
		sim_freeze(sim, strtod(words[1], NULL));
		return 0;
	}
	pthread_mutex_lock(&sim->lock);
	error = faults_control(sim, count, words);
	if (error == -EOPNOTSUPP)
		error = nth_control(sim, count, words, answer);
	for (size_t i = 0;
	     error == -EOPNOTSUPP && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++) {
		const struct verb *verb = &verbs[i];

		if (sim->personality->own_verbs && !is_knob(verb))
			continue;
		if (strcmp(verb->word, words[0]) == 0 &&
		    (verb->second == NULL ||
			(count > 1 && strcmp(verb->second, words[1]) == 0)))
			error = verb->run(sim, count, words, answer);
	}
	if (error == -EOPNOTSUPP)
		error = sim->personality->control(sim, count, words, answer);
	pthread_cond_broadcast(&sim->changed);
	pthread_mutex_unlock(&sim->lock);
	return error;
}

/* Split a line at tabs; blanks separate words too. */
static int
split(char *line, char **words)
{
	int count = 0;

	for (;;) {
		line += strspn(line, "\t ");
		if (*line == '\0' || count == MOST_WORDS)
			return count;
		words[count++] = line;
		line += strcspn(line, "\t ");
		if (*line != '\0')
			*line++ = '\0';
	}
}

static void
obey(struct sim *sim, char *line)
{
	struct text answer = { 0 }, said = { 0 };
	char *words[MOST_WORDS + 1];
	int count = split(line, words);
	int error, fd, code;

	if (count < 2)
		return;
	error = run(sim, count - 1, words + 1, &said);
	code = error == -EOPNOTSUPP ? UNKNOWN : error != 0;
	text_printf(&answer, "%d %s\n", code,
	    error != 0 ? strerror(-error) : text_string(&said));
	fd = open(words[0], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, text_string(&answer), answer.len) < 0)
			perror("simprinter: control");
		close(fd);
	}
	text_free(&answer);
	text_free(&said);
}

static void *
control_run(void *arg)
{
	struct sim *sim = arg;
	struct control *control = &sim->control;
	struct pollfd fds[2] = { { .fd = control->stop_fd, .events = POLLIN },
		{ .fd = control->fifo_fd, .events = POLLIN } };
	char line[LINE_SIZE];
	size_t used = 0;

	while (poll(fds, 2, -1) > 0 && fds[0].revents == 0) {
		ssize_t got = read(control->fifo_fd, line + used,
		    sizeof(line) - used);
		char *end;

		if (got <= 0)
			continue;
		used += (size_t)got;
		while ((end = memchr(line, '\n', used)) != NULL) {
			size_t len = (size_t)(end - line) + 1;

			*end = '\0';
			obey(sim, line);
			memmove(line, line + len, used - len);
			used -= len;
		}
		if (used == sizeof(line))
			used = 0; /* nobody sends so long a line */
	}
	return NULL;
}

int
control_open(struct sim *sim)
{
	struct control *control = &sim->control;
	const char *path = sim->options.control;

	if (path == NULL)
		return 0;
	if (mkfifo(path, 0600) != 0 && errno != EEXIST)
		return -errno;
	control->stop_fd = eventfd(0, EFD_CLOEXEC);
	control->fifo_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (control->stop_fd < 0 || control->fifo_fd < 0)
		return -errno;
	return -pthread_create(&control->thread, NULL, control_run, sim);
}

void
control_close(struct sim *sim)
{
	struct control *control = &sim->control;
	uint64_t one = 1;

	if (sim->options.control == NULL)
		return;
	if (write(control->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(control->thread, NULL);
	unlink(sim->options.control);
	close(control->fifo_fd);
	close(control->stop_fd);
}
