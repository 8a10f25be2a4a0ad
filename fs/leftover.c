/*
 * The directory "unsent": files whose upload failed.  They can be read and
 * removed; moving one to a storage tries again.  No state, any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cache/spool.h"
#include "cache/unsent.h"
#include "client/name.h"
#include "fs/node.h"
#include "fs/place.h"
#include "fs/storage.h"
#include "fs/unit.h"
#include "fs/upload.h"

struct leftover {
	struct file file;
	struct spool *spool;
};

static bool
is_root(const struct place *place)
{
	return strchr(place->path, '/') == NULL;
}

static int
find(const struct place *place, struct spool **spool, struct timespec *kept)
{
	return unsent_find(place->unit->unsent, name_of(place->path), spool,
	    kept);
}

static int
unsent_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct timespec kept;
	struct spool *spool;
	struct place *place;
	int error = storage_child(folder, name, &place);

	(void)caller;
	if (error != 0)
		return error;
	error = find(place, &spool, &kept);
	if (error != 0) {
		place_release(place);
		return error;
	}
	spool_release(spool);
	*out = place;
	return 0;
}

/* The lister, and the folder whose names it takes. */
struct collector {
	struct place *folder;
	const struct lister *lister;
};

static int
add_name(void *arg, const char *name)
{
	const struct collector *collector = arg;
	const struct lister *lister = collector->lister;
	struct place *place;
	int error = storage_child(collector->folder, name, &place);

	if (error != 0)
		return error;
	error = lister->add(lister->arg, name, place_number(place->key),
	    S_IFREG);
	place_release(place);
	return error;
}

static int
unsent_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	struct collector collector = { .folder = folder, .lister = lister };

	(void)caller;
	upload_give_up(folder->unit, UPLOAD_RENAME_MS);
	return unsent_each(folder->unit->unsent, add_name, &collector);
}

static int
unsent_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	struct timespec kept;
	struct spool *spool;
	int error;

	(void)caller;
	node_attributes(place, out);
	if (is_root(place))
		return 0;
	error = find(place, &spool, &kept);
	if (error != 0)
		return error;
	out->st_ino = place_number(place->key);
	out->st_mode = S_IFREG | (0444 & ~place->unit->settings->fmask);
	out->st_nlink = 1;
	out->st_size = spool_size(spool);
	out->st_blocks = (out->st_size + 511) / 512;
	out->st_mtim = out->st_ctim = out->st_atim = kept;
	spool_release(spool);
	return 0;
}

static ssize_t
leftover_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	return spool_read(((struct leftover *)file)->spool, &caller->wait, out,
	    len, offset);
}

static void
leftover_close(struct file *file, const struct caller *caller)
{
	(void)caller;
	spool_release(((struct leftover *)file)->spool);
	place_release(file->place);
	free(file);
}

static int
unsent_open_file(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	static const struct file_ops ops = {
		.read = leftover_read,
		.close = leftover_close,
	};
	struct leftover *leftover;
	struct timespec kept;
	struct spool *spool;
	int error;

	(void)caller;
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	error = find(place, &spool, &kept);
	if (error != 0)
		return error;
	leftover = calloc(1, sizeof(*leftover));
	if (leftover == NULL) {
		spool_release(spool);
		return -ENOMEM;
	}
	leftover->file.ops = &ops;
	leftover->file.place = place_hold(place);
	leftover->spool = spool;
	*out = &leftover->file;
	return 0;
}

static int
unsent_remove_file(const struct caller *caller, struct place *folder,
    const char *name, bool is_folder)
{
	(void)caller;
	return is_folder ? -ENOTDIR : unsent_remove(folder->unit->unsent, name);
}

/* Times and modes are ours to ignore. */
static int
unsent_change(const struct caller *caller, struct place *place,
    const struct changes *changes)
{
	(void)caller;
	(void)place;
	return changes->set_size ? -EACCES : 0;
}

static int
send_again(const struct caller *caller, struct place *folder, const char *name,
    struct place *target, bool replace)
{
	struct unit *unit = folder->unit;
	struct upload upload = { .path = target->path };
	struct timespec kept;
	struct spool *spool;
	char *wire = name_folder(target->wire);
	int error = wire == NULL ?
	    -ENOMEM :
	    entries_look_at_target(caller, target, replace, &upload);

	if (error == 0)
		error = unsent_find(unit->unsent, name, &spool, &kept);
	if (error == 0) {
		upload.folder = wire;
		error = upload_spool(caller, unit, spool, &upload);
		spool_release(spool);
		if (error == 0)
			(void)unsent_remove(unit->unsent, name);
	}
	free(wire);
	return error;
}

/* To a storage: try again.  To anywhere else programs have to copy. */
static int
unsent_rename(const struct caller *caller, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out)
{
	struct place *target;
	int error;

	if (new_folder->node->kind != &kind_storage ||
	    new_folder->unit != folder->unit)
		return -EXDEV;
	if (storage_is_temporary(new_folder, new_name))
		return -EINVAL;
	error = storage_check_name(new_folder, new_name, false);
	if (error == 0)
		error = storage_child(new_folder, new_name, &target);
	if (error != 0)
		return error;
	error = send_again(caller, folder, name, target, replace);
	if (error == 0)
		*out = target;
	else
		place_release(target);
	return error;
}

const struct kind kind_unsent = {
	.lookup = unsent_lookup,
	.list = unsent_list,
	.attributes = unsent_attributes,
	.change = unsent_change,
	.open = unsent_open_file,
	.remove = unsent_remove_file,
	.rename = unsent_rename,
	.entry_s = 0,
	.attr_s = 0,
};
