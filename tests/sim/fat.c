/*
 * A real folder tree seen as a FAT file system: 8.3 names with numbered
 * tails, lookups without regard to case by either name, entries in the order
 * in which a FAT directory has them.  Folders are read when looked at and
 * compared with what was there before, so that files put there by others
 * appear.  Under sim.lock.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/fat.h"
#include "tests/sim/fat_name.h"
#include "tests/sim/text.h"

/* A folder changed this recently may change again within its time stamp. */
#define RACY_SECONDS 0.05

void
fat_init(struct fat *fat, const char *root)
{
	fat->root = root;
	TAILQ_INIT(&fat->dirs);
}

static void
entry_free(struct fat_dir *dir, struct fat_entry *entry)
{
	TAILQ_REMOVE(&dir->entries, entry, entry);
	free(entry->name);
	free(entry->told);
	free(entry);
}

static void
dir_free(struct fat *fat, struct fat_dir *dir)
{
	struct fat_entry *entry;

	TAILQ_REMOVE(&fat->dirs, dir, entry);
	while ((entry = TAILQ_FIRST(&dir->entries)) != NULL)
		entry_free(dir, entry);
	free(dir->real);
	free(dir);
}

void
fat_free(struct fat *fat)
{
	struct fat_dir *dir;

	while ((dir = TAILQ_FIRST(&fat->dirs)) != NULL)
		dir_free(fat, dir);
}

const char *
fat_long_name(const struct fat_entry *entry)
{
	return entry->told != NULL ? entry->told : entry->name;
}

static struct fat_entry *
find_short(struct fat_dir *dir, const char *name)
{
	struct fat_entry *entry;

	TAILQ_FOREACH (entry, &dir->entries, entry) {
		if (strcmp(entry->short_name, name) == 0)
			return entry;
	}
	return NULL;
}

static struct fat_entry *
find_entry(struct fat_dir *dir, const char *name)
{
	char form[FAT_SHORT];
	bool exact = fat_short_form(name, form);
	struct fat_entry *entry;

	TAILQ_FOREACH (entry, &dir->entries, entry) {
		if (fat_same_name(fat_long_name(entry), name) ||
		    strcasecmp(entry->short_name, name) == 0 ||
		    (exact && strcmp(entry->short_name, form) == 0))
			return entry;
	}
	return NULL;
}

/* Put the entry into the first gap that is large enough. */
static void
insert(struct fat_dir *dir, struct fat_entry *new)
{
	struct fat_entry *entry;
	unsigned slot = 0;

	TAILQ_FOREACH (entry, &dir->entries, entry) {
		if (entry->slot - slot >= new->slots) {
			new->slot = slot;
			TAILQ_INSERT_BEFORE(entry, new, entry);
			return;
		}
		slot = entry->slot + entry->slots;
	}
	new->slot = slot;
	TAILQ_INSERT_TAIL(&dir->entries, new, entry);
}

static void
add_entry(struct fat_dir *dir, const char *name)
{
	struct fat_entry *entry = calloc(1, sizeof(*entry));
	bool exact;

	if (entry == NULL || (entry->name = strdup(name)) == NULL) {
		free(entry);
		return;
	}
	exact = fat_short_form(name, entry->short_name);
	for (unsigned n = 1; !exact && n < 100; n++) {
		fat_numbered(name, n, entry->short_name);
		if (find_short(dir, entry->short_name) == NULL)
			break;
	}
	entry->seen = true;
	entry->slots = fat_slots(name);
	insert(dir, entry);
}

static int
by_time(const void *a, const void *b)
{
	const struct fat_new *one = a, *two = b;

	if (one->when != two->when)
		return one->when < two->when ? -1 : 1;
	return strcmp(one->name, two->name);
}

/* Note a name that was not there before. */
static void
note_new(struct fat_dir *dir, struct fat_new **list, size_t *count,
    const char *name)
{
	struct fat_new *grown = reallocarray(*list, *count + 1, sizeof(**list));
	struct stat st;
	char *path;

	if (grown == NULL)
		return;
	*list = grown;
	grown += *count;
	grown->when = 0;
	if (asprintf(&path, "%s/%s", dir->real, name) < 0)
		return;
	if (lstat(path, &st) == 0)
		grown->when = (double)st.st_mtim.tv_sec +
		    (double)st.st_mtim.tv_nsec / 1e9;
	free(path);
	grown->name = strdup(name);
	*count += grown->name != NULL;
}

