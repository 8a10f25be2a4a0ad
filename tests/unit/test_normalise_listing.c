/*
 * client/shape: folders and files as either server lists them, and as a
 * hostile one might.
 */
#include <errno.h>

#include "client/base/buf.h"
#include "client/listing.h"
#include "client/prusalink/normalise.h"
#include "client/traits.h"
#include "tests/unit/check.h"
#include "tests/unit/examples.h"

static int
list(const struct traits *traits, const char *text, struct listing **out)
{
	return normalise_listing(traits, text, strlen(text), out);
}

/* A folder of Buddy firmware with these children, as JSON. */
static int
list_children(const char *children, struct listing **out)
{
	struct buf text = { 0 };
	int error = buf_printf(&text,
	    "{\"type\":\"FOLDER\",\"name\":\"usb\","
	    "\"children\":[%s]}",
	    children);

	if (error == 0)
		error = list(&traits_buddy, text.data, out);
	buf_free(&text);
	return error;
}

/* Just these children and a good file behind them: how many are listed? */
static int
count_beside_good(const char *children)
{
	static const char good[] = ",{\"name\":\"GOOD.GCO\","
				   "\"type\":\"PRINT_FILE\"}";
	struct buf text = { 0 };
	struct listing *listing;
	int count = -1;

	if (buf_printf(&text, "%s%s", children, good) == 0 &&
	    list_children(text.data, &listing) == 0) {
		if (listing_find(listing, "good.gco") != NULL)
			count = (int)listing_count(listing) - 1;
		listing_release(listing);
	}
	buf_free(&text);
	return count;
}

static void
test_buddy(struct check *check)
{
	const struct entry *entry;
	struct listing *listing;

	if (!CHECK(check,
		list(&traits_buddy, buddy_listing, &listing) == 0 &&
		    listing_count(listing) == 2,
		"buddy: a folder is listed"))
		return;
	entry = listing_find(listing, "spice_harvester.gcode");
	CHECK(check,
	    entry != NULL && entry == listing_find(listing, "SPICE~1.GCO") &&
		strcmp(entry->name, "Spice_Harvester.gcode") == 0 &&
		strcmp(entry->short_name, "SPICE~1.GCO") == 0,
	    "buddy: a file has a long and a short name");
	CHECK(check,
	    entry != NULL && !entry->folder && entry->print_file &&
		!entry->read_only && !entry->partial &&
		entry->mtime_s == 1648042843,
	    "buddy: its facts are told");
	CHECK(check, entry != NULL && entry->size == -1,
	    "buddy: its size is not known");
	entry = listing_find(listing, "PARTS");
	CHECK(check,
	    entry != NULL && entry->folder && !entry->print_file &&
		strcmp(entry->name, "parts") == 0 && entry->size == -1,
	    "buddy: a folder is a folder");
	listing_release(listing);
}

static void
test_pi(struct check *check)
{
	const struct entry *entry;
	struct listing *listing;

	if (!CHECK(check,
		list(&traits_pi, pi_listing, &listing) == 0 &&
		    listing_count(listing) == 2,
		"pi: a folder is listed"))
		return;
	entry = listing_find(listing, "s2.gcode");
	CHECK(check,
	    entry != NULL && !entry->folder && entry->print_file &&
		entry->size == 65367 && entry->mtime_s == 1795228657 &&
		!entry->read_only && !entry->partial,
	    "pi: a file's facts are told, with its size");
	entry = listing_find(listing, "dir1");
	CHECK(check, entry != NULL && entry->folder && entry->size == -1,
	    "pi: the sum of a folder is not its size");
	CHECK(check, listing_find(listing, "S2.GCODE") == NULL,
	    "pi: case counts");
	listing_release(listing);
}

static void
test_no_folder(struct check *check)
{
	struct listing *listing = NULL;

	CHECK(check, list(&traits_buddy, buddy_file, &listing) == -ENOTDIR,
	    "a file is no folder");
	CHECK(check,
	    list(&traits_buddy, "{\"type\":\"FOLDER\"}", &listing) == -EPROTO &&
		list(&traits_buddy, "{\"type\":\"FOLDER\",\"children\":null}",
		    &listing) == -EPROTO &&
		list(&traits_buddy, "{\"type\":\"FOLDER\",\"children\":{}}",
		    &listing) == -EPROTO,
	    "a folder without children is EPROTO");
	CHECK(check,
	    list(&traits_buddy, "{", &listing) == -EPROTO &&
		list(&traits_buddy, "", &listing) == -EPROTO,
	    "unusable JSON is EPROTO");
	CHECK(check, listing == NULL, "a failure leaves the result alone");
	CHECK(check,
	    list_children("", &listing) == 0 && listing_count(listing) == 0,
	    "an empty folder is empty");
	listing_release(listing);
}

