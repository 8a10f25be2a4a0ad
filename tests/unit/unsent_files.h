#ifndef TESTS_UNIT_UNSENT_FILES_H
#define TESTS_UNIT_UNSENT_FILES_H

/*
 * Files that could not be sent, made and looked at by tests of cache/unsent.
 */
#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include "cache/spool.h"
#include "cache/unsent.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

#define UNSENT_PATH 8192

static inline struct unsent *
open_unsent(const char *dir, const char *name)
{
	struct unsent *unsent;

	if (unsent_open(dir, name, false, &unsent) != 0) {
		printf("Bail out! unsent_open failed\n");
		exit(1);
	}
	return unsent;
}

static inline struct spool *
spool_with(const char *dir, const char *text)
{
	struct spool *spool;

	if (spool_new(dir, &spool) != 0 ||
	    spool_write(spool, text, strlen(text), 0) < 0) {
		printf("Bail out! no spool\n");
		exit(1);
	}
	return spool;
}

/* An upload of that text begins. */
static inline struct unsent_ticket *
begin(struct unsent *unsent, const char *dir, const char *path,
    const char *text)
{
	struct spool *spool = spool_with(dir, text);
	struct unsent_ticket *ticket = unsent_begin(unsent, spool, path);

	spool_release(spool);
	return ticket;
}

static inline void
keep(struct unsent *unsent, const char *dir, const char *path, const char *text)
{
	unsent_keep(begin(unsent, dir, path, text));
}

/* Is a file of that name listed, with that text? */
static inline bool
holds(struct unsent *unsent, const char *name, const char *text)
{
	const struct wait forever = { 0 };
	struct spool *spool;
	char bytes[256];
	ssize_t len;

	if (unsent_open_bytes(unsent, name, &spool) != 0)
		return false;
	len = spool_read(spool, &forever, bytes, sizeof(bytes), 0);
	spool_release(spool);
	return len == (ssize_t)strlen(text) &&
	    memcmp(bytes, text, strlen(text)) == 0;
}

static inline int
count_name(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static inline int
count(struct unsent *unsent)
{
	int names = 0;

	return unsent_each(unsent, count_name, &names) == 0 ? names : -1;
}

/* Call with the path of each file of ours there, and of a second mount. */
static inline int
each_file(const char *dir, const char *name, void (*call)(const char *path))
{
	const char *const folders[] = { "", "/2" };
	char path[UNSENT_PATH], file[UNSENT_PATH + NAME_MAX + 2];
	const struct dirent *entry;
	int files = 0;
	size_t i;
	DIR *stream;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s.unsent%s", dir, name,
		    folders[i]);
		stream = opendir(path);
		while (stream != NULL && (entry = readdir(stream)) != NULL) {
			const char *dot = strchr(entry->d_name, '.');

			if (dot == NULL || dot == entry->d_name)
				continue;
			files++;
			snprintf(file, sizeof(file), "%s/%s", path,
			    entry->d_name);
			if (call != NULL)
				call(file);
		}
		if (stream != NULL)
			closedir(stream);
	}
	return files;
}

static inline int
count_files(const char *dir, const char *name)
{
	return each_file(dir, name, NULL);
}

static inline void
remove_one(const char *path)
{
	if (unlink(path) != 0)
		rmdir(path);
}

/* The directory of test.dir is flat; ours below it go by themselves. */
static inline void
remove_dir(const char *dir, const char *name)
{
	const char *const rest[] = { "/2/lock", "/2", "/lock", "" };
	char path[UNSENT_PATH];
	size_t i;

	each_file(dir, name, remove_one);
	for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s.unsent%s", dir, name,
		    rest[i]);
		remove_one(path);
	}
}

#endif
