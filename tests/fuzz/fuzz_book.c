/*
 * A .book file that somebody else has written, or that a crash has cut: what
 * it says is within bounds and the same each time it is opened, and what is
 * noted in it is there afterwards.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/book.h"
#include "tests/fuzz/fuzz.h"

#define PROBES 16

/* What a book says of one version of a file. */
struct facts {
	bool has_size;
	bool has_mtime;
	off_t size;
	struct timespec mtime;
};

/* A question: some line of the file, and what it was answered. */
struct probe {
	const char *path;
	int64_t stamp;
	struct facts facts;
};

static struct book *
open_book(void)
{
	struct book *book;

	HOLDS(book_open(getenv("FUZZ_FOLDER"), "fuzz", &book) == 0);
	return book;
}

static struct facts
ask(struct book *book, const char *path, int64_t stamp)
{
	struct facts facts = { 0 };
	int64_t seen_s;

	facts.has_size = book_size(book, path, stamp, &facts.size, &seen_s);
	facts.has_mtime = book_mtime(book, path, stamp, &facts.mtime);
	HOLDS(facts.size >= 0);
	HOLDS(facts.mtime.tv_nsec >= 0 && facts.mtime.tv_nsec <= 999999999);
	return facts;
}

static bool
is_same(const struct facts *a, const struct facts *b)
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
	struct book *book = open_book();
	struct facts facts;

	for (i = 0; i < count; i++)
		probes[i].facts = ask(book, probes[i].path, probes[i].stamp);
	book_close(book);
	book = open_book();
	for (i = 0; i < count; i++) {
		facts = ask(book, probes[i].path, probes[i].stamp);
		HOLDS(is_same(&facts, &probes[i].facts));
	}
	book_forget_sizes(book);
	for (i = 0; i < count; i++)
		HOLDS(!ask(book, probes[i].path, probes[i].stamp).has_size);
	book_close(book);
}

static struct book *
reopen(struct book *book)
{
	book_close(book);
	return open_book();
}

/* A note outlives the book that it was made in. */
static void
check_noting(void)
{
	static const char path[] = "usb/parts/Cube one.gcode";
	const struct timespec mtime = { 1648042843, 500000000 };
	struct book *book = open_book();
	struct facts facts;

	book_note_size(book, path, 1648042843, 2393142, 9);
	book = reopen(book);
	facts = ask(book, path, 1648042843);
	HOLDS(facts.has_size && facts.size == 2393142);
	HOLDS(!ask(book, path, 1).has_size);
	book_note_mtime(book, path, 1648042843, &mtime);
	book = reopen(reopen(book));
	facts = ask(book, path, 1648042843);
	HOLDS(facts.has_size && facts.size == 2393142);
	HOLDS(facts.has_mtime && facts.mtime.tv_sec == mtime.tv_sec &&
	    facts.mtime.tv_nsec == mtime.tv_nsec);
	book_close(book);
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
