#ifndef FS_CORE_PRINTER_GROUP_H
#define FS_CORE_PRINTER_GROUP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct caller;
struct place;
struct printer_group;
struct renderings;
struct settings;

struct printer_group_ops {
	void (*free)(struct printer_group *); /* nobody holds it any more */

	/* The file "control": what it reads, and as kind_control's write. */
	int (*control_help)(struct buf *out);
	int (*control_run)(const struct caller *, const struct place *,
	    char *text, size_t before);

	/* Of all its printers together, as far as it is known. */
	void (*space)(struct printer_group *, int64_t *total,
	    int64_t *available);
};

/*
 * A directory of printers: the root of a mount of a printers file, or an
 * account in it or instead of it.  The first member of what fs/farm knows
 * about it.  Shared by counting; any thread.
 */
struct printer_group {
	const struct printer_group_ops *ops;
	const struct settings *settings;
	const char *folder; /* from the mount's root; NULL: that itself */
	struct renderings *renderings;
	atomic_int holders;
	atomic_bool gone; /* it has left the mount */
};

struct printer_group *printer_group_hold(struct printer_group *);
void printer_group_release(struct printer_group *);

#endif
