/*
 * client/obico_rules, client/obico_library: what the cloud folder of an Obico
 * server takes and tells.
 */
#include <errno.h>

#include "client/base/buf.h"
#include "client/base/stream.h"
#include "client/obico/library.h"
#include "tests/unit/check.h"

#define MIB ((size_t)1 << 20)

static void
test_safe_name(struct check *check)
{
	static const struct {
		const char *name;
		const char *safe_name;
	} rows[] = {
		{ "parts", "parts" },
		{ "cube v1.gcode", "cube_v1.gcode" },
		{ "new one/é", "new_one_é" },
		{ "new one?é", "new_one_é" },
		{ "conf-b (ž).gcode", "conf_b__ž_.gcode" },
		{ "漢字_1", "漢字_1" },
		{ "☕", "_" },
		{ "a\xff", "a_" },
		{ "", "" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *safe_name = library_safe_name(rows[i].name);

		CHECK(check,
		    safe_name != NULL &&
			strcmp(safe_name, rows[i].safe_name) == 0,
		    "the safe form of name %zu is %s", i, rows[i].safe_name);
		free(safe_name);
	}
}

static ssize_t
read_bytes(void *arg, void *out, size_t len, off_t offset)
{
	memcpy(out, (const char *)arg + offset, len);
	return (ssize_t)len;
}

/* So many bytes of text, with é at one place and a bad byte at another. */
static int
look_at(size_t len, size_t letter, size_t bad)
{
	char *data = malloc(len + 2);
	struct source source = { .read = read_bytes, .len = (off_t)len };
	int error;

	if (data == NULL)
		return -ENOMEM;
	memset(data, 'g', len);
	if (letter < len)
		memcpy(data + letter, "\xc3\xa9", 2);
	if (bad < len)
		data[bad] = '\xff';
	source.arg = data;
	error = library_check_text(&source);
	free(data);
	return error;
}

static void
test_window(struct check *check)
{
	static const struct {
		size_t len, letter, bad;
		int error;
		const char *what;
	} rows[] = {
		{ 100, 10, 200, 0, "a short text" },
		{ 100, 200, 99, -EINVAL, "a bad byte at a short file's end" },
		{ 100, 99, 200, -EINVAL, "half a letter at its end" },
		{ MIB, 10, MIB, 0, "a MiB of text" },
		{ MIB, 10, MIB - 1, -EINVAL, "a bad byte at its end" },
		{ MIB + 10, MIB - 1, 2 * MIB, -EINVAL,
		    "a letter across the first MiB's end" },
		{ MIB + 10, MIB - 2, 2 * MIB, 0, "a letter just before it" },
		{ MIB + 10, MIB, 2 * MIB, 0, "a letter just behind it" },
		{ MIB + 10, 9, MIB, -EINVAL, "a bad byte behind it" },
		{ 2 * MIB - 5, MIB - 6, 3 * MIB, 0,
		    "a letter across what is the last MiB only" },
		{ 3 * MIB, 9, MIB, 0, "a bad byte in the middle" },
		{ 3 * MIB, 9, 2 * MIB - 1, 0, "one at the middle's end" },
		{ 3 * MIB, 9, 2 * MIB, -EINVAL, "one in the last MiB" },
		{ 3 * MIB, 2 * MIB - 1, 4 * MIB, -EINVAL,
		    "a letter across the last MiB's beginning" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(check,
		    look_at(rows[i].len, rows[i].letter, rows[i].bad) ==
			rows[i].error,
		    "%s is %s", rows[i].what,
		    rows[i].error == 0 ? "taken" : "refused");
}

static void
test_media(struct check *check)
{
	static const struct {
		const char *url;
		const char *target; /* NULL: elsewhere */
	} rows[] = {
		{ "http://localhost:3334/media/g/2/2?digest=x",
		    "/media/g/2/2?digest=x" },
		{ "https://obico.lan/media/g/2", "/media/g/2" },
		{ "/media/g/2/2?digest=x", "/media/g/2/2?digest=x" },
		{ "http://obico.lan:3334/ent/store/?t=1", "/ent/store/?t=1" },
		{ "http://obico.lan:33345/ent/store/?t=1", NULL },
		{ "http://obico.lan/ent/store/?t=1", NULL },
		{ "http://elsewhere/x/media/g", NULL },
		{ "http://elsewhere", NULL },
		{ "media/g", NULL },
		{ "", NULL },
		{ "http://localhost:3334/media/g 2", NULL },
		{ "http://localhost:3334/media/g\r\nX: y", NULL },
		{ "http://obico.lan:3334/ent/\xc3\xa9", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *target = library_media("http://obico.lan:3334",
		    rows[i].url);

		CHECK(check,
		    rows[i].target == NULL ?
			target == NULL :
			target != NULL && strcmp(target, rows[i].target) == 0,
		    "URL %zu is %s", i,
		    rows[i].target == NULL ? "elsewhere" : rows[i].target);
	}
}

static void
test_wire(struct check *check)
{
	static const struct {
		const char *wire;
		int error;
		int64_t id;
	} rows[] = {
		{ "gcodes", 0, LIBRARY_NO_ID },
		{ "gcodes/@d3", 0, 3 },
		{ "gcodes/@d3/@d7", 0, 7 },
		{ "gcodes/@d3/@f7", -ENOENT, 0 },
		{ "gcodes/@d", -ENOENT, 0 },
		{ "gcodes/@d-1", -ENOENT, 0 },
		{ "gcodes/@d3x", -ENOENT, 0 },
		{ "gcodes/d3", -ENOENT, 0 },
		{ "gcodes/parts", -ENOENT, 0 },
		{ "gcodes/@d99999999999999999999", -ENOENT, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t id = 0;
		int error = library_folder_id(rows[i].wire, &id);

		CHECK(check, error == rows[i].error && id == rows[i].id,
		    "%s %s", rows[i].wire,
		    error == 0 ? "tells its folder" : "tells none");
	}
}

static void
test_read(struct check *check)
{
	static const char whole[] =
	    "{\"id\":2,\"parent_folder\":{\"id\":3,\"parent_folder\":null},"
	    "\"filename\":\"a b\",\"safe_filename\":\"a_b\",\"deleted\":null,"
	    "\"url\":\"http://x/media/2\",\"num_bytes\":14,"
	    "\"created_at\":\"1970-01-01T00:00:02Z\"}";
	static const char bare[] =
	    "{\"id\":5,\"parent_folder\":7,\"filename\":\"\",\"url\":null,"
	    "\"num_bytes\":12,\"deleted\":\"1970-01-01T00:00:02Z\"}";
	static const char *const bad[] = { "[]", "{}", "{\"id\":1}",
		"{\"id\":-1,\"filename\":\"a\"}",
		"{\"id\":1.5e300,"
		"\"filename\":\"a\"}",
		"{\"id\":1,\"filename\":null}", "nothing" };
	struct record record;
	size_t i;

	CHECK(check,
	    library_read(whole, sizeof(whole) - 1, false, &record) == 0 &&
		record.id == 2 && record.parent == 3 && !record.is_deleted &&
		record.size == 14 && record.created_us == 2000000 &&
		strcmp(record.name, "a b") == 0,
	    "a file's record is read");
	record_free(&record);
	CHECK(check,
	    library_read(bare, sizeof(bare) - 1, false, &record) == 0 &&
		record.parent == 7 && record.is_deleted && record.size == -1 &&
		record.url == NULL,
	    "one that has no bytes has no size");
	record_free(&record);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(check,
		    library_read(bad[i], strlen(bad[i]), false, &record) ==
			-EPROTO,
		    "text %zu is no record", i);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_safe_name(&check);
	test_window(&check);
	test_media(&check);
	test_wire(&check);
	test_read(&check);
	return check_end(&check);
}
