#ifndef CLIENT_BASE_UTF8_H
#define CLIENT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

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

/* Bytes of the character that a text begins with; 0: it begins with none. */
size_t utf8_measure(const void *text, size_t len);

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Append a text, with U+FFFD for each byte that is no UTF-8.  0 or -ENOMEM. */
int utf8_append(struct buf *out, const char *text, size_t len);

#endif
