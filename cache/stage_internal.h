#ifndef CACHE_STAGE_INTERNAL_H
#define CACHE_STAGE_INTERNAL_H

#include <sys/queue.h>

#include <pthread.h>

#include "cache/spool.h"
#include "cache/stage.h"
#include "client/base/turn.h"

/*
 * The list (cache/stage.c) and a single file of it (cache/staged_file.c).
 */
struct staged_place { /* its own copy of a struct stage_place */
	char *key;
	char *path;
	char *folder;
};

struct staged {
	struct turn gate;
	struct stage *stage;
	TAILQ_ENTRY(staged) link; /* all below under stage.lock */
	TAILQ_ENTRY(staged) known;
	int holders;
	bool listed;
	bool temporary;
	bool removed;
	bool backup;
	bool prints;
	bool sending;
	bool moves; /* the first byte has gone */
	bool cancelled;
	bool closed; /* and not written since */
	struct staged_place place;
	struct spool *spool; /* from here on changed with the gate only */
	struct unsent_ticket *ticket; /* of the spool; without the gate */
	bool dirty;
	off_t announced; /* a size that was set before the first write, or 0 */
	off_t reached;	 /* the end of what was written then */
	int spoiled;
	int verdict;
	bool shared;
	bool replaces;
	int64_t old_mtime_s;
	bool mtime_set; /* from here on without it */
	struct timespec mtime;
	int writers;
	pid_t closer;
	int64_t closed_ms;
	time_t since; /* it is closed; wall clock */
};

struct stage {
	struct relief relief;
	pthread_mutex_t lock;
	pthread_cond_t changed;	    /* under lock */
	TAILQ_HEAD(, staged) files; /* those that are listed */
	TAILQ_HEAD(, staged) all;   /* and those that somebody holds */
};

/* With the lock: the listed file of that key, or NULL. */
struct staged *stage_find_listed(struct stage *, const char *key);

/* With the lock: put it on the list, which then holds it. */
void stage_list(struct staged *);

#endif
