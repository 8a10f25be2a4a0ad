/*
 * What /proc tells about the files that a program copies.  A descriptor there
 * is opened only if it lies on a local file system; where it lies is told by
 * its mount's number, for a look at the file itself might wait for a server,
 * or for us.  No state, any thread.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/spool.h"
#include "cache/whole_file.h"
#include "client/base/name.h"
#include "fs/storage/copy_source.h"

#define COUNT	4 /* of one name that a program copies at once */
#define STD_MAX 2 /* what a shell has opened says nothing */

struct copy_source {
	int fd;	    /* -1: it cannot be read */
	off_t size; /* when it was found */
};

struct copy_sources {
	size_t count;
	struct copy_source files[COUNT];
	char *in_mount;
};

static bool
is_local(const char *type)
{
	static const char *const types[] = { "bcachefs", "btrfs", "erofs",
		"exfat", "ext2", "ext3", "ext4", "f2fs", "hfsplus", "iso9660",
		"jfs", "msdos", "nilfs2", "ntfs", "ntfs3", "overlay", "ramfs",
		"reiserfs", "squashfs", "tmpfs", "udf", "vfat", "xfs", "zfs" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i], type) == 0)
			return true;
	}
	return false;
}

static FILE *
open_proc(pid_t process, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)process, name);
	return fopen(path, "re");
}

/* What fdinfo says: how it was opened, and the number of its mount. */
static bool
look_at_descriptor(pid_t process, int fd, int *flags, int *mount)
{
	char name[32], line[128];
	bool has_flags = false, has_mount = false;
	FILE *file;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	file = open_proc(process, name);
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "flags:", 6) == 0) {
			*flags = (int)strtol(line + 6, NULL, 8);
			has_flags = true;
		} else if (strncmp(line, "mnt_id:", 7) == 0) {
			*mount = (int)strtol(line + 7, NULL, 10);
			has_mount = true;
		}
	}
	fclose(file);
	return has_flags && has_mount;
}

/* The type of a mount, proc(5): the field behind a lone hyphen. */
static bool
find_type(pid_t process, int mount, char *type, size_t size)
{
	FILE *file = open_proc(process, "mountinfo");
	char *line = NULL, *at;
	size_t room = 0;
	bool found = false;

	while (file != NULL && !found && getline(&line, &room, file) >= 0) {
		at = strstr(line, " - ");
		found = strtol(line, NULL, 10) == mount && at != NULL;
		if (found) {
			at += strlen(" - ");
			at[strcspn(at, " \n")] = '\0';
			found = strlcpy(type, at, size) < size;
			break;
		}
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return found;
}

/* What lies on a local file system.  O_NONBLOCK: it may be a pipe by now. */
static void
add_local(struct copy_sources *sources, pid_t process, int fd)
{
	struct copy_source *file = &sources->files[sources->count];
	struct stat attr;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)process, fd);
	if (stat(path, &attr) != 0 || !S_ISREG(attr.st_mode))
		return;
	file->size = attr.st_size;
	file->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (file->fd >= 0 &&
	    (fstat(file->fd, &attr) != 0 || !S_ISREG(attr.st_mode))) {
		close(file->fd);
		return;
	}
	sources->count++;
}

static void
consider(struct copy_sources *sources, pid_t process, int fd, const char *path,
    const char *mountpoint)
{
	const char *inside = name_inside(path, mountpoint);
	int flags = 0, mount = 0;
	char type[64];

	if (!look_at_descriptor(process, fd, &flags, &mount) ||
	    (flags & (O_ACCMODE | O_PATH | O_DIRECTORY)) != O_RDONLY ||
	    !find_type(process, mount, type, sizeof(type)))
		return;
	if (is_local(type)) {
		add_local(sources, process, fd);
	} else if (strcmp(type, "fuse.prusafs") == 0 && inside != NULL) {
		free(sources->in_mount);
		sources->in_mount = strdup(inside);
	}
}

struct copy_sources *
copy_sources_find(pid_t process, const char *name, const char *mountpoint)
{
	struct copy_sources *sources = calloc(1, sizeof(*sources));
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *dir = NULL;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)process);
	if (sources != NULL && process != 0)
		dir = opendir(path);
	while (dir != NULL && sources->count < COUNT &&
	    (entry = readdir(dir)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd <= STD_MAX)
			continue;
		len = readlinkat(dirfd(dir), entry->d_name, path,
		    sizeof(path) - 1);
		path[len < 0 ? 0 : len] = '\0';
		if (*path == '/' && strcasecmp(name_of(path), name) == 0)
			consider(sources, process, fd, path, mountpoint);
	}
	if (dir != NULL)
		closedir(dir);
	if (sources != NULL && sources->count == 0 &&
	    sources->in_mount == NULL) {
		free(sources);
		return NULL;
	}
	return sources;
}

void
copy_sources_free(struct copy_sources *sources)
{
	size_t i;

	if (sources == NULL)
		return;
	for (i = 0; i < sources->count; i++) {
		if (sources->files[i].fd >= 0)
			close(sources->files[i].fd);
	}
	free(sources->in_mount);
	free(sources);
}

const char *
copy_sources_in_mount(const struct copy_sources *sources)
{
	return sources == NULL ? NULL : sources->in_mount;
}

static ssize_t
read_fd(void *arg, void *out, size_t len, off_t offset)
{
	return pread(*(int *)arg, out, len, offset);
}

static bool
begins_with(int fd, struct spool *spool)
{
	const struct source source = { .read = read_fd, .arg = &fd };

	return whole_file_begins(&source, spool);
}

/* One that has shrunk meanwhile may have been copied whole. */
enum copy_verdict
copy_sources_compare(const struct copy_sources *sources, struct spool *spool)
{
	enum copy_verdict say = COPY_WHOLE;
	off_t size = spool_size(spool);
	struct stat attr;
	size_t i;

	for (i = 0; sources != NULL && i < sources->count; i++) {
		const struct copy_source *file = &sources->files[i];

		if (file->size <= size)
			continue;
		if (file->fd < 0)
			say = COPY_UNREADABLE;
		else if (fstat(file->fd, &attr) == 0 && attr.st_size > size &&
		    begins_with(file->fd, spool))
			return COPY_BROKEN;
	}
	return say;
}
