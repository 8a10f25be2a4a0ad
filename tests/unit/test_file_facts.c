/*
 * cache/file_facts: sizes and times beyond a mount.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "cache/file_facts.h"
#include "tests/unit/check.h"

#define FOLDER "usb/PARTS"
#define NAME   "Größe 漢字 a b.gcode"
#define PATH   FOLDER "/" NAME

static struct file_facts *
open_book(const char *dir, const char *name)
{
	struct file_facts *facts;

	if (file_facts_open(dir, name, &facts) != 0) {
		printf("Bail out! no book\n");
		exit(1);
	}
	return facts;
}

static struct file_facts *
reopen(struct file_facts *facts, const char *dir, const char *name)
{
	file_facts_close(facts);
	return open_book(dir, name);
}

/* The noted size, or -1. */
static off_t
size_of(struct file_facts *facts, const char *folder, const char *name,
    int64_t stamp)
{
	int64_t seen_s;
	off_t size = -1;

	return file_facts_size(facts, folder, name, stamp, &size, &seen_s) ?
	    size :
	    -1;
}

static bool
has_time(struct file_facts *facts, const char *folder, const char *name,
    int64_t stamp, time_t seconds, long nanoseconds)
{
	struct timespec mtime;

	return file_facts_mtime(facts, folder, name, stamp, &mtime) &&
	    mtime.tv_sec == seconds && mtime.tv_nsec == nanoseconds;
}

static void
note_time(struct file_facts *facts, const char *folder, const char *name,
    int64_t stamp, time_t seconds, long nanoseconds)
{
	struct timespec mtime = { .tv_sec = seconds, .tv_nsec = nanoseconds };

	file_facts_note_mtime(facts, folder, name, stamp, &mtime);
}

static void
file_name(const char *dir, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/%s.book", dir, name);
}

static off_t
file_size(const char *dir, const char *name)
{
	char path[8192];
	struct stat info;

	file_name(dir, name, path, sizeof(path));
	return stat(path, &info) == 0 ? info.st_size : -1;
}

static void
write_file(const char *dir, const char *name, const void *text, size_t len)
{
	char path[8192];
	FILE *file;

	file_name(dir, name, path, sizeof(path));
	file = fopen(path, "ae");
	if (file == NULL || fwrite(text, 1, len, file) != len ||
	    fclose(file) != 0) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
}

static void
test_noting(struct check *check, const char *dir)
{
	struct file_facts *facts = open_book(dir, "noting");

	CHECK(check,
	    size_of(facts, FOLDER, NAME, 7) == -1 &&
		!has_time(facts, FOLDER, NAME, 7, 0, 0),
	    "an empty book knows nothing");
	file_facts_note_size(facts, FOLDER, NAME, 7, 12345, 9);
	CHECK(check, size_of(facts, FOLDER, NAME, 7) == 12345,
	    "a size is noted");
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 8) == -1 &&
		size_of(facts, "usb", "x", 7) == -1,
	    "it is for that version of that file only");
	CHECK(check, !has_time(facts, FOLDER, NAME, 7, 0, 0),
	    "a time is not known for that");
	note_time(facts, FOLDER, NAME, 7, 1000, 5);
	CHECK(check,
	    has_time(facts, FOLDER, NAME, 7, 1000, 5) &&
		size_of(facts, FOLDER, NAME, 7) == 12345,
	    "a time is noted beside it");
	note_time(facts, "usb", "old", 1, -5, 0);
	CHECK(check, has_time(facts, "usb", "old", 1, -5, 0),
	    "a time can be before 1970");
	file_facts_note_size(facts, "usb", "empty", 1, 0, 9);
	CHECK(check, size_of(facts, "usb", "empty", 1) == 0, "a size can be 0");
	file_facts_note_size(facts, "usb", "huge", 1, (off_t)5 << 40, 9);
	CHECK(check, size_of(facts, "usb", "huge", 1) == (off_t)5 << 40,
	    "a size can be huge");
	facts = reopen(facts, dir, "noting");
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 7) == 12345 &&
		has_time(facts, FOLDER, NAME, 7, 1000, 5) &&
		has_time(facts, "usb", "old", 1, -5, 0) &&
		size_of(facts, "usb", "empty", 1) == 0 &&
		size_of(facts, "usb", "huge", 1) == (off_t)5 << 40,
	    "a book survives a mount");
	CHECK(check,
	    !has_time(facts, "usb", "huge", 1, 0, 0) &&
		size_of(facts, "usb", "old", 1) == -1,
	    "what was not known is not known then either");
	file_facts_note_size(facts, FOLDER, NAME, 8, 6, 9);
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 8) == 6 &&
		size_of(facts, FOLDER, NAME, 7) == -1 &&
		!has_time(facts, FOLDER, NAME, 8, 1000, 5),
	    "a newer version of a file replaces the older one");
	facts = reopen(facts, dir, "noting");
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 8) == 6 &&
		!has_time(facts, FOLDER, NAME, 8, 1000, 5) &&
		size_of(facts, FOLDER, NAME, 7) == -1,
	    "the last note counts after a mount too");
	file_facts_close(facts);
	file_facts_close(NULL);
}

