#ifndef CLIENT_PRUSALINK_NORMALISE_H
#define CLIENT_PRUSALINK_NORMALISE_H

#include <sys/types.h>

#include <stdint.h>

#include "client/printer.h"

struct buf;
struct entry;
struct listing;

/*
 * One shape: rewrite a server's document into the published v1 shape (the
 * manual lists the fields) and append it as a line of JSON to out.  Unknown
 * fields pass untouched, null ones are left out.  Returns 0, -EPROTO or
 * -ENOMEM.
 */
int normalise_document(const struct traits *, enum topic, const char *text,
    size_t len, struct buf *out);

/*
 * The folder listing GET /api/v1/files/… answered (caller: listing_release).
 * Entries with names that no file may have are left out.
 */
int normalise_listing(const struct traits *, const char *text, size_t len,
    struct listing **out);

/* The single file that GET or PUT answered (caller: entry_free). */
int normalise_entry(const struct traits *, const char *text, size_t len,
    struct entry *out);

/*
 * Call with the id of each camera in a cameras document; one that can be no
 * name of a folder is left out.  Returns what call returned, -EPROTO or
 * -ENOMEM.
 */
int shape_cameras(const char *text, size_t len,
    int (*call)(void *arg, const char *id), void *arg);

#define SHAPE_CAMERAS 16 /* more are left out */

/* What a shaped storage document says of one storage. */
struct shape_storage {
	bool available;
	int64_t total; /* bytes; -1: not told */
	int64_t free;  /* bytes; -1: not told */
	char name[64]; /* display name */
};

/* Returns 0, -ENOENT: no such storage in it, -EPROTO or -ENOMEM. */
int shape_storage(const char *text, size_t len, const char *storage,
    struct shape_storage *out);

#endif
