#ifndef CLIENT_BASE_SAFE_NAME_H
#define CLIENT_BASE_SAFE_NAME_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Names of directory entries for things that people may call anything, twice
 * too, and that have a number to tell them apart (Obico's printers and files).
 */

#define SAFE_NAME_SIZE 256 /* NAME_MAX and a NUL */

/*
 * The part of a text that can be a name: slashes, control characters,
 * bytes that are no UTF-8, and a dot at its beginning become "_", and what is
 * too long is cut.  out has SAFE_NAME_SIZE bytes.
 */
void safe_name_make(const char *text, char *out);

struct safe_name {
	const char *text; /* borrowed */
	int64_t id;
	char name[SAFE_NAME_SIZE]; /* filled in */
	bool is_numbered;	   /* it bore its number before, and keeps it */
};

/*
 * Give each a name of its own, in this order: the first one with a name keeps
 * it, further ones have " (id)" behind theirs, and so has one that is numbered
 * or whose name is reserved (NULL: none is).  Returns 0 or -ENOMEM.
 */
int safe_name_all(struct safe_name *, size_t count,
    bool (*is_reserved)(const char *));

/*
 * Which of several things with one name were shown with their number: they
 * keep it when the others go, so that a name that a program has just read
 * still means the same when it uses it (rm -r).  Any thread may call.
 */
struct numbered {
	pthread_mutex_t lock;
	size_t count; /* all below under lock */
	void *by_id;
};

void numbered_init(struct numbered *);
void numbered_destroy(struct numbered *);

/* Was it shown so, while it had that name? */
bool numbered_has(struct numbered *, int64_t id, const char *name);

/* It is shown so now.  Without memory it is forgotten. */
void numbered_note(struct numbered *, int64_t id, const char *name);

#endif
