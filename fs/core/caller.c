/*
 * Those who wait for us, as /proc tells of them.  No state, any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/core/caller.h"

#define PF_EXITING  0x4 /* include/linux/sched.h */
#define FLAGS	    9	/* fields of /proc/PID/stat, proc(5) */
#define EXIT_CODE   52
#define SIGNAL_BITS 0x7f

/* Read a small file of /proc.  Returns whether it could be read. */
static bool
read_proc(pid_t thread, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)thread, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, out, size - 1);
	close(fd);
	out[len < 0 ? 0 : len] = '\0';
	return len > 0;
}

/* The n-th field behind the command's name, which may hold anything. */
static unsigned long
field(const char *stat, int n)
{
	const char *text = strrchr(stat, ')');
	int at;

	if (text == NULL)
		return 0;
	for (at = 2; at < n && text != NULL; at++)
		text = strchr(text + 1, ' ');
	return text == NULL ? 0 : strtoul(text, NULL, 10);
}

static uint64_t
mask(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 16);
}

static uint64_t
bit(int number)
{
	return (uint64_t)1 << (number - 1);
}

bool
caller_has_left(pid_t thread)
{
	const uint64_t fatal = bit(SIGKILL) | bit(SIGINT) | bit(SIGTERM) |
	    bit(SIGHUP) | bit(SIGQUIT);
	char stat[1024], status[4096];
	uint64_t pending;
	bool exiting;

	if (thread == 0)
		return false;
	if (!read_proc(thread, "stat", stat, sizeof(stat)) ||
	    !read_proc(thread, "status", status, sizeof(status)))
		return caller_is_gone(thread);
	exiting = (field(stat, FLAGS) & PF_EXITING) != 0;
	if (exiting && (field(stat, EXIT_CODE) & SIGNAL_BITS) != 0)
		return true;
	pending = mask(status, "\nSigPnd:") | mask(status, "\nShdPnd:");
	pending &= ~mask(status, "\nSigBlk:");
	return (pending & fatal) != 0;
}

pid_t
caller_process(pid_t thread)
{
	char status[4096];
	const char *line;

	if (thread == 0 || !read_proc(thread, "status", status, sizeof(status)))
		return thread;
	line = strstr(status, "\nTgid:");
	return line == NULL ? thread :
			      (pid_t)strtol(line + strlen("\nTgid:"), NULL, 10);
}

bool
caller_is_gone(pid_t process)
{
	return process != 0 && kill(process, 0) != 0 && errno == ESRCH;
}
