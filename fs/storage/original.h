#ifndef FS_STORAGE_ORIGINAL_H
#define FS_STORAGE_ORIGINAL_H

#include <sys/types.h>

#include <stdbool.h>

struct originals;
struct spool;

/*
 * What a program copies from: regular files of the copy's own name that the
 * program itself has open to read.  They tell whether a copy was broken off.
 */

/*
 * Look for them in /proc, once, while the process makes its copy of that name.
 * Nothing is asked of network and FUSE file systems: ours would wait for
 * itself.  NULL: none was found (caller: originals_free).
 */
struct originals *originals_find(pid_t process, const char *name,
    const char *mountpoint);
void originals_free(struct originals *);

/* The path of one that is in the mount, from its root; NULL: none.  Borrowed.
 */
const char *originals_in_mount(const struct originals *);

enum originals_say {
	ORIGINALS_WHOLE,     /* nothing against it */
	ORIGINALS_BROKEN,    /* it is the beginning of a longer one */
	ORIGINALS_UNREADABLE /* it is shorter than one that cannot be read */
};

/* How much of them is what was written?  Compares only if it is less. */
enum originals_say originals_compare(const struct originals *, struct spool *);

#endif
