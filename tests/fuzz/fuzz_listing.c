/*
 * A folder as a hostile server lists it: whatever it says, what comes out are
 * names that a directory may have, each of them once, and each can be found.
 * Short names go back to the server only, as one part of a path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/name.h"
#include "client/listing.h"
#include "client/prusalink/normalise.h"
#include "client/traits.h"
#include "tests/fuzz/fuzz.h"

static void
check_name(const char *name)
{
	size_t len = strlen(name);

	HOLDS(name_is_sane(name));
	HOLDS(len > 0 && len <= 255);
	HOLDS(strchr(name, '/') == NULL);
	HOLDS(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
}

static void
check_entry(const struct entry *entry)
{
	check_name(entry->name);
	HOLDS(name_is_part(entry->short_name));
	HOLDS(entry->size >= -1);
	HOLDS(entry->mtime_s >= 0 && entry->mtime_s < 253402300800);
	if (entry->folder)
		HOLDS(!entry->print_file && !entry->partial &&
		    entry->size == -1);
}

static bool
is_same(const struct traits *traits, const char *a, const char *b)
{
	char *left, *right;
	bool same;

	if (!traits->folds)
		return strcmp(a, b) == 0;
	left = name_fold(a);
	right = name_fold(b);
	HOLDS(left != NULL && right != NULL);
	same = strcmp(left, right) == 0;
	free(left);
	free(right);
	return same;
}

/* A long name finds its entry, so that none is there twice. */
static void
check_finding(const struct traits *traits, const struct listing *listing,
    const struct entry *entry)
{
	const struct entry *found;
	char *folded = name_fold(entry->name);

	HOLDS(folded != NULL);
	HOLDS(listing_find(listing, entry->name) == entry);
	if (traits->folds)
		HOLDS(listing_find(listing, folded) == entry);
	free(folded);
	found = listing_find(listing, entry->short_name);
	HOLDS(found != NULL);
	HOLDS(is_same(traits, found->name, entry->short_name) ||
	    is_same(traits, found->short_name, entry->short_name));
}

static void
list(const struct traits *traits, const uint8_t *data, size_t len)
{
	struct listing *listing = NULL;
	struct entry copy;
	int error = normalise_listing(traits, (const char *)data, len,
	    &listing);
	size_t i;

	if (error != 0) {
		HOLDS(error == -EPROTO || error == -ENOTDIR);
		HOLDS(listing == NULL);
		return;
	}
	for (i = 0; i < listing_count(listing); i++) {
		const struct entry *entry = listing_at(listing, i);

		check_entry(entry);
		check_finding(traits, listing, entry);
		HOLDS(entry_copy(&copy, entry) == 0);
		entry_free(&copy);
	}
	HOLDS(listing_find(listing, "") == NULL);
	listing_release(listing);
}

static void
single(const struct traits *traits, const uint8_t *data, size_t len)
{
	struct entry entry = { 0 };
	int error = normalise_entry(traits, (const char *)data, len, &entry);

	if (error == 0) {
		check_entry(&entry);
		entry_free(&entry);
		return;
	}
	HOLDS(error == -EPROTO);
	HOLDS(entry.name == NULL && entry.short_name == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	list(&traits_buddy, data, len);
	list(&traits_pi, data, len);
	single(&traits_buddy, data, len);
	single(&traits_pi, data, len);
	return 0;
}
