/*
 * client/name: names and paths as text.
 */
#include <limits.h>

#include "client/base/name.h"
#include "tests/unit/check.h"

static void
test_sane(struct check *check)
{
	static const char *const names[] = { "a", "cube.gcode", "a b", " ",
		"...", "..a", ".hidden", "a.", "é", "漢字.gcode", "😀", "\u2028",
		"%2F", "~", "-", "CON", "a\\b", "a:b", "\uffff", "\U0010ffff" };
	char longest[NAME_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(check, name_is_sane(names[i]),
		    "name %zu can be that of a file", i);
	memset(longest, 'n', NAME_MAX);
	longest[NAME_MAX] = '\0';
	CHECK(check, name_is_sane(longest), "a name may have 255 bytes");
}

static void
test_insane(struct check *check)
{
	static const struct {
		const char *name;
		const char *what;
	} rows[] = {
		{ "", "the empty name" },
		{ ".", "\".\"" },
		{ "..", "\"..\"" },
		{ "/", "a slash" },
		{ "a/b", "a name with a slash" },
		{ "../etc", "a path upwards" },
		{ "a\n", "a line feed" },
		{ "\x1b[31m", "an escape sequence" },
		{ "\x01", "a control character" },
		{ "a\tb", "a tabulator" },
		{ "a\x7f", "DEL" },
		{ "\xc2\x85", "NEL, a C1 control character" },
		{ "\xc2\x9b"
		  "31m",
		    "CSI, a C1 control character" },
		{ "a\xff", "a byte that UTF-8 does not have" },
		{ "\x80", "a byte that continues nothing" },
		{ "\xc3", "half a character" },
		{ "a\xe6\xbc", "two thirds of a character" },
		{ "\xc0\xaf", "an over-long slash" },
		{ "\xc0\x80", "an over-long NUL" },
		{ "\xe0\x80\xaf", "a longer slash" },
		{ "\xed\xa0\x80", "half a surrogate pair" },
		{ "\xf4\x90\x80\x80", "a character beyond U+10FFFF" },
		{ "\xf8\x88\x80\x80\x80", "a character of five bytes" },
		{ "\xc3(", "a broken character" },
	};
	char longer[NAME_MAX + 2];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(check, !name_is_sane(rows[i].name),
		    "%s is no name of a file", rows[i].what);
	memset(longer, 'n', NAME_MAX + 1);
	longer[NAME_MAX + 1] = '\0';
	CHECK(check, !name_is_sane(longer), "256 bytes are no name of a file");
}

static bool
folds_to(const char *name, const char *expected)
{
	char *folded = name_fold(name);
	bool right = folded != NULL && strcmp(folded, expected) == 0;

	free(folded);
	return right;
}

static void
test_fold(struct check *check)
{
	CHECK(check, folds_to("", ""), "an empty name folds to itself");
	CHECK(check, folds_to("Cube.gcode", "CUBE.GCODE"),
	    "letters fold to upper case");
	CHECK(check, folds_to("CUBE.GCODE", "CUBE.GCODE"), "upper case stays");
	CHECK(check, folds_to("äöü éñ", "ÄÖÜ ÉÑ") && folds_to("ÄÖÜ", "ÄÖÜ"),
	    "letters with marks fold like their upper case");
	CHECK(check, folds_to("жук Ω ω", "ЖУК Ω Ω"),
	    "Cyrillic and Greek letters fold");
	CHECK(check, folds_to("ÿ", "Ÿ"), "a folded letter may move its page");
	CHECK(check, folds_to("1_-~(漢)", "1_-~(漢)"),
	    "what has no case stays");
	CHECK(check, folds_to("a😀b", "A😀B"),
	    "a character beyond the basic plane stays");
	CHECK(check, folds_to("\U00010428", "\U00010428"),
	    "a letter beyond the basic plane has no case on FAT");
	CHECK(check, folds_to("a\xff\xc3z", "A\xff\xc3Z"),
	    "broken UTF-8 is kept byte by byte");
	CHECK(check, folds_to("a\xc3", "A\xc3"),
	    "half a character at the end is kept");
	CHECK(check, folds_to("spice~1.gco", "SPICE~1.GCO"),
	    "an 8.3 name folds");
}

/* Pairs as FatFs has them; seen on the real server. */
static void
test_fold_pairs(struct check *check)
{
	static const struct {
		const char *one, *two;
		bool same;
	} rows[] = {
		{ "ä", "Ä", true },
		{ "é", "É", true },
		{ "ñ", "Ñ", true },
		{ "š", "Š", true },
		{ "ÿ", "Ÿ", true },
		{ "ő", "Ő", true },
		{ "α", "Α", true },
		{ "ς", "Σ", true },
		{ "ж", "Ж", true },
		{ "ё", "Ё", true },
		{ "ґ", "Ґ", true },
		{ "ա", "Ա", true },
		{ "ḁ", "Ḁ", true },
		{ "ệ", "Ệ", true },
		{ "ⅷ", "Ⅷ", true },
		{ "ⓐ", "Ⓐ", true },
		{ "ａ", "Ａ", true },
		{ "ı", "I", false },
		{ "ı", "i", false },
		{ "ſ", "S", false },
		{ "ſ", "s", false },
		{ "µ", "Μ", false },
		{ "µ", "μ", false },
		{ "ǅ", "Ǆ", false },
		{ "ǅ", "ǆ", false },
		{ "ა", "Ა", false },
		{ "ꭰ", "Ꭰ", false },
		{ "ϐ", "Β", false },
		{ "÷", "×", false },
		{ "ﬁ", "FI", false },
		{ "\u212a", "k", false },
		{ "İ", "i", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *one = name_fold(rows[i].one);
		char *two = name_fold(rows[i].two);

		CHECK(check,
		    one != NULL && two != NULL &&
			(strcmp(one, two) == 0) == rows[i].same,
		    "%s and %s are %s", rows[i].one, rows[i].two,
		    rows[i].same ? "one name" : "two names");
		free(one);
		free(two);
	}
}

static bool
shows_as(const char *name, const char *expected)
{
	char *shown = name_show(name);
	bool right = shown != NULL && strcmp(shown, expected) == 0;

	free(shown);
	return right;
}

static void
test_show(struct check *check)
{
	CHECK(check, shows_as("", ""), "nothing shows as nothing");
	CHECK(check, shows_as("ümläut 1.gcode", "ümläut 1.gcode"),
	    "what is a name shows as it is");
	CHECK(check,
	    shows_as("\xc2\x9a"
		     "ML\xc2\x8e"
		     "UT~1.GCO",
		"%9AML%8EUT~1.GCO"),
	    "bytes of a code page show as their numbers");
	CHECK(check, shows_as("a\n\x7f/b", "a%0A%7F%2Fb"),
	    "control characters and slashes do");
	CHECK(check, shows_as("a\xff\xc3", "a%FF%C3"), "broken UTF-8 does");
}

static void
test_part(struct check *check)
{
	CHECK(check,
	    name_is_part("\xc2\x9a"
			 "ML~1.GCO") &&
		name_is_part("a") && name_is_part("..."),
	    "a server's spelling of a name may be any text");
	CHECK(check,
	    !name_is_part("") && !name_is_part(".") && !name_is_part("..") &&
		!name_is_part("a/b"),
	    "but lead nowhere else");
}

static void
test_fold_huge(struct check *check)
{
	size_t len = 1 << 20;
	char *name = malloc(len + 1), *folded;

	if (name == NULL)
		return;
	memset(name, 'a', len);
	name[len] = '\0';
	folded = name_fold(name);
	CHECK(check,
	    folded != NULL && strlen(folded) == len && folded[0] == 'A' &&
		folded[len - 1] == 'A',
	    "a name of a million bytes folds");
	free(folded);
	free(name);
}

/* Folding twice is folding once, for every letter of the basic plane. */
static void
test_fold_stable(struct check *check)
{
	bool stable = true;
	unsigned c;

	for (c = 0x80; c < 0x10000; c++) {
		char name[4] = { (char)(0xe0 | c >> 12),
			(char)(0x80 | (c >> 6 & 0x3f)),
			(char)(0x80 | (c & 0x3f)), '\0' };
		char *once, *twice;

		if (c < 0x800) {
			name[0] = (char)(0xc0 | c >> 6);
			name[1] = (char)(0x80 | (c & 0x3f));
			name[2] = '\0';
		}
		once = name_fold(name);
		twice = name_fold(once == NULL ? "" : once);
		if (once == NULL || twice == NULL || strcmp(once, twice) != 0)
			stable = false;
		free(once);
		free(twice);
	}
	CHECK(check, stable, "what is folded does not fold any further");
}

static void
test_suffix(struct check *check)
{
	CHECK(check, name_has_suffix("a.gcode", ".gcode"), "a suffix is found");
	CHECK(check, name_has_suffix("A.GCode", ".gcode"),
	    "a suffix is found without regard to case");
	CHECK(check, name_has_suffix(".gcode", ".gcode"),
	    "a name can be all suffix");
	CHECK(check, !name_has_suffix("gcode", ".gcode"),
	    "a shorter name has no such suffix");
	CHECK(check, !name_has_suffix("a.gcode.txt", ".gcode"),
	    "a suffix stands at the end");
	CHECK(check, name_has_suffix("", "") && name_has_suffix("a", ""),
	    "every name ends in nothing");
	CHECK(check, !name_has_suffix("", "a"), "nothing ends in nothing else");
}

static bool
folder_is(const char *path, const char *expected)
{
	char *folder = name_folder(path);
	bool right = folder != NULL && strcmp(folder, expected) == 0;

	free(folder);
	return right;
}

static void
test_paths(struct check *check)
{
	char *joined = name_join("usb/parts", "a b.gcode");

	CHECK(check,
	    joined != NULL && strcmp(joined, "usb/parts/a b.gcode") == 0,
	    "a folder and a name make a path");
	CHECK(check,
	    joined != NULL && strcmp(name_of(joined), "a b.gcode") == 0,
	    "the name is behind the last slash");
	CHECK(check, joined != NULL && folder_is(joined, "usb/parts"),
	    "the folder is before the last slash");
	free(joined);
	CHECK(check, strcmp(name_of("usb"), "usb") == 0,
	    "a path without a slash is all name");
	CHECK(check, folder_is("usb", ""),
	    "a path without a slash has the empty folder");
	CHECK(check,
	    strcmp(name_of("usb/"), "") == 0 && folder_is("usb/", "usb"),
	    "a path may end in a slash");
	CHECK(check,
	    strcmp(name_of("/usb"), "usb") == 0 && folder_is("/usb", ""),
	    "a path may begin with a slash");
	CHECK(check, strcmp(name_of(""), "") == 0 && folder_is("", ""),
	    "an empty path has an empty name and folder");
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_sane(&check);
	test_insane(&check);
	test_fold(&check);
	test_fold_pairs(&check);
	test_show(&check);
	test_part(&check);
	test_fold_huge(&check);
	test_fold_stable(&check);
	test_suffix(&check);
	test_paths(&check);
	return check_end(&check);
}
