/*
 * Names for what has any text as its name.  Any thread; numbered.lock guards
 * what is remembered, and is a leaf.
 */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/name.h"
#include "client/base/safe_name.h"

#define REMEMBERED 65536

void
safe_name_make(const char *text, char *out)
{
	size_t len = 0, step;
	bool is_good;
	wchar_t c;

	for (; *text != '\0'; text += step) {
		step = name_character(text, &c);
		is_good = step > 0 && name_may_have(c) &&
		    !(*text == '.' && len == 0);
		step = step == 0 ? 1 : step;
		if (len + (is_good ? step : 1) >= SAFE_NAME_SIZE)
			break;
		if (is_good) {
			memcpy(out + len, text, step);
			len += step;
		} else {
			out[len++] = '_';
		}
	}
	if (len == 0)
		out[len++] = '_';
	out[len] = '\0';
}

/*
 * Put " (id)" behind the text's name, which is cut for that; a person may have
 * given just that name to another one, so there is more to try.
 */
static void
add_id(struct safe_name *name, unsigned try)
{
	char tail[48];
	size_t room;
	int len = try == 1 ?
	    snprintf(tail, sizeof(tail), " (%" PRId64 ")", name->id) :
	    snprintf(tail, sizeof(tail), " (%" PRId64 ".%u)", name->id, try);

	safe_name_make(name->text, name->name);
	room = name_fit(name->name, SAFE_NAME_SIZE - 1 - (size_t)len);
	memcpy(name->name + room, tail, (size_t)len + 1);
}

static int
compare_names(const void *one, const void *other)
{
	return strcmp(one, other);
}

/* Returns false without memory. */
static bool
find_name(struct safe_name *name, void **taken,
    bool (*is_reserved)(const char *))
{
	unsigned try = 0;

	if (name->is_numbered)
		add_id(name, ++try);
	while ((try == 0 && is_reserved != NULL && is_reserved(name->name)) ||
	    tfind(name->name, taken, compare_names) != NULL)
		add_id(name, ++try);
	return tsearch(name->name, taken, compare_names) != NULL;
}

int
safe_name_all(struct safe_name *names, size_t count,
    bool (*is_reserved)(const char *))
{
	void *taken = NULL;
	size_t i, done = 0;
	int error = 0;

	for (i = 0; i < count && error == 0; i++) {
		safe_name_make(names[i].text, names[i].name);
		if (find_name(&names[i], &taken, is_reserved))
			done++;
		else
			error = -ENOMEM;
	}
	for (i = 0; i < done; i++)
		tdelete(names[i].name, &taken, compare_names);
	return error;
}

/* A thing that was shown with its number. */
struct shown {
	int64_t id;
	uint64_t hash; /* of its name */
};

static int
compare_ids(const void *one, const void *other)
{
	int64_t id = ((const struct shown *)one)->id;
	int64_t other_id = ((const struct shown *)other)->id;

	return (id > other_id) - (id < other_id);
}

void
numbered_init(struct numbered *numbered)
{
	memset(numbered, 0, sizeof(*numbered));
	pthread_mutex_init(&numbered->lock, NULL);
}

void
numbered_destroy(struct numbered *numbered)
{
	tdestroy(numbered->by_id, free);
	pthread_mutex_destroy(&numbered->lock);
}

bool
numbered_has(struct numbered *numbered, int64_t id, const char *name)
{
	const struct shown key = { .id = id };
	struct shown **found;
	bool has;

	pthread_mutex_lock(&numbered->lock);
	found = tfind(&key, &numbered->by_id, compare_ids);
	has = found != NULL && (*found)->hash == name_hash(NAME_HASH, name);
	pthread_mutex_unlock(&numbered->lock);
	return has;
}

/* With the lock: the one of that id, new if need be, or NULL. */
static struct shown *
find_or_add(struct numbered *numbered, int64_t id)
{
	const struct shown key = { .id = id };
	struct shown **found = tfind(&key, &numbered->by_id, compare_ids);
	struct shown *shown;

	if (found != NULL)
		return *found;
	if (numbered->count >= REMEMBERED)
		return NULL;
	shown = calloc(1, sizeof(*shown));
	if (shown == NULL)
		return NULL;
	shown->id = id;
	if (tsearch(shown, &numbered->by_id, compare_ids) == NULL) {
		free(shown);
		return NULL;
	}
	numbered->count++;
	return shown;
}

void
numbered_note(struct numbered *numbered, int64_t id, const char *name)
{
	struct shown *shown;

	pthread_mutex_lock(&numbered->lock);
	shown = find_or_add(numbered, id);
	if (shown != NULL)
		shown->hash = name_hash(NAME_HASH, name);
	pthread_mutex_unlock(&numbered->lock);
}
