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
#include "fs/storage/original.h"

#define COUNT	4 /* of one name that a program copies at once */
#define STD_MAX 2 /* what a shell has opened says nothing */

struct original {
	int fd;	    /* -1: it cannot be read */
	off_t size; /* when it was found */
};

struct originals {
	size_t count;
	struct original files[COUNT];
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
add_local(struct originals *originals, pid_t process, int fd)
{
	struct original *file = &originals->files[originals->count];
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
	originals->count++;
}

static void
consider(struct originals *originals, pid_t process, int fd, const char *path,
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
		add_local(originals, process, fd);
	} else if (strcmp(type, "fuse.prusafs") == 0 && inside != NULL) {
		free(originals->in_mount);
		originals->in_mount = strdup(inside);
	}
}

struct originals *
originals_find(pid_t process, const char *name, const char *mountpoint)
{
	struct originals *originals = calloc(1, sizeof(*originals));
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *dir = NULL;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)process);
	if (originals != NULL && process != 0)
		dir = opendir(path);
	while (dir != NULL && originals->count < COUNT &&
	    (entry = readdir(dir)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd <= STD_MAX)
			continue;
		len = readlinkat(dirfd(dir), entry->d_name, path,
		    sizeof(path) - 1);
		path[len < 0 ? 0 : len] = '\0';
		if (*path == '/' && strcasecmp(name_of(path), name) == 0)
			consider(originals, process, fd, path, mountpoint);
	}
	if (dir != NULL)
		closedir(dir);
	if (originals != NULL && originals->count == 0 &&
	    originals->in_mount == NULL) {
		free(originals);
		return NULL;
	}
	return originals;
}

void
originals_free(struct originals *originals)
{
	size_t i;

	if (originals == NULL)
		return;
	for (i = 0; i < originals->count; i++) {
		if (originals->files[i].fd >= 0)
			close(originals->files[i].fd);
	}
	free(originals->in_mount);
	free(originals);
}

const char *
originals_in_mount(const struct originals *originals)
{
	return originals == NULL ? NULL : originals->in_mount;
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
enum originals_say
originals_compare(const struct originals *originals, struct spool *spool)
{
	enum originals_say say = ORIGINALS_WHOLE;
	off_t size = spool_size(spool);
	struct stat attr;
	size_t i;

	for (i = 0; originals != NULL && i < originals->count; i++) {
		const struct original *file = &originals->files[i];

		if (file->size <= size)
			continue;
		if (file->fd < 0)
			say = ORIGINALS_UNREADABLE;
		else if (fstat(file->fd, &attr) == 0 && attr.st_size > size &&
		    begins_with(file->fd, spool))
			return ORIGINALS_BROKEN;
	}
	return say;
}
