/*
 * The remembered answers of one printer, least recently used first.  No lock:
 * the cache that owns them has one.
 */
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/slot.h"
#include "client/listing.h"

#define LONG_MS	   300000 /* what changes by a restart only */
#define PRINTS_MS  30000  /* a print lasts longer */
#define PICTURE_MS 10000  /* cameras take them every 10 s at the most */
#define SLOTS	   256

static void
slot_free(struct slot *slot)
{
	listing_release(slot->listing);
	buf_free(&slot->text);
	free(slot->key);
	free(slot);
}

static void
make_room(struct slots *slots)
{
	struct slot *slot, *next;

	TAILQ_FOREACH_SAFE(slot, &slots->list, link, next)
	{
		if (slots->count < SLOTS)
			return;
		if (slot->users > 0)
			continue;
		TAILQ_REMOVE(&slots->list, slot, link);
		slots->count--;
		slot_free(slot);
	}
}

static bool
lasts_anywhere(enum topic topic)
{
	return topic == TOPIC_INFO || topic == TOPIC_VERSION ||
	    topic == TOPIC_CAMERAS || topic == TOPIC_CAMERA;
}

/* What is told together with the rest costs nothing, so it is told anew. */
static bool
lasts(const struct slots *slots, enum topic topic)
{
	return topic == TOPIC_VERSION ||
	    (lasts_anywhere(topic) && !slots->shared);
}

static struct slot *
slot_new(const struct slots *slots, enum topic topic, const char *key)
{
	struct slot *slot = calloc(1, sizeof(*slot));

	if (slot == NULL || (slot->key = strdup(key)) == NULL) {
		free(slot);
		return NULL;
	}
	slot->topic = topic;
	slot->lasting = lasts(slots, topic);
	slot->kept = lasts_anywhere(topic) || topic == TOPIC_COUNT ||
	    topic == TOPIC_PRINTS;
	slot->ttl_ms = slots->ttl_ms;
	if (slot->lasting)
		slot->ttl_ms = LONG_MS;
	if (topic == TOPIC_COUNT)
		slot->ttl_ms = CACHE_LIST_MS;
	if (topic == TOPIC_PRINTS)
		slot->ttl_ms = PRINTS_MS;
	if (topic == TOPIC_PICTURE || topic == TOPIC_PNG)
		slot->ttl_ms = PICTURE_MS;
	return slot;
}

struct slot *
slot_get(struct slots *slots, enum topic topic, const char *key)
{
	struct slot *slot;

	TAILQ_FOREACH (slot, &slots->list, link) {
		if (slot->topic == topic && strcmp(slot->key, key) == 0)
			break;
	}
	if (slot != NULL) {
		TAILQ_REMOVE(&slots->list, slot, link);
	} else {
		make_room(slots);
		slot = slot_new(slots, topic, key);
		if (slot == NULL)
			return NULL;
		slots->count++;
	}
	TAILQ_INSERT_TAIL(&slots->list, slot, link);
	return slot;
}

const struct slot *
slots_find(const struct slots *slots, enum topic topic, int64_t oldest_ms)
{
	const struct slot *slot;

	TAILQ_FOREACH (slot, &slots->list, link) {
		if (slot->topic == topic && slot->filled && slot->error == 0 &&
		    slot->done_ms >= oldest_ms)
			return slot;
	}
	return NULL;
}

void
slots_expire(struct slots *slots, enum topic topic, int64_t oldest_ms)
{
	struct slot *slot;

	TAILQ_FOREACH (slot, &slots->list, link) {
		if (slot->topic == topic && slot->done_ms < oldest_ms)
			slot->done_ms = INT64_MIN / 2;
	}
}

void
slots_expire_folder(struct slots *slots, const char *folder, int64_t oldest_ms)
{
	struct slot *slot;

	TAILQ_FOREACH (slot, &slots->list, link) {
		if (slot->topic == TOPIC_COUNT && slot->done_ms < oldest_ms &&
		    strcmp(slot->key, folder) == 0)
			slot->done_ms = INT64_MIN / 2;
	}
}

bool
slots_list(const struct slots *slots, const char *folder, const char *name)
{
	const struct slot *slot;

	TAILQ_FOREACH (slot, &slots->list, link) {
		if (slot->topic == TOPIC_COUNT && slot->listing != NULL &&
		    strcmp(slot->key, folder) == 0)
			return listing_find(slot->listing, name) != NULL;
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

/* Is it known what is in the slot's folder after one file is gone? */
static bool
outlives(struct slot *slot, const char *folder, const struct entry *entry)
{
	struct listing *listing;

	/* Another with a file of that name may be this one, spelled anew. */
	if (strcmp(slot->key, folder) != 0)
		return depth(slot->key) != depth(folder) ||
		    listing_find(slot->listing, entry->name) == NULL;
	if (listing_without(slot->listing, entry, &listing) != 0)
		return false;
	listing_release(slot->listing);
	slot->listing = listing;
	return true;
}

void
slots_removed(struct slots *slots, const char *folder,
    const struct entry *entry, uint64_t generation)
{
	struct slot *slot;

	TAILQ_FOREACH (slot, &slots->list, link) {
		if (slot->topic == TOPIC_COUNT && slot->filled &&
		    slot->listing != NULL &&
		    slot->generation == generation - 1 &&
		    outlives(slot, folder, entry))
			slot->generation = generation;
	}
}

void
slots_stored(struct slots *slots, const char *folder, const struct entry *entry,
    uint64_t generation)
{
	struct listing *listing;
	struct slot *slot;

	TAILQ_FOREACH (slot, &slots->list, link) {
		if (slot->topic != TOPIC_COUNT || !slot->filled ||
		    slot->listing == NULL || slot->generation != generation - 1)
			continue;
		if (strcmp(slot->key, folder) == 0) {
			if (listing_with(slot->listing, entry, &listing) != 0)
				continue;
			listing_release(slot->listing);
			slot->listing = listing;
		}
		slot->generation = generation;
	}
}

void
slots_init(struct slots *slots, int64_t ttl_ms, bool shared)
{
	slots->shared = shared;
	slots->ttl_ms = ttl_ms;
	slots->count = 0;
	TAILQ_INIT(&slots->list);
}

void
slots_clear(struct slots *slots)
{
	struct slot *slot;

	while ((slot = TAILQ_FIRST(&slots->list)) != NULL) {
		TAILQ_REMOVE(&slots->list, slot, link);
		slot_free(slot);
	}
	slots->count = 0;
}
