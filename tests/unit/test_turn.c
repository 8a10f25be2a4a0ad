/*
 * client/turn: one at a time, in the order of asking.
 */
#include <errno.h>
#include <pthread.h>

#include "client/base/turn.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

#define QUEUE 5

struct hall {
	struct turn turn;
	int order[QUEUE]; /* belongs to the holder of the turn */
	int count;
};

struct guest {
	struct hall *hall;
	int number;
	struct waiter waiter;
	int error;
	pthread_t thread;
};

static void *
queue_up(void *arg)
{
	struct guest *guest = arg;
	struct hall *hall = guest->hall;
	struct wait wait = waiter_wait(&guest->waiter);

	guest->error = turn_take(&hall->turn, &wait);
	if (guest->error == 0) {
		hall->order[hall->count++] = guest->number;
		turn_give(&hall->turn);
	}
	return NULL;
}

/* One guest after the other; returns whether all of them wait. */
static bool
invite(struct hall *hall, struct guest *guests, int count)
{
	bool waiting = true;
	int i;

	hall->count = 0;
	memset(guests, 0, (size_t)count * sizeof(*guests));
	for (i = 0; i < count; i++) {
		guests[i].hall = hall;
		guests[i].number = i;
		pthread_create(&guests[i].thread, NULL, queue_up, &guests[i]);
		waiting = waiter_await(&guests[i].waiter) && waiting;
	}
	return waiting;
}

static void
await_all(struct guest *guests, int count)
{
	int i;

	for (i = 0; i < count; i++)
		pthread_join(guests[i].thread, NULL);
}

static void
test_free(struct check *check, struct hall *hall)
{
	struct waiter gone = { .left = true };
	struct wait wait = waiter_wait(&gone), forever = { 0 };

	CHECK(check, turn_take(&hall->turn, &forever) == 0,
	    "a free turn is given at once");
	turn_give(&hall->turn);
	CHECK(check, turn_take(&hall->turn, &wait) == 0,
	    "a free turn is given even to one who would not wait");
	CHECK(check, turn_take(&hall->turn, &wait) == -EINTR,
	    "one who would not wait does not get a turn that is taken");
	turn_give(&hall->turn);
	CHECK(check, turn_take(&hall->turn, &forever) == 0,
	    "he who was refused has left nothing behind");
	turn_give(&hall->turn);
}

static void
test_order(struct check *check, struct hall *hall)
{
	const struct wait forever = { 0 };
	struct guest guests[QUEUE];
	bool ordered;
	int i;

	turn_take(&hall->turn, &forever);
	CHECK(check, invite(hall, guests, QUEUE) && hall->count == 0,
	    "nobody has a turn that another one holds");
	turn_give(&hall->turn);
	await_all(guests, QUEUE);
	ordered = hall->count == QUEUE;
	for (i = 0; i < QUEUE; i++)
		ordered = ordered && guests[i].error == 0 &&
		    hall->order[i] == i;
	CHECK(check, ordered, "turns are given in the order of asking");
}

static void
test_leaving(struct check *check, struct hall *hall)
{
	const struct wait forever = { 0 };
	struct guest guests[4];

	turn_take(&hall->turn, &forever);
	CHECK(check, invite(hall, guests, 4), "four wait");
	guests[2].waiter.left = true;
	pthread_join(guests[2].thread, NULL);
	CHECK(check, guests[2].error == -EINTR,
	    "one in the middle of the queue leaves it before the turn is free");
	guests[0].waiter.left = true;
	pthread_join(guests[0].thread, NULL);
	CHECK(check, guests[0].error == -EINTR,
	    "the first of the queue can leave it");
	turn_give(&hall->turn);
	pthread_join(guests[1].thread, NULL);
	pthread_join(guests[3].thread, NULL);
	CHECK(check,
	    hall->count == 2 && hall->order[0] == 1 && hall->order[1] == 3,
	    "those who stay keep their order");
}

static void
test_all_leave(struct check *check, struct hall *hall)
{
	const struct wait forever = { 0 };
	struct guest guests[QUEUE];
	bool left = true;
	int i;

	turn_take(&hall->turn, &forever);
	CHECK(check, invite(hall, guests, QUEUE), "five wait");
	for (i = 0; i < QUEUE; i++)
		guests[i].waiter.left = true;
	await_all(guests, QUEUE);
	for (i = 0; i < QUEUE; i++)
		left = left && guests[i].error == -EINTR;
	CHECK(check, left && hall->count == 0, "all of them can leave");
	turn_give(&hall->turn);
	CHECK(check, turn_take(&hall->turn, &forever) == 0,
	    "a turn that nobody waits for is free again");
	turn_give(&hall->turn);
}

int
main(void)
{
	struct check check;
	struct hall hall = { 0 };

	check_begin(&check);
	CHECK(&check, turn_init(&hall.turn) == 0, "a turn is made");
	test_free(&check, &hall);
	test_order(&check, &hall);
	test_leaving(&check, &hall);
	test_all_leave(&check, &hall);
	turn_destroy(&hall.turn);
	return check_end(&check);
}
