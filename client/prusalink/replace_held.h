#ifndef CLIENT_PRUSALINK_REPLACE_HELD_H
#define CLIENT_PRUSALINK_REPLACE_HELD_H

#include <stdbool.h>

#include "client/base/stream.h"
#include "client/listing.h"

struct prusalink;
struct store;
struct wait;

/*
 * While the end of a print is on Buddy's screen the printed file stays open
 * (traits.holds_finished): it cannot be replaced, but it can be deleted by
 * the 8.3 path, which leaves the screen.  So the new file's PUT is sent but
 * for its last piece; then, and only if the server is taking it, the old one
 * is deleted; then the last piece goes out.
 */
struct replace_held {
	struct prusalink *prusalink;
	const struct store *store;
	struct entry entry; /* of the old file */
	struct hold hold;   /* for the request */
	bool asked;	    /* the old one's deletion was */
};

/*
 * Is the end of a print shown, and the file that shall be replaced the printed
 * one?  known: only if it is known to be; else it may be any.  Returns 0 and
 * the way to replace it (caller: replace_held_end), -ENOENT: no, or an error.
 */
int replace_held_begin(struct replace_held *, struct prusalink *,
    const struct wait *, const struct store *, bool known);

/* Was the old one deleted, and nothing is there in its place? */
bool replace_held_has_gone(struct replace_held *);

void replace_held_end(struct replace_held *);

/* The printer prints the file of that path, as on the wire. */
void replace_held_note_job(struct prusalink *, const char *path);

/* The same by a job document. */
void replace_held_note_document(struct prusalink *, const char *text,
    size_t len);

#endif
