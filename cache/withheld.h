#ifndef CACHE_WITHHELD_H
#define CACHE_WITHHELD_H

#include <sys/types.h>

#include <stdbool.h>

struct crew;
struct wait;
struct withheld;

/*
 * Deletions that are held back for a moment.  PrusaSlicer deletes the final
 * name just before it renames its finished temporary file to it; deleting at
 * once would lose the old model if the upload then failed.
 */

/* crew is borrowed for life.  Returns 0 or -ENOMEM. */
int withheld_new(struct crew *, struct withheld **out);

/* Carry out what is held back; then nothing is taken any more. */
void withheld_stop(struct withheld *);

/* The crew must have ended. */
void withheld_free(struct withheld *);

/*
 * Hold back the deletion of the file with that key: carry_out(arg) is called
 * by another thread after ms milliseconds, or when has_gone(process) is true,
 * or when hurried; drop(arg) afterwards in any case.  Returns 0, or an error
 * and has called neither.
 */
struct withheld_plan {
	const char *key;
	int ms;
	pid_t process;
	bool (*has_gone)(pid_t);
	void (*carry_out)(void *arg);
	void (*drop)(void *arg);
	void *arg;
};

int withheld_add(struct withheld *, const struct withheld_plan *);

/* Is the file with that key waiting for its deletion? */
bool withheld_has(struct withheld *, const char *key);

/*
 * Call the deletion off; one that is being carried out is waited for.  Returns
 * 1: it was called off, 0: there was none any more, or -EINTR.
 */
int withheld_cancel(struct withheld *, const struct wait *, const char *key);

/* Have it carried out now, and wait until that is done.  0 or -EINTR. */
int withheld_hurry(struct withheld *, const struct wait *, const char *key);

#endif
