/*
 * client/turn under many threads: one at a time, whoever leaves.
 */
#include <errno.h>
#include <pthread.h>

#include "client/base/turn.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

#define THREADS 8
#define ROUNDS	2000

struct hall {
	struct turn turn;
	int inside; /* all below belong to the holder of the turn */
	int crowded;
	int taken;
};

struct guest {
	struct hall *hall;
	struct waiter waiter;
	int taken;
	int wrong;
	pthread_t thread;
};

static void *
take_turns(void *arg)
{
	struct guest *guest = arg;
	struct hall *hall = guest->hall;
	struct wait wait = waiter_wait(&guest->waiter);
	int i, error;

	for (i = 0; i < ROUNDS; i++) {
		error = turn_take(&hall->turn, &wait);
		if (error == -EINTR && atomic_load(&guest->waiter.left))
			continue;
		guest->wrong += error != 0;
		guest->taken++;
		hall->crowded += ++hall->inside != 1;
		hall->taken++;
		hall->inside--;
		turn_give(&hall->turn);
	}
	return NULL;
}

int
main(void)
{
	struct check check;
	struct hall hall = { 0 };
	struct guest guests[THREADS] = { { 0 } };
	int i, taken = 0, patient = 0, wrong = 0;

	check_begin(&check);
	turn_init(&hall.turn);
	for (i = 0; i < THREADS; i++) {
		guests[i].hall = &hall;
		guests[i].waiter.left = i % 2 == 1;
		pthread_create(&guests[i].thread, NULL, take_turns, &guests[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(guests[i].thread, NULL);
		taken += guests[i].taken;
		wrong += guests[i].wrong;
		patient += i % 2 == 0 && guests[i].taken == ROUNDS;
	}
	CHECK(&check, hall.crowded == 0, "never do two have the turn");
	CHECK(&check, hall.taken == taken, "no turn is given twice");
	CHECK(&check, patient == THREADS / 2,
	    "those who are patient get a turn each time");
	CHECK(&check, wrong == 0, "nobody is refused who has not left");
	turn_destroy(&hall.turn);
	return check_end(&check);
}
