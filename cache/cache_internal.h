#ifndef CACHE_CACHE_INTERNAL_H
#define CACHE_CACHE_INTERNAL_H

#include <pthread.h>
#include <stdint.h>

#include "cache/memo.h"
#include "cache/pace.h"
#include "client/base/turn.h"
#include "client/printer.h"

struct file_facts;

/* What cache/cache.c and cache/cache_change.c share. */
struct cache {
	struct printer printer;
	struct printer *inner;
	struct file_facts *facts;
	struct turn sizes;
	struct pace pace;
	pthread_mutex_t lock;
	pthread_cond_t answered; /* everything below, under lock */
	uint64_t generation;	 /* of our changes */
	uint64_t changed;	 /* the last that was successful */
	uint64_t epoch;		 /* of refreshes */
	struct memos memos;
	uint64_t hits;	 /* answers given from memory */
	uint64_t misses; /* questions that went out */
};

/* What is remembered or told of a folder; -ENOENT: the answer was 404. */
int cache_ask_list(struct cache *, const struct wait *, const char *folder,
    struct listing **out);

/*
 * cache/cache_truth.c: a folder, or a file in it, was not found.  Returns
 * -ENOENT if it is gone, or why that is not known.
 */
int cache_judge_folder(struct cache *, const struct wait *, const char *folder);
int cache_judge_file(struct cache *, const struct wait *, const char *folder,
    const struct entry *);

/* cache/cache_file.c: what is known of one file. */
int cache_size(struct printer *, const struct wait *, const char *folder,
    const struct entry *, off_t *out);
int cache_look(struct printer *, const struct wait *, const char *folder,
    const struct entry *, struct entry *out);
int cache_verify(struct printer *, const struct wait *, const char *folder,
    struct entry *, bool bytes);

/* The size as it was last told; never asks. */
bool cache_recall_size(struct cache *, const char *folder, const struct entry *,
    off_t *out);

/* How often something was changed. */
uint64_t cache_generation(struct cache *);

/* The functions of a cache that change something on its printer. */
int cache_store(struct printer *, const struct wait *, const struct store *,
    struct entry *out);
int cache_make_folder(struct printer *, const struct wait *, const char *folder,
    const char *name);
int cache_remove(struct printer *, const struct wait *, const char *folder,
    const struct entry *);
int cache_rename(struct printer *, const struct wait *, const char *folder,
    const struct entry *, const char *new_folder, const char *new_name,
    bool replace, struct entry *out);
int cache_change_settings(struct printer *, const struct wait *,
    const char *text, size_t len);
int cache_command(struct printer *, const struct wait *, enum verb,
    const char *path);

#endif