static void
test_forgetting(struct check *check, const char *dir)
{
	struct file_facts *facts = open_book(dir, "forgetting");

	file_facts_note_size(facts, FOLDER, NAME, 7, 100, 9);
	note_time(facts, FOLDER, NAME, 7, 1000, 5);
	file_facts_forget_sizes(facts);
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 7) == -1 &&
		has_time(facts, FOLDER, NAME, 7, 1000, 5),
	    "sizes are forgotten, times not");
	file_facts_note_size(facts, FOLDER, NAME, 7, 200, 9);
	CHECK(check, size_of(facts, FOLDER, NAME, 7) == 200,
	    "a size can be noted again");
	facts = reopen(facts, dir, "forgetting");
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 7) == 200 &&
		has_time(facts, FOLDER, NAME, 7, 1000, 5),
	    "that survives a mount");
	file_facts_note_size(facts, "usb", "other", 7, 300, 9);
	file_facts_forget_sizes(facts);
	file_facts_note_size(facts, FOLDER, NAME, 7, 200, 9);
	facts = reopen(facts, dir, "forgetting");
	CHECK(check,
	    size_of(facts, "usb", "other", 7) == -1 &&
		size_of(facts, FOLDER, NAME, 7) == 200 &&
		has_time(facts, FOLDER, NAME, 7, 1000, 5),
	    "what was forgotten stays so after a mount");
	file_facts_close(facts);
}

static void
test_two_mounts(struct check *check, const char *dir)
{
	struct file_facts *one = open_book(dir, "two"),
			  *two = open_book(dir, "two");

	file_facts_note_size(one, "usb", "a", 1, 10, 9);
	file_facts_note_size(two, "usb", "b", 1, 20, 9);
	file_facts_note_size(one, "usb", "c", 1, 30, 9);
	file_facts_close(one);
	file_facts_note_size(two, "usb", "d", 1, 40, 9);
	two = reopen(two, dir, "two");
	CHECK(check,
	    size_of(two, "usb", "a", 1) == 10 &&
		size_of(two, "usb", "b", 1) == 20 &&
		size_of(two, "usb", "c", 1) == 30 &&
		size_of(two, "usb", "d", 1) == 40,
	    "two mounts can share a book");
	file_facts_close(two);
}

static void
test_moving(struct check *check, const char *dir)
{
	struct file_facts *facts = open_book(dir, "moving");

	note_time(facts, "gcodes/@d1/@d7", "a.gcode", 3, 1000, 5);
	file_facts_note_size(facts, "gcodes/@d1/@d7/@d8", "b.gcode", 4, 77, 9);
	note_time(facts, "gcodes/@d1/@d77", "a.gcode", 3, 2000, 0);
	file_facts_move(facts, "gcodes/@d1/@d7", "gcodes/@d7");
	facts = reopen(facts, dir, "moving");
	CHECK(check,
	    has_time(facts, "gcodes/@d7", "a.gcode", 3, 1000, 5) &&
		size_of(facts, "gcodes/@d7/@d8", "b.gcode", 4) == 77,
	    "what is in a folder goes along with it");
	CHECK(check,
	    has_time(facts, "gcodes/@d1/@d77", "a.gcode", 3, 2000, 0) &&
		!has_time(facts, "gcodes/@d77", "a.gcode", 3, 2000, 0),
	    "what is beside it does not");
	file_facts_close(facts);
}

