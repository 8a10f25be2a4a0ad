#ifndef FS_STORAGE_COPYING_H
#define FS_STORAGE_COPYING_H

#include <sys/types.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct caller;
struct place;

/*
 * What a program does that was told to copy a file instead of renaming it
 * (EXDEV): mv deletes what is there, copies, and deletes the old one.  The
 * last such program of a printer is remembered, so that a copy which fails
 * costs nothing.
 */
struct copying {
	pthread_mutex_t lock;
	char *source; /* all under lock: a key, or NULL */
	char *target; /* a key */
	char *path;   /* of the target; NULL: it was there before */
	pid_t process;
	int64_t told_ms;
};

void copying_init(struct copying *);
void copying_destroy(struct copying *);

/* The caller is being told so. */
void copying_note(const struct caller *, const struct place *source,
    const struct place *target);

/*
 * Is this the caller who was told moments ago, and the place that he is going
 * to copy to?  Then its deletion can wait for what he copies there.
 */
bool copying_goes_to(const struct caller *, const struct place *);

/*
 * The printer refused the caller's deletion of that place: if he has copied
 * it before because he was told so, and nothing was there, the copy goes.
 */
void copying_take_back(const struct caller *, const struct place *);

#endif
