/*
 * cache/stamp: which time stamps prove something.
 */
#include "cache/stamp.h"
#include "tests/unit/check.h"

#define NOW	1790000000 /* 2026-09-21 */
#define OLD	1700000000
#define ZONE	7200
#define A_WHILE 1000

static struct stamps *
new_stamps(void)
{
	struct stamps *stamps;

	if (stamps_new(&stamps) != 0) {
		printf("Bail out! no stamps\n");
		exit(1);
	}
	return stamps;
}

static enum stamp_worth
worth(struct stamps *stamps, int64_t stamp)
{
	return stamps_judge(stamps, stamp, NOW, NOW);
}

static void
test_times(struct check *check)
{
	static const struct {
		const char *name;
		int64_t stamp;
		enum stamp_worth worth;
	} rows[] = {
		{ "none", 0, STAMP_NOTHING },
		{ "a negative one", -5, STAMP_NOTHING },
		{ "FAT's first day", 315532800, STAMP_NOTHING },
		{ "the end of 2014", 1420070399, STAMP_NOTHING },
		{ "the beginning of 2015", 1420070400, STAMP_GOOD },
		{ "an old one", OLD, STAMP_GOOD },
		{ "that of a FAT slot ago", NOW - 3, STAMP_GOOD },
		{ "that of this slot", NOW - 1, STAMP_YOUNG },
		{ "that of now", NOW, STAMP_YOUNG },
		{ "one in the future", NOW + 60, STAMP_NOTHING },
		{ "FAT's last day", 4039372740, STAMP_NOTHING },
	};
	struct stamps *stamps = new_stamps();
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(check, worth(stamps, rows[i].stamp) == rows[i].worth,
		    "%s", rows[i].name);
	CHECK(check, stamps_judge(NULL, 0, NOW, NOW) == STAMP_GOOD,
	    "without anybody who judges all are good");
	stamps_free(stamps);
}

static void
note_many(struct stamps *stamps, int64_t stamp)
{
	stamps_note(stamps, "usb", "a.gcode", stamp, NOW);
	stamps_note(stamps, "usb", "b.gcode", stamp, NOW);
	stamps_note(stamps, "usb", "c.gcode", stamp, NOW);
}

static void
test_many(struct check *check)
{
	struct stamps *stamps = new_stamps();
	int i;

	for (i = 0; i < 5; i++)
		stamps_note(stamps, "usb", "a.gcode", OLD, NOW);
	CHECK(check, worth(stamps, OLD) == STAMP_GOOD,
	    "a stamp that one file has is good, however often it is told");
	note_many(stamps, OLD);
	CHECK(check, worth(stamps, OLD) == STAMP_NOTHING,
	    "a stamp that many files have proves nothing");
	for (i = 1; i < 500; i++)
		stamps_note(stamps, "usb", "x.gcode", OLD + i, NOW);
	CHECK(check, worth(stamps, OLD) == STAMP_NOTHING,
	    "nor after many others");
	CHECK(check, worth(stamps, OLD + 1) == STAMP_GOOD,
	    "the others prove something");
	stamps_note_stored(stamps, NOW - 1, NOW);
	CHECK(check, worth(stamps, OLD) == STAMP_GOOD,
	    "our own upload shows that the clock is good");
	stamps_note_stored(stamps, OLD, NOW);
	CHECK(check, worth(stamps, OLD) == STAMP_NOTHING,
	    "or that it is not any more");
	for (i = 1; i <= 3; i++)
		stamps_note(stamps, "usb", "x.gcode", NOW - i * A_WHILE, NOW);
	CHECK(check, worth(stamps, OLD) == STAMP_GOOD,
	    "three stamps of the last day show a clock");
	stamps_free(stamps);
	stamps = new_stamps();
	note_many(stamps, NOW - 10);
	CHECK(check, worth(stamps, NOW - 10) == STAMP_GOOD,
	    "so does one of a moment ago");
	stamps_free(stamps);
}

static void
test_clocks(struct check *check)
{
	struct stamps *stamps = new_stamps();

	stamps_note_stored(stamps, NOW + 60, NOW);
	CHECK(check,
	    worth(stamps, NOW + 60) == STAMP_YOUNG &&
		worth(stamps, NOW - 50) == STAMP_YOUNG &&
		worth(stamps, NOW - 70) == STAMP_GOOD,
	    "a difference of the clocks makes more stamps young");
	stamps_note_stored(stamps, NOW + ZONE, NOW);
	CHECK(check,
	    worth(stamps, NOW + ZONE) == STAMP_YOUNG &&
		worth(stamps, NOW + ZONE - 10) == STAMP_GOOD &&
		worth(stamps, NOW + ZONE + 60) == STAMP_NOTHING,
	    "a printer that tells local time has a clock");
	stamps_note_stored(stamps, NOW - ZONE, NOW);
	CHECK(check, worth(stamps, NOW - ZONE) == STAMP_YOUNG,
	    "what it wrote just now is young, west of us");
	stamps_note_stored(stamps, 4039372740, NOW);
	CHECK(check, worth(stamps, 4039372740) == STAMP_NOTHING,
	    "no zone is so far");
	stamps_free(stamps);
}

static void
test_holding(struct check *check)
{
	struct stamps *stamps = new_stamps();

	CHECK(check,
	    stamps_hold(stamps, OLD, OLD + 5, NOW, true) &&
		stamps_hold(stamps, OLD, OLD + 5, NOW, false),
	    "what a good stamp proves holds");
	CHECK(check,
	    stamps_hold(stamps, NOW - 4, NOW - 4, NOW, true) &&
		!stamps_hold(stamps, NOW - 5, NOW - 5, NOW, true),
	    "bytes with a young one hold for a moment");
	CHECK(check, !stamps_hold(stamps, 0, NOW, NOW, true),
	    "bytes without a stamp never do");
	CHECK(check,
	    stamps_hold(stamps, 0, NOW - 4, NOW, false) &&
		!stamps_hold(stamps, 0, NOW - 5, NOW, false) &&
		!stamps_hold(stamps, 0, NOW + 5, NOW, false),
	    "a size does for a moment");
	stamps_free(stamps);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_times(&check);
	test_many(&check);
	test_clocks(&check);
	test_holding(&check);
	return check_end(&check);
}
