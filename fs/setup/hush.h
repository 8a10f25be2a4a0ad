#ifndef FS_SETUP_HUSH_H
#define FS_SETUP_HUSH_H

#include <stdbool.h>

/*
 * For the time of a call that prints its troubles itself, or has a helper do
 * so: what goes to stderr meanwhile is kept.  One thread only.
 */
struct hush {
	int kept;  /* -1: it goes where it always goes */
	int saved; /* the real stderr */
};

void hush_begin(struct hush *);

/*
 * stderr is as it was; why the mount failed, or what was printed although it
 * did not, is said in one line.
 */
void hush_end(struct hush *, const char *mountpoint, bool mounted);

#endif
