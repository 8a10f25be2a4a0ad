#ifndef CLIENT_PRUSALINK_NORMALISE_H
#define CLIENT_PRUSALINK_NORMALISE_H

#include <sys/types.h>

#include "client/printer.h"

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

#endif
