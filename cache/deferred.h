#ifndef CACHE_DEFERRED_H
#define CACHE_DEFERRED_H

#include <sys/types.h>

#include <stdbool.h>

struct deferred;
struct wait;
struct workers;

/*
 * Deletions that are held back for a moment.  PrusaSlicer deletes the final
 * name just before it renames its finished temporary file to it; deleting at
 * once would lose the old model if the upload then failed.
 */

/* workers is borrowed for life.  Returns 0 or -ENOMEM. */
int deferred_new(struct workers *, struct deferred **out);

/* Carry out what is held back; then nothing is taken any more. */
void deferred_stop(struct deferred *);

/* The workers must have ended. */
void deferred_free(struct deferred *);

/*
 * Hold back the deletion of the file with that key: carry_out(arg) is called
 * by another thread after ms milliseconds, or when has_gone(process) is true,
 * or when hurried; drop(arg) afterwards in any case.  Returns 0, or an error
 * and has called neither.
 */
struct deferred_plan {
	const char *key;
	int ms;
	pid_t process;
	bool (*has_gone)(pid_t);
	void (*carry_out)(void *arg);
	void (*drop)(void *arg);
	void *arg;
};

int deferred_add(struct deferred *, const struct deferred_plan *);

/* Is the file with that key waiting for its deletion? */
bool deferred_has(struct deferred *, const char *key);

/*
 * Call the deletion off; one that is being carried out is waited for.  Returns
 * 1: it was called off, 0: there was none any more, or -EINTR.
 */
int deferred_cancel(struct deferred *, const struct wait *, const char *key);

/* Have it carried out now, and wait until that is done.  0 or -EINTR. */
int deferred_hurry(struct deferred *, const struct wait *, const char *key);

#endif
