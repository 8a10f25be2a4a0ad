#ifndef FS_FARM_LIST_H
#define FS_FARM_LIST_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "client/turn.h"
#include "fs/farm.h"

struct section;
struct unsent;

/* A printer in the list, shared by fs/farm.c and fs/farm_refresh.c. */
struct member {
	TAILQ_ENTRY(member) link;
	struct section *section;
	struct unit *unit;
	struct section
	    *next_section; /* what it is when it is unused, or NULL */
	struct unit *next_unit;
	bool leaving; /* it goes when it is unused */
	bool seen;    /* for the one who refreshes */
};

TAILQ_HEAD(members, member);

struct farm {
	struct farm_config config;
	struct crew *crew;
	struct survey *survey;
	struct documents *documents;
	void (*forget)(void *arg, const char *folder);
	void *forget_arg;
	atomic_bool ending;
	struct turn turn;
	pthread_mutex_t lock;
	struct members members; /* all below under lock */
	TAILQ_HEAD(, unit) retired;
	bool pending; /* a member waits to be unused */
};

void farm_member_free(struct member *);

/* The unit of a section for a member; as section_unit. */
int farm_member_new(struct farm *, struct section *, struct unsent *,
    struct unit **out);

/* With the lock: printers that shall go and are unused go. */
void farm_replace_unused(struct farm *);

#endif
