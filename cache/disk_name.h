#ifndef CACHE_DISK_NAME_H
#define CACHE_DISK_NAME_H

#include <stdbool.h>

/*
 * The name that a file's bytes have on the local disk.  Shared by counting, by
 * whoever has the bytes open and by the list of what could not be sent, which
 * has none of them open.  It goes with its last holder, unless it is kept.
 */
struct disk_name;

/* Held by the caller, and not to be kept.  NULL without memory. */
struct disk_name *disk_name_new(const char *path);
struct disk_name *disk_name_hold(struct disk_name *);
void disk_name_release(struct disk_name *);

/* Shall the file outlive its holders? */
void disk_name_keep(struct disk_name *, bool keep);

/* Borrowed. */
const char *disk_name_path(const struct disk_name *);

#endif
