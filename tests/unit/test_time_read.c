/*
 * client/base/time: points in time as Obico tells them.
 */
#include "client/base/time.h"
#include "tests/unit/check.h"

static void
test_good(struct check *check)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:01.5Z", 1500000 },
		{ "2026-11-21T02:31:52.436368Z", 1795228312436368 },
		{ "2026-11-21T02:31:52Z", 1795228312000000 },
		{ "2026-11-21T02:31:52.4363689Z", 1795228312436368 },
		{ "2026-11-21T02:31:52.436368+00:00", 1795228312436368 },
		{ "2024-02-29T00:00:00Z", 1709164800000000 },
		{ "1969-12-31T23:59:59.000001Z", -999999 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t us = 1;

		CHECK(check, time_read(rows[i].text, &us) && us == rows[i].us,
		    "%s is %lld us", rows[i].text, (long long)rows[i].us);
	}
}

static void
test_bad(struct check *check)
{
	static const char *const texts[] = { "", "null", "2026-11-21",
		"2026-11-21T02:31:52", "2026-11-21 02:31:52Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2023-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
		"2026-11-21T24:00:00Z", "2026-11-21T02:60:00Z",
		"2026-11-21T02:31:52.Z", "2026-11-21T02:31:52+01:00",
		"2026-11-21T02:31:52Zz", "26-11-21T02:31:52Z",
		"-026-11-21T02:31:52Z", "2026-1-21T02:31:52Z",
		"0000-01-01T00:00:00Z" };
	int64_t us = 42;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(check, !time_read(texts[i], &us) && us == 42,
		    "\"%s\" is no date", texts[i]);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_good(&check);
	test_bad(&check);
	return check_end(&check);
}
