/*
 * Sizes and times of a printer's files.  A line of the file is
 *
 *	STAMP SIZE SECONDS NANOSECONDS @SEEN PATH
 *
 * with -1 for a size and a nanosecond that are not known.  SEEN is when the
 * printer answered with that size, and may be missing.  The last line of a path
 * counts, so noting is appending one line, which two mounts may do at the same
 * time.  "/" for a path makes the sizes above it void.  Any thread; facts.lock
 * guards everything.
 */
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/file_facts.h"
#include "cache/stamp.h"
#include "client/base/buf.h"
#include "client/base/name.h"

#define FACTS	  50000 /* the oldest are forgotten beyond */
#define SETTLED_S 3600	/* a stamp that old proves all it ever will */

/* One file, as far as it is known. */
struct fact {
	TAILQ_ENTRY(fact) link;
	char *text; /* its path, cut in two */
	const char *folder;
	const char *name;
	int64_t stamp;
	off_t size;
	int64_t seen_s;	 /* when the printer had that size; 0: not known */
	int64_t first_s; /* when it was first asked for; 0: never */
	struct timespec mtime;
};

struct file_facts {
	pthread_mutex_t lock;
	struct stamps *stamps;
	char *file;
	bool is_cut; /* its last line was not written whole */
	int fd;	     /* all below under lock; -1: kept in memory only */
	void *by_path;
	TAILQ_HEAD(, fact) all; /* the oldest first */
	size_t count;
};

static int
compare_paths(const void *a, const void *b)
{
	const struct fact *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order != 0 ? order : strcmp(one->folder, other->folder);
}

static struct fact *
find(struct file_facts *facts, const char *folder, const char *name)
{
	const struct fact key = { .folder = folder, .name = name };
	struct fact **found = tfind(&key, &facts->by_path, compare_paths);

	return found == NULL ? NULL : *found;
}

static void
fact_free(struct fact *fact)
{
	free(fact->text);
	free(fact);
}

static void
forget(struct file_facts *facts, struct fact *fact)
{
	tdelete(fact, &facts->by_path, compare_paths);
	TAILQ_REMOVE(&facts->all, fact, link);
	facts->count--;
	fact_free(fact);
}

static void
clear(struct fact *fact, int64_t stamp)
{
	fact->stamp = stamp;
	fact->size = -1;
	fact->seen_s = 0;
	fact->first_s = 0;
	fact->mtime.tv_sec = 0;
	fact->mtime.tv_nsec = -1;
}

static struct fact *
add(struct file_facts *facts, const char *folder, const char *name)
{
	struct fact *fact = calloc(1, sizeof(*fact));

	if (fact == NULL)
		return NULL;
	fact->text = name_join(folder, name);
	if (fact->text != NULL) {
		fact->text[strlen(folder)] = '\0';
		fact->folder = fact->text;
		fact->name = fact->text + strlen(folder) + 1;
	}
	if (fact->text == NULL ||
	    tsearch(fact, &facts->by_path, compare_paths) == NULL) {
		fact_free(fact);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&facts->all, fact, link);
	facts->count++;
	return fact;
}

/* The fact of that file in this version, new if need be. */
static struct fact *
find_or_add(struct file_facts *facts, const char *folder, const char *name,
    int64_t stamp)
{
	struct fact *fact = find(facts, folder, name);
	bool is_new = fact == NULL;

	if (is_new)
		fact = add(facts, folder, name);
	if (fact == NULL)
		return NULL;
	if (is_new || fact->stamp != stamp)
		clear(fact, stamp);
	if (facts->count > FACTS)
		forget(facts, TAILQ_FIRST(&facts->all));
	return fact;
}

static void
open_to_append(struct file_facts *facts)
{
	facts->fd = open(facts->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
	    0600);
}

static int
print_fact(struct buf *out, const struct fact *fact)
{
	return buf_printf(out, "%" PRId64 " %lld %lld %ld @%" PRId64 " %s/%s\n",
	    fact->stamp, (long long)fact->size, (long long)fact->mtime.tv_sec,
	    fact->mtime.tv_nsec, fact->seen_s, fact->folder, fact->name);
}

/* Another mount that wrote the file anew has left us with the former one. */
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
save(struct file_facts *facts, const struct fact *fact)
{
	struct buf line = { 0 };

	follow(facts);
	if (facts->fd >= 0 && print_fact(&line, fact) == 0 &&
	    write(facts->fd, line.data, line.len) != (ssize_t)line.len) {
		close(facts->fd);
		facts->fd = -1;
	}
	buf_free(&line);
}

static void
forget_sizes(struct file_facts *facts)
{
	struct fact *fact;

	TAILQ_FOREACH (fact, &facts->all, link)
		fact->size = -1;
}

