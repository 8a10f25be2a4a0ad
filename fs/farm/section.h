#ifndef FS_FARM_SECTION_H
#define FS_FARM_SECTION_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

#include "client/base/buf.h"
#include "client/prusalink/prusalink.h"
#include "fs/setup/login.h"
#include "fs/setup/options.h"

struct local_paths;
struct mounted;
struct obico;
struct settings;
struct unsent;
struct wait;

/*
 * A printer, or the account of an Obico server, to be mounted: where it is,
 * how to log in, what it is.
 */
struct section {
	TAILQ_ENTRY(section) link;
	char *name; /* of its directory; NULL: the mount's root */
	size_t line;
	struct options options; /* source is its url */
	struct buf told;	/* its lines, to see whether they change */
	struct login login;
	char *kept; /* name of its files in the cache directory */
	struct probe probe;
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

/* Is it an account of an Obico server? */
bool section_is_account(const struct section *);

/*
 * Say of each printer whose number the account has not that it is wrong; asks
 * for the account's list if there is one to be watched.
 */
void sections_check_watches(const struct sections *, const struct wait *);

/*
 * First contact, when the login is known: tells what it is, from memory if it
 * does not answer, and whether it does.  Returns what prusalink_probe or
 * obico_probe says, or -EINTR.
 */
int section_meet(struct section *, const struct local_paths *,
    const struct wait *);

/* Do both say the same, with the same login? */
bool section_is_same(const struct section *, const struct section *);

/* Say in a line why it failed.  Returns the exit status for that. */
int section_explain(const struct section *);

/* Is it away, and may come back? */
bool section_is_away(const struct section *);

/* What of it becomes a part of the mount. */
struct section_config {
	const struct settings *settings;
	const struct local_paths *paths;
	struct unsent *unsent; /* of another printer that has the same files
				  there, or NULL */
	struct obico *watch;   /* the account that watches it, or NULL */
};

/*
 * The printer as a part of the mount (caller: mounted_free).  Returns 0 or a
 * negative errno.
 */
int section_mounted(const struct section *, const struct section_config *,
    struct mounted **out);

/* The account (caller: obico_release).  Returns 0 or a negative errno. */
int section_obico(const struct section *, struct obico **out);

#endif
