#ifndef FS_STORAGE_COPY_SOURCE_H
#define FS_STORAGE_COPY_SOURCE_H

#include <sys/types.h>

#include <stdbool.h>

struct copy_sources;
struct spool;

/*
 * What a program copies from: regular files of the copy's own name that the
 * program itself has open to read.  They tell whether a copy was broken off.
 */

/*
 * Look for them in /proc, once, while the process makes its copy of that name.
 * Nothing is asked of network and FUSE file systems: ours would wait for
 * itself.  NULL: none was found (caller: copy_sources_free).
 */
struct copy_sources *copy_sources_find(pid_t process, const char *name,
    const char *mountpoint);
void copy_sources_free(struct copy_sources *);

/* The path of one that is in the mount, from its root; NULL: none.  Borrowed.
 */
const char *copy_sources_in_mount(const struct copy_sources *);

enum copy_verdict {
	COPY_WHOLE,	/* nothing against it */
	COPY_BROKEN,	/* it is the beginning of a longer one */
	COPY_UNREADABLE /* it is shorter than one that cannot be read */
};

/* How much of them is what was written?  Compares only if it is less. */
enum copy_verdict copy_sources_compare(const struct copy_sources *,
    struct spool *);

#endif
