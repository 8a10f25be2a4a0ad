/*
 * client/listing: what is in a folder, found by long and by short names.
 */
#include <errno.h>

#include "client/listing.h"
#include "tests/unit/check.h"

/* Add an entry whose size tells it from others. */
static int
add(struct listing *listing, const char *name, const char *short_name,
    off_t size)
{
	struct entry entry = { .name = strdup(name),
		.short_name = strdup(short_name),
		.size = size };

	return listing_add(listing, &entry);
}

/* The size of the entry found by that name; -1: none. */
static off_t
size_of(const struct listing *listing, const char *name)
{
	const struct entry *entry = listing_find(listing, name);

	return entry == NULL ? -1 : entry->size;
}

static void
test_empty(struct check *check)
{
	struct listing *listing;

	listing_release(NULL);
	if (listing_new(&listing) != 0)
		return;
	CHECK(check, listing_finish(listing, true) == 0,
	    "an empty listing can be finished");
	CHECK(check, listing_count(listing) == 0, "it has no entries");
	CHECK(check,
	    listing_find(listing, "a") == NULL &&
		listing_find(listing, "") == NULL,
	    "nothing is found in it");
	CHECK(check, listing_hold(listing) == listing,
	    "a listing can be held by another");
	listing_release(listing);
	CHECK(check, listing_count(listing) == 0,
	    "it lives while somebody holds it");
	listing_release(listing);
}

static void
test_fat(struct check *check)
{
	struct listing *listing;

	if (listing_new(&listing) != 0)
		return;
	add(listing, "Spice_Harvester.gcode", "SPICE~1.GCO", 1);
	add(listing, "parts", "PARTS", 2);
	add(listing, "Übergröße Ä.gcode", "BERGR~1.GCO", 3);
	CHECK(check,
	    listing_finish(listing, true) == 0 && listing_count(listing) == 3,
	    "three entries are three");
	CHECK(check, size_of(listing, "Spice_Harvester.gcode") == 1,
	    "a file is found by its long name");
	CHECK(check,
	    size_of(listing, "SPICE_HARVESTER.GCODE") == 1 &&
		size_of(listing, "spice_harvester.gcode") == 1,
	    "FAT finds a file without regard to case");
	CHECK(check,
	    size_of(listing, "SPICE~1.GCO") == 1 &&
		size_of(listing, "spice~1.gco") == 1,
	    "FAT finds a file by its 8.3 name");
	CHECK(check,
	    size_of(listing, "PARTS") == 2 && size_of(listing, "parts") == 2,
	    "a folder is found by either spelling");
	CHECK(check, size_of(listing, "übergröße ä.GCODE") == 3,
	    "FAT folds letters with marks");
	CHECK(check,
	    size_of(listing, "Spice") == -1 &&
		size_of(listing, "Spice_Harvester.gcode2") == -1 &&
		size_of(listing, "") == -1,
	    "a part of a name finds nothing");
	CHECK(check,
	    strcmp(listing_at(listing, 0)->name, "Spice_Harvester.gcode") ==
		    0 &&
		strcmp(listing_at(listing, 2)->name, "Übergröße Ä.gcode") == 0,
	    "entries keep the printer's order and spelling");
	listing_release(listing);
}

static void
test_linux(struct check *check)
{
	struct listing *listing;

	if (listing_new(&listing) != 0)
		return;
	add(listing, "cube.gcode", "cube.gcode", 1);
	add(listing, "CUBE.gcode", "CUBE.gcode", 2);
	CHECK(check,
	    listing_finish(listing, false) == 0 && listing_count(listing) == 2,
	    "names that differ in case are two on Linux");
	CHECK(check,
	    size_of(listing, "cube.gcode") == 1 &&
		size_of(listing, "CUBE.gcode") == 2 &&
		size_of(listing, "Cube.gcode") == -1,
	    "Linux finds a file by its very name only");
	listing_release(listing);
}

