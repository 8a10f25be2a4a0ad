/*
 * A .file facts file that somebody else has written, or that a crash has cut:
 * what it says is within bounds and the same each time it is opened, and what
 * is noted in it is there afterwards.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/file_facts.h"
#include "tests/fuzz/fuzz.h"

#define PROBES 16

/* What a file facts says of one version of a file. */
struct known {
	bool has_size;
	bool has_mtime;
	off_t size;
	struct timespec mtime;
};

/* A question: some line of the file, and what it was answered. */
struct probe {
	const char *path;
	int64_t stamp;
	struct known known;
};

static struct file_facts *
open_book(void)
{
	struct file_facts *facts;

	HOLDS(file_facts_open(getenv("FUZZ_FOLDER"), "fuzz", &facts) == 0);
	return facts;
}

static struct known
ask(struct file_facts *facts, const char *path, int64_t stamp)
{
	const char *slash = strrchr(path, '/');
	struct known known = { 0 };
	int64_t seen_s;
	char *folder;

	if (slash == NULL)
		return known;
	folder = strndup(path, (size_t)(slash - path));
	HOLDS(folder != NULL);
	known.has_size = file_facts_size(facts, folder, slash + 1, stamp,
	    &known.size, &seen_s);
	known.has_mtime = file_facts_mtime(facts, folder, slash + 1, stamp,
	    &known.mtime);
	free(folder);
	HOLDS(known.size >= 0);
	HOLDS(known.mtime.tv_nsec >= 0 && known.mtime.tv_nsec <= 999999999);
	return known;
}

static bool
is_same(const struct known *a, const struct known *b)
{
	return a->has_size == b->has_size && a->has_mtime == b->has_mtime &&
	    a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* The paths that lines of the text seem to speak of; it is cut into them. */
static size_t
find_probes(char *text, struct probe *probes)
{
	size_t count = 0;
	char *line;

	while (count < PROBES && (line = strsep(&text, "\n")) != NULL) {
		probes[count].stamp = strtoll(line, &line, 10);
		(void)strtoll(line, &line, 10);
		(void)strtoll(line, &line, 10);
		(void)strtoll(line, &line, 10);
		probes[count++].path = line + strspn(line, " ");
	}
	return count;
}

static void
check_opened_twice(char *text)
{
	struct probe probes[PROBES];
	size_t i, count = find_probes(text, probes);
	struct file_facts *facts = open_book();
	struct known known;

	for (i = 0; i < count; i++)
		probes[i].known = ask(facts, probes[i].path, probes[i].stamp);
	file_facts_close(facts);
	facts = open_book();
	for (i = 0; i < count; i++) {
		known = ask(facts, probes[i].path, probes[i].stamp);
		HOLDS(is_same(&known, &probes[i].known));
	}
	file_facts_forget_sizes(facts);
	for (i = 0; i < count; i++)
		HOLDS(!ask(facts, probes[i].path, probes[i].stamp).has_size);
	file_facts_close(facts);
}

static struct file_facts *
reopen(struct file_facts *facts)
{
	file_facts_close(facts);
	return open_book();
}

/* A note outlives the file facts that it was made in. */
static void
check_noting(void)
{
	static const char path[] = "usb/parts/Cube one.gcode";
	const struct timespec mtime = { 1648042843, 500000000 };
	struct file_facts *facts = open_book();
	struct known known;

	file_facts_note_size(facts, "usb/parts", "Cube one.gcode", 1648042843,
	    2393142, 9);
	facts = reopen(facts);
	known = ask(facts, path, 1648042843);
	HOLDS(known.has_size && known.size == 2393142);
	HOLDS(!ask(facts, path, 1).has_size);
	file_facts_note_mtime(facts, "usb/parts", "Cube one.gcode", 1648042843,
	    &mtime);
	facts = reopen(reopen(facts));
	known = ask(facts, path, 1648042843);
	HOLDS(known.has_size && known.size == 2393142);
	HOLDS(known.has_mtime && known.mtime.tv_sec == mtime.tv_sec &&
	    known.mtime.tv_nsec == mtime.tv_nsec);
	file_facts_close(facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *file = fuzz_path("fuzz.book"), *text = fuzz_text(data, len);

	fuzz_write_file(file, data, len);
	check_opened_twice(text);
	check_noting();
	unlink(file);
	free(file);
	free(text);
	return 0;
}