static void
load_line(struct file_facts *facts, char *line)
{
	long long size, seconds;
	struct fact *fact;
	int64_t stamp, seen_s = 0;
	char *slash;
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
	line += used;
	slash = strrchr(line, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	if (*line == '\0' && slash[1] == '\0') {
		forget_sizes(facts);
		return;
	}
	fact = find_or_add(facts, line, slash + 1, stamp);
	if (fact == NULL)
		return;
	fact->size = size < 0 ? -1 : (off_t)size;
	fact->seen_s = seen_s;
	fact->mtime.tv_sec = (time_t)seconds;
	fact->mtime.tv_nsec = nanoseconds < 0 ? -1 : nanoseconds;
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

/* Write the file anew without the lines that no longer count. */
static void
compact(struct file_facts *facts)
{
	struct fact *fact;
	struct buf text = { 0 };
	char name[4096];
	int fd, error = 0;

	if ((size_t)snprintf(name, sizeof(name), "%s.XXXXXX", facts->file) >=
	    sizeof(name))
		return;
	TAILQ_FOREACH (fact, &facts->all, link) {
		if (error == 0)
			error = print_fact(&text, fact);
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

	if (facts == NULL)
		return -ENOMEM;
	if (stamps_new(&facts->stamps) != 0 ||
	    asprintf(&facts->file, "%s/%s.book", dir, name) < 0) {
		stamps_free(facts->stamps);
		free(facts);
		return -ENOMEM;
	}
	pthread_mutex_init(&facts->lock, NULL);
	TAILQ_INIT(&facts->all);
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
	while (!TAILQ_EMPTY(&facts->all))
		forget(facts, TAILQ_FIRST(&facts->all));
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
file_facts_size(struct file_facts *facts, const char *folder, const char *name,
    int64_t stamp, off_t *out, int64_t *seen_s)
{
	const struct fact *fact;
	bool known;

	pthread_mutex_lock(&facts->lock);
	fact = find(facts, folder, name);
	known = fact != NULL && fact->stamp == stamp && fact->size >= 0;
	if (known) {
		*out = fact->size;
		*seen_s = fact->seen_s;
	}
	pthread_mutex_unlock(&facts->lock);
	return known;
}

/* Is it worth a line that the size was told again?  Once it proves more. */
static bool
is_news(const struct fact *fact, off_t size, int64_t seen_s)
{
	return fact->size != size ||
	    (fact->seen_s < seen_s && fact->stamp <= seen_s &&
		fact->seen_s - fact->stamp < SETTLED_S);
}

void
file_facts_note_size(struct file_facts *facts, const char *folder,
    const char *name, int64_t stamp, off_t size, int64_t seen_s)
{
	struct fact *fact;
	bool is_new;

	pthread_mutex_lock(&facts->lock);
	fact = find_or_add(facts, folder, name, stamp);
	if (fact != NULL) {
		is_new = is_news(fact, size, seen_s);
		if (fact->size >= 0 && fact->size != size)
			clear(fact, stamp);
		fact->size = size;
		fact->seen_s = seen_s;
		if (is_new)
			save(facts, fact);
	}
	pthread_mutex_unlock(&facts->lock);
}

int64_t
file_facts_first_seen(struct file_facts *facts, const char *folder,
    const char *name, int64_t stamp, int64_t now_s)
{
	struct fact *fact;
	int64_t first_s = now_s;

	pthread_mutex_lock(&facts->lock);
	fact = find_or_add(facts, folder, name, stamp);
	if (fact != NULL && fact->first_s == 0)
		fact->first_s = now_s;
	if (fact != NULL)
		first_s = fact->first_s;
	pthread_mutex_unlock(&facts->lock);
	return first_s;
}

void
file_facts_forget_size(struct file_facts *facts, const char *folder,
    const char *name)
{
	struct fact *fact;

	pthread_mutex_lock(&facts->lock);
	fact = find(facts, folder, name);
	if (fact != NULL && fact->size >= 0) {
		fact->size = -1;
		save(facts, fact);
	}
	pthread_mutex_unlock(&facts->lock);
}

void
file_facts_renew(struct file_facts *facts, const char *folder, const char *name,
    int64_t stamp, off_t size, int64_t seen_s)
{
	struct fact *fact;

	pthread_mutex_lock(&facts->lock);
	fact = size < 0 ? find(facts, folder, name) :
			  find_or_add(facts, folder, name, stamp);
	if (fact != NULL) {
		clear(fact, stamp);
		fact->size = size;
		fact->seen_s = seen_s;
		save(facts, fact);
	}
	pthread_mutex_unlock(&facts->lock);
}

bool
file_facts_mtime(struct file_facts *facts, const char *folder, const char *name,
    int64_t stamp, struct timespec *out)
{
	const struct fact *fact;
	bool known;

	pthread_mutex_lock(&facts->lock);
	fact = find(facts, folder, name);
	known = fact != NULL && fact->stamp == stamp &&
	    fact->mtime.tv_nsec >= 0;
	if (known)
		*out = fact->mtime;
	pthread_mutex_unlock(&facts->lock);
	return known;
}

void
file_facts_note_mtime(struct file_facts *facts, const char *folder,
    const char *name, int64_t stamp, const struct timespec *mtime)
{
	struct fact *fact;

	pthread_mutex_lock(&facts->lock);
	fact = find_or_add(facts, folder, name, stamp);
	if (fact != NULL) {
		fact->mtime = *mtime;
		save(facts, fact);
	}
	pthread_mutex_unlock(&facts->lock);
}

/* With the lock: what is known of a file is true of it in that folder too. */
static void
note_moved(struct file_facts *facts, const struct fact *fact,
    const char *folder)
{
	const struct fact was = *fact;
	struct fact *moved = find_or_add(facts, folder, was.name, was.stamp);

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
	struct fact *fact, *next;
	struct buf moved = { 0 };

	pthread_mutex_lock(&facts->lock);
	/* What is added comes at the end, and is not in the old folder. */
	TAILQ_FOREACH_SAFE(fact, &facts->all, link, next)
	{
		if (strcmp(fact->folder, old_folder) != 0 &&
		    name_below(fact->folder, old_folder) == NULL)
			continue;
		if (buf_printf(&moved, "%s%s", folder, fact->folder + len) == 0)
			note_moved(facts, fact, moved.data);
		buf_free(&moved);
	}
	pthread_mutex_unlock(&facts->lock);
}

void
file_facts_forget_sizes(struct file_facts *facts)
{
	struct fact all = { .folder = "", .name = "" };

	clear(&all, 0);
	pthread_mutex_lock(&facts->lock);
	forget_sizes(facts);
	save(facts, &all);
	pthread_mutex_unlock(&facts->lock);
}
