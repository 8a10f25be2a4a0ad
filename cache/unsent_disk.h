#ifndef CACHE_UNSENT_DISK_H
#define CACHE_UNSENT_DISK_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct spool;

/*
 * Give bytes a name in the directory and note their destination; the path
 * without the endings is written to base.  Bytes that have a name keep it:
 * one inode, one name.  Returns 0 or a negative errno.
 */
int unsent_disk_begin(const char *dir, struct spool *, const char *dest,
    char *base, size_t size);

/* What is left at a base. */
struct unsent_left {
	char dest[PATH_MAX];
	char data[PATH_MAX]; /* where the bytes are */
	off_t size;
	struct timespec kept;
};

/* Note another destination, and the number of bytes of now.  0 or -errno. */
int unsent_disk_renew(const char *base, struct spool *, const char *dest);

/*
 * Returns whether there is a file with a sane destination and as many bytes as
 * were noted.  Bytes without that are removed; foreign things, and what a
 * process of an older version has locked, are left alone.
 */
bool unsent_disk_find(const char *base, struct unsent_left *out);

/* Remove the note: the bytes are nothing that could not be sent. */
void unsent_disk_forget(const char *base);

#endif
