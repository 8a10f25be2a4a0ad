/*
 * The remembered answers of one printer, least recently used first.  No lock:
 * the cache that owns them has one.
 */
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/memo.h"
#include "client/listing.h"

#define LONG_MS	   300000 /* what changes by a restart only */
#define PRINTS_MS  30000  /* a print lasts longer */
#define PICTURE_MS 10000  /* cameras take them every 10 s at the most */
#define MEMOS	   256

static void
memo_free(struct memo *memo)
{
	listing_release(memo->listing);
	buf_free(&memo->text);
	free(memo->key);
	free(memo);
}

static void
make_room(struct memos *memos)
{
	struct memo *memo, *next;

	TAILQ_FOREACH_SAFE(memo, &memos->list, link, next)
	{
		if (memos->count < MEMOS)
			return;
		if (memo->users > 0)
			continue;
		TAILQ_REMOVE(&memos->list, memo, link);
		memos->count--;
		memo_free(memo);
	}
}

static bool
lasts_anywhere(enum topic topic)
{
	return topic == TOPIC_INFO || topic == TOPIC_VERSION ||
	    topic == TOPIC_CAMERAS || topic == TOPIC_CAMERA;
}

/* A part of another answer costs nothing, so it is asked for anew. */
static bool
lasts(const struct memos *memos, enum topic topic)
{
	return topic == TOPIC_VERSION ||
	    (lasts_anywhere(topic) && !memos->shared);
}

static struct memo *
memo_new(const struct memos *memos, enum topic topic, const char *key)
{
	struct memo *memo = calloc(1, sizeof(*memo));

	if (memo == NULL || (memo->key = strdup(key)) == NULL) {
		free(memo);
		return NULL;
	}
	memo->topic = topic;
	memo->lasting = lasts(memos, topic);
	memo->survives = lasts_anywhere(topic) || topic == TOPIC_FOLDER ||
	    topic == TOPIC_PRINTS;
	memo->ttl_ms = memos->ttl_ms;
	if (memo->lasting)
		memo->ttl_ms = LONG_MS;
	if (topic == TOPIC_FOLDER)
		memo->ttl_ms = CACHE_LIST_MS;
	if (topic == TOPIC_PRINTS)
		memo->ttl_ms = PRINTS_MS;
	if (topic == TOPIC_PICTURE || topic == TOPIC_PNG)
		memo->ttl_ms = PICTURE_MS;
	return memo;
}

struct memo *
memo_get(struct memos *memos, enum topic topic, const char *key)
{
	struct memo *memo;

	TAILQ_FOREACH (memo, &memos->list, link) {
		if (memo->topic == topic && strcmp(memo->key, key) == 0)
			break;
	}
	if (memo != NULL) {
		TAILQ_REMOVE(&memos->list, memo, link);
	} else {
		make_room(memos);
		memo = memo_new(memos, topic, key);
		if (memo == NULL)
			return NULL;
		memos->count++;
	}
	TAILQ_INSERT_TAIL(&memos->list, memo, link);
	return memo;
}

const struct memo *
memos_find(const struct memos *memos, enum topic topic, int64_t oldest_ms)
{
	const struct memo *memo;

	TAILQ_FOREACH (memo, &memos->list, link) {
		if (memo->topic == topic && memo->filled && memo->error == 0 &&
		    memo->done_ms >= oldest_ms)
			return memo;
	}
	return NULL;
}

void
memos_expire(struct memos *memos, enum topic topic, const char *key,
    int64_t oldest_ms)
{
	struct memo *memo;

	TAILQ_FOREACH (memo, &memos->list, link) {
		if (memo->topic == topic && memo->done_ms < oldest_ms &&
		    (key == NULL || strcmp(memo->key, key) == 0))
			memo->done_ms = INT64_MIN / 2;
	}
}

bool
memos_list(const struct memos *memos, const char *folder, const char *name)
{
	const struct memo *memo;

	TAILQ_FOREACH (memo, &memos->list, link) {
		if (memo->topic == TOPIC_FOLDER && memo->listing != NULL &&
		    strcmp(memo->key, folder) == 0)
			return listing_find(memo->listing, name) != NULL;
	}
	return false;
}

static int
depth(const char *path)
{
	int slashes = 0;

	for (; *path != '\0'; path++)
		slashes += *path == '/';
	return slashes;
}

/* Is it known what is in the memo's folder after that change? */
static bool
outlives(struct memo *memo, const char *folder, const struct entry *entry,
    bool is_stored)
{
	struct listing *listing;
	int error;

	/* Another with a removed file's name may be this one, spelled anew. */
	if (strcmp(memo->key, folder) != 0)
		return is_stored || depth(memo->key) != depth(folder) ||
		    listing_find(memo->listing, entry->name) == NULL;
	error = is_stored ? listing_with(memo->listing, entry, &listing) :
			    listing_without(memo->listing, entry, &listing);
	if (error != 0)
		return false;
	listing_release(memo->listing);
	memo->listing = listing;
	return true;
}

void
memos_follow(struct memos *memos, const char *folder, const struct entry *entry,
    bool is_stored, uint64_t generation)
{
	struct memo *memo;

	TAILQ_FOREACH (memo, &memos->list, link) {
		if (memo->topic == TOPIC_COUNT && memo->filled &&
		    memo->listing != NULL &&
		    memo->generation == generation - 1 &&
		    outlives(memo, folder, entry, is_stored))
			memo->generation = generation;
	}
}

void
memos_init(struct memos *memos, int64_t ttl_ms, bool shared)
{
	memos->shared = shared;
	memos->ttl_ms = ttl_ms;
	memos->count = 0;
	TAILQ_INIT(&memos->list);
}

void
memos_clear(struct memos *memos)
{
	struct memo *memo;

	while ((memo = TAILQ_FIRST(&memos->list)) != NULL) {
		TAILQ_REMOVE(&memos->list, memo, link);
		memo_free(memo);
	}
	memos->count = 0;
}
