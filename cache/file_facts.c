/*
 * Sizes and times of a printer's files.  A line of the file is
 *
 *	STAMP SIZE SECONDS NANOSECONDS @SEEN PATH
 *
 * with -1 for a size and a nanosecond that are not known, and when the size was
 * told, which may be missing; the last line of a
 * path counts, so noting is appending one line, which two mounts may do at
 * the same time.  "/" for a path makes the sizes above it void.  Any thread;
 * facts.lock guards everything.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "cache/file_facts.h"
#include "cache/stamp.h"
#include "client/base/buf.h"

#define BUCKETS	  1024
#define RECORDS	  50000 /* the oldest are forgotten beyond */
#define SETTLED_S 3600	/* a stamp that old proves all it ever will */
#define ALL	  "/"	/* no file has that path */

struct record {
	TAILQ_ENTRY(record) bucket;
	TAILQ_ENTRY(record) age;
	char *path;
	int64_t stamp;
	off_t size;
	int64_t seen_s;	 /* when the size was told; 0: not known */
	int64_t first_s; /* when it was first asked for; 0: never */
	struct timespec mtime;
};

TAILQ_HEAD(records, record);

struct file_facts {
	pthread_mutex_t lock;
	struct stamps *stamps;
	char *file;
	bool is_cut; /* its last line was not written whole */
	int fd;	     /* all below under lock; -1: kept in memory only */
	struct records buckets[BUCKETS];
	struct records ages;
	size_t count;
};

static struct records *
bucket_of(struct file_facts *facts, const char *path)
{
	uint32_t hash = 2166136261u;

	for (; *path != '\0'; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619u;
	return &facts->buckets[hash % BUCKETS];
}

static struct record *
find(struct file_facts *facts, const char *path)
{
	struct record *record;

	TAILQ_FOREACH (record, bucket_of(facts, path), bucket) {
		if (strcmp(record->path, path) == 0)
			return record;
	}
	return NULL;
}

static void
forget(struct file_facts *facts, struct record *record)
{
	TAILQ_REMOVE(bucket_of(facts, record->path), record, bucket);
	TAILQ_REMOVE(&facts->ages, record, age);
	facts->count--;
	free(record->path);
	free(record);
}

static void
clear(struct record *record, int64_t stamp)
{
	record->stamp = stamp;
	record->size = -1;
	record->seen_s = 0;
	record->first_s = 0;
	record->mtime.tv_sec = 0;
	record->mtime.tv_nsec = -1;
}

/* The record of a path for this version of the file, new if need be. */
static struct record *
find_or_add(struct file_facts *facts, const char *path, int64_t stamp)
{
	struct record *record = find(facts, path);

	if (record == NULL) {
		record = calloc(1, sizeof(*record));
		if (record == NULL || (record->path = strdup(path)) == NULL) {
			free(record);
			return NULL;
		}
		TAILQ_INSERT_TAIL(bucket_of(facts, path), record, bucket);
		TAILQ_INSERT_TAIL(&facts->ages, record, age);
		facts->count++;
		clear(record, stamp);
	}
	if (record->stamp != stamp)
		clear(record, stamp);
	if (facts->count > RECORDS)
		forget(facts, TAILQ_FIRST(&facts->ages));
	return record;
}

static void
open_to_append(struct file_facts *facts)
{
	facts->fd = open(facts->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
	    0600);
}

static int
print_record(struct buf *out, const struct record *record)
{
	return buf_printf(out, "%" PRId64 " %lld %lld %ld @%" PRId64 " %s\n",
	    record->stamp, (long long)record->size,
	    (long long)record->mtime.tv_sec, record->mtime.tv_nsec,
	    record->seen_s, record->path);
}

/* Another mount that wrote the file facts anew has left us with the former one.
 */
static void
follow(struct file_facts *facts)
{
	struct stat stat_buffer;

	if (facts->fd < 0 || fstat(facts->fd, &stat_buffer) != 0 ||
	    stat_buffer.st_nlink > 0)
		return;
	close(facts->fd);
	open_to_append(facts);
}

/* One write for one line, so that another mount's line cannot come between. */
static void
save(struct file_facts *facts, const struct record *record)
{
	struct buf line = { 0 };

	follow(facts);
	if (facts->fd >= 0 && print_record(&line, record) == 0 &&
	    write(facts->fd, line.data, line.len) != (ssize_t)line.len) {
		close(facts->fd);
		facts->fd = -1;
	}
	buf_free(&line);
}

static void
forget_sizes(struct file_facts *facts)
{
	struct record *record;

	TAILQ_FOREACH (record, &facts->ages, age)
		record->size = -1;
}

static void
load_line(struct file_facts *facts, char *line)
{
	long long size, seconds;
	struct record *record;
	int64_t stamp, seen_s = 0;
	long nanoseconds;
	int used = 0, more = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNd64 " %lld %lld %ld %n", &stamp, &size,
		&seconds, &nanoseconds, &used) < 4 ||
	    used == 0 || nanoseconds > 999999999)
		return;
	if (sscanf(line + used, "@%" SCNd64 " %n", &seen_s, &more) == 1 &&
	    more > 0)
		used += more;
	else
		seen_s = 0;
	if (line[used] == '\0')
		return;
	if (strcmp(line + used, ALL) == 0) {
		forget_sizes(facts);
		return;
	}
	record = find_or_add(facts, line + used, stamp);
	if (record == NULL)
		return;
	record->size = size < 0 ? -1 : (off_t)size;
	record->seen_s = seen_s;
	record->mtime.tv_sec = (time_t)seconds;
	record->mtime.tv_nsec = nanoseconds < 0 ? -1 : nanoseconds;
}

