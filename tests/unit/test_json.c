/*
 * client/json: foreign JSON, read with bounds.
 */
#include <errno.h>

#include <cJSON.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "tests/unit/check.h"

/* Parse a text; on success its compact form is in out. */
static int
reprint(const char *text, size_t len, struct buf *out)
{
	cJSON *tree = NULL;
	int error = json_parse(text, len, &tree);

	buf_clear(out);
	if (error != 0)
		return error;
	error = json_print(tree, out);
	cJSON_Delete(tree);
	return error;
}

static void
test_good_texts(struct check *check)
{
	static const char *const pairs[][2] = {
		{ "{}", "{}" },
		{ "[]", "[]" },
		{ "null", "null" },
		{ "\"a\"", "\"a\"" },
		{ " {\"a\" : 1 }\r\n\t ", "{\"a\":1}" },
		{ "{\"a\":42.00}", "{\"a\":42}" },
		{ "{\"a\":28248391680}", "{\"a\":28248391680}" },
		{ "{\"a\":999999999999999}", "{\"a\":999999999999999}" },
		{ "{\"a\":-0.5}", "{\"a\":-0.5}" },
		{ "{\"a\":\"\\u00e9\\u6f22\"}", "{\"a\":\"é漢\"}" },
		{ "{\"a\":\"\\ud83d\\ude00\"}", "{\"a\":\"😀\"}" },
		{ "{\"a\":\"]}\\\"[{,\"}", "{\"a\":\"]}\\\"[{,\"}" },
		{ "{\"a\":\"\\\\\"}", "{\"a\":\"\\\\\"}" },
	};
	struct buf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		int error = reprint(pairs[i][0], strlen(pairs[i][0]), &out);

		CHECK(check,
		    error == 0 && strcmp(buf_text(&out), pairs[i][1]) == 0,
		    "good text %zu is read and printed as one line", i);
	}
	buf_free(&out);
}

static void
test_bad_texts(struct check *check)
{
	static const char *const texts[] = { "", " ", "{", "}", "[1,", "[1",
		"{\"a\":", "{\"a\":1,", "{\"a\"}", "{a:1}", "{\"a\":tru",
		"{\"a\":\"", "{\"a\":\"\\", "\"", "\"\\", "{\"a\":1]", "[1}",
		"{\"a\":{\"b\":1}", "{\"a\" 1}", "{,\"a\"}", "'a'",
		"{\"a\":'b'}", "<html></html>", "409: Conflict" };
	struct buf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CHECK(check,
		    reprint(texts[i], strlen(texts[i]), &out) == -EPROTO,
		    "this is refused: %s", texts[i]);
	}
	CHECK(check, reprint(NULL, 0, &out) == -EPROTO,
	    "an answer without a body is refused");
	CHECK(check, reprint("{\0}", 3, &out) == -EPROTO,
	    "a NUL among the members is refused");
	CHECK(check, reprint("{}}", 2, &out) == 0,
	    "no byte behind the length is looked at");
	CHECK(check,
	    reprint("{\"a\":1", 6, &out) == -EPROTO &&
		reprint("{\"a\":1}", 6, &out) == -EPROTO,
	    "a text that is cut short is refused");
	buf_free(&out);
}

