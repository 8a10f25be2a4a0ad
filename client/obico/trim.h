#ifndef CLIENT_OBICO_TRIM_H
#define CLIENT_OBICO_TRIM_H

#include <stdbool.h>
#include <stddef.h>

#include "client/base/buf.h"
#include "client/base/stream.h"

/*
 * An answer's JSON without the prints that were made of its files: of one that
 * was printed often these are more than all else together, and nobody reads
 * them.  Each "print_set" is an empty array in out (caller: buf_free).
 * Belongs to one thread; all zero to begin with.
 */
struct trim {
	struct buf out;
	size_t taken;	/* bytes, with those that were left out */
	size_t depth;	/* of brackets in what is left out; 0: nothing is */
	size_t key_len; /* of the string that is read, or was read last */
	char key[16];	/* its beginning */
	bool in_string;
	bool is_escaped; /* its next character */
	bool is_next;	 /* a colon and the array come */
};

/* -EPROTO: it is too large all the same. */
struct sink trim_sink(struct trim *);

#endif
