#ifndef CACHE_UNSENT_DISK_H
#define CACHE_UNSENT_DISK_H

#include <stdbool.h>
#include <stddef.h>

struct spool;

/*
 * Give bytes a name in the directory and note their destination; the path
 * without the endings is written to base.  Bytes that have a name keep it:
 * one inode, one name.  Returns 0 or a negative errno.
 */
int unsent_disk_begin(const char *dir, struct spool *, const char *dest,
    char *base, size_t size);

/*
 * The destination noted at base.  Returns whether there is a sane one, and as
 * many bytes as noted; what has lost some has no note any more.
 */
bool unsent_disk_dest(const char *base, struct spool *, char *out, size_t size);

/* Remove the note: the bytes are nothing that could not be sent. */
void unsent_disk_forget(const char *base);

#endif
