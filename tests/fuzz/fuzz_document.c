/*
 * The documents of a hostile server: what comes out is one line of JSON
 * without null members, which the same shape accepts again, and from which
 * the one-value files are cut.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/prusalink/normalise.h"
#include "client/shape.h"
#include "client/traits.h"
#include "tests/fuzz/fuzz.h"

/* Parsed and printed again it is the same, and no null is dropped. */
static void
check_json(const struct buf *shaped)
{
	struct buf again = { 0 };
	cJSON *tree = NULL;

	HOLDS(shaped->len > 2 && shaped->data[shaped->len - 1] == '\n');
	HOLDS(memchr(shaped->data, '\n', shaped->len - 1) == NULL);
	HOLDS(json_parse(shaped->data, shaped->len, &tree) == 0);
	json_drop_nulls(tree);
	HOLDS(json_print(tree, &again) == 0);
	HOLDS(again.len == shaped->len - 1 &&
	    memcmp(again.data, shaped->data, again.len) == 0);
	cJSON_Delete(tree);
	buf_free(&again);
}

static void
check_fields(const char *text, size_t len)
{
	static const char *const paths[] = {
		"", ".", "..", "printer.state", "job.progress", "job.id",
		"printer.temp_nozzle", "file.path", "file.display_name",
		"transfer.", "storage_list",
		"a_name_of_more_than_the_sixty-three_bytes_that_there_is_room_for"
	};
	struct buf value = { 0 };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int error = json_field(text, len, paths[i], &value);

		HOLDS(error == 0 || error == -ENODATA || error == -EPROTO);
		HOLDS(error == 0 || value.len == 0);
		buf_free(&value);
	}
}

static void
check_storage(const char *text, size_t len)
{
	static const char *const names[] = { "usb", "local", "sdcard", "" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct shape_storage storage;
		int error = shape_storage(text, len, names[i], &storage);

		HOLDS(error == 0 || error == -ENOENT || error == -EPROTO);
		if (error != 0)
			continue;
		HOLDS(storage.free >= -1 && storage.total >= -1);
		HOLDS(memchr(storage.name, '\0', sizeof(storage.name)) != NULL);
	}
}

static void
shape(const struct traits *traits, enum topic topic, const uint8_t *data,
    size_t len)
{
	struct buf once = { 0 }, twice = { 0 };
	int error;

	error = normalise_document(traits, topic, (const char *)data, len,
	    &once);
	if (error != 0) {
		HOLDS(error == -EPROTO && once.len == 0);
		buf_free(&once);
		return;
	}
	check_json(&once);
	HOLDS(normalise_document(traits, topic, once.data, once.len, &twice) ==
	    0);
	check_json(&twice);
	if (topic == TOPIC_JOB)
		check_fields(once.data, once.len);
	if (topic == TOPIC_STORAGE)
		check_storage(once.data, once.len);
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int topic;

	for (topic = 0; topic < TOPIC_COUNT; topic++) {
		shape(&traits_buddy, (enum topic)topic, data, len);
		shape(&traits_pi, (enum topic)topic, data, len);
	}
	check_fields((const char *)data, len);
	check_storage((const char *)data, len);
	return 0;
}
