/*
 * cache/cache: those who ask at the same time.
 */
#include <pthread.h>

#include "tests/unit/cache_rig.h"

/* One who asks in a thread of his own. */
struct guest {
	struct rig *rig;
	struct waiter waiter;
	int version; /* or a negative errno */
	pthread_t thread;
};

static void *
ask(void *arg)
{
	struct guest *guest = arg;
	struct wait wait = waiter_wait(&guest->waiter);
	struct buf text = { 0 };

	guest->version = printer_document(guest->rig->cache, &wait,
	    TOPIC_STATUS, &text);
	if (guest->version == 0)
		guest->version = fake_version_of(buf_text(&text));
	buf_free(&text);
	return NULL;
}

/* Returns when he waits. */
static void
start(struct guest *guest, struct rig *rig)
{
	memset(guest, 0, sizeof(*guest));
	guest->rig = rig;
	pthread_create(&guest->thread, NULL, ask, guest);
	if (!waiter_await(&guest->waiter))
		printf("# a guest does not wait\n");
}

static int
finish(struct guest *guest)
{
	pthread_join(guest->thread, NULL);
	return guest->version;
}

static void
test_single_flight(struct check *check)
{
	struct guest guests[5];
	struct rig rig;
	int i, right = 0;

	set_up(&rig, check, 0);
	fake_hold(&rig.fake, FAKE_DOCUMENT);
	for (i = 0; i < 5; i++)
		start(&guests[i], &rig);
	CHECK(check, asked(&rig) == 1,
	    "of five who ask at the same time one asks the printer");
	fake_change(&rig.fake);
	fake_let_go(&rig.fake);
	for (i = 0; i < 5; i++)
		right += finish(&guests[i]) == 0;
	CHECK(check, right == 5 && asked(&rig) == 1,
	    "they share its answer, however short the TTL");
	/* An answer of this very millisecond would be shared too. */
	check_nap();
	check_nap();
	fake_set_error(&rig.fake, -EPROTO);
	fake_hold(&rig.fake, FAKE_DOCUMENT);
	for (i = 0; i < 5; i++)
		start(&guests[i], &rig);
	fake_let_go(&rig.fake);
	for (right = 0, i = 0; i < 5; i++)
		right += finish(&guests[i]) == -EPROTO;
	CHECK(check, right == 5 && asked(&rig) == 2,
	    "they share its failure too");
	tear_down(&rig);
}

static void
test_leaving(struct check *check)
{
	struct guest first, second, third;
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	fake_hold(&rig.fake, FAKE_DOCUMENT);
	start(&first, &rig);
	start(&second, &rig);
	start(&third, &rig);
	second.waiter.left = true;
	CHECK(check, finish(&second) == -EINTR && asked(&rig) == 1,
	    "one who shares a question can leave");
	first.waiter.left = true;
	CHECK(check, finish(&first) == -EINTR, "the one who asks can leave");
	CHECK(check, fake_await_begun(&rig.fake, FAKE_DOCUMENT, 2),
	    "then another one asks");
	fake_let_go(&rig.fake);
	CHECK(check, finish(&third) == 0 && asked(&rig) == 2,
	    "those who stay get their answer");
	CHECK(check, document(&rig, TOPIC_STATUS) == 0 && asked(&rig) == 2,
	    "that somebody left is not remembered");
	tear_down(&rig);
}

/* A question that was under way during a change. */
static void
test_generation(struct check *check)
{
	struct guest before, after;
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	fake_hold(&rig.fake, FAKE_DOCUMENT);
	start(&before, &rig);
	printer_command(rig.cache, &forever, VERB_PAUSE, NULL);
	start(&after, &rig);
	CHECK(check, asked(&rig) == 1,
	    "the next question waits until the one under way has ended");
	fake_let_go(&rig.fake);
	CHECK(check, finish(&before) == 0,
	    "who asked before a change gets what he asked for");
	CHECK(check, finish(&after) == 1,
	    "who asks after a change never gets an older answer");
	CHECK(check, document(&rig, TOPIC_STATUS) == 1 && asked(&rig) == 2,
	    "the newer answer is remembered");
	tear_down(&rig);
}

struct command {
	struct rig *rig;
	pthread_t thread;
};

static void *
pause_print(void *arg)
{
	struct command *command = arg;

	printer_command(command->rig->cache, &forever, VERB_PAUSE, NULL);
	return NULL;
}

static void
test_answer_during_command(struct check *check)
{
	struct command command;
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	command.rig = &rig;
	document(&rig, TOPIC_STATUS);
	fake_hold(&rig.fake, FAKE_CHANGE);
	pthread_create(&command.thread, NULL, pause_print, &command);
	fake_await_begun(&rig.fake, FAKE_CHANGE, 1);
	CHECK(check, document(&rig, TOPIC_STATUS) == 0 && asked(&rig) == 1,
	    "while a command is under way the older answer is good");
	fake_let_go(&rig.fake);
	pthread_join(command.thread, NULL);
	CHECK(check, document(&rig, TOPIC_STATUS) == 1,
	    "when it has returned it is not");
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_single_flight(&check);
	test_leaving(&check);
	test_generation(&check);
	test_answer_during_command(&check);
	return check_end(&check);
}
