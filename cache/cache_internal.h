#ifndef CACHE_CACHE_INTERNAL_H
#define CACHE_CACHE_INTERNAL_H

#include <pthread.h>
#include <stdint.h>

#include "cache/cache.h"
#include "cache/memo.h"
#include "cache/transfer_rate.h"
#include "client/base/turn.h"
#include "client/printer.h"

/* A cache, for cache/cache.c and cache/cache_file.c. */
struct cache {
	struct printer printer;
	struct printer *inner;
	struct file_facts *facts;
	struct turn sizes;
	struct transfer_rate rate;
	pthread_mutex_t lock;
	pthread_cond_t answered; /* everything below, under lock */
	uint64_t generation;	 /* of our changes */
	uint64_t changed;	 /* the last that was successful */
	uint64_t epoch;		 /* of refreshes */
	struct memos memos;
	uint64_t hits;	 /* answers given from memory */
	uint64_t misses; /* questions that went out */
};

/* A folder as it is remembered or comes; -ENOENT: the answer was 404. */
int cache_ask_list(struct cache *, const struct wait *, const char *folder,
    struct listing **out);

/* How often something was changed. */
uint64_t cache_generation(struct cache *);

/*
 * A folder was not found.  Returns -ENOENT if it is gone, or why that is not
 * known.
 */
int cache_judge_folder(struct cache *, const struct wait *, const char *folder);

/* The functions of a cache that are about one file. */
int cache_size(struct printer *, const struct wait *, const char *folder,
    const struct entry *, off_t *out);
int cache_look(struct printer *, const struct wait *, const char *folder,
    const struct entry *, struct entry *out);
int cache_verify(struct printer *, const struct wait *, const char *folder,
    struct entry *, bool bytes);
int cache_fetch(struct printer *, const struct wait *, const char *folder,
    const struct entry *, const struct sink *);

#endif
