#ifndef CLIENT_HTTP_FORM_H
#define CLIENT_HTTP_FORM_H

#include "client/base/buf.h"
#include "client/base/stream.h"

/* Text as the bytes to be sent; it is borrowed. */
struct source form_of_text(const char *text);

/*
 * A form around a file (multipart/form-data, RFC 7578): what is before and
 * after the file is in memory, the file itself is read as it is sent.  All
 * zero is an empty form; the file comes last.
 */
struct form {
	struct buf head;
	struct buf tail;
	const struct source *file; /* borrowed */
};

/* The header line of a request with a form. */
#define FORM_BOUNDARY "prusafs-9d1c5be2f07a4463"
#define FORM_HEADER   "Content-Type: multipart/form-data; boundary=" FORM_BOUNDARY

/* Texts have no line ends, names no quotes.  Return 0 or -ENOMEM. */
int form_add(struct form *, const char *name, const char *text);
int form_end(struct form *, const char *name, const char *filename,
    const struct source *file);

/* The bytes to be sent, which borrow the form. */
struct source form_source(struct form *);

void form_free(struct form *);

#endif
