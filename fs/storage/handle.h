#ifndef FS_STORAGE_HANDLE_H
#define FS_STORAGE_HANDLE_H

#include <sys/types.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fs/core/kind.h"
#include "fs/storage/storage.h"

struct content_file;
struct mounted;
struct originals;
struct spool;
struct staged;

/*
 * An open file of a storage, shared by fs/storage/handle.c (what is done with
 * it), fs/storage/handle_open.c (how it comes to be) and
 * fs/storage/handle_stage.c (what it changes).
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
	atomic_bool told;  /* that the file is kept here */
	bool on_printer;   /* found and size are those of the file there */
	struct storage_find found;
	off_t size;
	pthread_mutex_t lock;	      /* guards all below */
	struct place *now;	      /* held: where it is, after renames */
	struct originals *originals;  /* what its writer copies, or NULL */
	struct content_file *content; /* or NULL */
	/* From here on set once. */
	struct content_file *former; /* NULL: content is the first */
	struct staged *staged;	     /* held, or NULL */
};

/* A handle without content (caller: its close), or NULL without memory. */
struct handle *handle_make(const struct caller *, struct place *, int flags);

/*
 * Give it a staged file, whose hold it takes; one that it has stays.  Returns
 * the one that it has now, borrowed.
 */
struct staged *handle_adopt(struct handle *, struct staged *);

/* The staged file that it has, borrowed, or NULL. */
struct staged *handle_staged(struct handle *);

/* Where the file is now (caller: place_release). */
struct place *handle_place(struct handle *);

/* The caller makes or empties the file: does he copy another one of its name?
 */
void handle_note_originals(struct handle *, const struct caller *);

/*
 * At its close: have what was written stored, and return the printer's
 * verdict.  -ECANCELED: it is a copy that was broken off, and is not sent.
 */
int handle_send(struct handle *, const struct caller *, struct staged *);

/*
 * These bytes of it are found again, in unsent/, whatever becomes of this
 * process.
 */
void handle_secure(struct mounted *, struct staged *, struct spool *);

/*
 * A close that sent nothing because of the file's name says so, once, unless
 * nobody could think that it was sent.  It may be the only copy: it is secured,
 * unless its program has made up its name.
 */
void handle_keep(struct handle *, struct staged *);

/*
 * See that the file is staged, under the name that it has now, and take the
 * gate (caller: staged_unlock).  empty: nothing of it will be kept.
 */
int handle_begin_change(struct handle *, const struct caller *, bool empty,
    struct staged **out);

#endif
