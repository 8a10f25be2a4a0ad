#ifndef CACHE_UNSENT_HOME_H
#define CACHE_UNSENT_HOME_H

#include <stdbool.h>
#include <stddef.h>

#define UNSENT_HOMES 16 /* mounts of one printer at a time, and to spare */

/*
 * Where a mount has what could not be sent: directories that are its own while
 * it has their locks (flock(2) on the file "lock" in each).  The first mount of
 * a printer has "root", one that comes while that lives "root/2" and so on; a
 * mount takes every one that is free, with what others have left there.
 */
struct unsent_homes {
	char *root;
	size_t count;
	struct unsent_home {
		char *dir;
		int lock;
	} all[UNSENT_HOMES];
};

/* root is taken; the structure is to be zero.  Nothing is locked yet. */
void unsent_homes_begin(struct unsent_homes *, char *root);
void unsent_homes_end(struct unsent_homes *);

/*
 * Take those that are free, and make one if none is.  Returns 0 or, when there
 * is none now, a negative errno.
 */
int unsent_homes_take(struct unsent_homes *);

/*
 * The directory for new files.  Users clear their caches, mounts or not: it is
 * made and locked again.  Returns 0 (borrowed) or a negative errno.
 */
int unsent_homes_own(struct unsent_homes *, const char **dir);

#endif
