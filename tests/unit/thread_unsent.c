/*
 * cache/unsent under many threads whose uploads fail or not.
 */
#include <errno.h>
#include <pthread.h>

#include "tests/unit/unsent_files.h"

#define THREADS 6
#define ROUNDS	40

struct worker {
	struct unsent *unsent;
	const char *dir;
	int number;
	int wrong;
	pthread_t thread;
};

static void
send_again(struct worker *worker, const char *name, const char *path)
{
	struct spool *spool;

	if (unsent_open_bytes(worker->unsent, name, &spool) != 0)
		return;
	unsent_drop(unsent_begin(worker->unsent, spool, path));
	spool_release(spool);
}

static void *
work(void *arg)
{
	struct worker *worker = arg;
	struct unsent *unsent = worker->unsent;
	struct unsent_ticket *ticket;
	char name[32], path[64], own[64];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "%d.gcode", i % 7);
		snprintf(path, sizeof(path), "usb/%d/%s", i % 3, name);
		ticket = begin(unsent, worker->dir, path, name);
		worker->wrong += ticket == NULL;
		if (i % 3 == 0)
			unsent_stored(ticket, path);
		else if (i % 3 == 1)
			unsent_drop(ticket);
		else
			unsent_keep(ticket);
		send_again(worker, name, path);
		unsent_remove(unsent, "3.gcode", 1);
		worker->wrong += count(unsent) < 0;
	}
	snprintf(name, sizeof(name), "own-%d.gcode", worker->number);
	snprintf(own, sizeof(own), "usb/%s", name);
	keep(unsent, worker->dir, own, name);
	worker->wrong += !holds(unsent, name, name);
	return NULL;
}

static int
remove_other(void *arg, const char *name)
{
	char *other = arg;

	if (strncmp(name, "own-", 4) != 0)
		strlcpy(other, name, 64);
	return 0;
}

int
main(void)
{
	struct worker workers[THREADS] = { { 0 } };
	struct check check;
	struct unsent *unsent;
	char other[64];
	int i, wrong = 0, own = 0;

	check_begin(&check);
	unsent = open_unsent(check_dir(&check), "many");
	for (i = 0; i < THREADS; i++) {
		workers[i].unsent = unsent;
		workers[i].dir = check_dir(&check);
		workers[i].number = i;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	CHECK(&check, wrong == 0, "no call of many threads goes wrong");
	do {
		other[0] = '\0';
		unsent_each(unsent, remove_other, other);
	} while (other[0] != '\0' && unsent_remove(unsent, other, 1) == 0);
	CHECK(&check,
	    count(unsent) == THREADS &&
		count_files(check_dir(&check), "many") == 2 * THREADS,
	    "the disk has what is listed and nothing else");
	for (i = 0; i < THREADS; i++) {
		snprintf(other, sizeof(other), "own-%d.gcode", i);
		own += holds(unsent, other, other);
	}
	CHECK(&check, own == THREADS, "every thread's own file is kept");
	unsent_close(unsent);
	remove_dir(check_dir(&check), "many");
	return check_end(&check);
}