/* What servers get wrong costs the value, and not the document. */
static void
test_mended_texts(struct check *check)
{
	static const char *const pairs[][2] = {
		{ "{\"file\":{\"path\":\"/usb\",}}",
		    "{\"file\":{\"path\":\"/usb\"}}" },
		{ "[1,]", "[1]" },
		{ "[,1,,2,]", "[1,2]" },
		{ "{\"a\":1 \"b\":2}", "{\"a\":1,\"b\":2}" },
		{ "[1 2]", "[1,2]" },
		{ "{\"a\":}", "{\"a\":null}" },
		{ "{\"a\":,\"b\":1}", "{\"a\":null,\"b\":1}" },
		{ "{\"a\":tru}", "{\"a\":null}" },
		{ "{\"a\":nan,\"b\":NaN,\"c\":-Infinity,\"d\":inf}",
		    "{\"a\":null,\"b\":null,\"c\":null,\"d\":null}" },
		{ "{\"a\":None,\"b\":2}", "{\"a\":null,\"b\":2}" },
		{ "{\"a\":+1,\"b\":.5,\"c\":007,\"d\":1.}",
		    "{\"a\":1,\"b\":0.5,\"c\":7,\"d\":1}" },
		{ "{\"a\":0x10,\"b\":-}", "{\"a\":null,\"b\":null}" },
		{ "{\"a\":\"\\ud800\"}", "{\"a\":\"\xef\xbf\xbd\"}" },
		{ "{\"a\":\"\\ude00x\"}", "{\"a\":\"\xef\xbf\xbdx\"}" },
		{ "{\"a\":\"\\ud800\\u0041\"}",
		    "{\"a\":\"\xef\xbf\xbd"
		    "A\"}" },
		{ "{\"a\":\"\\udcfc\"}", "{\"a\":\"\xef\xbf\xbd\"}" },
		{ "{\"a\":\"b\\u0000c\"}",
		    "{\"a\":\"b\xef\xbf\xbd"
		    "c\"}" },
		{ "{\"a\":\"\\u12\"}",
		    "{\"a\":\"\xef\xbf\xbd"
		    "12\"}" },
		{ "{\"a\":\"\\x41\"}", "{\"a\":\"x41\"}" },
		{ "{\"a\":\"C:\\dir\"}", "{\"a\":\"C:dir\"}" },
		{ "{\"a\":\"l1\nl2\"}", "{\"a\":\"l1\\nl2\"}" },
		{ "{\"a\":\"M\xfcnster\"}", "{\"a\":\"M\xef\xbf\xbdnster\"}" },
		{ "{\"a\":\"\xc3\"}", "{\"a\":\"\xef\xbf\xbd\"}" },
		{ "{} {}", "{}" },
		{ "{}x", "{}" },
		{ "[1] 2", "[1]" },
		{ "\xef\xbb\xbf{\"a\":1}", "{\"a\":1}" },
	};
	struct buf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		int error = reprint(pairs[i][0], strlen(pairs[i][0]), &out);

		CHECK(check,
		    error == 0 && strcmp(buf_text(&out), pairs[i][1]) == 0,
		    "this is mended: %s", pairs[i][0]);
	}
	CHECK(check,
	    reprint("{\"a\":\"b\0c\"}", 12, &out) == 0 &&
		strcmp(buf_text(&out),
		    "{\"a\":\"b\xef\xbf\xbd"
		    "c\"}") == 0,
	    "a NUL in a string is replaced");
	CHECK(check, reprint("{}\0", 3, &out) == 0,
	    "a NUL behind the document is left out");
	buf_free(&out);
}

/* Every beginning of a document is refused, none is read beyond. */
static void
test_cut_texts(struct check *check)
{
	static const char text[] =
	    "{\"job\":{\"id\":420,\"n\":null,\"t\":true,"
	    "\"s\":\"a\\n\\u00e9\\\\\"},\"l\":[1,-2.5e3]}";
	struct buf out = { 0 };
	bool refused = true;
	size_t len;

	for (len = 0; len < sizeof(text) - 1; len++) {
		char *copy = malloc(len + 1);

		if (copy == NULL)
			return;
		memcpy(copy, text, len);
		refused = reprint(copy, len, &out) == -EPROTO && refused;
		free(copy);
	}
	CHECK(check, refused, "a document cut at any byte is refused");
	CHECK(check, reprint(text, sizeof(text) - 1, &out) == 0,
	    "the whole document is read");
	buf_free(&out);
}

/* Returns json_parse's verdict on count times open, then count times close. */
static int
parse_nested(size_t count, const char *open, const char *close)
{
	struct buf text = { 0 };
	cJSON *tree = NULL;
	size_t i;
	int error = 0;

	for (i = 0; i < count && error == 0; i++)
		error = buf_append(&text, open, strlen(open));
	for (i = 0; i < count && error == 0; i++)
		error = buf_append(&text, close, strlen(close));
	if (error == 0)
		error = json_parse(text.data, text.len, &tree);
	cJSON_Delete(tree);
	buf_free(&text);
	return error;
}

/* An array of one string: a beginning, then many brackets. */
static int
parse_string(const char *beginning)
{
	struct buf text = { 0 };
	cJSON *tree = NULL;
	int i, error = buf_printf(&text, "[\"%s", beginning);

	for (i = 0; i < 2 * JSON_DEPTH && error == 0; i++)
		error = buf_append(&text, "[", 1);
	if (error == 0)
		error = buf_append(&text, "\"]", 2);
	if (error == 0)
		error = json_parse(text.data, text.len, &tree);
	cJSON_Delete(tree);
	buf_free(&text);
	return error;
}

