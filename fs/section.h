#ifndef FS_SECTION_H
#define FS_SECTION_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

#include "client/buf.h"
#include "client/prusalink.h"
#include "fs/login.h"
#include "fs/options.h"

struct local;
struct settings;
struct unit;
struct unsent;
struct wait;

/* A printer to be mounted: where it is, how to log in, what it is. */
struct section {
	TAILQ_ENTRY(section) link;
	char *name; /* of its directory; NULL: the mount's root */
	size_t line;
	struct options options; /* source is its url */
	struct buf told;	/* its lines, to see whether they change */
	struct login login;
	char *kept; /* name of its files in the cache directory */
	struct contact contact;
	int error; /* of first contact */
};

TAILQ_HEAD(sections, section);

/*
 * A printer with these options and no login.  Returns 0 (caller:
 * section_free), or -ENOMEM.
 */
int section_new(const char *name, const struct options *, struct section **out);
void section_free(struct section *);
void sections_free(struct sections *);

/*
 * First contact, when the login is known: tells what it is, from memory if it
 * does not answer, and whether it does.  Returns what prusalink_contact says,
 * or -EINTR.
 */
int section_meet(struct section *, const struct local *, const struct wait *);

/* Say in a line why it failed.  Returns the exit status for that. */
int section_explain(const struct section *);

/* Is it away, and may come back, or will it not have us? */
bool section_is_away(const struct section *);

/*
 * The printer as a part of the mount (caller: unit_free); unsent is shared
 * with another one, which has the same files there, or NULL.  Returns 0 or a
 * negative errno.
 */
int section_unit(const struct section *, const struct settings *,
    const struct local *, struct unsent *, struct unit **out);

#endif
