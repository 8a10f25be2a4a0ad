/*
 * What is in a folder.  Made by one thread, then read by many: only the
 * count of holders changes after listing_finish.
 */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/listing.h"

#define LEFT_OUT_MOST 80 /* bytes of a name in a log */

/* A name to find an entry by. */
struct lookup_name {
	char *name; /* folded where the printer folds */
	size_t at;
	bool is_short;
};

struct listing {
	atomic_int holders;
	int64_t told_ms;
	bool folds;
	bool had_doubles; /* entries whose name an earlier one has */
	size_t count;
	size_t room;
	struct entry *entries;
	size_t name_count;
	struct lookup_name *names; /* sorted by name */
	struct buf left_out;
};

void
entry_free(struct entry *entry)
{
	free(entry->name);
	free(entry->short_name);
	memset(entry, 0, sizeof(*entry));
}

int
entry_copy(struct entry *to, const struct entry *from)
{
	*to = *from;
	to->name = strdup(from->name);
	to->short_name = strdup(from->short_name);
	if (to->name != NULL && to->short_name != NULL)
		return 0;
	entry_free(to);
	return -ENOMEM;
}

int64_t
entry_version(const struct entry *entry)
{
	return entry->id != 0 ? entry->id : entry->mtime_s;
}

int
listing_new(struct listing **out)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL)
		return -ENOMEM;
	atomic_init(&listing->holders, 1);
	listing->told_ms = time_now_ms();
	*out = listing;
	return 0;
}

struct listing *
listing_hold(struct listing *listing)
{
	atomic_fetch_add(&listing->holders, 1);
	return listing;
}

static void
drop_names(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->name_count; i++)
		free(listing->names[i].name);
	free(listing->names);
	listing->names = NULL;
	listing->name_count = 0;
}

void
listing_release(struct listing *listing)
{
	size_t i;

	if (listing == NULL || atomic_fetch_sub(&listing->holders, 1) > 1)
		return;
	for (i = 0; i < listing->count; i++)
		entry_free(&listing->entries[i]);
	drop_names(listing);
	free(listing->entries);
	buf_free(&listing->left_out);
	free(listing);
}

int
listing_add(struct listing *listing, struct entry *entry)
{
	struct entry *entries = listing->entries;
	size_t room = listing->room == 0 ? 64 : listing->room * 2;

	if (listing->count == listing->room) {
		entries = reallocarray(entries, room, sizeof(*entries));
		if (entries == NULL) {
			entry_free(entry);
			return -ENOMEM;
		}
		listing->entries = entries;
		listing->room = room;
	}
	entries[listing->count++] = *entry;
	return 0;
}

int
listing_leave_out(struct listing *listing, const char *name)
{
	char *shown;
	int error;

	if (name == NULL || name[0] == '\0')
		return 0;
	shown = name_show(name);
	error = shown == NULL ? -ENOMEM :
				buf_printf(&listing->left_out, "%s\"%.*s\"",
				    listing->left_out.len == 0 ? "" : ", ",
				    (int)name_fit(shown, LEFT_OUT_MOST), shown);

	free(shown);
	return error;
}

const char *
listing_left_out(const struct listing *listing)
{
	return buf_text(&listing->left_out);
}

static char *
folded(const struct listing *listing, const char *name)
{
	return listing->folds ? name_fold(name) : strdup(name);
}

/* By name; a long name before a short one, an earlier entry first. */
static int
compare_names(const void *a, const void *b)
{
	const struct lookup_name *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order == 0)
		order = (int)left->is_short - (int)right->is_short;
	if (order == 0)
		order = left->at < right->at ? -1 : 1;
	return order;
}