static void
test_depth(struct check *check)
{
	CHECK(check, parse_nested(JSON_DEPTH, "[", "]") == 0,
	    "the deepest array is read");
	CHECK(check, parse_nested(JSON_DEPTH + 1, "[", "]") == -EPROTO,
	    "a deeper array is refused");
	CHECK(check, parse_nested(JSON_DEPTH - 1, "{\"a\":", "}") == 0,
	    "of nested objects the innermost value may be missing");
	CHECK(check, parse_nested(JSON_DEPTH / 2, "{\"a\":[", "]}") == 0,
	    "the deepest mixture is read");
	CHECK(check,
	    parse_nested(JSON_DEPTH / 2 + 1, "{\"a\":[", "]}") == -EPROTO,
	    "a deeper mixture is refused");
	CHECK(check, parse_nested(1000000, "[", "]") == -EPROTO,
	    "a million levels are refused");
	CHECK(check, parse_nested(1000000, "[", "") == -EPROTO,
	    "a million open brackets are refused");
	CHECK(check, parse_nested(1000000, "]", "") == -EPROTO,
	    "a million closing brackets are refused");
	CHECK(check, parse_string("") == 0,
	    "brackets in a string do not count as levels");
	CHECK(check, parse_string("\\\"") == 0,
	    "nor do those behind an escaped quote");
	CHECK(check, parse_string("\\\\\",") == -EPROTO,
	    "an escaped backslash ends no escape: they do count behind it");
}

/* An array of count zeros. */
static int
parse_array(size_t count)
{
	struct buf text = { 0 };
	cJSON *tree = NULL;
	size_t i;
	int error = buf_append(&text, "[", 1);

	for (i = 0; i < count && error == 0; i++)
		error = buf_append(&text, "0,", i + 1 < count ? 2 : 1);
	if (error == 0)
		error = buf_append(&text, "]", 1);
	if (error == 0)
		error = json_parse(text.data, text.len, &tree);
	cJSON_Delete(tree);
	buf_free(&text);
	return error;
}

static void
test_values(struct check *check)
{
	CHECK(check, parse_array(1000) == 0, "a thousand values are read");
	CHECK(check, parse_array(JSON_VALUES - 100) == 0,
	    "nearly as many values as are allowed are read");
	CHECK(check, parse_array(JSON_VALUES + 1) == -EPROTO,
	    "more values than are allowed are refused");
	CHECK(check, parse_array(4000000) == -EPROTO,
	    "four million values are refused");
}

/* The value at a path of text is expected, or the error. */
static bool
field_is(const char *text, const char *path, int error, const char *expected)
{
	struct buf out = { 0 };
	bool right = json_field(text, strlen(text), path, &out) == error &&
	    strcmp(buf_text(&out), expected) == 0;

	buf_free(&out);
	return right;
}

static void
test_field(struct check *check)
{
	static const char text[] =
	    "{\"printer\":{\"state\":\"IDLE\","
	    "\"temp_nozzle\":23.25,\"on\":true,\"x\":null},"
	    "\"list\":[1,2],\"\":{\"\":7},\"s\":\"\"}";
	char path[201];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK(check, field_is(text, "printer.state", 0, "IDLE"),
	    "a string is told as it is, without quotes");
	CHECK(check, field_is(text, "printer.temp_nozzle", 0, "23.25"),
	    "a number is told as JSON");
	CHECK(check, field_is(text, "printer.on", 0, "true"),
	    "a truth value is told as JSON");
	CHECK(check, field_is(text, "list", 0, "[1,2]"),
	    "an array is told as JSON");
	CHECK(check, field_is(text, "s", 0, ""), "an empty string is a value");
	CHECK(check, field_is(text, "printer.x", -ENODATA, ""),
	    "a null is no value");
	CHECK(check, field_is(text, "printer.gone", -ENODATA, ""),
	    "a missing member is no value");
	CHECK(check, field_is(text, "gone.state", -ENODATA, ""),
	    "a missing parent has no value");
	CHECK(check, field_is(text, "printer.state.more", -ENODATA, ""),
	    "a string has no members");
	CHECK(check, field_is(text, "Printer.state", -ENODATA, ""),
	    "names are compared with regard to case");
	CHECK(check, field_is(text, path, -ENODATA, ""),
	    "an over-long name is no value");
	CHECK(check, field_is("{", "a", -EPROTO, ""),
	    "a field of unusable JSON is EPROTO");
	CHECK(check, field_is("[]", "a", -ENODATA, ""),
	    "an array has no members");
}

static void
test_field_hostile(struct check *check)
{
	static const char raw[] = "{\"a\":\"x\0y\"}";
	struct buf out = { 0 };

	CHECK(check, field_is("{\"a\":1,\"a\":2}", "a", 0, "1"),
	    "of doubled members the first counts");
	CHECK(check, !field_is("{\"a\":\"x\\u0000y\"}", "a", 0, "x"),
	    "a string with an escaped NUL is not told as its beginning");
	(void)json_field(raw, sizeof(raw) - 1, "a", &out);
	CHECK(check, strcmp(buf_text(&out), "x") != 0,
	    "a string with a raw NUL is not told as its beginning");
	buf_clear(&out);
	CHECK(check,
	    buf_append(&out, "kept", 4) == 0 &&
		json_field("{", 1, "a", &out) == -EPROTO &&
		strcmp(buf_text(&out), "kept") == 0,
	    "a failure leaves the buffer as it was");
	buf_free(&out);
	CHECK(check, !field_is("{\"a\":1e999}", "a", 0, "null"),
	    "a number that no double holds is not told as null");
}

