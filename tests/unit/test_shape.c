/*
 * client/shape: the history of a printer, taken apart.
 */
#include <errno.h>

#include "client/base/buf.h"
#include "client/shape.h"
#include "tests/unit/check.h"

static const char history[] =
    "[{\"id\":12,\"filename\":\"b\",\"started_at\":"
    "\"2026-11-21T02:31:52Z\",\"ended_at\":null},"
    "{\"filename\":\"without an id\"},7,"
    "{\"id\":900719925474099,\"ended_at\":\"2026-11-21T02:31:52.5Z\","
    "\"started_at\":\"2026-11-20T00:00:00.0Z\"},"
    "{\"id\":-1},{\"id\":3,\"ended_at\":\"yesterday\"}]";

static int
note(void *arg, const char *id)
{
	return buf_printf(arg, "%s ", id);
}

static int
stop(void *arg, const char *id)
{
	(void)arg;
	return strcmp(id, "12") == 0 ? -ENOMEM : 0;
}

static void
test_each(struct check *check)
{
	struct buf ids = { 0 };

	CHECK(check,
	    shape_prints(history, sizeof(history) - 1, note, &ids) == 0 &&
		strcmp(buf_text(&ids), "12 900719925474099 3 ") == 0,
	    "what has an id is a print: %s", buf_text(&ids));
	buf_free(&ids);
	CHECK(check,
	    shape_prints(history, sizeof(history) - 1, stop, NULL) == -ENOMEM,
	    "an error of the one who wants to know ends it");
	CHECK(check, shape_prints("{}", 2, note, &ids) == -EPROTO,
	    "what is no array is no history");
	CHECK(check, shape_prints("[", 1, note, &ids) == -EPROTO,
	    "nor is half of one");
	CHECK(check, shape_prints("[]\n", 3, note, &ids) == 0 && ids.len == 0,
	    "one without prints is");
}

static void
check_one(struct check *check, const char *id, time_t wanted, const char *text)
{
	struct buf out = { 0 };
	time_t ended_s = 1;

	CHECK(check,
	    shape_print(history, sizeof(history) - 1, id, &out, &ended_s) == 0,
	    "print %s is found", id);
	CHECK(check, ended_s == wanted, "it is of %lld, wanted %lld",
	    (long long)ended_s, (long long)wanted);
	CHECK(check, strcmp(buf_text(&out), text) == 0, "it reads as it is: %s",
	    buf_text(&out));
	buf_free(&out);
}

static void
test_find(struct check *check)
{
	struct buf out = { 0 };
	time_t ended_s = 1;

	check_one(check, "12", 1795228312,
	    "{\"id\":12,\"filename\":\"b\",\"started_at\":"
	    "\"2026-11-21T02:31:52Z\",\"ended_at\":null}\n");
	check_one(check, "900719925474099", 1795228312,
	    "{\"id\":900719925474099,\"ended_at\":"
	    "\"2026-11-21T02:31:52.5Z\",\"started_at\":"
	    "\"2026-11-20T00:00:00.0Z\"}\n");
	check_one(check, "3", 0, "{\"id\":3,\"ended_at\":\"yesterday\"}\n");
	CHECK(check,
	    shape_print(history, sizeof(history) - 1, "4", &out, &ended_s) ==
		    -ENOENT &&
		out.len == 0 && ended_s == 1,
	    "another print is not there");
	CHECK(check, shape_print("", 0, "4", &out, &ended_s) == -EPROTO,
	    "nothing is no history");
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_each(&check);
	test_find(&check);
	return check_end(&check);
}
