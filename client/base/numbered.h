#ifndef CLIENT_BASE_NUMBERED_H
#define CLIENT_BASE_NUMBERED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which of several things with one name were shown with their number: they
 * keep it when the others go, so that a name that a program has just read
 * still means the same when it uses it (rm -r).  Any thread may call.
 */
struct numbered {
	pthread_mutex_t lock;
	size_t count; /* all below under lock */
	size_t room;
	struct numbered_name *all; /* by rising id */
};

void numbered_init(struct numbered *);
void numbered_destroy(struct numbered *);

/* Was it shown so, while it had that name? */
bool numbered_has(struct numbered *, int64_t id, const char *name);

/* It is shown so now.  Without memory it is forgotten. */
void numbered_note(struct numbered *, int64_t id, const char *name);

#endif
