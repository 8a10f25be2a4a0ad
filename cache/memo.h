#ifndef CACHE_MEMO_H
#define CACHE_MEMO_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/base/buf.h"
#include "client/printer.h"

/* One remembered answer: a document or a folder. */
struct memo {
	TAILQ_ENTRY(memo) link; /* least recently used first */
	enum topic topic;	/* TOPIC_FOLDER is one too */
	char *key;		/* the folder, or the id of a camera */
	int64_t ttl_ms;
	bool lasting;  /* our own changes do not touch it */
	bool survives; /* it is an answer while the printer is away */
	int users;     /* threads that look at it */
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
struct memos {
	int64_t ttl_ms; /* of live documents */
	bool shared;	/* most are parts of one, so none is old for long */
	size_t count;
	TAILQ_HEAD(, memo) list;
};

void memos_init(struct memos *, int64_t ttl_ms, bool shared);
void memos_clear(struct memos *);

/*
 * The memo for a document or folder, most recently used now; made if need be,
 * for which one that nobody looks at may go.  NULL: no memory.
 */
struct memo *memo_get(struct memos *, enum topic, const char *key);

/* A good answer about that topic that came at oldest_ms or later, or NULL. */
const struct memo *memos_find(const struct memos *, enum topic,
    int64_t oldest_ms);

/*
 * Answers about that topic, of that key or of any (NULL), that came before
 * oldest_ms are out of date.
 */
void memos_expire(struct memos *, enum topic, const char *key,
    int64_t oldest_ms);

/* Does the last good answer about a folder, however old, have that name? */
bool memos_list(const struct memos *, const char *folder, const char *name);

/*
 * A file was removed, or stored where each folder has one spelling, and nothing
 * else changed: what is remembered of folders since the generation before goes
 * on into this one, of that folder without or with the file.  Its age stays.  A
 * folder of which only the printer can know is left behind.
 */
void memos_follow(struct memos *, const char *folder, const struct entry *,
    bool is_stored, uint64_t generation);

#endif