static void
test_doubles(struct check *check)
{
	struct listing *listing;

	if (listing_new(&listing) != 0)
		return;
	add(listing, "a.gcode", "A~1.GCO", 1);
	add(listing, "b.gcode", "B~1.GCO", 2);
	add(listing, "A.GCODE", "A~2.GCO", 3);
	add(listing, "a.Gcode", "A~3.GCO", 4);
	add(listing, "B.gcode", "B~2.GCO", 5);
	CHECK(check,
	    listing_finish(listing, true) == 0 && listing_count(listing) == 5,
	    "what the printer lists side by side is all there");
	CHECK(check,
	    size_of(listing, "a.gcode") == 1 &&
		size_of(listing, "b.gcode") == 2,
	    "the first of them stays");
	CHECK(check,
	    size_of(listing, "A~2.GCO") == 3 &&
		size_of(listing, "a~3.gco") == 4 &&
		strcmp(listing_at(listing, 4)->name, "B~2.GCO") == 0,
	    "the others go by their short names");
	CHECK(check,
	    size_of(listing, "A~1.GCO") == 1 &&
		listing_at(listing, 1)->size == 2,
	    "what stays is found and in order");
	listing_release(listing);
}

/* What nothing tells apart cannot be had. */
static void
test_twins(struct check *check)
{
	struct listing *listing;

	if (listing_new(&listing) != 0)
		return;
	add(listing, "a.gcode", "a.gcode", 1);
	add(listing, "b.gcode", "b.gcode", 2);
	add(listing, "a.gcode", "a.gcode", 3);
	CHECK(check,
	    listing_finish(listing, false) == 0 && listing_count(listing) == 2,
	    "of the same name twice one is dropped");
	CHECK(check,
	    size_of(listing, "a.gcode") == 1 &&
		size_of(listing, "b.gcode") == 2,
	    "the first stays");
	listing_release(listing);
}

static void
test_without(struct check *check)
{
	struct listing *listing, *rest = NULL;
	char name[] = "B.gcode", short_name[] = "B~1.GCO";
	struct entry entry = { .name = name, .short_name = short_name };

	if (listing_new(&listing) != 0)
		return;
	add(listing, "a.gcode", "A~1.GCO", 1);
	add(listing, "b.gcode", "B~1.GCO", 2);
	add(listing, "c.gcode", "C~1.GCO", 3);
	CHECK(check,
	    listing_finish(listing, true) == 0 &&
		listing_without(listing, &entry, &rest) == 0,
	    "a listing can be had without a file");
	CHECK(check,
	    size_of(rest, "b.gcode") == -1 && size_of(rest, "B~1.GCO") == -1,
	    "that file is not in it");
	CHECK(check,
	    listing_count(rest) == 2 && size_of(rest, "A.GCODE") == 1 &&
		size_of(rest, "c~1.gco") == 3 && listing_at(rest, 1)->size == 3,
	    "the others are, in order, and found in either spelling");
	CHECK(check,
	    listing_count(listing) == 3 && size_of(listing, "b.gcode") == 2,
	    "the listing itself has not changed");
	listing_release(listing);
	CHECK(check,
	    listing_without(rest, &entry, &listing) == 0 &&
		listing_count(listing) == 2,
	    "a file that is in no listing is not missed");
	listing_release(listing);
	listing_release(rest);
}