static bool
drops_to(const char *text, const char *expected)
{
	struct buf out = { 0 };
	cJSON *tree = NULL;
	bool right;

	if (json_parse(text, strlen(text), &tree) != 0)
		return false;
	json_drop_nulls(tree);
	right = json_print(tree, &out) == 0 &&
	    strcmp(buf_text(&out), expected) == 0;
	buf_free(&out);
	cJSON_Delete(tree);
	return right;
}

static void
test_drop_nulls(struct check *check)
{
	struct buf text = { 0 };
	int i, error = 0;

	json_drop_nulls(NULL);
	CHECK(check, drops_to("{\"a\":null,\"b\":1,\"c\":null}", "{\"b\":1}"),
	    "null members are dropped, first and last");
	CHECK(check, drops_to("{\"a\":null}", "{}"),
	    "an object of nulls becomes empty");
	CHECK(check,
	    drops_to("{\"a\":{\"b\":[{\"c\":null,\"d\":2},{\"e\":null}]}}",
		"{\"a\":{\"b\":[{\"d\":2},{}]}}"),
	    "null members are dropped at every depth");
	CHECK(check, drops_to("[null,1]", "[null,1]"),
	    "an array keeps its nulls and its length");
	CHECK(check, drops_to("{\"a\":null,\"a\":1,\"a\":null}", "{\"a\":1}"),
	    "doubled null members are all dropped");
	CHECK(check, drops_to("null", "null"), "a bare null stays");
	for (i = 1; i < JSON_DEPTH && error == 0; i++)
		error = buf_printf(&text, "[");
	if (error == 0)
		error = buf_printf(&text, "{\"x\":null}");
	for (i = 1; i < JSON_DEPTH && error == 0; i++)
		error = buf_printf(&text, "]");
	CHECK(check, error == 0 && !drops_to(buf_text(&text), buf_text(&text)),
	    "a null at the greatest depth is dropped");
	buf_free(&text);
}

static void
test_numbers(struct check *check)
{
	static const char text[] =
	    "{\"n\":1.5,\"s\":\"239314\",\"e\":\"\",\"neg\":\"-5\","
	    "\"blank\":\" 5\",\"tail\":\"5 \",\"word\":\"5x\","
	    "\"hex\":\"0x10\",\"exp\":\"1e5\",\"big\":\"1e400\","
	    "\"nan\":\"nan\",\"b\":true,\"o\":{},\"z\":null}";
	static const char *const bad[] = { "e", "neg", "blank", "tail", "word",
		"hex", "exp", "big", "nan", "b", "o", "z", "gone" };
	cJSON *tree = NULL;
	double value = -1;
	size_t i;

	if (json_parse(text, sizeof(text) - 1, &tree) != 0)
		return;
	CHECK(check, json_number(tree, "n", &value) && value == 1.5,
	    "a number is a number");
	CHECK(check, json_number(tree, "s", &value) && value == 239314,
	    "a string of digits is a number");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		value = -1;
		CHECK(check, !json_number(tree, bad[i], &value) && value == -1,
		    "member \"%s\" is no number", bad[i]);
	}
	CHECK(check, !json_number(NULL, "n", &value), "nothing has no numbers");
	cJSON_Delete(tree);
}

static void
test_members(struct check *check)
{
	static const char text[] = "{\"s\":\"text\",\"n\":1,\"t\":true,"
				   "\"f\":false,\"ts\":\"true\",\"z\":null}";
	cJSON *tree = NULL;
	const char *s;

	if (json_parse(text, sizeof(text) - 1, &tree) != 0)
		return;
	s = json_string(tree, "s");
	CHECK(check, s != NULL && strcmp(s, "text") == 0,
	    "a string member is found");
	CHECK(check,
	    json_string(tree, "n") == NULL && json_string(tree, "z") == NULL &&
		json_string(tree, "x") == NULL &&
		json_string(NULL, "s") == NULL,
	    "nothing else is a string");
	CHECK(check, json_true(tree, "t"), "true is true");
	CHECK(check,
	    !json_true(tree, "f") && !json_true(tree, "ts") &&
		!json_true(tree, "n") && !json_true(tree, "z") &&
		!json_true(tree, "x") && !json_true(NULL, "t"),
	    "nothing else is true");
	cJSON_Delete(tree);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_good_texts(&check);
	test_bad_texts(&check);
	test_mended_texts(&check);
	test_cut_texts(&check);
	test_depth(&check);
	test_values(&check);
	test_field(&check);
	test_field_hostile(&check);
	test_drop_nulls(&check);
	test_numbers(&check);
	test_members(&check);
	return check_end(&check);
}
