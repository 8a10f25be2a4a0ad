/*
 * Things that are shown with their number.  numbered.lock guards all and is a
 * leaf.
 */
#include <stdlib.h>
#include <string.h>

#include "client/base/numbered.h"

#define MOST 65536

struct numbered_name {
	int64_t id;
	uint64_t hash; /* of the name */
};

void
numbered_init(struct numbered *numbered)
{
	memset(numbered, 0, sizeof(*numbered));
	pthread_mutex_init(&numbered->lock, NULL);
}

void
numbered_destroy(struct numbered *numbered)
{
	free(numbered->all);
	pthread_mutex_destroy(&numbered->lock);
}

/* FNV-1a, 64 bits. */
static uint64_t
hash_of(const char *name)
{
	uint64_t hash = 14695981039346656037u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211u;
	return hash;
}

/* With the lock: where it is or should be. */
static size_t
find(const struct numbered *numbered, int64_t id)
{
	size_t low = 0, high = numbered->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbered->all[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct numbered *numbered, size_t at, int64_t id)
{
	return at < numbered->count && numbered->all[at].id == id;
}

bool
numbered_has(struct numbered *numbered, int64_t id, const char *name)
{
	size_t at;
	bool has;

	pthread_mutex_lock(&numbered->lock);
	at = find(numbered, id);
	has = is_at(numbered, at, id) &&
	    numbered->all[at].hash == hash_of(name);
	pthread_mutex_unlock(&numbered->lock);
	return has;
}

/* With the lock: is there room for one more? */
static bool
make_room(struct numbered *numbered)
{
	size_t room = numbered->room == 0 ? 16 : numbered->room * 2;
	struct numbered_name *all;

	if (numbered->count < numbered->room)
		return true;
	if (numbered->count >= MOST)
		return false;
	all = reallocarray(numbered->all, room, sizeof(*all));
	if (all == NULL)
		return false;
	numbered->all = all;
	numbered->room = room;
	return true;
}

void
numbered_note(struct numbered *numbered, int64_t id, const char *name)
{
	size_t at;

	pthread_mutex_lock(&numbered->lock);
	at = find(numbered, id);
	if (!is_at(numbered, at, id) && make_room(numbered)) {
		memmove(&numbered->all[at + 1], &numbered->all[at],
		    (numbered->count - at) * sizeof(*numbered->all));
		numbered->all[at].id = id;
		numbered->count++;
	}
	if (is_at(numbered, at, id))
		numbered->all[at].hash = hash_of(name);
	pthread_mutex_unlock(&numbered->lock);
}
