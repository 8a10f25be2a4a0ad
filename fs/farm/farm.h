#ifndef FS_FARM_FARM_H
#define FS_FARM_FARM_H

#include <stddef.h>
#include <stdint.h>

struct account;
struct farm;
struct mount_paths;
struct mounted;
struct options;
struct printer_configs;
struct printer_group;
struct settings;
struct wait;

/* All pointers are borrowed for the farm's life. */
struct farm_config {
	const struct settings *settings;
	const struct mount_paths *paths;
	const struct options *options;
	const char *file; /* the printers file, canonical; NULL: one printer */
	/* Called with the folder of what has gone or is another one. */
	void (*forget)(void *arg, const char *folder);
	void *forget_arg;
};

/*
 * The printers of a mount.  Takes these, which were met.  Returns 0 (caller:
 * farm_free), or a negative errno.
 */
int farm_new(const struct farm_config *, struct printer_configs *,
    struct farm **out);

/* End what is under way, then release.  Nobody may use it any more. */
void farm_free(struct farm *);

/*
 * First contact with all of them at once, within the time that each has for a
 * connection.  Returns 0 or -ENOMEM.
 */
int farm_meet(struct printer_configs *, const struct mount_paths *,
    const struct wait *);

/* The farm that a directory of printers belongs to, or is the root of. */
struct farm *farm_of(struct printer_group *);

/* The space of all printers together, as far as it is known. */
void farm_space(struct printer_group *, int64_t *total, int64_t *available);

/* The printer of that folder (caller: mounted_release), or NULL. */
struct mounted *farm_find(struct farm *, const char *folder);

/*
 * The account of that folder; NULL: the one that is all there is at the
 * mount's root (caller: account_release).  Returns NULL if there is none.
 */
struct account *farm_account(struct farm *, const char *folder);

/* The account of that number (caller: account_release); NULL: none is left. */
struct account *farm_account_at(struct farm *, size_t number);

/* Some of the printers, as they are now, in the order of the file. */
struct printers {
	struct mounted **all; /* held */
	size_t count;
};

enum farm_part {
	FARM_PRINTERS, /* but for archived ones */
	FARM_ARCHIVED,
	FARM_LIBRARIES /* the cloud folders of accounts */
};

/*
 * Those of an account, or of all of the farm.  Returns 0 (caller:
 * farm_printers_free), or -ENOMEM.
 */
int farm_printers(struct printer_group *, enum farm_part, struct printers *out);
void farm_printers_free(struct printers *);

/*
 * Read the printers file again: new printers are met and appear, those that
 * are no more in it go when they are unused, those whose section has changed
 * are replaced then.  A broken file changes nothing.  What is wrong is logged.
 * Returns 0, -EINVAL: the file is broken, -EINTR or -ENOMEM.
 */
int farm_refresh(struct farm *, const struct wait *);

/* The same in a thread of its own. */
void farm_refresh_later(struct farm *);

/* Wait until no upload is under way, at most ms milliseconds. */
void farm_settle(struct farm *, int64_t ms);

#endif