static void
test_bad_names(struct check *check)
{
	static const char *const names[] = { "", ".", "..", "/", "a/b",
		"../a.gcode", "/etc/passwd", "a\\nb", "a\\u0001", "\\u001b[2J",
		"a\\u007f", "a\\u009b", "a\xff.gcode", "\xc0\xaf", "a\xc3",
		"\xed\xa0\x80", "a\\u0000.gcode", "\\u0000" };
	enum {
		PARTS = 7
	}; /* the first, with which no path can be made */
	struct buf child = { 0 };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int in_long, in_short;

		buf_clear(&child);
		(void)buf_printf(&child,
		    "{\"name\":\"A.GCO\",\"type\":"
		    "\"PRINT_FILE\",\"display_name\":\"%s\"}",
		    names[i]);
		in_long = count_beside_good(buf_text(&child));
		buf_clear(&child);
		(void)buf_printf(&child,
		    "{\"name\":\"%s\",\"type\":"
		    "\"PRINT_FILE\",\"display_name\":\"a.gcode\"}",
		    names[i]);
		in_short = count_beside_good(buf_text(&child));
		CHECK(check, in_long != 0,
		    "what has bad long name %zu goes by its short name", i);
		CHECK(check, i < PARTS ? in_short <= 0 : in_short != 0,
		    "with bad short name %zu the long one counts", i);
	}
	buf_clear(&child);
	(void)buf_printf(&child, "{\"name\":\"%0256d\"}", 0);
	CHECK(check, count_beside_good(buf_text(&child)) == 0,
	    "an over-long name is left out");
	CHECK(check,
	    count_beside_good("{\"name\":\"A.GCO\"}") == 1 &&
		count_beside_good(
		    "{\"name\":\"A.GCO\",\"display_name\":null}") == 1,
	    "without a long name the short one serves");
	CHECK(check, count_beside_good("{\"display_name\":\"a.gcode\"}") == 0,
	    "without a short name there is no file");
	buf_free(&child);
}

static void
test_bad_children(struct check *check)
{
	static const char *const children[] = { "null", "1", "\"a.gcode\"",
		"[]", "{}", "{\"name\":null}", "{\"name\":7}",
		"{\"name\":[\"a\"]}", "{\"name\":{\"name\":\"a\"}}", "true" };
	size_t i;

	for (i = 0; i < sizeof(children) / sizeof(children[0]); i++)
		CHECK(check, count_beside_good(children[i]) == 0,
		    "a child that is %s is left out, others stay", children[i]);
	CHECK(check,
	    count_beside_good("{\"name\":\"A.GCO\",\"size\":1},"
			      "{\"name\":\"a.gco\",\"size\":2}") == 1,
	    "of two files with one name one is listed");
	CHECK(check,
	    count_beside_good("{\"name\":\"A.GCO\",\"name\":\"..\"}") == 1,
	    "of doubled members the first counts");
}

/* The entry that these members beside the name make. */
static struct entry
entry_of(const struct traits *traits, const char *members)
{
	struct entry entry = { 0 };
	struct buf text = { 0 };

	if (buf_printf(&text, "{\"name\":\"A.GCO\",\"type\":\"PRINT_FILE\"%s}",
		members) != 0 ||
	    normalise_entry(traits, text.data, text.len, &entry) != 0)
		entry.size = -2;
	buf_free(&text);
	free(entry.name);
	free(entry.short_name);
	return entry;
}

static void
test_numbers(struct check *check)
{
	static const struct {
		const char *json;
		off_t size;
		int64_t stamp;
	} rows[] = {
		{ "0", 0, 0 },
		{ "1", 1, 1 },
		{ "\"239314\"", 239314, 239314 },
		{ "4294967296", 4294967296, 4294967296 },
		{ "9007199254740991", 9007199254740991, 0 },
		{ "9007199254740992", -1, 0 },
		{ "253402300799", 253402300799, 253402300799 },
		{ "253402300800", 253402300800, 0 },
		{ "-1", -1, 0 },
		{ "1e300", -1, 0 },
		{ "-1e300", -1, 0 },
		{ "1e999", -1, 0 },
		{ "null", -1, 0 },
		{ "true", -1, 0 },
		{ "\"\"", -1, 0 },
		{ "\"many\"", -1, 0 },
		{ "\"-5\"", -1, 0 },
		{ "{}", -1, 0 },
	};
	char members[128];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct entry entry;

		snprintf(members, sizeof(members),
		    ",\"size\":%s,\"m_timestamp\":%s", rows[i].json,
		    rows[i].json);
		entry = entry_of(&traits_buddy, members);
		CHECK(check, entry.size == rows[i].size, "a size of %s is %lld",
		    rows[i].json, (long long)rows[i].size);
		CHECK(check, entry.mtime_s == rows[i].stamp,
		    "a time stamp of %s is %lld", rows[i].json,
		    (long long)rows[i].stamp);
	}
}

