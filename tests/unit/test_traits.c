/*
 * client/traits: the kinds of servers and their rules for names (prusafs.8,
 * "Names and limits" and "Temporary names").
 */
#include <errno.h>

#include "client/traits.h"
#include "tests/unit/check.h"

struct row {
	const char *name;
	int error;
};

static void
check_files(struct check *check, const struct traits *traits,
    const char *folder, const struct row *row)
{
	for (; row->name != NULL; row++)
		CHECK(check,
		    traits_check_name(traits, folder, row->name, false) ==
			row->error,
		    "%s: a file named \"%s\" in %s: %s", traits->title,
		    row->name, folder, strerror(-row->error));
}

static void
check_folders(struct check *check, const struct traits *traits,
    const char *folder, const struct row *row)
{
	for (; row->name != NULL; row++)
		CHECK(check,
		    traits_check_name(traits, folder, row->name, true) ==
			row->error,
		    "%s: a folder named \"%s\" in %s: %s", traits->title,
		    row->name, folder, strerror(-row->error));
}

static void
test_buddy_files(struct check *check)
{
	static const struct row rows[] = {
		{ "cube.gcode", 0 },
		{ "CUBE.GCODE", 0 },
		{ "a.bgcode", 0 },
		{ "a.gco", 0 },
		{ "a.gc", 0 },
		{ "a.g", 0 },
		{ "a.bgc", 0 },
		{ "a b+c#d%e&f'[g].gcode", 0 },
		{ "é漢😀.gcode", 0 },
		{ "a.gcode.gcode", 0 },
		{ "notes.txt", -EINVAL },
		{ "README", -EINVAL },
		{ "a.gcode2", -EINVAL },
		{ "gcode", -EINVAL },
		{ "agcode", -EINVAL },
		{ "a.bbf", -EINVAL },
		{ "a.gcode.txt", -EINVAL },
		{ "a*.gcode", -EINVAL },
		{ "a:.gcode", -EINVAL },
		{ "a?.gcode", -EINVAL },
		{ "a\".gcode", -EINVAL },
		{ "a<.gcode", -EINVAL },
		{ "a>.gcode", -EINVAL },
		{ "a|.gcode", -EINVAL },
		{ "a\\b.gcode", -EINVAL },
		{ "a\n.gcode", -EINVAL },
		{ "a\x7f.gcode", -EINVAL },
		{ "a\xff.gcode", -EINVAL },
		{ "a/b.gcode", -EINVAL },
		{ "a.gcode.", -EINVAL },
		{ "a.gcode ", -EINVAL },
		{ "", -EINVAL },
		{ ".", -EINVAL },
		{ "..", -EINVAL },
		{ ".gcode", -EPERM },
		{ ".hidden.gcode", -EPERM },
		{ NULL, 0 },
	};

	check_files(check, &traits_buddy, "usb", rows);
}

static void
test_buddy_folders(struct check *check)
{
	static const struct row rows[] = {
		{ "parts", 0 },
		{ "My parts", 0 },
		{ "v1.2", 0 },
		{ "é漢", 0 },
		{ "a.txt", 0 },
		{ "gcode", 0 },
		{ "a.bgcode", -EINVAL },
		{ "x.gcode", -EINVAL },
		{ "x.GCODE", -EINVAL },
		{ "old.g", -EINVAL },
		{ "set.gcodes", -EINVAL },
		{ "a.gc", -EINVAL },
		{ "a.bgc", -EINVAL },
		{ "a.gx", 0 },
		{ "a.g.b", 0 },
		{ "a?", -EINVAL },
		{ "trailing.", -EINVAL },
		{ "trailing ", -EINVAL },
		{ "..", -EINVAL },
		{ ".Trash", -EPERM },
		{ NULL, 0 },
	};

	check_folders(check, &traits_buddy, "usb", rows);
}

