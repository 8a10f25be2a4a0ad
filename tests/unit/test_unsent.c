/*
 * cache/unsent: files whose upload failed.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/unsent_files.h"

static void
test_keep(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "keep");
	struct unsent_ticket *ticket;
	struct timespec kept = { 0 };
	struct spool *spool;
	struct stat info;
	off_t size;
	char path[UNSENT_PATH];

	snprintf(path, sizeof(path), "%s/keep.unsent", dir);
	CHECK(check, stat(path, &info) == 0 && (info.st_mode & 077) == 0,
	    "what is kept is for its owner alone");
	CHECK(check, count(unsent) == 0, "at first nothing is kept");
	ticket = begin(unsent, dir, "usb/a.gcode", "model a");
	CHECK(check, ticket != NULL && count_files(dir, "keep") == 2,
	    "when an upload begins its bytes have a name on the disk");
	CHECK(check,
	    count(unsent) == 0 &&
		unsent_look(unsent, "a.gcode", &size, &kept) == -ENOENT &&
		unsent_open_bytes(unsent, "a.gcode", &spool) == -ENOENT,
	    "an upload that is under way is not listed");
	unsent_keep(ticket);
	CHECK(check, count(unsent) == 1 && holds(unsent, "a.gcode", "model a"),
	    "a failed upload is listed under its name, with its bytes");
	CHECK(check,
	    unsent_look(unsent, "a.gcode", &size, &kept) == 0 && size == 7,
	    "its size is known");
	CHECK(check,
	    kept.tv_sec > time(NULL) - 60 && kept.tv_sec <= time(NULL) + 1,
	    "it was kept just now");
	CHECK(check,
	    unsent_look(unsent, "A.GCODE", &size, &kept) == -ENOENT &&
		unsent_remove(unsent, "b.gcode", 1) == -ENOENT,
	    "another name is not there");
	unsent_open_bytes(unsent, "a.gcode", &spool);
	CHECK(check,
	    unsent_remove(unsent, "a.gcode", 1) == 0 && count(unsent) == 0 &&
		count_files(dir, "keep") == 1 && spool_size(spool) == 7,
	    "what is removed is not listed; its readers keep its bytes");
	spool_release(spool);
	CHECK(check, count_files(dir, "keep") == 0,
	    "what is removed leaves nothing behind");
	unsent_close(unsent);
}

static void
test_ends(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "ends");
	struct unsent_ticket *ticket;

	unsent_stored(begin(unsent, dir, "usb/a.gcode", "a"), "usb/a.gcode");
	CHECK(check, count(unsent) == 0 && count_files(dir, "ends") == 0,
	    "of what was stored nothing is kept");
	unsent_drop(begin(unsent, dir, "usb/a.gcode", "a"));
	CHECK(check, count(unsent) == 0 && count_files(dir, "ends") == 0,
	    "of what nobody wants nothing is kept");
	keep(unsent, dir, "usb/a.gcode", "old");
	ticket = begin(unsent, dir, "usb/a.gcode", "new");
	CHECK(check, holds(unsent, "a.gcode", "old"),
	    "a new upload does not disturb what is kept");
	unsent_drop(ticket);
	CHECK(check, holds(unsent, "a.gcode", "old"),
	    "what is kept stays when a new upload is dropped");
	keep(unsent, dir, "usb/b.gcode", "b");
	unsent_stored(begin(unsent, dir, "usb/a.gcode", "new"), "usb/a.gcode");
	CHECK(check,
	    count(unsent) == 1 && holds(unsent, "b.gcode", "b") &&
		count_files(dir, "ends") == 2,
	    "a later success removes what was kept for that destination only");
	unsent_keep(NULL);
	unsent_stored(NULL, "usb/a.gcode");
	unsent_drop(NULL);
	CHECK(check, count(unsent) == 1, "no ticket is fine for all");
	unsent_close(unsent);
	unsent_close(NULL);
}

/* As the rename of a file whose bytes are remembered does it. */
static void
test_stored_before(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "before");
	struct spool *spool = spool_with(dir, "model");

	unsent_stored(unsent_begin(unsent, spool, "usb/a.gcode"),
	    "usb/a.gcode");
	unsent_keep(unsent_begin(unsent, spool, "usb/b.gcode"));
	spool_release(spool);
	CHECK(check,
	    holds(unsent, "b.gcode", "model") &&
		count_files(dir, "before") == 2,
	    "bytes that were stored once can be kept later");
	unsent_close(unsent);
}

