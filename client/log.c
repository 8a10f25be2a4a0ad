/*
 * Messages: to stderr, after daemonising to syslog, and into a ring that the
 * file "log" shows.  Any thread may speak; one lock guards everything here,
 * which is the only mutable state at file scope in the program.
 */
#include <sys/time.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "client/buf.h"
#include "client/log.h"

#define LINES 200
#define LINE  480

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char ring[LINES][LINE]; /* under lock, like all below */
static uint64_t serial;
static bool verbose;
static bool use_syslog;

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
	for (; *line != '\0'; line++) {
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
	}
}

static void
keep(const char *line)
{
	struct timeval now;
	struct tm local;
	char stamp[32];

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &local);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &local);
	snprintf(ring[serial % LINES], LINE, "%s.%03d %s", stamp,
	    (int)(now.tv_usec / 1000), line);
	serial++;
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
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	make_harmless(line);
	pthread_mutex_lock(&lock);
	keep(line);
	speak(level, line);
	pthread_mutex_unlock(&lock);
}

void
log_record(const char *format, ...)
{
	char line[LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	make_harmless(line);
	pthread_mutex_lock(&lock);
	keep(line);
	speak(LOG_LEVEL_DETAIL, line);
	pthread_mutex_unlock(&lock);
}

int
log_text(struct buf *out)
{
	uint64_t i;
	int error = 0;

	pthread_mutex_lock(&lock);
	i = serial > LINES ? serial - LINES : 0;
	for (; i < serial && error == 0; i++)
		error = buf_printf(out, "%s\n", ring[i % LINES]);
	pthread_mutex_unlock(&lock);
	return error;
}

uint64_t
log_serial(void)
{
	uint64_t value;

	pthread_mutex_lock(&lock);
	value = serial;
	pthread_mutex_unlock(&lock);
	return value;
}
