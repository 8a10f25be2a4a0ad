#ifndef CACHE_SPOOL_H
#define CACHE_SPOOL_H

#include <sys/types.h>

#include <stdbool.h>

#include "client/base/stream.h"

struct wait;

/*
 * The bytes of one file in a nameless local file: written by programs, or
 * filled by a download while programs already read.  Shared by counting.
 */
struct spool;

/*
 * An empty spool in directory dir, held by the caller.  Returns 0 or a
 * negative errno, such as -ENOSPC.
 */
int spool_new(const char *dir, struct spool **out);
struct spool *spool_hold(struct spool *);
void spool_release(struct spool *);

/*
 * The help when the disk is full: make_room returns whether it is worth while
 * to try again.  A spool without one gives up.
 */
struct relief {
	bool (*make_room)(void *arg);
	void *arg;
};

/* Before it is shared; a clone has that of its original. */
void spool_set_relief(struct spool *, const struct relief *);

/* Ask for room.  Returns whether to try again. */
bool spool_make_room(const struct spool *);

/* A spool of its own with the same bytes.  The original must be complete. */
int spool_clone(struct spool *, const char *dir, struct spool **out);

/*
 * Copy up to len bytes at offset into out.  Waits until the download has
 * brought them.  Returns the number copied, 0 at the end of the file,
 * -EINTR when the reader gave up, or the error that ended the download.
 */
ssize_t spool_read(struct spool *, const struct wait *, void *out, size_t len,
    off_t offset);

/* Returns len, or a negative errno; a part is never written. */
ssize_t spool_write(struct spool *, const void *data, size_t len, off_t offset);

int spool_truncate(struct spool *, off_t size);

/* Make the bytes durable on the local disk.  Returns 0 or a negative errno. */
int spool_sync(struct spool *);

/* Bytes that are there; of a filling spool: that will be there. */
off_t spool_size(struct spool *);

/*
 * The name that a file's bytes have on the local disk.  Shared by counting, by
 * whoever has the bytes open and by the list of what could not be sent, which
 * has none of them open.  It goes with its last holder, unless it is kept.
 */
struct disk_name;

/* Held by the caller, and not to be kept.  NULL without memory. */
struct disk_name *disk_name_new(const char *path);
struct disk_name *disk_name_hold(struct disk_name *);
void disk_name_release(struct disk_name *);

/* Shall the file outlive its holders? */
void disk_name_keep(struct disk_name *, bool keep);

/* Borrowed. */
const char *disk_name_path(const struct disk_name *);

/*
 * Give nameless bytes a name on the disk; it goes with the spool unless it is
 * to be kept.  Returns 0 or a negative errno.
 */
int spool_give_name(struct spool *, const char *path);

/* The name that it has, or NULL.  Borrowed for the spool's life. */
struct disk_name *spool_named(const struct spool *);

/*
 * The bytes of that name, for reading; held by the caller.  Returns 0 or a
 * negative errno, such as -ENOENT or -EMFILE.
 */
int spool_open(struct disk_name *, struct spool **out);

/* Bytes that are there now. */
off_t spool_have(struct spool *);

/* The spool as something to send; borrowed, with its size of now. */
struct source spool_source(struct spool *);

/*
 * From now on the spool is filled by a download that shall bring size bytes.
 * The sink that this returns does so; spool_filled ends it with 0 or the
 * download's error.  A body of another length is -EIO.
 */
struct sink spool_fill(struct spool *, off_t size);
void spool_filled(struct spool *, int error);

/* Did its download fail because another length was announced? */
bool spool_is_other(struct spool *);

#endif