static void
test_pi_names(struct check *check)
{
	static const struct row files[] = {
		{ "cube.gcode", 0 },
		{ "notes.txt", 0 },
		{ "README", 0 },
		{ "a.bgcode", 0 },
		{ "a*b:c<d>e|f", 0 },
		{ "a b+c", 0 },
		{ "é漢", 0 },
		{ "a.", 0 },
		{ "a ", 0 },
		{ "a\\b", -EINVAL },
		{ "a?", -EINVAL },
		{ "a\"", -EINVAL },
		{ "100%", -EINVAL },
		{ "a#1", -EINVAL },
		{ "a¯", -EINVAL },
		{ "90°", -EINVAL },
		{ "aˇ", -EINVAL },
		{ "a/b", -EINVAL },
		{ "a\x01", -EINVAL },
		{ "", -EINVAL },
		{ ".", -EINVAL },
		{ "..", -EINVAL },
		{ ".hidden", -EPERM },
		{ NULL, 0 },
	};
	static const struct row folders[] = {
		{ "parts", 0 },
		{ "x.gcode", 0 },
		{ "old.g", 0 },
		{ "a%", -EINVAL },
		{ "..", -EINVAL },
		{ ".x", -EPERM },
		{ NULL, 0 },
	};

	check_files(check, &traits_pi, "local", files);
	check_folders(check, &traits_pi, "local", folders);
}

/* A name of count times part, then the suffix. */
static const char *
repeat(char *out, size_t size, const char *part, size_t count,
    const char *suffix)
{
	out[0] = '\0';
	while (count-- > 0)
		strncat(out, part, size - strlen(out) - 1);
	strncat(out, suffix, size - strlen(out) - 1);
	return out;
}

/* The verdict on such a name for a file. */
static int
verdict(const struct traits *traits, const char *folder, const char *part,
    size_t count, const char *suffix)
{
	char name[1024];

	return traits_check_name(traits, folder,
	    repeat(name, sizeof(name), part, count, suffix), false);
}

/* "/usb/" and 98 bytes are 103. */
static void
test_obico_names(struct check *check)
{
	static const struct row rows[] = {
		{ "cube.gcode", 0 },
		{ "notes", 0 },
		{ "a\"b?c*d%e#f\\.gcode", 0 },
		{ "漢字.gcode", 0 },
		{ "cube.bgcode", -EINVAL },
		{ " cube.gcode", -EINVAL },
		{ "cube.gcode ", -EINVAL },
		{ "cube.gcode\u00a0", -EINVAL },
		{ "\u3000cube.gcode", -EINVAL },
		{ "a b.gcode", 0 },
		{ " ", -EINVAL },
		{ NULL, 0 },
	};
	static const struct row folders[] = {
		{ "parts", 0 },
		{ "parts.bgcode", 0 },
		{ "parts ", -EINVAL },
		{ NULL, 0 },
	};

	check_files(check, &traits_library, "gcodes", rows);
	check_folders(check, &traits_library, "gcodes/@d3", folders);
}

static void
test_buddy_path(struct check *check)
{
	char name[128];

	CHECK(check, verdict(&traits_buddy, "usb", "a", 92, ".gcode") == 0,
	    "buddy: a path of 103 bytes is taken");
	CHECK(check,
	    verdict(&traits_buddy, "usb", "a", 93, ".gcode") == -ENAMETOOLONG,
	    "buddy: a path of 104 bytes is too long");
	CHECK(check,
	    verdict(&traits_buddy, "usb/PARTS", "a", 86, ".gcode") == 0,
	    "buddy: the folder counts, 103 bytes are taken");
	CHECK(check,
	    verdict(&traits_buddy, "usb/PARTS", "a", 87, ".gcode") ==
		-ENAMETOOLONG,
	    "buddy: the folder counts, 104 bytes are too long");
	CHECK(check,
	    verdict(&traits_buddy, "usb", "a", 300, ".gcode") == -ENAMETOOLONG,
	    "buddy: 306 bytes are too long");
	CHECK(check, verdict(&traits_buddy, "usb", "a", 93, ".txt") == -EINVAL,
	    "buddy: a wrong ending is told even if it fits");
	CHECK(check,
	    traits_check_name(&traits_buddy, "usb",
		repeat(name, sizeof(name), "a", 98, ""), true) == 0,
	    "buddy: a folder's path of 103 bytes is taken");
	CHECK(check,
	    traits_check_name(&traits_buddy, "usb",
		repeat(name, sizeof(name), "a", 99, ""), true) == -ENAMETOOLONG,
	    "buddy: a folder too deep to be listed is too long");
}

