#ifndef CLIENT_BASE_UNIQUE_NAMES_H
#define CLIENT_BASE_UNIQUE_NAMES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which of several things with one name were shown with their number: they
 * keep it when the others go, so that a name that a program has just read
 * still means the same when it uses it (rm -r).  Any thread may call.
 */
struct unique_names {
	pthread_mutex_t lock;
	size_t count; /* all below under lock */
	size_t room;
	struct unique_name *all; /* by rising id */
};

void unique_names_init(struct unique_names *);
void unique_names_destroy(struct unique_names *);

/* Was it shown so, while it had that name? */
bool unique_names_has(struct unique_names *, int64_t id, const char *name);

/* It is shown so now.  Without memory it is forgotten. */
void unique_names_note(struct unique_names *, int64_t id, const char *name);

#endif
