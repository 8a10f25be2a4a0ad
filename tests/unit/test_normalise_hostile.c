/*
 * client/shape: documents that are odd, hostile or damaged.
 */
#include <errno.h>

#include <cJSON.h>

#include "tests/unit/check.h"
#include "tests/unit/examples.h"
#include "tests/unit/normalised.h"

static const struct traits *const buddy = &traits_buddy;
static const struct traits *const pi = &traits_pi;

static void
test_status_odd(struct check *check)
{
	struct buf out = { 0 };

	CHECK(check,
	    shapes_to(buddy, TOPIC_STATUS, "{\"printer\":{\"state\":\"IDLE\"}}",
		"{\"printer\":{\"state\":\"IDLE\"}}\n"),
	    "a status without job, storage, transfer passes");
	CHECK(check,
	    shapes_to(pi, TOPIC_STATUS,
		"{\"storage\":[{\"path\":\"/sdcard\"}],\"job\":null}", "{}\n"),
	    "pi: without the upload storage there is no storage");
	CHECK(check, shapes_to(pi, TOPIC_STATUS, "{\"storage\":[]}", "{}\n"),
	    "pi: an empty array of storages is no storage");
	CHECK(check,
	    shape(pi, TOPIC_STATUS,
		"{\"storage\":[{\"path\":\"/local\",\"ro\":true}]}",
		&out) == 0 &&
		tells(&out, "storage.path", "/local") &&
		tells(&out, "storage.read_only", "true") &&
		tells(&out, "storage.ro", NULL),
	    "pi: an older server's \"ro\" becomes \"read_only\"");
	CHECK(check,
	    shapes_to(pi, TOPIC_STATUS,
		"{\"storage\":[1,null,\"/local\",[],{}]}", "{}\n"),
	    "pi: storages that are no objects are none");
	CHECK(check,
	    shapes_to(buddy, TOPIC_STATUS,
		"{\"storage\":{\"path\":\"/usb/\",\"ro\":true}}",
		"{\"storage\":{\"read_only\":true,\"path\":\"/usb\"}}\n"),
	    "buddy: \"ro\" becomes \"read_only\"");
	CHECK(check,
	    shapes_to(buddy, TOPIC_STATUS,
		"{\"transfer\":[],\"storage\":\"usb\"}",
		"{\"transfer\":[],\"storage\":\"usb\"}\n"),
	    "members of other types pass");
	buf_free(&out);
}

static void
test_hostile(struct check *check)
{
	static const char *const bad[] = { "", "null", "true", "1", "\"a\"",
		"[]", "[{}]", "{", "<html>" };
	struct buf out = { 0 };
	size_t i;
	int topic;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool refused = true;

		for (topic = 0; topic < TOPIC_COUNT; topic++)
			refused = refused &&
			    shape(buddy, topic, bad[i], &out) == -EPROTO &&
			    shape(pi, topic, bad[i], &out) == -EPROTO &&
			    out.len == 0;
		CHECK(check, refused, "%s is no document of any kind",
		    bad[i][0] == '\0' ? "nothing" : bad[i]);
	}
	CHECK(check,
	    shape(buddy, TOPIC_TRANSFER, "{\"size\":\"1\",\"size\":\"2\"}",
		&out) == 0 &&
		!has(&out, "\"size\":\""),
	    "a doubled size is told as a number");
	CHECK(check,
	    shape(buddy, TOPIC_TRANSFER,
		"{\"size\":\"1e400\","
		"\"progress\":1e999}",
		&out) == 0 &&
		!has(&out, "null"),
	    "a number that no double holds does not become null");
	CHECK(check,
	    shapes_to(buddy, TOPIC_TRANSFER, "{\"progress\":-1e308}", "{}\n"),
	    "nor does a percentage that no double holds");
	CHECK(check,
	    shape(pi, TOPIC_TRANSFER,
		"{\"size\":1e308,\"transferred\":1,"
		"\"time_transferring\":1e308}",
		&out) == 0 &&
		!has(&out, "null"),
	    "nor does an estimate");
	CHECK(check,
	    shapes_to(buddy, TOPIC_INFO, "{\"a\":1.7976931348623157e308}",
		"{}\n") &&
		shapes_to(buddy, TOPIC_INFO,
		    "{\"a\":[1.7976931348623157e308,-1e999]}",
		    "{\"a\":[null,null]}\n"),
	    "nor one that no double holds once it is rounded");
	CHECK(check,
	    shapes_to(buddy, TOPIC_STATUS, "{\"a\":\"line\\nfeed\\u0001\"}",
		"{\"a\":\"line\\nfeed\\u0001\"}\n"),
	    "control characters stay escaped: a document is one line");
	buf_free(&out);
}

/* Change a byte here and there: what comes out is JSON in one line, or none. */
static void
test_mutations(struct check *check)
{
	static const char *const texts[] = { buddy_status, pi_status, buddy_job,
		pi_job, buddy_storage, pi_storage, buddy_transfer,
		pi_transfer };
	static const char bytes[] = "{}[]\",:\\0.e-n /\x01\xff";
	struct buf text = { 0 }, out = { 0 };
	unsigned int seed = 1, round;
	bool good = true;

	for (round = 0; round < 4000; round++) {
		const char *from = texts[round % 8];
		int topic = (int)(round % TOPIC_COUNT), changes;
		cJSON *tree = NULL;

		buf_clear(&text);
		if (buf_append(&text, from, strlen(from)) != 0)
			break;
		for (changes = 0; changes < 3; changes++) {
			size_t at = (size_t)rand_r(&seed) % text.len;

			text.data[at] =
			    bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
		}
		if (shape(round % 3 == 0 ? pi : buddy, topic, text.data,
			&out) != 0)
			continue;
		good = good && json_parse(out.data, out.len, &tree) == 0 &&
		    strcspn(out.data, "\n") == out.len - 1;
		cJSON_Delete(tree);
	}
	CHECK(check, good, "a damaged document is shaped to JSON or refused");
	buf_free(&text);
	buf_free(&out);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_status_odd(&check);
	test_hostile(&check);
	test_mutations(&check);
	return check_end(&check);
}