/* Returns the number of lines read. */
static size_t
load(struct file_facts *facts)
{
	FILE *file = fopen(facts->file, "re");
	char *line = NULL;
	size_t room = 0, lines = 0;

	if (file == NULL)
		return 0;
	for (; getline(&line, &room, file) > 0; lines++) {
		if (strchr(line, '\n') == NULL)
			facts->is_cut = true;
		load_line(facts, line);
	}
	free(line);
	fclose(file);
	return lines;
}

/* Write the file facts anew without the lines that no longer count. */
static void
compact(struct file_facts *facts)
{
	struct record *record;
	struct buf text = { 0 };
	char name[4096];
	int fd, error = 0;

	if ((size_t)snprintf(name, sizeof(name), "%s.XXXXXX", facts->file) >=
	    sizeof(name))
		return;
	TAILQ_FOREACH (record, &facts->ages, age) {
		if (error == 0)
			error = print_record(&text, record);
	}
	fd = error == 0 ? mkostemp(name, O_CLOEXEC) : -1;
	if (fd >= 0) {
		if (write(fd, buf_text(&text), text.len) != (ssize_t)text.len ||
		    rename(name, facts->file) != 0)
			unlink(name);
		close(fd);
	}
	buf_free(&text);
}

int
file_facts_open(const char *dir, const char *name, struct file_facts **out)
{
	struct file_facts *facts = calloc(1, sizeof(*facts));
	size_t i;

	if (facts == NULL)
		return -ENOMEM;
	if (stamps_new(&facts->stamps) != 0 ||
	    asprintf(&facts->file, "%s/%s.book", dir, name) < 0) {
		stamps_free(facts->stamps);
		free(facts);
		return -ENOMEM;
	}
	pthread_mutex_init(&facts->lock, NULL);
	TAILQ_INIT(&facts->ages);
	for (i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&facts->buckets[i]);
	if (load(facts) > 2 * facts->count + 100 || facts->is_cut)
		compact(facts);
	open_to_append(facts);
	*out = facts;
	return 0;
}

void
file_facts_close(struct file_facts *facts)
{
	if (facts == NULL)
		return;
	while (!TAILQ_EMPTY(&facts->ages))
		forget(facts, TAILQ_FIRST(&facts->ages));
	if (facts->fd >= 0)
		close(facts->fd);
	pthread_mutex_destroy(&facts->lock);
	stamps_free(facts->stamps);
	free(facts->file);
	free(facts);
}

struct stamps *
file_facts_stamps(struct file_facts *facts)
{
	return facts->stamps;
}

bool
file_facts_size(struct file_facts *facts, const char *path, int64_t stamp,
    off_t *out, int64_t *seen_s)
{
	const struct record *record;
	bool known;

	pthread_mutex_lock(&facts->lock);
	record = find(facts, path);
	known = record != NULL && record->stamp == stamp && record->size >= 0;
	if (known) {
		*out = record->size;
		*seen_s = record->seen_s;
	}
	pthread_mutex_unlock(&facts->lock);
	return known;
}

