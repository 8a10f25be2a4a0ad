#ifndef FS_FARM_FARM_INTERNAL_H
#define FS_FARM_FARM_INTERNAL_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/base/turn.h"
#include "fs/core/printer_group.h"
#include "fs/farm/farm.h"

struct obico;
struct printer_config;
struct unsent;

/*
 * A printer in the list, shared by fs/farm/farm.c, fs/farm/refresh.c and
 * fs/farm/account.c: of a section of the printers file, or of an account.
 */
struct member {
	TAILQ_ENTRY(member) link;
	struct printer_config *conf; /* NULL: of an account */
	struct account *account;     /* held, or NULL */
	int64_t id;		     /* in that account */
	struct mounted *mounted;
	struct printer_config
	    *next_conf; /* what it is when it is unused, or NULL */
	struct account *next_account;
	int64_t next_id;
	struct mounted *next_mounted;
	bool is_library; /* the cloud folder of the account, no printer */
	bool leaving;	 /* it goes when it is unused */
	bool seen;	 /* for the one who refreshes */
};

TAILQ_HEAD(members, member);

/* An account in the mount. */
struct holding {
	TAILQ_ENTRY(holding) link;
	struct account *account; /* held */
	bool seen;		 /* for the one who refreshes */
};

/* An account of an Obico server, see fs/farm/account.h. */
struct account {
	struct printer_group group;
	struct farm *farm;
	struct printer_config *conf;
	struct obico *obico;
	struct turn turn;
	uint64_t followed; /* under farm.lock: the list's serial */
	_Atomic int64_t quiet_until_ms;
};

struct farm {
	struct printer_group group; /* borrowed by who holds it */
	struct farm_config config;
	struct workers *workers;
	struct statuses *statuses;
	void (*forget)(void *arg, const char *folder);
	void *forget_arg;
	atomic_bool ending;
	struct turn turn;
	pthread_mutex_t lock;
	struct members members; /* all below under lock */
	TAILQ_HEAD(, holding) holdings;
	TAILQ_HEAD(, mounted) retired;
	bool pending; /* a member waits to be unused */
};

void farm_member_free(struct member *);

/* Nothing else shall be there when it is unused.  With the lock. */
void farm_member_drop_next(struct member *);

/* The printer that has that directory, or NULL.  With the lock. */
struct member *farm_member_at(struct farm *, const char *folder);

/* The printer of a section for a member; as section_unit. */
int farm_member_new(struct farm *, const struct printer_config *,
    struct mounted **out);

/* A printer that nobody has seen yet becomes one of the farm's. */
void farm_adopt(struct farm *, struct mounted *);

/*
 * The unsent files of a printer that has that name in the cache directory
 * (caller: unsent_close), or NULL.
 */
struct unsent *farm_unsent(struct farm *, const char *kept);

/* An account is in the mount from now on; takes the section in any case. */
int farm_add_account(struct farm *, struct printer_config *);

/* With the lock: printers that shall go and are unused go. */
void farm_replace_unused(struct farm *);

#endif
