#ifndef FS_STORAGE_HANDLE_INTERNAL_H
#define FS_STORAGE_HANDLE_INTERNAL_H

#include <sys/types.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fs/core/kind.h"
#include "fs/storage/storage.h"

struct content_file;
struct copy_sources;
struct staged;

/*
 * An open file of a storage, shared by fs/storage/handle_open.c (how it, and
 * what it changes, come to be) and fs/storage/handle.c (all that is done with
 * it then).
 */
struct handle {
	struct file file;
	bool reads;
	bool writes;
	bool appends;
	bool exclusive;	    /* it made the file, with O_EXCL */
	pid_t opener;	    /* the process whose close uploads */
	atomic_bool killed; /* its writer was */
	atomic_bool was_renamed;
	atomic_bool got;   /* bytes of its content were read */
	atomic_bool wrote; /* something, so that a verdict is about it */
	atomic_bool said;  /* the log has: the file stays here */
	bool on_printer;   /* found and size are those of the file there */
	struct found found;
	off_t size;
	pthread_mutex_t lock;	      /* guards all below */
	struct place *now;	      /* held: where it is, after renames */
	struct copy_sources *sources; /* what its writer copies, or NULL */
	/* From here on set once. */
	struct content_file *content; /* or NULL */
	struct content_file *renewed; /* instead, once it had another length */
	struct staged *staged;	      /* held, or NULL */
};

/* A handle without content (caller: its close), or NULL without memory. */
struct handle *handle_make(const struct caller *, struct place *, int flags);

/* The staged file that it has, borrowed, or NULL. */
struct staged *handle_staged(struct handle *);

/* Where the file is now (caller: place_release). */
struct place *handle_place(struct handle *);

/*
 * See that the file is staged, under the name that it has now, and take the
 * gate (caller: staged_unlock).  empty: nothing of it will be kept.
 */
int handle_begin_change(struct handle *, const struct caller *, bool empty,
    struct staged **out);

#endif
