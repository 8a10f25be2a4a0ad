/*
 * The directory "unsent": files whose upload failed.  They can be read and
 * removed; copying or moving one to a storage tries again.  No state, any
 * thread.
 */
#include <errno.h>
#include <fcntl.h>

#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/unsent.h"
#include "client/base/name.h"
#include "fs/core/caller.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/exdev_copy.h"
#include "fs/storage/storage.h"
#include "fs/storage/upload.h"
#include "fs/tree/node.h"

struct leftover {
	struct file file;
	struct spool *spool;
};

/* Size and time of a file; its mover still sees it when it was stored. */
static int
look(const struct caller *caller, const struct place *place, off_t *size,
    struct timespec *kept)
{
	const char *name = name_of(place->path);
	struct unsent *unsent = place->mounted->unsent;
	int error = unsent_look(unsent, name, size, kept);

	if (error != 0 &&
	    unsent_has_gone(unsent, name, caller_process(caller->thread), size,
		kept))
		error = 0;
	return error;
}

static int
unsent_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct timespec kept;
	struct place *place;
	off_t size;
	int error = storage_child(folder, name, &place);

	if (error != 0)
		return error;
	error = look(caller, place, &size, &kept);
	return place_give(place, error, out);
}

static int
unsent_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	struct folder_lister names = {
		.folder = folder, .lister = lister, .type = S_IFREG
	};

	(void)caller;
	upload_give_up(folder->mounted, STAGE_RENAME_MS);
	return unsent_each(folder->mounted->unsent, storage_list_name, &names);
}

static int
unsent_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	struct timespec kept;
	off_t size;
	int error;

	node_attributes(place, out);
	if (storage_is_root(place))
		return 0;
	error = look(caller, place, &size, &kept);
	if (error != 0)
		return error;
	out->st_ino = place_number(place->key);
	out->st_mode = S_IFREG | (0444 & ~place->mounted->settings->fmask);
	node_add_contents(out, size, &kept);
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
	spool_release(((struct leftover *)file)->spool);
	file_close(file, caller);
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
	struct spool *spool;
	int error;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	error = unsent_open_bytes(place->mounted->unsent, name_of(place->path),
	    &spool);
	if (error != 0)
		return error;
	unsent_note_reader(place->mounted->unsent, name_of(place->path),
	    caller->process);
	leftover = (struct leftover *)file_new(sizeof(*leftover), &ops, place);
	if (leftover == NULL) {
		spool_release(spool);
		return -ENOMEM;
	}
	leftover->spool = spool;
	*out = &leftover->file;
	return 0;
}

static int
unsent_remove_file(const struct caller *caller, struct place *folder,
    const char *name, bool is_folder)
{
	return is_folder ?
	    -ENOTDIR :
	    unsent_remove(folder->mounted->unsent, name, caller->process);
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

/*
 * Programs copy, and the copy's close tries again: a rename across directories
 * holds a lock of the whole mount until it is answered, and an upload may take
 * long.  Under a temporary name it would not be tried, and no longer be safe.
 */
static int
unsent_rename(const struct caller *caller, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out)
{
	struct place *target;
	int error;

	(void)name;
	(void)replace;
	(void)out;
	if (new_folder->node->kind != &kind_storage ||
	    new_folder->mounted != folder->mounted)
		return -EXDEV;
	if (storage_is_temporary(new_folder, new_name))
		return -EINVAL;
	error = storage_check_name(new_folder, new_name, false);
	if (error == 0)
		error = storage_child(new_folder, new_name, &target);
	if (error != 0)
		return error;
	exdev_copy_note(caller, NULL, target);
	place_release(target);
	return -EXDEV;
}

const struct kind kind_unsent_directory = {
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
