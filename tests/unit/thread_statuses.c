/*
 * fs/statuses: the status of many printers, some of which are slow or dead.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "client/base/buf.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"
#include "fs/core/mounted.h"
#include "fs/farm/statuses.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"
#include "tests/unit/waiter.h"

static const struct wait forever = { 0 };

#define PRINTERS 3
#define THREADS	 6
#define ROUNDS	 100

struct farmyard {
	struct statuses *statuses;
	struct fake fakes[PRINTERS];
	struct mounted printers[PRINTERS];
	struct mounted *list[PRINTERS];
};

static void
set_up(struct farmyard *yard)
{
	static char names[][20] = { "mk4", "the \"old\" one", "mini" };
	int i;

	memset(yard, 0, sizeof(*yard));
	if (statuses_new(&yard->statuses) != 0)
		exit(1);
	for (i = 0; i < PRINTERS; i++) {
		struct mounted *mounted = &yard->printers[i];

		fake_init(&yard->fakes[i]);
		mounted->printer = &yard->fakes[i].printer;
		mounted->folder = names[i];
		if (workers_new(&mounted->workers) != 0)
			exit(1);
		yard->list[i] = mounted;
	}
}

static void
tear_down(struct farmyard *yard)
{
	int i;

	for (i = 0; i < PRINTERS; i++) {
		mounted_end(&yard->printers[i]);
		fake_let_go(&yard->fakes[i]);
		workers_free(yard->printers[i].workers);
		buf_free(&yard->printers[i].glance.text);
		fake_destroy(&yard->fakes[i]);
	}
	statuses_free(yard->statuses);
}

/* Returns whether the status begins or goes on with these words. */
static bool
tells(struct farmyard *yard, const char *words)
{
	struct buf text = { 0 };
	bool is;

	if (statuses_text(yard->statuses, &forever, yard->list, PRINTERS, 0,
		&text) != 0)
		return false;
	is = strstr(buf_text(&text), words) != NULL;
	if (!is)
		printf("# %s", buf_text(&text));
	buf_free(&text);
	return is;
}

static void
test_shape(struct check *check, struct farmyard *yard)
{
	char wanted[300];

	snprintf(wanted, sizeof(wanted),
	    "{\"mk4\":{\"online\":true,\"topic\":0,\"version\":%d},"
	    "\"the \\\"old\\\" one\":{\"online\":true,",
	    yard->fakes[0].version);
	CHECK(check, tells(yard, wanted), "each is told under its name");
	fake_set_error(&yard->fakes[2], -EHOSTDOWN);
	CHECK(check,
	    tells(yard,
		"\"mini\":{\"online\":false,\"error\":\"Host is down\"}}\n"),
	    "one that fails is told with its error");
	fake_set_error(&yard->fakes[2], 0);
	CHECK(check, tells(yard, "\"mini\":{\"online\":true"),
	    "and is online when it answers again");
	CHECK(check, fake_begun(&yard->fakes[0], FAKE_DOCUMENT) == 3,
	    "each was asked once each time");
}

static void
test_slow(struct check *check, struct farmyard *yard)
{
	struct fake *slow = &yard->fakes[1];
	int i;

	fake_hold(slow, FAKE_DOCUMENT);
	CHECK(check,
	    tells(yard, "one\":{\"online\":false,\"error\":\"Connection timed"),
	    "a printer that does not answer is not waited for");
	for (i = 0; i < 3; i++)
		CHECK(check, tells(yard, "\"mini\":{\"online\":true"),
		    "nor again");
	CHECK(check, fake_begun(slow, FAKE_DOCUMENT) == 4,
	    "and it is asked once only meanwhile");
	fake_let_go(slow);
	AWAIT(!statuses_is_waiting(yard->statuses, &yard->printers[1]));
	CHECK(check, tells(yard, "one\":{\"online\":true"),
	    "when it answers, it is online");
}

static void
test_given_up(struct check *check, struct farmyard *yard)
{
	struct waiter waiter = { 0 };
	struct wait wait = waiter_wait(&waiter);
	struct buf text = { 0 };

	fake_hold(&yard->fakes[0], FAKE_DOCUMENT);
	waiter.left = true;
	CHECK(check,
	    statuses_text(yard->statuses, &wait, yard->list, PRINTERS, 0,
		&text) == -EINTR,
	    "who has left waits no more");
	fake_let_go(&yard->fakes[0]);
	buf_free(&text);
}

struct reader {
	struct farmyard *yard;
	pthread_t thread;
	int failed;
};

static void *
read_often(void *arg)
{
	struct reader *reader = arg;
	struct farmyard *yard = reader->yard;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct buf text = { 0 };
		const char *at;
		int told, before;

		pthread_mutex_lock(&yard->fakes[0].lock);
		before = yard->fakes[0].version;
		pthread_mutex_unlock(&yard->fakes[0].lock);
		if (statuses_text(yard->statuses, &forever, yard->list,
			PRINTERS, 0, &text) != 0)
			reader->failed++;
		at = strstr(buf_text(&text), "\"version\":");
		told = at == NULL ? -1 : (int)strtol(at + 10, NULL, 10);
		reader->failed += told < before ||
		    strstr(buf_text(&text), "false") != NULL;
		buf_free(&text);
		if (i % 10 == 0)
			fake_change(&yard->fakes[0]);
	}
	return NULL;
}

static void
test_many(struct check *check, struct farmyard *yard)
{
	struct reader readers[THREADS] = { 0 };
	int i, failed = 0;

	for (i = 0; i < THREADS; i++) {
		readers[i].yard = yard;
		if (pthread_create(&readers[i].thread, NULL, read_often,
			&readers[i]) != 0)
			exit(1);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(readers[i].thread, NULL);
		failed += readers[i].failed;
	}
	CHECK(check, failed == 0,
	    "each is told what was asked after he wanted to know");
}

int
main(void)
{
	struct check check;
	struct farmyard yard;

	check_begin(&check);
	set_up(&yard);
	test_shape(&check, &yard);
	test_slow(&check, &yard);
	test_given_up(&check, &yard);
	tear_down(&yard);
	set_up(&yard);
	test_many(&check, &yard);
	tear_down(&yard);
	return check_end(&check);
}
