/*
 * cache/stage under many threads that make, write, move and take off the same
 * few names.
 */
#include <errno.h>
#include <pthread.h>

#include "cache/spool.h"
#include "cache/stage.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

#define THREADS 6
#define ROUNDS	500
#define NAMES	5

static const struct wait forever = { 0 };

struct worker {
	struct stage *stage;
	const char *dir;
	int number;
	int torn; /* bytes of two writers in one file */
	int wrong;
	pthread_t thread;
};

struct names {
	char key[32];
	char path[32];
	struct stage_place place;
};

static void
make_names(struct names *names, int number)
{
	snprintf(names->key, sizeof(names->key), "USB/%d.TMP", number % NAMES);
	snprintf(names->path, sizeof(names->path), "usb/%d.tmp",
	    number % NAMES);
	names->place.key = names->key;
	names->place.path = names->path;
	names->place.wire = names->path;
}

static struct staged *
find_or_add(struct worker *worker, int number)
{
	struct names names;
	struct staged *staged;
	struct spool *spool;
	int error;

	make_names(&names, number);
	staged = stage_find(worker->stage, names.key);
	if (staged != NULL)
		return staged;
	if (spool_new(worker->dir, &spool) != 0)
		return NULL;
	error = stage_add(worker->stage, &names.place, true, spool, &staged);
	if (error == 0)
		return staged;
	worker->wrong += error != -EEXIST;
	return stage_find(worker->stage, names.key);
}

/* A file is written whole with the gate; nobody may come between. */
static void
write_whole(struct worker *worker, struct staged *staged)
{
	char bytes[100], back[100];
	struct spool *spool;
	size_t i;

	if (staged_lock(staged, &forever) != 0) {
		worker->wrong++;
		return;
	}
	memset(bytes, 'a' + worker->number, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i += 50)
		worker->wrong += staged_write(staged, worker->dir, bytes + i,
				     50, (off_t)i) != 50;
	spool = staged_spool(staged);
	spool_read(spool, &forever, back, sizeof(back), 0);
	worker->torn += memcmp(bytes, back, sizeof(bytes)) != 0;
	spool_release(spool);
	staged_share(staged);
	staged_clean(staged);
	staged_unlock(staged);
}

static int
count_path(void *arg, const char *path)
{
	*(size_t *)arg += strlen(path);
	return 0;
}

static void
look(struct worker *worker, struct staged *staged, int round)
{
	struct staged_facts facts;
	struct timespec mtime = { .tv_sec = round };
	char *folder, *path;
	size_t count = 0;

	staged_look(staged, &facts);
	staged_set_mtime(staged, &mtime);
	stage_each(worker->stage, "USB", count_path, &count);
	if (staged_target(staged, &folder, &path) == 0) {
		worker->wrong += strcmp(folder, "usb") != 0;
		free(folder);
		free(path);
	}
	stage_was_closed_by(worker->stage, "USB/0.TMP", 1, 1000);
	staged_release(stage_find_forgotten(worker->stage, 0));
}

static void *
work(void *arg)
{
	struct worker *worker = arg;
	struct staged *staged;
	struct names names;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		staged = find_or_add(worker, i);
		if (staged == NULL)
			continue;
		staged_open(staged);
		write_whole(worker, staged);
		look(worker, staged, i);
		staged_close(staged, 1);
		make_names(&names, i + worker->number);
		if (i % 5 == 0)
			stage_unlist(staged);
		else if (i % 5 == 1)
			stage_move(staged, &names.place, true);
		else if (i % 5 == 2)
			stage_settle(worker->stage, &forever, names.key);
		staged_release(staged_hold(staged));
		staged_release(staged);
	}
	return NULL;
}

int
main(void)
{
	struct worker workers[THREADS] = { { 0 } };
	struct check check;
	struct stage *stage;
	int i, torn = 0, wrong = 0;

	check_begin(&check);
	if (stage_new(&stage) != 0)
		return 1;
	for (i = 0; i < THREADS; i++) {
		workers[i].stage = stage;
		workers[i].dir = check_dir(&check);
		workers[i].number = i;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		torn += workers[i].torn;
		wrong += workers[i].wrong;
	}
	CHECK(&check, torn == 0, "only the holder of the gate changes bytes");
	CHECK(&check, wrong == 0, "no call of many threads goes wrong");
	stage_free(stage);
	return check_end(&check);
}
