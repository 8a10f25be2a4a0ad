#ifndef CACHE_SLOT_H
#define CACHE_SLOT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/base/buf.h"
#include "client/printer.h"

struct entry;
struct listing;

/* One remembered answer: a document or a folder. */
struct slot {
	TAILQ_ENTRY(slot) link; /* least recently used first */
	enum topic topic;	/* TOPIC_COUNT: a folder */
	char *key;		/* the folder, or the id of a camera */
	int64_t ttl_ms;
	bool lasting; /* our own changes do not touch it */
	bool kept;    /* it is told while the printer is away */
	int users;    /* threads that look at it */
	bool fetching;
	bool filled;
	uint64_t generation; /* when the question went out */
	uint64_t epoch;
	int64_t done_ms;
	int error;
	struct buf text;
	struct listing *listing;
};

/* Those of one printer; a lock of their owner's guards them. */
struct slots {
	int64_t ttl_ms; /* of live documents */
	bool shared;	/* most are parts of one, so none is old for long */
	size_t count;
	TAILQ_HEAD(, slot) list;
};

void slots_init(struct slots *, int64_t ttl_ms, bool shared);
void slots_clear(struct slots *);

/*
 * The slot for a document or folder, most recently used now; made if need be,
 * for which one that nobody looks at may go.  NULL: no memory.
 */
struct slot *slot_get(struct slots *, enum topic, const char *key);

/* A good answer about that topic that came at oldest_ms or later, or NULL. */
const struct slot *slots_find(const struct slots *, enum topic,
    int64_t oldest_ms);

/* Answers about that topic that came before oldest_ms are out of date. */
void slots_expire(struct slots *, enum topic, int64_t oldest_ms);

/* The same for one folder. */
void slots_expire_folder(struct slots *, const char *folder, int64_t oldest_ms);

/* Does the last good answer about a folder, however old, have that name? */
bool slots_list(const struct slots *, const char *folder, const char *name);

/*
 * A file was removed and nothing else changed: what is remembered of folders
 * since the generation before goes on into this one, of that folder without
 * the file.  Its age stays.  What only the printer can say is left behind.
 */
void slots_removed(struct slots *, const char *folder, const struct entry *,
    uint64_t generation);

/* The same for a file that was stored, where each folder has one spelling. */
void slots_stored(struct slots *, const char *folder, const struct entry *,
    uint64_t generation);

#endif
