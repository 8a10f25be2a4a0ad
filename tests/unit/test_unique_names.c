/*
 * client/numbered: what was shown with its number.
 */
#include "client/base/unique_names.h"
#include "tests/unit/check.h"

static void
test_few(struct check *check)
{
	struct unique_names names;

	unique_names_init(&names);
	CHECK(check, !unique_names_has(&names, 7, "a"),
	    "at first there is none");
	unique_names_note(&names, 7, "a");
	CHECK(check, unique_names_has(&names, 7, "a"), "one that was noted is");
	CHECK(check, !unique_names_has(&names, 7, "b"),
	    "it is not when it has another name since");
	CHECK(check, !unique_names_has(&names, 6, "a"), "its neighbour is not");
	unique_names_note(&names, 7, "b");
	CHECK(check,
	    unique_names_has(&names, 7, "b") &&
		!unique_names_has(&names, 7, "a"),
	    "its last name counts");
	unique_names_destroy(&names);
}

static void
test_many(struct check *check)
{
	struct unique_names names;
	bool good = true;
	int64_t id;

	unique_names_init(&names);
	for (id = 70000; id > 0; id--)
		unique_names_note(&names, id % 2 == 0 ? id : 1000000 - id, "a");
	for (id = 60000; id < 70000; id += 2)
		good = good && unique_names_has(&names, id, "a") &&
		    !unique_names_has(&names, id + 1, "a");
	CHECK(check, good, "many are told apart");
	CHECK(check, !unique_names_has(&names, 2, "a"),
	    "beyond a bound they are forgotten");
	unique_names_destroy(&names);
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