/* "/api/v1/files/usb/" takes 18 of the 168 bytes of a target. */
static void
test_buddy_target(struct check *check)
{
	CHECK(check, verdict(&traits_buddy, "usb", "漢", 16, ".gcode") == 0,
	    "buddy: a target of 168 encoded bytes is taken");
	CHECK(check,
	    verdict(&traits_buddy, "usb", "漢", 16, "a.gcode") == -ENAMETOOLONG,
	    "buddy: a target of 169 encoded bytes is too long");
	CHECK(check, verdict(&traits_buddy, "usb", " ", 48, ".gcode") == 0,
	    "buddy: a blank counts three bytes, 168 are taken");
	CHECK(check,
	    verdict(&traits_buddy, "usb", " ", 49, ".gcode") == -ENAMETOOLONG,
	    "buddy: a blank counts three bytes, 171 are not");
	CHECK(check,
	    verdict(&traits_buddy, "usb/漢字漢字漢字", "é", 14, "z.gcode") == 0,
	    "buddy: the folder is encoded too, 164 are taken");
	CHECK(check,
	    verdict(&traits_buddy, "usb/漢字漢字漢字", "é", 15, ".gcode") ==
		-ENAMETOOLONG,
	    "buddy: the folder is encoded too, 169 are not");
}

static void
test_pi_lengths(struct check *check)
{
	char name[512], folder[2048];

	CHECK(check, verdict(&traits_pi, "local", "a", 248, "") == 0,
	    "pi: a file's name of 248 bytes is taken");
	CHECK(check,
	    verdict(&traits_pi, "local", "a", 249, "") == -ENAMETOOLONG,
	    "pi: a file's name of 249 bytes is too long");
	CHECK(check,
	    verdict(&traits_pi, "local", "é", 124, "") == 0 &&
		verdict(&traits_pi, "local", "é", 124, "a") == -ENAMETOOLONG,
	    "pi: bytes are counted, not characters");
	CHECK(check,
	    traits_check_name(&traits_pi, "local",
		repeat(name, sizeof(name), "a", 255, ""), true) == 0,
	    "pi: a folder's name of 255 bytes is taken");
	CHECK(check,
	    traits_check_name(&traits_pi, "local",
		repeat(name, sizeof(name), "a", 256, ""),
		true) == -ENAMETOOLONG,
	    "pi: a folder's name of 256 bytes is too long");
	CHECK(check,
	    verdict(&traits_pi, "local/a/b/c/d/e/f/g/h", "a", 200, "") == 0,
	    "pi: a deep folder does not matter");
	/* "/api/v1/files/", the folder, a slash and 744 bytes are 2000. */
	repeat(folder, sizeof(folder), "a/", 620, "b");
	CHECK(check, verdict(&traits_pi, folder, "é", 124, "") == 0,
	    "pi: a target of 2000 encoded bytes is taken");
	repeat(folder, sizeof(folder), "a/", 621, "");
	CHECK(check, verdict(&traits_pi, folder, "é", 124, "") == -ENAMETOOLONG,
	    "pi: a target of 2001 encoded bytes is too long");
}