/* Is it worth a line that the size was told again?  Once it proves more. */
static bool
is_news(const struct record *record, off_t size, int64_t seen_s)
{
	return record->size != size ||
	    (record->seen_s < seen_s && record->stamp <= seen_s &&
		record->seen_s - record->stamp < SETTLED_S);
}

void
file_facts_note_size(struct file_facts *facts, const char *path, int64_t stamp,
    off_t size, int64_t seen_s)
{
	struct record *record;
	bool is_new;

	pthread_mutex_lock(&facts->lock);
	record = find_or_add(facts, path, stamp);
	if (record != NULL) {
		is_new = is_news(record, size, seen_s);
		if (record->size >= 0 && record->size != size)
			clear(record, stamp);
		record->size = size;
		record->seen_s = seen_s;
		if (is_new)
			save(facts, record);
	}
	pthread_mutex_unlock(&facts->lock);
}

int64_t
file_facts_first_seen(struct file_facts *facts, const char *path, int64_t stamp,
    int64_t now_s)
{
	struct record *record;
	int64_t first_s = now_s;

	pthread_mutex_lock(&facts->lock);
	record = find_or_add(facts, path, stamp);
	if (record != NULL && record->first_s == 0)
		record->first_s = now_s;
	if (record != NULL)
		first_s = record->first_s;
	pthread_mutex_unlock(&facts->lock);
	return first_s;
}

void
file_facts_forget_size(struct file_facts *facts, const char *path)
{
	struct record *record;

	pthread_mutex_lock(&facts->lock);
	record = find(facts, path);
	if (record != NULL && record->size >= 0) {
		record->size = -1;
		save(facts, record);
	}
	pthread_mutex_unlock(&facts->lock);
}

void
file_facts_renew(struct file_facts *facts, const char *path, int64_t stamp,
    off_t size, int64_t seen_s)
{
	struct record *record;

	pthread_mutex_lock(&facts->lock);
	record = size < 0 ? find(facts, path) : find_or_add(facts, path, stamp);
	if (record != NULL) {
		clear(record, stamp);
		record->size = size;
		record->seen_s = seen_s;
		save(facts, record);
	}
	pthread_mutex_unlock(&facts->lock);
}

bool
file_facts_mtime(struct file_facts *facts, const char *path, int64_t stamp,
    struct timespec *out)
{
	const struct record *record;
	bool known;

	pthread_mutex_lock(&facts->lock);
	record = find(facts, path);
	known = record != NULL && record->stamp == stamp &&
	    record->mtime.tv_nsec >= 0;
	if (known)
		*out = record->mtime;
	pthread_mutex_unlock(&facts->lock);
	return known;
}

void
file_facts_note_mtime(struct file_facts *facts, const char *path, int64_t stamp,
    const struct timespec *mtime)
{
	struct record *record;

	pthread_mutex_lock(&facts->lock);
	record = find_or_add(facts, path, stamp);
	if (record != NULL) {
		record->mtime = *mtime;
		save(facts, record);
	}
	pthread_mutex_unlock(&facts->lock);
}

/* With the lock: known of the record from now on by this path. */
static void
note_moved(struct file_facts *facts, const struct record *record,
    const char *path)
{
	const struct record was = *record;
	struct record *moved = find_or_add(facts, path, was.stamp);

	if (moved == NULL)
		return;
	moved->size = was.size;
	moved->seen_s = was.seen_s;
	moved->mtime = was.mtime;
	save(facts, moved);
}

void
file_facts_move(struct file_facts *facts, const char *old_folder,
    const char *folder)
{
	size_t len = strlen(old_folder);
	struct record *record, *next;
	struct buf path = { 0 };

	pthread_mutex_lock(&facts->lock);
	/* What is added comes at the end, and is not in the old folder. */
	TAILQ_FOREACH_SAFE(record, &facts->ages, age, next)
	{
		if (strncmp(record->path, old_folder, len) != 0 ||
		    record->path[len] != '/')
			continue;
		if (buf_printf(&path, "%s%s", folder, record->path + len) == 0)
			note_moved(facts, record, path.data);
		buf_free(&path);
	}
	pthread_mutex_unlock(&facts->lock);
}

void
file_facts_forget_sizes(struct file_facts *facts)
{
	char path[] = ALL;
	struct record all = { .path = path };

	clear(&all, 0);
	pthread_mutex_lock(&facts->lock);
	forget_sizes(facts);
	save(facts, &all);
	pthread_mutex_unlock(&facts->lock);
}
