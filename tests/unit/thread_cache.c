/*
 * cache/cache under many threads that ask, change and look.
 */
#include <pthread.h>

#include "tests/unit/cache_rig.h"

#define THREADS 6
#define ROUNDS	1000

struct guest {
	struct rig *rig;
	atomic_int *settled; /* version after the last change that returned */
	int number;
	struct waiter waiter;
	int stale;
	int failed;
	pthread_t thread;
};

static int
version(struct rig *rig)
{
	int now;

	pthread_mutex_lock(&rig->fake.lock);
	now = rig->fake.version;
	pthread_mutex_unlock(&rig->fake.lock);
	return now;
}

/* The only one who changes anything. */
static void
change(struct guest *guest, int round)
{
	struct rig *rig = guest->rig;

	if (round % 3 == 0)
		printer_command(rig->cache, &forever,
		    round % 2 == 0 ? VERB_PAUSE : VERB_REFRESH, NULL);
	else if (round % 3 == 1)
		printer_make_folder(rig->cache, &forever, "usb", "x");
	atomic_store(guest->settled, version(rig));
}

/* What is told must not be older than the last change that has returned. */
static void
ask(struct guest *guest, int round)
{
	struct rig *rig = guest->rig;
	int told, least = atomic_load(guest->settled);

	told = round % 2 == 0 ? document(rig, TOPIC_STATUS) :
				folder(rig, "usb");
	guest->stale += told < least;
	guest->failed += told < 0;
}

/* Others ask for many things, and leave now and then. */
static void
disturb(struct guest *guest, int round)
{
	struct rig *rig = guest->rig;
	struct wait wait = waiter_wait(&guest->waiter);
	char name[] = "a.gcode", path[32];
	struct entry entry = fake_entry(name, -1);
	struct buf text = { 0 };
	struct listing *listing;
	off_t size = 0;

	atomic_store(&guest->waiter.left, round % 4 == 3);
	entry.mtime_s = round % 5;
	snprintf(path, sizeof(path), "usb/%d", round % 300);
	printer_document(rig->cache, &wait, (enum topic)(round % TOPIC_COUNT),
	    &text);
	if (printer_list(rig->cache, &wait, path, &listing) == 0)
		listing_release(listing);
	if (printer_list(rig->cache, &wait, "usb", &listing) == 0)
		listing_release(listing);
	printer_size(rig->cache, &wait, "usb", &entry, &size);
	cache_peek(rig->cache, TOPIC_STATUS, 1000, &text);
	buf_free(&text);
}

/* What is removed is never seen again, whoever asks meanwhile. */
static void
clear_away(struct guest *guest)
{
	struct rig *rig = guest->rig;
	char name[] = "?.gcode", short_name[] = "?.GCO";
	struct entry entry = { .name = name, .short_name = short_name };
	struct listing *listing;

	name[0] = (char)('a' + guest->number);
	short_name[0] = (char)('A' + guest->number);
	fake_add_file(&rig->fake, name[0]);
	if (printer_list(rig->cache, &forever, "usb", &listing) == 0)
		listing_release(listing);
	printer_remove(rig->cache, &forever, "usb", &entry);
	if (printer_list(rig->cache, &forever, "usb", &listing) != 0) {
		guest->failed++;
		return;
	}
	guest->stale += listing_find(listing, name) != NULL;
	listing_release(listing);
}

static void *
play(void *arg)
{
	struct guest *guest = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (guest->number == 0)
			change(guest, i);
		if (guest->number < 3)
			ask(guest, i);
		else
			disturb(guest, i);
		if (guest->number > 3)
			clear_away(guest);
	}
	return NULL;
}

int
main(void)
{
	struct guest guests[THREADS] = { { 0 } };
	struct check check;
	struct rig rig;
	atomic_int settled = 0;
	int i, stale = 0, failed = 0;

	check_begin(&check);
	set_up(&rig, &check, HOUR_MS);
	for (i = 0; i < THREADS; i++) {
		guests[i].rig = &rig;
		guests[i].settled = &settled;
		guests[i].number = i;
		pthread_create(&guests[i].thread, NULL, play, &guests[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(guests[i].thread, NULL);
		stale += guests[i].stale;
		failed += guests[i].failed;
	}
	CHECK(&check, stale == 0,
	    "who asks after a change never gets an older answer");
	CHECK(&check, failed == 0, "those who leave harm no others");
	tear_down(&rig);
	return check_end(&check);
}
