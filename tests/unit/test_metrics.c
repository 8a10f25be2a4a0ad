/*
 * fs/metrics and client/counts: each family stands together, whatever the
 * number of printers, and requests are counted where they belong.
 */
#include <errno.h>
#include <pthread.h>

#include "client/base/buf.h"
#include "client/http/counts.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/upload_list.h"
#include "fs/tree/metrics.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"

static size_t
occurrences(const struct buf *text, const char *words)
{
	const char *at = buf_text(text);
	size_t count = 0;

	for (; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

static void
test_counts(struct check *check)
{
	struct counts counts = { 0 }, sum = { 0 };

	counts_note(&counts, 0, "GET", 200, 10);
	counts_note(&counts, 0, "GET", 200, 11);
	counts_note(&counts, 0, "GET", 401, 0);
	counts_note(&counts, 2, "PUT", 0, 1000000);
	counts_note(&counts, 2, "BREW", 418, 1);
	CHECK(check, counts.requests[0][COUNT_ACCEPTED] == 2,
	    "what was accepted is counted by its method");
	CHECK(check, counts.requests[0][COUNT_REFUSED] == 1,
	    "a refusal is told apart");
	CHECK(check, counts.requests[2][COUNT_FAILED] == 1,
	    "and no answer at all");
	CHECK(check, counts.requests[COUNT_METHODS - 1][COUNT_REFUSED] == 1,
	    "a method that is not known is another");
	CHECK(check,
	    counts.connections[0].took[0] == 2 &&
		counts.connections[0].took[1] == 1,
	    "the end of a bucket belongs to it");
	CHECK(check, counts.connections[2].took[COUNT_BUCKETS - 1] == 1,
	    "the last bucket has no end");
	CHECK(check, counts.connections[0].total_ms == 21,
	    "times are summed up");
	counts_add(&sum, &counts);
	counts_add(&sum, &counts);
	CHECK(check,
	    sum.requests[0][COUNT_ACCEPTED] == 4 &&
		sum.connections[2].took[COUNT_BUCKETS - 1] == 2 &&
		sum.connections[0].total_ms == 42,
	    "counts can be added");
}

static void
test_families(struct check *check)
{
	static char names[][16] = { "mk4", "the \"old\"\\\n" };
	const struct caller caller = { 0 };
	struct mounted printers[2] = { 0 },
		       *both[2] = { &printers[0], &printers[1] };
	const struct metrics two = { .printers = both, .count = 2 },
			     none = { 0 };
	struct fake fakes[2];
	struct buf text = { 0 };
	int i;

	for (i = 0; i < 2; i++) {
		fake_init(&fakes[i]);
		printers[i].name = names[i];
		printers[i].printer = &fakes[i].printer;
		upload_list_new(&printers[i].uploads);
	}
	fake_set_error(&fakes[1], -EHOSTDOWN);
	CHECK(check, metrics_text(&two, &caller, &text) == 0,
	    "two printers have metrics");
	CHECK(check, occurrences(&text, "# TYPE prusafs_online gauge\n") == 1,
	    "a family begins once");
	CHECK(check,
	    strstr(buf_text(&text),
		"prusafs_online{printer=\"mk4\"} 1\n"
		"prusafs_online{printer=\"the \\\"old\\\"\\\\\\n\"} 0\n") !=
		NULL,
	    "its printers stand together, their names escaped");
	CHECK(check, occurrences(&text, "prusafs_state=\"UNKNOWN\"} 1") == 0,
	    "a state that is not told is not made up");
	CHECK(check,
	    text.len > 6 && strcmp(text.data + text.len - 6, "# EOF\n") == 0,
	    "the text ends as it must");
	buf_free(&text);
	CHECK(check,
	    metrics_text(&none, &caller, &text) == 0 &&
		strcmp(buf_text(&text), "# EOF\n") == 0,
	    "no printer is no family");
	fake_set_error(&fakes[0], -EINTR);
	buf_free(&text);
	CHECK(check, metrics_text(&two, &caller, &text) == -EINTR,
	    "a reader that leaves ends it");
	for (i = 0; i < 2; i++) {
		upload_list_free(printers[i].uploads);
		fake_destroy(&fakes[i]);
	}
	buf_free(&text);
}

/* What an account asks, it asks for all of its printers. */
static void
test_accounts(struct check *check)
{
	static char name[] = "mini";
	static char account[] = "obico";
	struct metrics_server server = { .name = account };
	const struct caller caller = { 0 };
	struct mounted mounted = { .name = name }, *printers[] = { &mounted };
	const struct metrics metrics = { .printers = printers,
		.count = 1,
		.servers = &server,
		.server_count = 1 };
	struct fake fake;
	struct buf text = { 0 };

	fake_init(&fake);
	fake.printer.traits = &traits_obico;
	mounted.printer = &fake.printer;
	upload_list_new(&mounted.uploads);
	counts_note(&server.counts, 0, "GET", 200, 10);
	CHECK(check, metrics_text(&metrics, &caller, &text) == 0,
	    "a printer of an account has metrics");
	CHECK(check,
	    strstr(buf_text(&text),
		"prusafs_requests_total{account=\"obico\",method=\"GET\","
		"outcome=\"accepted\"} 1\n") != NULL,
	    "the account's requests are told under its own name");
	CHECK(check,
	    strstr(buf_text(&text), "requests_total{printer=") == NULL &&
		strstr(buf_text(&text), "seconds_count{printer=") == NULL,
	    "and not once more by its printer");
	CHECK(check,
	    strstr(buf_text(&text), "online{printer=\"mini\"} 1\n") != NULL &&
		strstr(buf_text(&text), "online{account=") == NULL,
	    "an account is no printer");
	upload_list_free(mounted.uploads);
	fake_destroy(&fake);
	buf_free(&text);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_counts(&check);
	test_families(&check);
	test_accounts(&check);
	return check_end(&check);
}
