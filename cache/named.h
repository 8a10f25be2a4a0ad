#ifndef CACHE_NAMED_H
#define CACHE_NAMED_H

#include <stdbool.h>

/*
 * The name that a file's bytes have on the local disk.  Shared by counting, by
 * whoever has the bytes open and by the list of what could not be sent, which
 * has none of them open.  It goes with its last holder, unless it is kept.
 */
struct named;

/* Held by the caller, and not to be kept.  NULL without memory. */
struct named *named_new(const char *path);
struct named *named_hold(struct named *);
void named_release(struct named *);

/* Shall the file outlive its holders? */
void named_keep(struct named *, bool keep);

/* Borrowed. */
const char *named_path(const struct named *);

#endif
