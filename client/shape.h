#ifndef CLIENT_SHAPE_H
#define CLIENT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct buf;

/*
 * Readers of documents in the published v1 shape, whichever back end told
 * them.  All return -EPROTO for a text that is none, or -ENOMEM.
 */

/* What TOPIC_STORAGE says of one storage. */
struct shape_storage {
	bool available;
	int64_t total; /* bytes; -1: not told */
	int64_t free;  /* bytes; -1: not told */
	char name[64]; /* display name */
};

/* Returns 0, or -ENOENT: no such storage in it. */
int shape_storage(const char *text, size_t len, const char *storage,
    struct shape_storage *out);

#define SHAPE_CAMERAS 16 /* more are left out */

/*
 * Call with the id of each camera in TOPIC_CAMERAS, until call returns an
 * error, which is returned, or 0.  An id that can be no name of a folder is
 * left out.
 */
int shape_cameras(const char *text, size_t len,
    int (*call)(void *arg, const char *id), void *arg);

/*
 * The same with the id of each print in TOPIC_PRINTS, a number in digits; the
 * newest is first.
 */
int shape_prints(const char *text, size_t len,
    int (*call)(void *arg, const char *id), void *arg);

/*
 * Append the print of that id to out as a line of JSON.  ended_s gets when it
 * ended, or began if it has not; 0: not known.  Returns 0 or -ENOENT.
 */
int shape_print(const char *text, size_t len, const char *id, struct buf *out,
    time_t *ended_s);

#endif
