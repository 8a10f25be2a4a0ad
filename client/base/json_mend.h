#ifndef CLIENT_BASE_JSON_MEND_H
#define CLIENT_BASE_JSON_MEND_H

#include <stddef.h>

struct buf;

/* Why and where (byte, from 0) a text could not be read. */
struct json_fault {
	const char *why;
	size_t at;
};

/*
 * Append foreign JSON text to out as strict JSON (RFC 8259) in UTF-8.  What
 * printers are known to get wrong costs as little as can be: commas too many
 * or too few are mended; a value that is missing, or a word or number that
 * JSON does not know (NaN, inf, None), is null; text behind an object or array
 * is left out.  In a string, control characters are escaped; a byte that is no
 * UTF-8, NUL and half a surrogate pair become U+FFFD, an escape that JSON does
 * not know its character.  A text that ends before its end is not mended.
 *
 * Not more than JSON_DEPTH levels and JSON_VALUES values (client/base/json.h)
 * are read.  Returns 0, -ENOMEM, or -EPROTO and the fault.
 */
int json_mend(const char *text, size_t len, struct buf *out,
    struct json_fault *fault);

#endif
