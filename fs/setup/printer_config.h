#ifndef FS_SETUP_PRINTER_CONFIG_H
#define FS_SETUP_PRINTER_CONFIG_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

#include "client/backend.h"
#include "client/base/buf.h"
#include "fs/setup/login.h"
#include "fs/setup/options.h"

/*
 * A printer, or an account of many, to be mounted: where it is, how to log in,
 * what it is.
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

/* Is it an account of many printers? */
bool printer_config_is_account(const struct printer_config *);

/* Do both say the same, with the same login? */
bool printer_config_is_same(const struct printer_config *,
    const struct printer_config *);

/* Is it away, and may come back? */
bool printer_config_is_away(const struct printer_config *);

#endif
