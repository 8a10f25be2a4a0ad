/*
 * simctl FIFO VERB…: tell a simulated printer what to do, wait until it is
 * done, print what it says.  The answer comes through a FIFO of our own.
 * Exits with 64 for an unknown verb, 1 on any failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 30000,
	LINE_SIZE = 4096
};

/* Write the order: the reply FIFO and the words. */
static int
send_order(const char *fifo, const char *reply, int count, char **words)
{
	char line[LINE_SIZE];
	size_t len;
	int fd, error = 0;

	strlcpy(line, reply, sizeof(line));
	for (int i = 0; i < count; i++) {
		strlcat(line, "\t", sizeof(line));
		strlcat(line, words[i], sizeof(line));
	}
	len = strlcat(line, "\n", sizeof(line));
	if (len >= sizeof(line))
		return -E2BIG;
	fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, line, len) != (ssize_t)len)
		error = -EIO;
	close(fd);
	return error;
}

/* Read the answer and print its text.  Returns its code. */
static int
read_answer(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	char line[LINE_SIZE];
	size_t used = 0;
	char *text;
	int code;

	while (used == 0 || line[used - 1] != '\n') {
		ssize_t got;

		if (poll(&poller, 1, PATIENCE_MS) <= 0)
			return 1;
		got = read(fd, line + used, sizeof(line) - 1 - used);
		if (got <= 0 || used + (size_t)got >= sizeof(line) - 1)
			return 1;
		used += (size_t)got;
	}
	line[used] = '\0';
	code = (int)strtol(line, &text, 10);
	text += *text == ' ';
	if (code == 0 && *text != '\n')
		fputs(text, stdout);
	else if (code != 0)
		fprintf(stderr, "simctl: %s", text);
	return code;
}

int
main(int argc, char **argv)
{
	char folder[] = "/tmp/simctl.XXXXXX";
	char reply[sizeof(folder) + 8];
	int fd, code = 1, error;

	if (argc < 3) {
		fputs("usage: simctl FIFO VERB ...\n", stderr);
		return 1;
	}
	if (mkdtemp(folder) == NULL) {
		perror("simctl: /tmp");
		return 1;
	}
	snprintf(reply, sizeof(reply), "%s/reply", folder);
	fd = -1;
	if (mkfifo(reply, 0600) == 0)
		fd = open(reply, O_RDWR | O_CLOEXEC);
	error = fd < 0 ? -errno :
			 send_order(argv[1], reply, argc - 2, argv + 2);
	if (error != 0)
		fprintf(stderr, "simctl: %s\n", strerror(-error));
	else
		code = read_answer(fd);
	if (fd >= 0)
		close(fd);
	unlink(reply);
	rmdir(folder);
	return code;
}
