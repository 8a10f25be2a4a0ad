#ifndef CLIENT_BASE_LABEL_H
#define CLIENT_BASE_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Names of directory entries for things that people may call anything, twice
 * too, and that have a number to tell them apart (Obico's printers and files).
 */

#define LABEL_SIZE 256 /* NAME_MAX and a NUL */

/*
 * What is left of a text that can be a name: slashes, control characters,
 * bytes that are no UTF-8, and a dot at its beginning become "_", and what is
 * too long is cut.  out has LABEL_SIZE bytes.
 */
void label_make(const char *text, char *out);

struct label {
	const char *text; /* borrowed */
	int64_t id;
	char name[LABEL_SIZE]; /* filled in */
	bool numbered;	       /* it bore its number before, and keeps it */
};

/*
 * Give each a name of its own, in this order: the first one with a name keeps
 * it, further ones have " (id)" behind theirs, and so has one that is numbered
 * or whose name is reserved (NULL: none is).  Returns 0 or -ENOMEM.
 */
int label_all(struct label *, size_t count, bool (*is_reserved)(const char *));

#endif