static void
test_printable(struct check *check)
{
	CHECK(check,
	    traits_is_printable(&traits_buddy, "a.gcode") &&
		traits_is_printable(&traits_buddy, "a.BGCODE") &&
		traits_is_printable(&traits_buddy, "a.bgc"),
	    "buddy prints G-code and binary G-code");
	CHECK(check,
	    traits_is_printable(&traits_pi, "a.gcode") &&
		traits_is_printable(&traits_pi, "a.GCO"),
	    "pi prints G-code");
	CHECK(check,
	    !traits_is_printable(&traits_pi, "a.bgcode") &&
		!traits_is_printable(&traits_pi, "a.bgc"),
	    "pi prints no binary G-code");
	CHECK(check,
	    !traits_is_printable(&traits_buddy, "a.txt") &&
		!traits_is_printable(&traits_buddy, "gcode") &&
		!traits_is_printable(&traits_buddy, ".gcode") &&
		!traits_is_printable(&traits_buddy, "") &&
		!traits_is_printable(&traits_pi, "a.gcode.txt"),
	    "nothing else is printed");
}

static void
test_temporary(struct check *check)
{
	static const char *const temporary[] = { ".cube.gcode.AbC123",
		".goutputstream-1", "a.gcode~", "#a.gcode#", "##", "a.tmp",
		"a.TEMP", "cube.gcode.part", "a.partial", "a.crdownload",
		".a.swp", "a.swx", "model.gcode.AbC12", "MODEL.GCODE.1",
		"a.b.gco.x", "a.bgcode.tmp2", "sedAbC123", "sed000000", "4913",
		"0", "a.gcode.gcode.x", "Thumbs.db", "desktop.ini" };
	static const char *const final[] = { "cube.gcode", "a.bgcode",
		"notes.txt", "README", "a.gcode.gcode", "a.g.gcode", "#a.gcode",
		"a.gcode#", "#", "sed12345", "sed1234567", "sed12-45", "49a3",
		"tmp", "a.tmpx", "gcode.x.gcode", "a.gcodes", "a.gcodes.b",
		"model.gcode.", "template.gcode", "a.tmp.gcode", "12.gcode" };
	size_t i;

	for (i = 0; i < sizeof(temporary) / sizeof(temporary[0]); i++)
		CHECK(check,
		    traits_is_temporary(&traits_buddy, temporary[i]) &&
			traits_is_temporary(&traits_pi, temporary[i]),
		    "\"%s\" is a temporary name", temporary[i]);
	for (i = 0; i < sizeof(final) / sizeof(final[0]); i++)
		CHECK(check,
		    !traits_is_temporary(&traits_buddy, final[i]) &&
			!traits_is_temporary(&traits_pi, final[i]),
		    "\"%s\" is a final name", final[i]);
}

static void
test_storages(struct check *check)
{
	const struct traits_storage *usb = traits_storage(&traits_buddy, "usb");
	const struct traits_storage *paths = traits_storage(&traits_pi,
	    "local");
	const struct traits_storage *card = traits_storage(&traits_pi,
	    "sdcard");

	CHECK(check, usb != NULL && usb->removable && !usb->read_only,
	    "buddy has a stick that can be written");
	CHECK(check, paths != NULL && !paths->removable && !paths->read_only,
	    "pi has a storage that is always there");
	CHECK(check, card != NULL && card->removable && card->read_only,
	    "pi has a card that can be read only");
	CHECK(check,
	    traits_storage(&traits_buddy, "local") == NULL &&
		traits_storage(&traits_pi, "usb") == NULL &&
		traits_storage(&traits_pi, "") == NULL &&
		traits_storage(&traits_buddy, "USB") == NULL,
	    "there are no other storages");
	CHECK(check,
	    traits_storage(&traits_buddy, traits_buddy.upload_storage) == usb &&
		traits_storage(&traits_pi, traits_pi.upload_storage) == paths,
	    "uploads go to a storage that can be written");
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_buddy_files(&check);
	test_buddy_folders(&check);
	test_buddy_path(&check);
	test_buddy_target(&check);
	test_pi_names(&check);
	test_pi_lengths(&check);
	test_obico_names(&check);
	test_printable(&check);
	test_temporary(&check);
	test_storages(&check);
	return check_end(&check);
}
