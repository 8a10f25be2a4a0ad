#ifndef FS_FARM_FARM_INTERNAL_H
#define FS_FARM_FARM_INTERNAL_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/base/turn.h"
#include "fs/core/printer_group.h"
#include "fs/farm/farm.h"

struct account_server;
struct printer;
struct printer_config;

/* Whom a directory belongs to: a section of the file, or an account. */
struct occupant {
	struct printer_config *conf; /* NULL: of an account */
	struct account *account;     /* held, or NULL */
	int64_t id;		     /* in that account */
	struct mounted *mounted;
};

/* A directory of a printer, or an account's cloud folder. */
struct member {
	TAILQ_ENTRY(member) link;
	struct occupant now;
	struct occupant next; /* when it is unused; of nobody: no change */
	bool is_library;      /* the cloud folder, no printer */
	bool leaving;	      /* it goes when it is unused */
	bool seen;	      /* for the one who refreshes */
};

/* How many members the list has got, changed and lost. */
struct farm_changes {
	size_t added, changed, gone;
};

TAILQ_HEAD(members, member);

/* An account of many printers, see fs/farm/account.h. */
struct account {
	struct printer_group group;
	TAILQ_ENTRY(account) link;
	bool seen; /* for the one who refreshes */
	struct farm *farm;
	struct printer_config *conf;
	struct account_server *server;
	struct turn turn;
	uint64_t followed; /* under farm.lock: the list's serial */
	_Atomic int64_t quiet_until_ms;
};

struct farm {
	struct printer_group group; /* borrowed by who holds it */
	struct farm_config config;
	struct workers *workers;
	struct statuses *statuses;
	atomic_bool ending;
	struct turn turn;
	pthread_mutex_t lock;
	struct members members;		/* all below under lock */
	TAILQ_HEAD(, account) accounts; /* held */
	TAILQ_HEAD(, mounted) retired;
	bool pending; /* a member waits to be unused */
};

/* Release what it owns; it is of nobody then. */
void farm_occupant_free(struct occupant *);

/* The printer that has that directory, or NULL.  With the lock. */
struct member *farm_member_at(struct farm *, const char *folder);

/* With the lock: a new member; takes the occupant if it returns no error. */
int farm_add_member(struct farm *, struct occupant *, bool is_library);

/*
 * With the lock, for who has read a list of printers again: farm_mark, of the
 * account or the file; farm_put for each printer that is new or another one
 * than before, with its occupant, who is taken if it returns no error;
 * farm_drop_unseen when all that stay are seen.
 */
void farm_mark(struct farm *, const struct account *);
int farm_put(struct farm *, const char *folder, struct occupant *,
    struct farm_changes *);
void farm_drop_unseen(struct farm *, struct farm_changes *);

/* The printer of a section that was met.  Returns 0 or a negative errno. */
int farm_make_printer(struct farm *, const struct printer_config *,
    struct mounted **out);

/*
 * A printer of the farm, around this one, which is taken in any case.  kept:
 * the name of its files in the cache directory.  As mounted_new.
 */
int farm_make_mounted(struct farm *, const struct options *, const char *folder,
    const char *kept, struct printer *, struct mounted **out);

/* With the lock: printers that shall go and are unused go. */
void farm_replace_unused(struct farm *);

#endif