static void
test_flags(struct check *check)
{
	static const char download[] = ",\"refs\":{\"download\":\"/usb/A\"}";
	char members[128];

	CHECK(check,
	    entry_of(&traits_buddy, ",\"ro\":true").read_only &&
		entry_of(&traits_pi, ",\"read_only\":true").read_only &&
		entry_of(&traits_pi, ",\"ro\":true").read_only,
	    "either word says that a file is read-only");
	CHECK(check,
	    !entry_of(&traits_buddy, ",\"ro\":false").read_only &&
		!entry_of(&traits_buddy, "").read_only &&
		!entry_of(&traits_buddy, ",\"ro\":\"true\"").read_only,
	    "nothing else does");
	CHECK(check, entry_of(&traits_buddy, ",\"ro\":true").partial,
	    "buddy: read-only without a download is still on its way");
	snprintf(members, sizeof(members), ",\"ro\":true%s", download);
	CHECK(check,
	    !entry_of(&traits_buddy, members).partial &&
		entry_of(&traits_buddy, members).read_only,
	    "buddy: read-only with a download is just read-only");
	CHECK(check,
	    !entry_of(&traits_buddy, ",\"ro\":false").partial &&
		!entry_of(&traits_pi, ",\"read_only\":true").partial,
	    "no other file is partial");
}

static void
test_single(struct check *check)
{
	struct entry entry = { .size = 99 };

	CHECK(check,
	    normalise_entry(&traits_buddy, buddy_file, strlen(buddy_file),
		&entry) == 0 &&
		entry.size == 2393142 &&
		strcmp(entry.name, "Spice_Harvester.gcode") == 0 &&
		strcmp(entry.short_name, "SPICE~1.GCO") == 0 &&
		entry.mtime_s == 1648042843 && entry.print_file,
	    "buddy: a single file tells its size");
	entry_free(&entry);
	entry.size = 99;
	CHECK(check,
	    normalise_entry(&traits_buddy, "{}", 2, &entry) == -EPROTO &&
		normalise_entry(&traits_buddy, "", 0, &entry) == -EPROTO &&
		normalise_entry(&traits_buddy, "[]", 2, &entry) == -EPROTO &&
		normalise_entry(&traits_buddy, NULL, 0, &entry) == -EPROTO,
	    "what is no file is EPROTO");
	CHECK(check, entry.size == 99 && entry.name == NULL,
	    "a failure leaves the result alone");
}

static void
test_huge(struct check *check)
{
	struct buf text = { 0 };
	struct listing *listing = NULL;
	int i, error = 0;

	for (i = 0; i < 5000 && error == 0; i++)
		error = buf_printf(&text,
		    "%s{\"name\":\"F%05d~1.GCO\","
		    "\"type\":\"PRINT_FILE\",\"ro\":false,\"m_timestamp\":%d,"
		    "\"display_name\":\"file number %05d.gcode\"}",
		    i == 0 ? "" : ",", i, 1648042843 + i, i);
	CHECK(check,
	    error == 0 && list_children(buf_text(&text), &listing) == 0 &&
		listing_count(listing) == 5000 &&
		listing_find(listing, "FILE NUMBER 04999.GCODE") ==
		    listing_at(listing, 4999),
	    "5,000 files are listed");
	listing_release(listing);
	listing = NULL;
	buf_clear(&text);
	for (i = 0; i < 100 && error == 0; i++)
		error = buf_printf(&text, "{\"name\":\"A\",\"x\":");
	CHECK(check,
	    error == 0 && list_children(buf_text(&text), &listing) == -EPROTO &&
		listing == NULL,
	    "children a hundred levels deep are refused");
	buf_free(&text);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_buddy(&check);
	test_pi(&check);
	test_no_folder(&check);
	test_bad_names(&check);
	test_bad_children(&check);
	test_numbers(&check);
	test_flags(&check);
	test_single(&check);
	test_huge(&check);
	return check_end(&check);
}
