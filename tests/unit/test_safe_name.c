/*
 * client/label: names for what may be called anything.
 */
#include "client/base/name.h"
#include "client/base/safe_name.h"
#include "tests/unit/check.h"

static void
test_make(struct check *check)
{
	static const struct {
		const char *text;
		const char *name;
	} rows[] = {
		{ "MK3S Workshop", "MK3S Workshop" },
		{ "Never/connected: Žluťoučký ☕",
		    "Never_connected: Žluťoučký ☕" },
		{ "", "_" }, { ".", "_" }, { "..", "_." },
		{ ".hidden", "_hidden" }, { "///", "___" },
		{ "a\nb\tc", "a_b_c" }, { "a\xff", "a_" }, { "\xc2\x85", "_" },
		{ " ", " " }, { "\xf7\x8f\x8b\x87", "_" }, /* beyond Unicode */
	};
	char name[SAFE_NAME_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		safe_name_make(rows[i].text, name);
		CHECK(check, strcmp(name, rows[i].name) == 0,
		    "text %zu becomes \"%s\"", i, rows[i].name);
		CHECK(check, name_is_sane(name), "which can be a name");
	}
}

static void
test_long(struct check *check)
{
	char text[1025], name[SAFE_NAME_SIZE];
	size_t i;

	for (i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "é", 2);
	text[i] = '\0';
	safe_name_make(text, name);
	CHECK(check, strlen(name) == 254 && name_is_sane(name),
	    "a text of 1 kB is cut between characters");
}

static bool
is_reserved(const char *name)
{
	return strcmp(name, "control") == 0;
}

static void
test_all(struct check *check)
{
	char longest[400];
	struct safe_name labels[] = {
		{ .text = "Ender", .id = 3 },
		{ .text = "Ender", .id = 5 },
		{ .text = "control", .id = 6 },
		{ .text = "Ender (9)", .id = 7 },
		{ .text = "Ender", .id = 9 },
		{ .text = "a/b", .id = 10 },
		{ .text = "a_b", .id = 11 },
		{ .text = "Prusa", .id = 14, .is_numbered = true },
		{ .text = "Prusa", .id = 15 },
		{ .text = longest, .id = 12 },
		{ .text = longest, .id = 13 },
	};
	static const char *const names[] = { "Ender", "Ender (5)",
		"control (6)", "Ender (9)", "Ender (9.2)", "a_b", "a_b (11)",
		"Prusa (14)", "Prusa" };
	size_t i, count = sizeof(labels) / sizeof(labels[0]);

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CHECK(check, safe_name_all(labels, count, is_reserved) == 0,
	    "all get names");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(check, strcmp(labels[i].name, names[i]) == 0,
		    "number %d is \"%s\"", (int)labels[i].id, names[i]);
	CHECK(check,
	    strcmp(labels[9].name, labels[10].name) != 0 &&
		name_is_sane(labels[10].name),
	    "those that are cut are told apart too");
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_make(&check);
	test_long(&check);
	test_all(&check);
	return check_end(&check);
}
