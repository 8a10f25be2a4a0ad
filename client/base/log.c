/*
 * Messages: to stderr, after daemonising to syslog, and into the rings that
 * the files "log" show.  Any thread may speak; one lock guards everything
 * here but what each thread speaks about.  This is the only mutable state at
 * file scope in the program.
 */
#include <sys/time.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/utf8.h"

#define LINES	  200  /* of a ring */
#define ALL_LINES 1000 /* of the common ring, when there are subjects */
#define LINE	  480

struct ring {
	char **lines; /* each NULL: not yet, or there was no memory for it */
	size_t size;
	uint64_t serial; /* of the next line */
};

struct log_subject {
	struct ring ring;
	char *lines[LINES];
	char name[256];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *common_lines[ALL_LINES];
static struct ring common = { .lines = common_lines, .size = ALL_LINES };
static size_t common_shown = LINES;
static bool verbose;
static bool use_syslog;
static _Thread_local struct log_subject *about;

void
log_set_verbose(bool yes)
{
	pthread_mutex_lock(&lock);
	verbose = yes;
	pthread_mutex_unlock(&lock);
}

void
log_to_syslog(void)
{
	pthread_mutex_lock(&lock);
	openlog("prusafs", LOG_PID, LOG_DAEMON);
	use_syslog = true;
	pthread_mutex_unlock(&lock);
}

/* Printers and file names are foreign: nothing but text may pass. */
static void
make_harmless(char *line)
{
	size_t len;

	for (; *line != '\0'; line += len == 0 ? 1 : len) {
		len = utf8_measure(line, strlen(line));
		if (len == 0 || (unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
	}
}

static void
keep(struct ring *ring, const char *line)
{
	char **place = &ring->lines[ring->serial % ring->size];
	struct timeval now;
	struct tm local;
	char stamp[32];

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &local);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &local);
	free(*place);
	if (asprintf(place, "%s.%03d %s", stamp, (int)(now.tv_usec / 1000),
		line) < 0)
		*place = NULL;
	ring->serial++;
}

static void
speak(enum log_level level, const char *line)
{
	static const int priority[] = {
		[LOG_LEVEL_ERROR] = LOG_ERR,
		[LOG_LEVEL_NOTE] = LOG_NOTICE,
		[LOG_LEVEL_DETAIL] = LOG_INFO,
	};

	if (level == LOG_LEVEL_DETAIL && !verbose)
		return;
	if (use_syslog)
		syslog(priority[level], "%s", line);
	else
		fprintf(stderr, "prusafs: %s\n", line);
}

/* Into the rings, and to whom it may concern. */
static void __attribute__((format(printf, 2, 0)))
tell(enum log_level level, const char *format, va_list args)
{
	char line[LINE];
	size_t len = 0;

	if (about != NULL)
		len = (size_t)snprintf(line, sizeof(line), "%s: ", about->name);
	vsnprintf(line + len, sizeof(line) - len, format, args);
	make_harmless(line);
	pthread_mutex_lock(&lock);
	keep(&common, line);
	if (about != NULL)
		keep(&about->ring, line + len);
	speak(level, line);
	pthread_mutex_unlock(&lock);
}

void
log_say(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(level, format, args);
	va_end(args);
}

void
log_record(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(LOG_LEVEL_DETAIL, format, args);
	va_end(args);
}

int
log_subject_new(const char *name, struct log_subject **out)
{
	struct log_subject *subject = calloc(1, sizeof(*subject));

	if (subject == NULL)
		return -ENOMEM;
	subject->ring.lines = subject->lines;
	subject->ring.size = LINES;
	strlcpy(subject->name, name, sizeof(subject->name));
	pthread_mutex_lock(&lock);
	common_shown = ALL_LINES;
	pthread_mutex_unlock(&lock);
	*out = subject;
	return 0;
}

void
log_subject_free(struct log_subject *subject)
{
	size_t i;

	if (subject == NULL)
		return;
	for (i = 0; i < LINES; i++)
		free(subject->lines[i]);
	free(subject);
}

struct log_subject *
log_about(struct log_subject *subject)
{
	struct log_subject *former = about;

	about = subject;
	return former;
}

/* With the lock: the last lines, up to so many. */
static int
show(const struct ring *ring, size_t shown, struct buf *out)
{
	uint64_t i = ring->serial > shown ? ring->serial - shown : 0;
	int error = 0;

	for (; i < ring->serial && error == 0; i++) {
		const char *line = ring->lines[i % ring->size];

		if (line != NULL)
			error = buf_printf(out, "%s\n", line);
	}
	return error;
}

int
log_text(struct buf *out)
{
	int error;

	pthread_mutex_lock(&lock);
	error = show(&common, common_shown, out);
	pthread_mutex_unlock(&lock);
	return error;
}

int
log_text_about(const struct log_subject *subject, struct buf *out)
{
	int error;

	pthread_mutex_lock(&lock);
	error = show(&subject->ring, LINES, out);
	pthread_mutex_unlock(&lock);
	return error;
}