static void
test_one_copy(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "copy");
	struct spool *spool;

	keep(unsent, dir, "usb/a.gcode", "first");
	keep(unsent, dir, "usb/a.gcode", "second");
	CHECK(check,
	    count(unsent) == 1 && holds(unsent, "a.gcode", "second") &&
		count_files(dir, "copy") == 2,
	    "the latest copy is kept for each destination");
	unsent_open_bytes(unsent, "a.gcode", &spool);
	unsent_keep(unsent_begin(unsent, spool, "usb/a.gcode"));
	spool_release(spool);
	CHECK(check,
	    count(unsent) == 1 && holds(unsent, "a.gcode", "second") &&
		count_files(dir, "copy") == 2,
	    "what fails once more is kept once");
	unsent_close(unsent);
	unsent = open_unsent(dir, "copy");
	CHECK(check, count(unsent) == 1 && holds(unsent, "a.gcode", "second"),
	    "what failed twice survives");
	unsent_open_bytes(unsent, "a.gcode", &spool);
	unsent_stored(unsent_begin(unsent, spool, "usb/a.gcode"),
	    "usb/a.gcode");
	spool_release(spool);
	CHECK(check, count(unsent) == 0 && count_files(dir, "copy") == 0,
	    "what is sent in the end is not kept any more");
	unsent_close(unsent);
}

/* Descriptors of this process. */
static int
count_open(void)
{
	int open = 0, fd;

	for (fd = 0; fd < 1024; fd++)
		open += fcntl(fd, F_GETFD) >= 0;
	return open;
}

static void
test_descriptors(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "many");
	int before = count_open(), i;
	struct spool *spool;
	char path[40];

	for (i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "usb/%d.gcode", i);
		keep(unsent, dir, path, "model");
	}
	CHECK(check, count(unsent) == 50 && count_open() == before,
	    "what is kept has no descriptor");
	unsent_close(unsent);
	CHECK(check, count_open() == before - 1, "nor has what was closed");
	unsent = open_unsent(dir, "many");
	CHECK(check, count(unsent) == 50 && count_open() == before,
	    "nor has what was found");
	unsent_open_bytes(unsent, "0.gcode", &spool);
	CHECK(check, count_open() == before + 1, "a reader has one");
	spool_release(spool);
	CHECK(check,
	    count_open() == before && holds(unsent, "0.gcode", "model"),
	    "and has none any more when he has left");
	unsent_close(unsent);
}

static int
check_length(void *arg, const char *name)
{
	*(bool *)arg = *(bool *)arg && strlen(name) <= NAME_MAX;
	return 0;
}

static void
test_clashes(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "clash");
	char path[400], longest[NAME_MAX + 1];
	bool good = true;

	keep(unsent, dir, "usb/a.gcode", "one");
	keep(unsent, dir, "usb/sub/a.gcode", "two");
	keep(unsent, dir, "local/a.gcode", "three");
	CHECK(check,
	    count(unsent) == 3 && holds(unsent, "a.gcode", "one") &&
		holds(unsent, "a (2).gcode", "two") &&
		holds(unsent, "a (3).gcode", "three"),
	    "files of one name and several folders are told apart");
	unsent_remove(unsent, "a (2).gcode", 1);
	keep(unsent, dir, "usb/other/a.gcode", "four");
	CHECK(check,
	    holds(unsent, "a (2).gcode", "four") &&
		holds(unsent, "a (3).gcode", "three"),
	    "a name that is free is used again");
	keep(unsent, dir, "usb/README", "x");
	keep(unsent, dir, "local/README", "y");
	CHECK(check, holds(unsent, "README (2)", "y"),
	    "a name without a suffix gets its number at the end");
	keep(unsent, dir, "usb/.part", "x");
	keep(unsent, dir, "local/.part", "y");
	CHECK(check, holds(unsent, ".part (2)", "y"),
	    "a name that begins with a dot gets its number at the end");
	keep(unsent, dir, "usb/漢字 ü.gcode", "x");
	keep(unsent, dir, "local/漢字 ü.gcode", "y");
	CHECK(check,
	    holds(unsent, "漢字 ü.gcode", "x") &&
		holds(unsent, "漢字 ü (2).gcode", "y"),
	    "any name can be kept");
	memset(longest, 'n', NAME_MAX);
	strlcpy(longest + NAME_MAX - 6, ".gcode", 7);
	snprintf(path, sizeof(path), "usb/%s", longest);
	keep(unsent, dir, path, "x");
	snprintf(path, sizeof(path), "local/%s", longest);
	keep(unsent, dir, path, "y");
	unsent_each(unsent, check_length, &good);
	CHECK(check, good, "no listed name is longer than a name can be");
	unsent_close(unsent);
}

int
main(void)
{
	static const char *const names[] = { "keep", "ends", "before", "copy",
		"clash", "many" };
	struct check check;
	const char *dir;
	size_t i;

	check_begin(&check);
	dir = check_dir(&check);
	test_keep(&check, dir);
	test_ends(&check, dir);
	test_stored_before(&check, dir);
	test_one_copy(&check, dir);
	test_clashes(&check, dir);
	test_descriptors(&check, dir);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove_dir(dir, names[i]);
	return check_end(&check);
}
