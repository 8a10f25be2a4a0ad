#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

/*
 * The Test Anything Protocol, and what every test program needs beside it: a
 * directory of its own, short naps while a condition is not yet true.  One
 * thread checks; the others report to it.
 */
#include <sys/types.h>

#include <dirent.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct check {
	int count;
	int failed;
	char dir[4096]; /* made on demand, "" before */
};

/* As main() of the product does; lines come out even when we crash. */
static inline void
check_begin(struct check *check)
{
	memset(check, 0, sizeof(*check));
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
		printf("Bail out! no UTF-8 locale\n");
		exit(1);
	}
}

/* The line of one check; the sentence is a printf format. */
static inline bool __attribute__((format(printf, 6, 7)))
check_that(struct check *check, bool good, const char *condition,
    const char *file, int line, const char *sentence, ...)
{
	char text[1024], *c;
	va_list args;

	va_start(args, sentence);
	vsnprintf(text, sizeof(text), sentence, args);
	va_end(args);
	for (c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	printf("%sok %d - %s\n", good ? "" : "not ", ++check->count, text);
	if (!good) {
		check->failed++;
		printf("# %s:%d: %s\n", file, line, condition);
	}
	return good;
}

#define CHECK(check, condition, ...)                                   \
	check_that(check, (condition), #condition, __FILE__, __LINE__, \
	    __VA_ARGS__)

/* A directory for this program, removed by check_end. */
static inline const char *
check_dir(struct check *check)
{
	const char *base = getenv("TMPDIR");

	if (check->dir[0] != '\0')
		return check->dir;
	snprintf(check->dir, sizeof(check->dir), "%s/prusafs-unit.XXXXXX",
	    base == NULL ? "/tmp" : base);
	if (mkdtemp(check->dir) == NULL) {
		printf("Bail out! no directory for the test\n");
		exit(1);
	}
	return check->dir;
}

static inline void
check_remove_dir(struct check *check)
{
	char path[8192];
	struct dirent *entry;
	DIR *dir = check->dir[0] == '\0' ? NULL : opendir(check->dir);

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", check->dir,
		    entry->d_name);
		if (entry->d_type != DT_DIR)
			unlink(path);
	}
	closedir(dir);
	rmdir(check->dir);
}

/* The plan, and the exit status of the program. */
static inline int
check_end(struct check *check)
{
	check_remove_dir(check);
	printf("1..%d\n", check->count);
	return check->failed == 0 && check->count > 0 ? 0 : 1;
}

/* A moment, for loops that wait until something is true. */
static inline void
check_nap(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	nanosleep(&moment, NULL);
}

#endif
