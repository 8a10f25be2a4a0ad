#ifndef FS_SETUP_STDERR_CAPTURE_H
#define FS_SETUP_STDERR_CAPTURE_H

#include <stdbool.h>

/*
 * For the time of a call that prints its troubles itself, or has a helper do
 * so: what goes to stderr meanwhile is kept.  One thread only.
 */
struct stderr_capture {
	int kept;  /* -1: it goes where it always goes */
	int saved; /* the real stderr */
};

void stderr_capture_begin(struct stderr_capture *);

/*
 * stderr is as it was; why the mount failed, or what was printed although it
 * did not, is said in one line.
 */
void stderr_capture_end(struct stderr_capture *, const char *mountpoint,
    bool mounted);

#endif
