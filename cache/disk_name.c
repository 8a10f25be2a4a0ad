/*
 * The name of bytes on the local disk, removed by who lets go of it last.  Any
 * thread, without a lock: both members are atomic.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/disk_name.h"

struct disk_name {
	atomic_int holders;
	atomic_bool keeps;
	char *path;
};

struct disk_name *
disk_name_new(const char *path)
{
	struct disk_name *disk_name = calloc(1, sizeof(*disk_name));

	if (disk_name == NULL)
		return NULL;
	disk_name->path = strdup(path);
	if (disk_name->path == NULL) {
		free(disk_name);
		return NULL;
	}
	atomic_init(&disk_name->holders, 1);
	atomic_init(&disk_name->keeps, false);
	return disk_name;
}

struct disk_name *
disk_name_hold(struct disk_name *disk_name)
{
	atomic_fetch_add(&disk_name->holders, 1);
	return disk_name;
}

void
disk_name_release(struct disk_name *disk_name)
{
	if (disk_name == NULL || atomic_fetch_sub(&disk_name->holders, 1) > 1)
		return;
	if (!atomic_load(&disk_name->keeps))
		unlink(disk_name->path);
	free(disk_name->path);
	free(disk_name);
}

void
disk_name_keep(struct disk_name *disk_name, bool keep)
{
	atomic_store(&disk_name->keeps, keep);
}

const char *
disk_name_path(const struct disk_name *disk_name)
{
	return disk_name->path;
}
