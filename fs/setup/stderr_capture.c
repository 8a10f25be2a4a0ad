/*
 * libfuse and fusermount3 print why a mount fails where nobody can catch it;
 * here it becomes part of our own line.  No state.
 */
#include <sys/mman.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/base/log.h"
#include "fs/setup/stderr_capture.h"

void
stderr_capture_begin(struct stderr_capture *capture)
{
	capture->saved = -1;
	capture->kept = memfd_create("stderr", MFD_CLOEXEC);
	if (capture->kept >= 0)
		capture->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (capture->saved >= 0)
		dup2(capture->kept, STDERR_FILENO);
}

static void
join_lines(char *text)
{
	size_t len = strlen(text);
	char *at;

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	for (at = text; (at = strchr(at, '\n')) != NULL; at++)
		*at = ';';
}

void
stderr_capture_end(struct stderr_capture *capture, const char *mountpoint,
    bool mounted)
{
	char text[512];
	ssize_t len = 0;

	if (capture->saved >= 0) {
		dup2(capture->saved, STDERR_FILENO);
		close(capture->saved);
		len = pread(capture->kept, text, sizeof(text) - 1, 0);
	}
	if (capture->kept >= 0)
		close(capture->kept);
	text[len > 0 ? len : 0] = '\0';
	join_lines(text);
	if (!mounted)
		log_say(LOG_LEVEL_ERROR, "%s: cannot be mounted on%s%s",
		    mountpoint, text[0] == '\0' ? "" : ": ", text);
	else if (text[0] != '\0')
		log_say(LOG_LEVEL_NOTE, "%s", text);
}
