#ifndef CLIENT_UTF8_H
#define CLIENT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is it UTF-8 (RFC 3629: no surrogates, nothing over-long)?  Asked piece by
 * piece; all zero is the beginning of a text.
 */
struct utf8 {
	unsigned left;	     /* bytes that the character still lacks */
	unsigned char least; /* the next of them is between these */
	unsigned char most;
};

/* Returns false when a byte cannot be; all before it were good. */
bool utf8_go_on(struct utf8 *, const void *data, size_t len);

/* Is no character cut at its end? */
bool utf8_is_whole(const struct utf8 *);

#endif
