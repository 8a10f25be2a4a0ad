/*
 * Messages: to stderr, after daemonising to syslog, and into the rings that
 * the files "log" show.  Any thread may speak; one lock guards everything
 * here but what each thread speaks about.  State at file scope is here, for
 * everybody speaks; elsewhere it is passed down.
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

void
log_say(enum log_level level, const char *format, ...)
{
	char line[LINE];
	size_t len = 0;
	va_list args;

	if (about != NULL)
		len = (size_t)snprintf(line, sizeof(line), "%s: ", about->name);
	va_start(args, format);
	vsnprintf(line + len, sizeof(line) - len, format, args);
	va_end(args);
	make_harmless(line);
	pthread_mutex_lock(&lock);
	keep(&common, line);
	if (about != NULL)
		keep(&about->ring, line + len);
	speak(level, line);
	pthread_mutex_unlock(&lock);
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

int
log_text(const struct log_subject *subject, struct buf *out)
{
	const struct ring *ring = subject == NULL ? &common : &subject->ring;
	size_t shown;
	uint64_t i;
	int error = 0;

	pthread_mutex_lock(&lock);
	shown = subject == NULL ? common_shown : LINES;
	i = ring->serial > shown ? ring->serial - shown : 0;
	for (; i < ring->serial && error == 0; i++) {
		const char *line = ring->lines[i % ring->size];

		if (line != NULL)
			error = buf_printf(out, "%s\n", line);
	}
	pthread_mutex_unlock(&lock);
	return error;
}