static struct fat_entry *
find_exact(struct fat_dir *dir, const char *name)
{
	struct fat_entry *entry;

	TAILQ_FOREACH (entry, &dir->entries, entry) {
		if (strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

/* Compare the folder with what is on the disk. */
static int
dir_read(struct fat_dir *dir)
{
	struct fat_new *list = NULL;
	struct fat_entry *entry, *next;
	struct dirent *item;
	size_t count = 0;
	DIR *real = opendir(dir->real);

	if (real == NULL)
		return -errno;
	TAILQ_FOREACH (entry, &dir->entries, entry)
		entry->seen = false;
	while ((item = readdir(real)) != NULL) {
		if (strcmp(item->d_name, ".") == 0 ||
		    strcmp(item->d_name, "..") == 0 ||
		    !fat_name_valid(item->d_name))
			continue;
		entry = find_exact(dir, item->d_name);
		if (entry != NULL)
			entry->seen = true;
		else
			note_new(dir, &list, &count, item->d_name);
	}
	closedir(real);
	TAILQ_FOREACH_SAFE(entry, &dir->entries, entry, next)
	{
		if (!entry->seen)
			entry_free(dir, entry);
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), by_time);
	for (size_t i = 0; i < count; i++) {
		add_entry(dir, list[i].name);
		free(list[i].name);
	}
	free(list);
	return 0;
}

static struct fat_dir *
dir_known(struct fat *fat, const char *real)
{
	struct fat_dir *dir;

	TAILQ_FOREACH (dir, &fat->dirs, entry) {
		if (strcmp(dir->real, real) == 0)
			return dir;
	}
	dir = calloc(1, sizeof(*dir));
	if (dir == NULL || (dir->real = strdup(real)) == NULL) {
		free(dir);
		return NULL;
	}
	TAILQ_INIT(&dir->entries);
	TAILQ_INSERT_HEAD(&fat->dirs, dir, entry);
	return dir;
}

/* Has the folder stayed as it was when it was read last? */
static bool
dir_is_current(const struct fat_dir *dir, const struct stat *st)
{
	return dir->fresh && dir->mtime.tv_sec == st->st_mtim.tv_sec &&
	    dir->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

struct fat_dir *
fat_open(struct fat *fat, const char *real)
{
	struct fat_dir *dir = dir_known(fat, real);
	struct timespec now;
	struct stat st;

	if (dir == NULL)
		return NULL;
	if (stat(real, &st) != 0 || !S_ISDIR(st.st_mode)) {
		dir_free(fat, dir);
		return NULL;
	}
	if (dir_is_current(dir, &st))
		return dir;
	if (dir_read(dir) != 0) {
		dir_free(fat, dir);
		return NULL;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	dir->mtime = st.st_mtim;
	dir->fresh = (double)(now.tv_sec - st.st_mtim.tv_sec) +
		(double)(now.tv_nsec - st.st_mtim.tv_nsec) / 1e9 >
	    RACY_SECONDS;
	return dir;
}

/* Take the next part of the path; false at the end. */
static bool
next_part(const char **path, char *part, size_t size, bool *fits)
{
	size_t len;

	*path += strspn(*path, "/\\");
	len = strcspn(*path, "/\\");
	if (len == 0)
		return false;
	*fits = len < size;
	if (*fits) {
		memcpy(part, *path, len);
		part[len] = '\0';
	}
	*path += len;
	*path += strspn(*path, "/\\");
	return true;
}

/* Go one part down from the place. */
static int
step(struct fat *fat, struct fat_place *place, const char *part)
{
	char *path;

	if (!place->exists)
		return -ENOENT;
	if (!S_ISDIR(place->st.st_mode))
		return -ENOTDIR;
	strlcpy(place->name, part, sizeof(place->name));
	place->is_root = false;
	place->dir = fat_open(fat, place->real);
	place->found = NULL;
	if (place->dir == NULL)
		return -ENOENT;
	place->found = find_entry(place->dir, part);
	if (asprintf(&path, "%s/%s", place->real,
		place->found != NULL ? place->found->name : part) < 0)
		return -ENOMEM;
	free(place->real);
	place->real = path;
	place->exists = place->found != NULL &&
	    stat(place->real, &place->st) == 0;
	return 0;
}

int
fat_find(struct fat *fat, const char *path, struct fat_place *place)
{
	char part[FAT_LONG];
	bool fits = true;
	int error = 0;

	memset(place, 0, sizeof(*place));
	place->real = strdup(fat->root);
	if (place->real == NULL)
		return -ENOMEM;
	place->is_root = true;
	place->exists = stat(place->real, &place->st) == 0;
	while (error == 0 && next_part(&path, part, sizeof(part), &fits)) {
		if (!fits || !fat_clean_name(part))
			error = -EINVAL;
		else
			error = step(fat, place, part);
	}
	if (error != 0)
		place->exists = false;
	return error;
}

int
fat_name(struct fat *fat, const char *path, const char *short_name,
    const char *long_name)
{
	struct fat_entry *entry;
	struct fat_place place;
	int error = fat_find(fat, path, &place);

	if (error == 0 && place.found == NULL)
		error = -ENOENT;
	if (error == 0 && strlen(short_name) >= FAT_SHORT)
		error = -EINVAL;
	entry = error != 0 ? NULL : find_exact(place.dir, place.found->name);
	if (entry != NULL) {
		strlcpy(entry->short_name, short_name, FAT_SHORT);
		if (long_name != NULL) {
			free(entry->told);
			entry->told = strdup(long_name);
		}
	}
	fat_release(&place);
	return error;
}

void
fat_release(struct fat_place *place)
{
	free(place->real);
	place->real = NULL;
}

void
fat_changed(struct fat *fat, const struct fat_place *place)
{
	struct fat_dir *dir = place->dir;

	if (dir == NULL)
		return;
	dir->fresh = false;
	fat_open(fat, dir->real);
}
