/*
 * The lines of a printers file.  No state, any thread.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "client/base/buf.h"
#include "fs/setup/conf.h"

#define BLANKS	  " \t\r\v\f"
#define BYTE_MARK "\xef\xbb\xbf"

static char *
strip(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

/* A comment begins with the line, or with a semicolon behind a blank. */
static void
cut_comment(char *line)
{
	char *c;

	if (*line == '#' || *line == ';')
		*line = '\0';
	for (c = line; *c != '\0'; c++) {
		if (*c == ';' && c > line && strchr(BLANKS, c[-1]) != NULL)
			*c-- = '\0';
	}
}

static void
read_section(char *line, struct conf_line *out)
{
	char *end = strchr(line, ']');

	if (end == NULL || end[1] != '\0') {
		out->problem = "a section is [NAME], and nothing behind it";
		return;
	}
	*end = '\0';
	out->section = strip(line + 1);
}

static void
read_pair(char *line, struct conf_line *out)
{
	char *sign = line + strcspn(line, "=:");

	if (*sign == '\0') {
		out->problem = "neither [NAME] nor KEY = VALUE";
		return;
	}
	*sign = '\0';
	out->key = strip(line);
	out->value = strip(sign + 1);
	if (*out->key == '\0')
		out->problem = "there is no key before the =";
}

/* Returns whether there is something in the line. */
static bool
read_line(char *line, size_t len, struct conf_line *out)
{
	out->key = out->value = out->problem = NULL;
	if (strlen(line) != len) {
		out->problem = "there is a NUL byte in it";
		return true;
	}
	line = strip(line);
	cut_comment(line);
	line = strip(line);
	if (*line == '\0')
		return false;
	if (*line == '[')
		read_section(line, out);
	else
		read_pair(line, out);
	return true;
}

int
conf_parse(char *text, size_t len,
    int (*take)(void *arg, const struct conf_line *), void *arg)
{
	struct conf_line line = { 0 };
	char *end, *next;
	int result = 0;

	if (len == 0)
		return 0;
	end = text + len;
	if (len >= strlen(BYTE_MARK) &&
	    memcmp(text, BYTE_MARK, strlen(BYTE_MARK)) == 0)
		text += strlen(BYTE_MARK);
	while (text < end && result == 0) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (next == NULL)
			next = end;
		*next = '\0';
		line.number++;
		if (read_line(text, (size_t)(next - text), &line))
			result = take(arg, &line);
		text = next + 1;
	}
	return result;
}

static int
read_all(int fd, struct buf *out)
{
	char bytes[4096];
	ssize_t len;
	int error = 0;

	while (error == 0 && (len = read(fd, bytes, sizeof(bytes))) != 0) {
		if (len < 0)
			return -errno;
		error = buf_append(out, bytes, (size_t)len);
		if (out->len > CONF_MAX)
			error = -EFBIG;
	}
	return error;
}

int
conf_load(const char *path, struct buf *out)
{
	struct stat stat_buffer;
	int error, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat_buffer) != 0)
		error = -errno;
	else if (!S_ISREG(stat_buffer.st_mode))
		error = -EINVAL;
	else
		error = read_all(fd, out);
	close(fd);
	return error;
}
