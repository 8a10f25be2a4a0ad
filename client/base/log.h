#ifndef CLIENT_BASE_LOG_H
#define CLIENT_BASE_LOG_H

#include <stdbool.h>

struct buf;

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_NOTE,
	LOG_LEVEL_DETAIL, /* said only with -v, but in the ring */
};

/* Say details too (option -v). */
void log_set_verbose(bool verbose);

/* From now on speak to syslog instead of stderr. */
void log_to_syslog(void);

/*
 * Say one line, without a newline at its end, to stderr or syslog, and keep
 * it in the ring that the file "log" of the mount shows.  Bytes that would
 * disturb a terminal are replaced.
 */
void log_say(enum log_level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * One printer of several: its lines bear its name in the common ring, and are
 * in a ring of its own too.
 */
struct log_subject;

/* The name is copied.  Returns 0 (caller: log_subject_free), or -ENOMEM. */
int log_subject_new(const char *name, struct log_subject **out);
void log_subject_free(struct log_subject *);

/*
 * This thread speaks about that subject from now on, which is borrowed, or
 * NULL: about none.  Returns the former one.
 */
struct log_subject *log_about(struct log_subject *);

/*
 * Append the lines about a subject, or of the common ring (NULL), oldest first.
 * Returns 0 or -ENOMEM.
 */
int log_text(const struct log_subject *, struct buf *out);

#endif
