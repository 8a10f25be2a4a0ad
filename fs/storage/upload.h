#ifndef FS_STORAGE_UPLOAD_H
#define FS_STORAGE_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct caller;
struct mounted;
struct staged;

/* The target of an upload, and what it replaces. */
struct upload {
	const char *folder; /* on the wire */
	const char *path;   /* as users see it; its last part is the name */
	const char *key;    /* of the path, by upload_as; or NULL */
	bool replace;	    /* a file may be there */
	int64_t old_mtime;  /* its time stamp, or 0 */
	bool print;	    /* and then print it */
	const char *source; /* the printer's file it is a copy of, or NULL */
	int start;	    /* out: why a stored file was not started, or 0 */
	bool has_mtime;	    /* there is a time to be remembered */
	struct timespec mtime;
};

/*
 * Upload what a program has written, if there is something, under the name
 * that it has.  Returns the printer's verdict.  A file that was refused is
 * taken off the list: the former file, if any, is seen again.  original: a path
 * of this printer that it was copied from; what shall be printed and is the
 * same is started there.  NULL: none.
 */
int upload_staged(const struct caller *, struct mounted *, struct staged *,
    const char *source);

/*
 * It is not sent, because it is the beginning of a file only; keep: that goes
 * to unsent/.  Returns -ECANCELED, which is its verdict, or -EINTR.
 */
int upload_break_off(const struct caller *, struct mounted *, struct staged *,
    bool keep);

/*
 * The same under another name, for a rename; a refused file stays as it was.
 * The caller holds the gate.
 */
int upload_as(const struct caller *, struct mounted *, struct staged *,
    struct upload *);

/*
 * Temporary files that were closed and never renamed within age_ms go to
 * unsent/.
 */
void upload_give_up(struct mounted *, int64_t age_ms);

/*
 * Call an upload off that is under way or waits for its turn, and wait until
 * it has ended: its uploader gets -ECANCELED, and nothing of it is kept.
 * Returns 0, -ESRCH: there is none, or it was too late, or -EINTR.
 */
int upload_cancel(const struct caller *, struct staged *);

/* The same for the one that is under way. */
int upload_stop(const struct caller *, struct mounted *);

#endif
