#ifndef FS_CORE_RENDERING_H
#define FS_CORE_RENDERING_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "client/base/buf.h"

/*
 * One rendering of a document: bytes that never change, so that the size that
 * stat announces is the size that open and read deliver.  A newer one is
 * another rendering, and another inode.  Shared by counting.
 */
struct rendering {
	atomic_int holders;
	uint64_t serial;
	int error; /* why there is nothing: what open answers */
	struct buf text;
	struct timespec made;
};

void rendering_release(struct rendering *);

/* Copy up to len bytes at offset.  Returns their number, or why there are none.
 */
ssize_t rendering_read(const struct rendering *, void *out, size_t len,
    off_t offset);

/* The newest rendering of every document of a directory. */
struct renderings;

/* Returns 0 or -ENOMEM. */
int renderings_new(struct renderings **out);
void renderings_free(struct renderings *);

/*
 * The rendering of a path that says this, newer if it says something else than
 * the last: the text, which it takes, or the error that there is instead.
 * made: the time of the text; NULL: now.  Returns 0 (caller:
 * rendering_release), or -EINTR or -ENOMEM if that is the error.
 */
int rendering_make(struct renderings *, const char *path, int error,
    struct buf *, const struct timespec *made, struct rendering **out);

#endif