static void
test_rubbish(struct check *check, const char *dir)
{
	static const char rubbish[] =
	    "1 10 0 -1 usb/good\n"
	    "\n"
	    "hello\n"
	    "1 2 3\n"
	    "1 2 3 4\n"
	    "1 2 3 4 \n"
	    "1 2 3 1000000000 usb/nanoseconds\n"
	    "x 2 3 4 usb/x\n"
	    "1 -7 0 -9 usb/negative\n"
	    "99999999999999999999 99999999999999999999 1 1 usb/overflow\n"
	    "\xff\xfe\n"
	    "1 5 0 -1 usb/zero\0byte\n"
	    "1 20 0 -1 usb/better\n";
	struct file_facts *facts;
	char *longest = malloc(200000);

	if (longest == NULL)
		return;
	write_file(dir, "rubbish", rubbish, sizeof(rubbish) - 1);
	memset(longest, 'x', 200000);
	longest[199999] = '\n';
	write_file(dir, "rubbish", longest, 200000);
	free(longest);
	write_file(dir, "rubbish", "1 30 0 -1 usb/best\n1 40 0 -1 usb/cu", 35);
	facts = open_book(dir, "rubbish");
	CHECK(check,
	    size_of(facts, "usb", "good", 1) == 10 &&
		size_of(facts, "usb", "better", 1) == 20 &&
		size_of(facts, "usb", "best", 1) == 30,
	    "good lines are found among broken ones");
	CHECK(check,
	    !has_time(facts, "usb", "nanoseconds", 1, 3, 1000000000) &&
		size_of(facts, "usb", "nanoseconds", 1) == -1,
	    "a time that is none is not believed");
	CHECK(check,
	    size_of(facts, "usb", "negative", 1) == -1 &&
		!has_time(facts, "usb", "negative", 1, 0, -9),
	    "negative numbers mean not known");
	file_facts_note_size(facts, "usb", "next", 1, 50, 9);
	facts = reopen(facts, dir, "rubbish");
	CHECK(check, size_of(facts, "usb", "next", 1) == 50,
	    "a line that was cut by a crash does not spoil the next one");
	file_facts_close(facts);
}

static void
test_size_of_file(struct check *check, const char *dir)
{
	struct file_facts *facts = open_book(dir, "compact");
	off_t before;
	int i;

	for (i = 0; i < 500; i++)
		file_facts_note_size(facts, FOLDER, NAME, 7, i, 9);
	note_time(facts, "usb", "b", 1, 1, 2);
	before = file_size(dir, "compact");
	file_facts_note_size(facts, FOLDER, NAME, 7, 499, 9);
	CHECK(check, file_size(dir, "compact") == before,
	    "what is known already is not written again");
	facts = reopen(facts, dir, "compact");
	CHECK(check, file_size(dir, "compact") < before / 100,
	    "lines that no longer count are removed at a mount");
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 7) == 499 &&
		has_time(facts, "usb", "b", 1, 1, 2),
	    "those that count stay");
	file_facts_note_size(facts, "usb", "c", 1, 3, 9);
	facts = reopen(facts, dir, "compact");
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 7) == 499 &&
		size_of(facts, "usb", "c", 1) == 3,
	    "others can be added then");
	file_facts_close(facts);
}

/* Another mount writes the file facts anew while this one has it open. */
static void
test_shared(struct check *check, const char *dir)
{
	struct file_facts *facts = open_book(dir, "shared");
	int i;

	for (i = 0; i < 300; i++)
		file_facts_note_size(facts, "usb", "a", 7, i, 9);
	file_facts_close(open_book(dir, "shared"));
	CHECK(check, file_size(dir, "shared") < 100,
	    "the book was written anew");
	note_time(facts, "usb", "a", 7, 1234, 5);
	facts = reopen(facts, dir, "shared");
	CHECK(check, has_time(facts, "usb", "a", 7, 1234, 5),
	    "what is noted then is not lost");
	file_facts_close(facts);
}

static void
test_limit(struct check *check, const char *dir)
{
	struct file_facts *facts;
	char path[8192];
	FILE *file;
	int i;

	file_name(dir, "limit", path, sizeof(path));
	file = fopen(path, "we");
	if (file == NULL)
		return;
	for (i = 0; i < 51000; i++)
		fprintf(file, "1 %d 0 -1 usb/%d\n", i, i);
	fclose(file);
	facts = open_book(dir, "limit");
	CHECK(check,
	    size_of(facts, "usb", "0", 1) == -1 &&
		size_of(facts, "usb", "999", 1) == -1 &&
		size_of(facts, "usb", "1000", 1) == 1000 &&
		size_of(facts, "usb", "50999", 1) == 50999,
	    "of very many files the oldest are forgotten");
	file_facts_close(facts);
}

static void
test_in_memory(struct check *check)
{
	struct file_facts *facts = open_book("/nowhere/at/all", "memory");

	file_facts_note_size(facts, FOLDER, NAME, 7, 5, 9);
	note_time(facts, FOLDER, NAME, 7, 6, 7);
	CHECK(check,
	    size_of(facts, FOLDER, NAME, 7) == 5 &&
		has_time(facts, FOLDER, NAME, 7, 6, 7),
	    "without a directory a book is kept in memory");
	file_facts_close(facts);
}

int
main(void)
{
	struct check check;
	const char *dir;

	check_begin(&check);
	dir = check_dir(&check);
	test_noting(&check, dir);
	test_forgetting(&check, dir);
	test_two_mounts(&check, dir);
	test_shared(&check, dir);
	test_moving(&check, dir);
	test_rubbish(&check, dir);
	test_size_of_file(&check, dir);
	test_limit(&check, dir);
	test_in_memory(&check);
	return check_end(&check);
}