static int
make_names(struct listing *listing)
{
	size_t i, count = 0;
	struct lookup_name *names;

	names = calloc(2 * listing->count + 1, sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	listing->names = names;
	for (i = 0; i < 2 * listing->count; i++) {
		const struct entry *entry = &listing->entries[i / 2];
		bool is_short = i % 2 == 1;

		names[count].name = folded(listing,
		    is_short ? entry->short_name : entry->name);
		if (names[count].name == NULL)
			return -ENOMEM;
		names[count].at = i / 2;
		names[count++].is_short = is_short;
		listing->name_count = count;
	}
	qsort(names, count, sizeof(*names), compare_names);
	return 0;
}

/*
 * What the printer tells apart goes by its short name if its long name is an
 * earlier entry's; what it does not is marked by an empty name.  Returns how
 * many such there were, or -ENOMEM.
 */
static ssize_t
part_doubles(struct listing *listing, bool finally)
{
	const struct lookup_name *names = listing->names;
	const struct entry *first = NULL;
	ssize_t doubles = 0;
	size_t i;

	for (i = 0; i < listing->name_count; i++) {
		struct entry *entry = &listing->entries[names[i].at];

		if (names[i].is_short)
			continue;
		if (i == 0 || first == NULL || names[i - 1].is_short ||
		    strcmp(names[i].name, names[i - 1].name) != 0) {
			first = entry;
			continue;
		}
		doubles++;
		if (finally ||
		    strcmp(entry->short_name, first->short_name) == 0) {
			entry->name[0] = '\0';
			continue;
		}
		free(entry->name);
		entry->name = name_show(entry->short_name);
		if (entry->name == NULL)
			return -ENOMEM;
		if (!name_is_sane(entry->name))
			entry->name[0] = '\0';
	}
	return doubles;
}

static void
drop_marked(struct listing *listing)
{
	size_t i, kept = 0;

	for (i = 0; i < listing->count; i++) {
		if (listing->entries[i].name[0] == '\0')
			entry_free(&listing->entries[i]);
		else
			listing->entries[kept++] = listing->entries[i];
	}
	listing->count = kept;
}

int
listing_finish(struct listing *listing, bool folds)
{
	ssize_t doubles;
	int error, turn;

	listing->folds = folds;
	error = make_names(listing);
	for (turn = 0; turn < 2 && error == 0; turn++) {
		doubles = part_doubles(listing, turn == 1);
		if (doubles <= 0)
			return (int)doubles;
		listing->had_doubles = true;
		drop_marked(listing);
		drop_names(listing);
		error = make_names(listing);
	}
	return error;
}

static int
copy_but(const struct listing *from, const struct entry *gone,
    struct listing *to)
{
	struct entry entry;
	int error = 0;
	size_t i;

	for (i = 0; i < from->count && error == 0; i++) {
		if (&from->entries[i] == gone)
			continue;
		error = entry_copy(&entry, &from->entries[i]);
		if (error == 0)
			error = listing_add(to, &entry);
	}
	return error;
}

/* A finished copy without gone, and with added; both may be NULL. */
static int
copy_changed(const struct listing *from, const struct entry *gone,
    const struct entry *added, struct listing **out)
{
	struct listing *listing;
	struct entry copy;
	int error = listing_new(&listing);

	if (error != 0)
		return error;
	error = copy_but(from, gone, listing);
	if (error == 0 && added != NULL)
		error = entry_copy(&copy, added);
	if (error == 0 && added != NULL)
		error = listing_add(listing, &copy);
	if (error == 0)
		error = listing_finish(listing, from->folds);
	if (error != 0)
		listing_release(listing);
	else
		*out = listing;
	return error;
}

int
listing_but(const struct listing *from, const struct entry *gone,
    struct listing **out)
{
	int error = copy_changed(from, gone, NULL, out);

	if (error == 0)
		(*out)->told_ms = from->told_ms;
	return error;
}

int
listing_without(struct listing *from, const struct entry *entry,
    struct listing **out)
{
	const struct entry *gone = listing_find(from, entry->name);

	if (gone == NULL) {
		*out = listing_hold(from);
		return 0;
	}
	if (from->had_doubles || from->count == 1 ||
	    strcmp(gone->short_name, entry->short_name) != 0)
		return -EAGAIN;
	return listing_but(from, gone, out);
}

int
listing_with(const struct listing *from, const struct entry *entry,
    struct listing **out)
{
	if (from->folds || from->had_doubles)
		return -EAGAIN;
	return copy_changed(from, listing_find(from, entry->name), entry, out);
}

/*
 * Without memory of its own: a name that was not looked for must not be told
 * to be missing.  What is too long to be folded is longer than any name.
 */
const struct entry *
listing_find(const struct listing *listing, const char *name)
{
	size_t low = 0, high = listing->name_count;
	char wanted[4 * NAME_MAX + 1];

	if (listing->folds ?
		!name_fold_into(name, wanted, sizeof(wanted)) :
		strlcpy(wanted, name, sizeof(wanted)) >= sizeof(wanted))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(listing->names[middle].name, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == listing->name_count ||
	    strcmp(listing->names[low].name, wanted) != 0)
		return NULL;
	return &listing->entries[listing->names[low].at];
}

bool
listing_is_recent(const struct listing *listing, int64_t age_ms)
{
	return time_now_ms() - listing->told_ms <= age_ms;
}

size_t
listing_count(const struct listing *listing)
{
	return listing->count;
}

const struct entry *
listing_at(const struct listing *listing, size_t i)
{
	return &listing->entries[i];
}
