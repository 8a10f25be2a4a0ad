/*
 * Things that are shown with their number.  names.lock guards all and is a
 * leaf.
 */
#include <stdlib.h>
#include <string.h>

#include "client/base/unique_names.h"

#define MOST 65536

struct unique_name {
	int64_t id;
	uint64_t hash; /* of the name */
};

void
unique_names_init(struct unique_names *names)
{
	memset(names, 0, sizeof(*names));
	pthread_mutex_init(&names->lock, NULL);
}

void
unique_names_destroy(struct unique_names *names)
{
	free(names->all);
	pthread_mutex_destroy(&names->lock);
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
find(const struct unique_names *names, int64_t id)
{
	size_t low = 0, high = names->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->all[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct unique_names *names, size_t at, int64_t id)
{
	return at < names->count && names->all[at].id == id;
}

bool
unique_names_has(struct unique_names *names, int64_t id, const char *name)
{
	size_t at;
	bool has;

	pthread_mutex_lock(&names->lock);
	at = find(names, id);
	has = is_at(names, at, id) && names->all[at].hash == hash_of(name);
	pthread_mutex_unlock(&names->lock);
	return has;
}

/* With the lock: is there room for one more? */
static bool
make_room(struct unique_names *names)
{
	size_t room = names->room == 0 ? 16 : names->room * 2;
	struct unique_name *all;

	if (names->count < names->room)
		return true;
	if (names->count >= MOST)
		return false;
	all = reallocarray(names->all, room, sizeof(*all));
	if (all == NULL)
		return false;
	names->all = all;
	names->room = room;
	return true;
}

void
unique_names_note(struct unique_names *names, int64_t id, const char *name)
{
	size_t at;

	pthread_mutex_lock(&names->lock);
	at = find(names, id);
	if (!is_at(names, at, id) && make_room(names)) {
		memmove(&names->all[at + 1], &names->all[at],
		    (names->count - at) * sizeof(*names->all));
		names->all[at].id = id;
		names->count++;
	}
	if (is_at(names, at, id))
		names->all[at].hash = hash_of(name);
	pthread_mutex_unlock(&names->lock);
}
