/*
 * client/utf8: is it UTF-8?
 */
#include "client/base/utf8.h"
#include "tests/unit/check.h"

static bool
is_utf8(const char *text)
{
	struct utf8 utf8 = { 0 };

	return utf8_go_on(&utf8, text, strlen(text)) && utf8_is_whole(&utf8);
}

static void
test_good(struct check *check)
{
	static const char *const texts[] = { "", "G1 X0\n", "é", "漢字", "😀",
		"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "a\xc2\xa0z" };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(check, is_utf8(texts[i]), "text %zu is UTF-8", i);
}

static void
test_bad(struct check *check)
{
	static const struct {
		const char *text;
		const char *what;
	} rows[] = {
		{ "\x80", "a byte that goes on with nothing" },
		{ "\xc0\x80", "an over-long NUL" },
		{ "\xc1\xbf", "an over-long character of one byte" },
		{ "\xe0\x9f\xbf", "an over-long character of two bytes" },
		{ "\xf0\x8f\xbf\xbf", "an over-long character of three" },
		{ "\xed\xa0\x80", "the first surrogate" },
		{ "\xed\xbf\xbf", "the last surrogate" },
		{ "\xf4\x90\x80\x80", "what is behind the last character" },
		{ "\xf5\x80\x80\x80", "a lead of no character" },
		{ "\xff", "a byte of no character" },
		{ "\xc3", "half a character at the end" },
		{ "\xe2\x82", "two thirds of one" },
		{ "\xc3z", "half a character before another" },
		{ "GCDE\x01\x97\xfe", "binary G-code" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(check, !is_utf8(rows[i].text), "%s is not", rows[i].what);
}

static void
test_pieces(struct check *check)
{
	static const char text[] = "é漢😀";
	struct utf8 utf8 = { 0 };
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		good = good && utf8_go_on(&utf8, text + i, 1);
		if (i == 3)
			CHECK(check, good && !utf8_is_whole(&utf8),
			    "a character may be cut between two pieces");
	}
	CHECK(check, good && utf8_is_whole(&utf8),
	    "pieces of one byte are as good as the whole");
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_good(&check);
	test_bad(&check);
	test_pieces(&check);
	return check_end(&check);
}
