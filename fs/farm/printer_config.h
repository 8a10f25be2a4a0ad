#ifndef FS_FARM_PRINTER_CONFIG_H
#define FS_FARM_PRINTER_CONFIG_H

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
struct printer_config {
	TAILQ_ENTRY(printer_config) link;
	char *name; /* of its directory; NULL: the mount's root */
	size_t line;
	struct options options; /* source is its url */
	struct buf told;	/* its lines, to see whether they change */
	struct login login;
	char *kept; /* name of its files in the cache directory */
	struct probe probe;
	int error; /* of first contact */
};

TAILQ_HEAD(printer_configs, printer_config);

/*
 * A printer with these options and no login.  Returns 0 (caller:
 * printer_config_free), or -ENOMEM.
 */
int printer_config_new(const char *name, const struct options *,
    struct printer_config **out);
void printer_config_free(struct printer_config *);
void printer_configs_free(struct printer_configs *);

/* Is it an account of an Obico server? */
bool printer_config_is_account(const struct printer_config *);

/*
 * Say of each printer whose number the account has not that it is wrong; asks
 * for the account's list if there is one to be watched.
 */
void printer_configs_check_watches(const struct printer_configs *,
    const struct wait *);

/*
 * First contact, when the login is known: tells what it is, from memory if it
 * does not answer, and whether it does.  Returns what prusalink_probe or
 * obico_probe says, or -EINTR.
 */
int printer_config_meet(struct printer_config *, const struct local_paths *,
    const struct wait *);

/* Do both say the same, with the same login? */
bool printer_config_is_same(const struct printer_config *,
    const struct printer_config *);

/* Say in a line why it failed.  Returns the exit status for that. */
int printer_config_explain(const struct printer_config *);

/* Is it away, and may come back? */
bool printer_config_is_away(const struct printer_config *);

/* What of it becomes a part of the mount. */
struct printer_config_config {
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
int printer_config_mounted(const struct printer_config *,
    const struct printer_config_config *, struct mounted **out);

/* The account (caller: obico_release).  Returns 0 or a negative errno. */
int printer_config_obico(const struct printer_config *, struct obico **out);

#endif
