#ifndef CACHE_UNSENT_DISK_H
#define CACHE_UNSENT_DISK_H

#include <sys/types.h>

#include <limits.h>
#include <time.h>

struct spool;

/*
 * The directories where a mount has its unsent files: they are its own while
 * it has their locks (flock(2) on the file "lock" in each).  The first mount of
 * a printer has "dir/name.unsent", one that comes while that lives
 * "dir/name.unsent/2" and so on; a mount takes every one that is free, with
 * what others have left there.  Any thread may call.
 */
struct unsent_disk;

/* Returns 0 (caller: unsent_disk_close), or -ENOMEM. */
int unsent_disk_open(const char *dir, const char *name,
    struct unsent_disk **out);
void unsent_disk_close(struct unsent_disk *);

/* A file that a process left behind. */
struct unsent_left {
	char base[PATH_MAX]; /* path of its files without the endings */
	char dest[PATH_MAX];
	char data[PATH_MAX]; /* where the bytes are */
	off_t size;
	struct timespec since;
};

/*
 * Call with each file that has a sane destination and as many bytes as were
 * noted, the oldest first.  Bytes without that are removed; foreign things, and
 * what a process of an older version has locked, are left alone.
 */
void unsent_disk_each(struct unsent_disk *,
    void (*call)(void *arg, const struct unsent_left *), void *arg);

/*
 * Give bytes a name and note their destination; the path without the endings
 * is written to base.  Bytes that have a name keep it: one inode, one name.
 * Users clear their caches, mounts or not: the directory is made and locked
 * again.  Returns 0 or a negative errno.
 */
int unsent_disk_begin(struct unsent_disk *, struct spool *, const char *dest,
    char base[PATH_MAX]);

/* Note another destination, and the number of bytes of now.  0 or -errno. */
int unsent_disk_renew(const char *base, struct spool *, const char *dest);

/* Remove the note: the bytes are nothing that could not be sent. */
void unsent_disk_forget(const char *base);

#endif
