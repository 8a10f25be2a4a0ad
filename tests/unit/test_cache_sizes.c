/*
 * cache/cache: sizes that several ask for, that outlive the mount, and that
 * a change overtakes; folders that a change overtakes.
 */
#include <pthread.h>

#include "tests/unit/cache_rig.h"

#define STAMP 77 /* of whatever the fake printer stores */

struct guest {
	struct rig *rig;
	int64_t stamp;
	struct waiter waiter;
	off_t told;
	pthread_t thread;
};

/* The size of usb/a.gcode with that time stamp, or a negative errno. */
static off_t
size_of(struct rig *rig, const struct wait *wait, int64_t stamp)
{
	char name[] = "a.gcode";
	struct entry entry = fake_entry(name, -1);
	off_t size = -1;
	int error;

	entry.mtime_s = stamp;
	error = printer_size(rig->cache, wait, "usb", &entry, &size);
	return error != 0 ? error : size;
}

static void *
run_guest(void *arg)
{
	struct guest *guest = arg;
	struct wait wait = waiter_wait(&guest->waiter);

	guest->told = size_of(guest->rig, &wait, guest->stamp);
	return NULL;
}

/* Have somebody ask for a size; returns when he waits. */
static void
start(struct guest *guest, struct rig *rig, int64_t stamp)
{
	memset(guest, 0, sizeof(*guest));
	guest->rig = rig;
	guest->stamp = stamp;
	pthread_create(&guest->thread, NULL, run_guest, guest);
	waiter_await(&guest->waiter);
}

static off_t
finish(struct guest *guest)
{
	pthread_join(guest->thread, NULL);
	return guest->told;
}

static int
store(struct rig *rig, off_t len)
{
	const struct store what = {
		.folder = "usb", .name = "a.gcode", .source = { .len = len }
	};
	struct entry entry = { .size = -1 };
	int error = printer_store(rig->cache, &forever, &what, &entry);

	if (error == 0)
		entry_free(&entry);
	return error;
}

static void
test_shared(struct check *check)
{
	struct guest first, second, third;
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	fake_hold(&rig.fake, FAKE_SIZE);
	start(&first, &rig, 5);
	start(&second, &rig, 5);
	start(&third, &rig, 5);
	CHECK(check, fake_begun(&rig.fake, FAKE_SIZE) == 1,
	    "of three who want a size one asks");
	second.waiter.left = true;
	CHECK(check, finish(&second) == -EINTR,
	    "one who waits for a size can leave");
	first.waiter.left = true;
	CHECK(check, finish(&first) == -EINTR,
	    "the one who asks for it can leave");
	CHECK(check, fake_await_begun(&rig.fake, FAKE_SIZE, 2),
	    "another one asks in his place");
	fake_let_go(&rig.fake);
	CHECK(check, finish(&third) == 1000, "he who stays is told");
	CHECK(check,
	    size_of(&rig, &forever, 5) == 1000 &&
		fake_begun(&rig.fake, FAKE_SIZE) == 2,
	    "what he was told is remembered");
	tear_down(&rig);
}

static void
test_reopened(struct check *check)
{
	struct rig rig;
	off_t size = -1;
	int64_t seen_s;
	char name[32];

	snprintf(name, sizeof(name), "book%d", check->count);
	set_up(&rig, check, HOUR_MS);
	size_of(&rig, &forever, 5);
	printer_free(rig.cache);
	file_facts_close(rig.facts);
	rig.cache = NULL;
	if (file_facts_open(check_dir(check), name, &rig.facts) != 0 ||
	    cache_new(&rig.fake.printer, rig.facts, HOUR_MS, &rig.cache) != 0)
		exit(1);
	CHECK(check,
	    file_facts_size(rig.facts, "usb", "a.gcode", 5, &size, &seen_s) &&
		size == 1000,
	    "the book has the size of an earlier mount");
	CHECK(check,
	    size_of(&rig, &forever, 5) == 1000 &&
		fake_begun(&rig.fake, FAKE_SIZE) == 1,
	    "a size is remembered beyond a mount");
	CHECK(check,
	    size_of(&rig, &forever, 6) == 1000 &&
		fake_begun(&rig.fake, FAKE_SIZE) == 2,
	    "but not for another time stamp");
	tear_down(&rig);
}

/* Two versions of a file can have one time stamp: FAT's have two seconds. */
static void
test_overtaken_size(struct check *check)
{
	struct guest early;
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	fake_hold(&rig.fake, FAKE_SIZE);
	start(&early, &rig, STAMP);
	CHECK(check, store(&rig, 200) == 0,
	    "a file is overwritten while its size is being asked");
	fake_let_go(&rig.fake);
	finish(&early);
	CHECK(check, size_of(&rig, &forever, STAMP) == 200,
	    "the size from before the upload does not count after it");
	tear_down(&rig);
}

static void
test_doubtful_upload(struct check *check)
{
	struct timespec mtime = { .tv_sec = 1 };
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	store(&rig, 200);
	file_facts_note_mtime(rig.facts, "usb", "a.gcode", STAMP, &mtime);
	fake_set_error(&rig.fake, -EINTR);
	CHECK(check, store(&rig, 300) == -EINTR, "an upload is called off");
	fake_set_error(&rig.fake, 0);
	CHECK(check,
	    size_of(&rig, &forever, STAMP) != 200 &&
		fake_begun(&rig.fake, FAKE_SIZE) == 1,
	    "the printer may have it all the same: it is asked for the size");
	CHECK(check,
	    !file_facts_mtime(rig.facts, "usb", "a.gcode", STAMP, &mtime),
	    "and the time of the former version does not count");
	tear_down(&rig);
}

static void
test_time_of_former(struct check *check)
{
	struct timespec mtime = { .tv_sec = 1 };
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	store(&rig, 200);
	file_facts_note_mtime(rig.facts, "usb", "a.gcode", STAMP, &mtime);
	CHECK(check,
	    store(&rig, 300) == 0 &&
		!file_facts_mtime(rig.facts, "usb", "a.gcode", STAMP, &mtime),
	    "a new version in the same second has not the former one's time");
	CHECK(check, size_of(&rig, &forever, STAMP) == 300,
	    "but a size of its own");
	tear_down(&rig);
}

static void
test_overtaken_folder(struct check *check)
{
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	folder(&rig, "usb");
	store(&rig, 200);
	fake_set_error(&rig.fake, -EHOSTDOWN);
	CHECK(check, folder(&rig, "usb") == -EHOSTDOWN,
	    "a folder from before our upload is not told after it, not even "
	    "by a printer that is away");
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_shared(&check);
	test_reopened(&check);
	test_overtaken_size(&check);
	test_doubtful_upload(&check);
	test_time_of_former(&check);
	test_overtaken_folder(&check);
	return check_end(&check);
}
