#ifndef CLIENT_OBICO_PRINTS_H
#define CLIENT_OBICO_PRINTS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct buf;

/*
 * A printer's history, as TOPIC_PRINTS tells it.  Call with each print's id,
 * the newest first, until call returns an error, which is returned, or 0.
 * -EPROTO, -ENOMEM.
 */
int prints_each(const char *text, size_t len,
    int (*call)(void *arg, int64_t id), void *arg);

/*
 * Append the print of that id to out as a line of JSON.  ended_s gets when it
 * ended, or began if it has not; 0: not known.  Returns 0, -ENOENT, -EPROTO or
 * -ENOMEM.
 */
int prints_find(const char *text, size_t len, int64_t id, struct buf *out,
    time_t *ended_s);

#endif