/* What cannot be known without asking the printer. */
static void
test_not_without(struct check *check)
{
	char name[] = "a.gcode", short_name[] = "A~1.GCO";
	struct entry entry = { .name = name, .short_name = short_name };
	struct listing *listing, *rest;

	if (listing_new(&listing) != 0)
		return;
	add(listing, "a.gcode", "A~1.GCO", 1);
	CHECK(check,
	    listing_finish(listing, true) == 0 &&
		listing_without(listing, &entry, &rest) == -EAGAIN,
	    "whether a folder is empty now is for the printer to say");
	listing_release(listing);
	if (listing_new(&listing) != 0)
		return;
	add(listing, "a.gcode", "A~2.GCO", 1);
	add(listing, "b.gcode", "B~1.GCO", 1);
	CHECK(check,
	    listing_finish(listing, true) == 0 &&
		listing_without(listing, &entry, &rest) == -EAGAIN,
	    "so is whether a file that came by that name is gone too");
	listing_release(listing);
	if (listing_new(&listing) != 0)
		return;
	add(listing, "a.gcode", "A~1.GCO", 1);
	add(listing, "A.gcode", "A~2.GCO", 1);
	add(listing, "b.gcode", "B~1.GCO", 1);
	CHECK(check,
	    listing_finish(listing, true) == 0 &&
		listing_without(listing, &entry, &rest) == -EAGAIN,
	    "so is which of two with one name is seen now");
	listing_release(listing);
}

/* A hostile printer can call one file as another's short name. */
static void
test_clashes(struct check *check)
{
	struct listing *listing;

	if (listing_new(&listing) != 0)
		return;
	add(listing, "first.gcode", "SECOND.GCO", 1);
	add(listing, "second.gco", "THIRD.GCO", 2);
	add(listing, "other.gcode", "SECOND.GCO", 3);
	CHECK(check,
	    listing_finish(listing, true) == 0 && listing_count(listing) == 3,
	    "equal short names drop nobody");
	CHECK(check, size_of(listing, "second.gco") == 2,
	    "a long name goes before a short one");
	CHECK(check, size_of(listing, "third.gco") == 2,
	    "the short name of the same file still works");
	listing_release(listing);
}

static void
test_huge(struct check *check)
{
	struct listing *listing;
	char name[32], short_name[32];
	bool found = true;
	int i, count = 20000;

	if (listing_new(&listing) != 0)
		return;
	for (i = 0; i < count; i++) {
		/* 7919 is prime: the order is not that of the names. */
		snprintf(name, sizeof(name), "File %06d.gcode",
		    i * 7919 % count);
		snprintf(short_name, sizeof(short_name), "F~%06d.GCO",
		    i * 7919 % count);
		add(listing, name, short_name, i);
	}
	CHECK(check,
	    listing_finish(listing, true) == 0 &&
		listing_count(listing) == (size_t)count,
	    "20,000 entries are listed");
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "FILE %06d.GCODE",
		    i * 7919 % count);
		snprintf(short_name, sizeof(short_name), "f~%06d.gco",
		    i * 7919 % count);
		found = found && size_of(listing, name) == i &&
		    size_of(listing, short_name) == i;
	}
	CHECK(check, found, "each of them is found by both names");
	CHECK(check, size_of(listing, "FILE 020000.GCODE") == -1,
	    "one that is not there is not found");
	listing_release(listing);
}

static void
test_entries(struct check *check)
{
	struct entry from = { .folder = true, .mtime_s = 7, .size = -1 };
	struct entry copy;

	from.name = strdup("Long name");
	from.short_name = strdup("LONGNA~1");
	if (from.name == NULL || from.short_name == NULL)
		return;
	CHECK(check, entry_copy(&copy, &from) == 0, "an entry can be copied");
	CHECK(check,
	    copy.name != from.name && strcmp(copy.name, "Long name") == 0 &&
		copy.short_name != from.short_name &&
		strcmp(copy.short_name, "LONGNA~1") == 0,
	    "the copy has strings of its own");
	CHECK(check, copy.folder && copy.mtime_s == 7 && copy.size == -1,
	    "and everything else");
	entry_free(&from);
	CHECK(check, from.name == NULL && from.short_name == NULL,
	    "a freed entry is empty");
	entry_free(&from);
	CHECK(check, strcmp(copy.name, "Long name") == 0,
	    "freeing the original leaves the copy");
	entry_free(&copy);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_empty(&check);
	test_fat(&check);
	test_linux(&check);
	test_doubles(&check);
	test_twins(&check);
	test_without(&check);
	test_not_without(&check);
	test_clashes(&check);
	test_huge(&check);
	test_entries(&check);
	return check_end(&check);
}
