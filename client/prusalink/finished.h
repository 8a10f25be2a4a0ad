#ifndef CLIENT_PRUSALINK_FINISHED_H
#define CLIENT_PRUSALINK_FINISHED_H

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
struct finished {
	struct prusalink *prusalink;
	const struct store *store;
	struct entry entry; /* of the old file */
	struct hold hold;   /* for the request */
	bool asked;	    /* the old one's deletion was */
};

/*
 * Is the end of a print shown, and the file that shall be replaced the printed
 * one?  known: only if it is known to be; else it may be any.  Returns 0 and
 * the way to replace it (caller: finished_end), -ENOENT: no, or an error.
 */
int finished_begin(struct finished *, struct prusalink *, const struct wait *,
    const struct store *, bool known);

/* Was the old one deleted, and nothing is there in its place? */
bool finished_has_gone(struct finished *);

void finished_end(struct finished *);

/* The printer prints the file of that path, as on the wire. */
void finished_note_job(struct prusalink *, const char *path);

/* The same by a job document. */
void finished_note_document(struct prusalink *, const char *text, size_t len);

#endif
