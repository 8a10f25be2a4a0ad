/*
 * client/base/safe_name: what was shown with its number.
 */
#include "client/base/safe_name.h"
#include "tests/unit/check.h"

static void
test_few(struct check *check)
{
	struct numbered numbered;

	numbered_init(&numbered);
	CHECK(check, !numbered_has(&numbered, 7, "a"),
	    "at first there is none");
	numbered_note(&numbered, 7, "a");
	CHECK(check, numbered_has(&numbered, 7, "a"), "one that was noted is");
	CHECK(check, !numbered_has(&numbered, 7, "b"),
	    "it is not when it has another name since");
	CHECK(check, !numbered_has(&numbered, 6, "a"), "its neighbour is not");
	numbered_note(&numbered, 7, "b");
	CHECK(check,
	    numbered_has(&numbered, 7, "b") && !numbered_has(&numbered, 7, "a"),
	    "its last name counts");
	numbered_destroy(&numbered);
}

static void
test_many(struct check *check)
{
	struct numbered numbered;
	bool good = true;
	int64_t id;

	numbered_init(&numbered);
	for (id = 70000; id > 0; id--)
		numbered_note(&numbered, id % 2 == 0 ? id : 1000000 - id, "a");
	for (id = 60000; id < 70000; id += 2)
		good = good && numbered_has(&numbered, id, "a") &&
		    !numbered_has(&numbered, id + 1, "a");
	CHECK(check, good, "many are told apart");
	CHECK(check, !numbered_has(&numbered, 2, "a"),
	    "beyond a bound they are forgotten");
	numbered_destroy(&numbered);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_few(&check);
	test_many(&check);
	return check_end(&check);
}
