/*
 * The kernel's calls: an inode becomes a place, its kind does the work, and
 * the answer goes back.  Each call runs in a thread of libfuse of its own and
 * may block there; no state but struct mount.
 */
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fuse_lowlevel.h>

#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/printer_group.h"
#include "fs/core/space.h"
#include "fs/kernel/call.h"
#include "fs/kernel/inode.h"
#include "fs/kernel/ops.h"
#include "fs/kernel/parallel_dirops.h"

#define BACKGROUND 1024 /* the kernel's default of 12 starves readers */
#define MAX_WRITE  (256 * 1024)

static void
ops_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->max_background = BACKGROUND;
	conn->congestion_threshold = BACKGROUND;
	conn->max_write = MAX_WRITE;
	parallel_dirops_want(conn);
}

static void
ops_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct place *folder, *place = NULL;
	struct call call;
	int error = -ENOENT;

	call_begin(&call, req);
	folder = call_place(&call, parent);
	if (folder == NULL)
		error = -ESTALE;
	else if (call_kind(folder)->lookup != NULL)
		error = call_kind(folder)->lookup(&call.caller, folder, name,
		    &place);
	call_reply_place(&call, error, place);
	place_release(folder);
}

static void
ops_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
	struct mount *mount = fuse_req_userdata(req);

	inode_forget(mount->inodes, ino, lookups);
	fuse_reply_none(req);
}

static void
ops_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct mount *mount = fuse_req_userdata(req);
	size_t i;

	for (i = 0; i < count; i++)
		inode_forget(mount->inodes, forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static void
reply_attributes(struct call *call, fuse_ino_t ino, struct place *place)
{
	struct stat attr;
	int error;

	if (inode_state(call->mount->inodes, ino, &attr) != INODE_LISTED) {
		fuse_reply_attr(call->req, &attr, 0);
		return;
	}
	error = place == NULL ?
	    -ESTALE :
	    call_kind(place)->attributes(&call->caller, place, &attr);
	if (error != 0) {
		fuse_reply_err(call->req, -error);
		return;
	}
	inode_note(call->mount->inodes, ino, &attr);
	fuse_reply_attr(call->req, &attr, call_kind(place)->attr_s);
}

static void
ops_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct place *place;
	struct call call;

	(void)info;
	call_begin(&call, req);
	place = call_place(&call, ino);
	reply_attributes(&call, ino, place);
	place_release(place);
}

static void
note_changes(struct changes *changes, const struct stat *attr, int to_set)
{
	memset(changes, 0, sizeof(*changes));
	changes->set_size = (to_set & FUSE_SET_ATTR_SIZE) != 0;
	changes->size = attr->st_size;
	changes->set_mtime = (to_set &
				 (FUSE_SET_ATTR_MTIME |
				     FUSE_SET_ATTR_MTIME_NOW)) != 0;
	changes->mtime = attr->st_mtim;
	if ((to_set & FUSE_SET_ATTR_MTIME_NOW) != 0)
		clock_gettime(CLOCK_REALTIME, &changes->mtime);
}

static void
ops_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
    struct fuse_file_info *info)
{
	struct file *file = info == NULL ? NULL : call_file(info);
	struct changes changes;
	struct place *place;
	struct call call;
	int error = -EPERM;

	call_begin_with_process(&call, req);
	note_changes(&changes, attr, to_set);
	place = call_place(&call, ino);
	if (file != NULL)
		call_follow(&call, ino, file);
	if (file != NULL && file->ops->change != NULL)
		error = file->ops->change(file, &call.caller, &changes);
	else if (place != NULL && call_kind(place)->change != NULL)
		error = call_kind(place)->change(&call.caller, place, &changes);
	if (error == 0 && changes.set_size)
		inode_resize(call.mount->inodes, ino, changes.size, true);
	if (error == 0 && changes.set_size && file == NULL)
		inode_renew(call.mount->inodes, ino);
	if (error != 0)
		fuse_reply_err(req, -error);
	else
		reply_attributes(&call, ino, place);
	place_release(place);
}

static void
ops_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct place *folder, *place = NULL;
	struct call call;
	int error = -EPERM;

	(void)mode;
	call_begin(&call, req);
	folder = call_place(&call, parent);
	if (folder != NULL && call_kind(folder)->make_folder != NULL)
		error = call_kind(folder)->make_folder(&call.caller, folder,
		    name, &place);
	call_reply_place(&call, error, place);
	place_release(folder);
}

static void
remove_name(fuse_req_t req, fuse_ino_t parent, const char *name, bool is_folder)
{
	struct place *folder, *place = NULL;
	struct call call;
	int error = -EPERM;

	call_begin_with_process(&call, req);
	folder = call_place(&call, parent);
	if (folder != NULL && call_kind(folder)->remove != NULL) {
		error = call_kind(folder)->lookup(&call.caller, folder, name,
		    &place);
		if (error == 0)
			error = call_kind(folder)->remove(&call.caller, folder,
			    name, is_folder);
	}
	if (error == 0)
		inode_detach(call.mount->inodes, place->key);
	if (error == 0 && place->mounted != NULL)
		mounted_note_idle(place->mounted);
	fuse_reply_err(req, -error);
	place_release(place);
	place_release(folder);
}

static void
ops_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, false);
}

static void
ops_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, true);
}

static int
rename_name(struct call *call, struct place *folder, const char *name,
    struct place *new_folder, const char *new_name, unsigned int flags)
{
	const struct kind *kind = call_kind(folder);
	struct place *source, *target;
	int error;

	if ((flags & ~(unsigned int)RENAME_NOREPLACE) != 0)
		return -EINVAL;
	if (kind->rename == NULL)
		return -EPERM;
	error = kind->lookup(&call->caller, folder, name, &source);
	if (error != 0)
		return error;
	error = kind->rename(&call->caller, folder, name, new_folder, new_name,
	    (flags & RENAME_NOREPLACE) == 0, &target);
	if (error == 0) {
		inode_move(call->mount->inodes, source->key, target);
		place_release(target);
	}
	if (source->mounted != NULL)
		mounted_note_idle(source->mounted);
	place_release(source);
	return error;
}

static void
ops_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
    fuse_ino_t new_parent, const char *new_name, unsigned int flags)
{
	struct place *folder, *new_folder;
	struct call call;
	int error = -EPERM;

	call_begin_with_process(&call, req);
	folder = call_place(&call, parent);
	new_folder = call_place(&call, new_parent);
	if (folder != NULL && new_folder != NULL)
		error = rename_name(&call, folder, name, new_folder, new_name,
		    flags);
	fuse_reply_err(req, -error);
	place_release(folder);
	place_release(new_folder);
}

static void
ops_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
    const char *name)
{
	(void)target;
	(void)parent;
	(void)name;
	fuse_reply_err(req, EPERM);
}

static void
ops_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino;
	(void)parent;
	(void)name;
	fuse_reply_err(req, EPERM);
}

/* Make a file, and close it at once. */
static int
make_file(struct call *call, struct place *folder, const char *name,
    struct place **out)
{
	struct file *file;
	int error;

	if (call_kind(folder)->create == NULL)
		return -EPERM;
	error = call_kind(folder)->create(&call->caller, folder, name,
	    O_WRONLY | O_CREAT | O_EXCL, out, &file);
	if (error == 0)
		file->ops->close(file, &call->caller);
	return error;
}

/* The kernel's NFS server makes regular files so. */
static void
ops_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
    dev_t device)
{
	struct place *folder, *place = NULL;
	struct call call;
	int error = -EPERM;

	(void)device;
	call_begin_with_process(&call, req);
	folder = call_place(&call, parent);
	if (folder != NULL && S_ISREG(mode))
		error = make_file(&call, folder, name, &place);
	call_reply_place(&call, error, place);
	place_release(folder);
}

static void
ops_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs disk = {
		.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255
	};
	int64_t total = 0, available = 0;
	struct place *place;
	struct call call;

	call_begin(&call, req);
	place = call_place(&call, ino);
	if (place != NULL && place->mounted != NULL)
		space_look(place->mounted->space, &total, &available);
	else if (place != NULL)
		place->group->ops->space(place->group, &total, &available);
	place_release(place);
	disk.f_blocks = (fsblkcnt_t)(total / 4096);
	disk.f_bfree = disk.f_bavail = (fsblkcnt_t)(available / 4096);
	fuse_reply_statfs(req, &disk);
}

static void
drop_poll(void *handle)
{
	fuse_pollhandle_destroy(handle);
}

static void
wake_poll(void *handle)
{
	fuse_lowlevel_notify_poll(handle);
	fuse_pollhandle_destroy(handle);
}

/* Every node answers, for one ENOSYS would switch poll off everywhere. */
static void
ops_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info,
    struct fuse_pollhandle *handle)
{
	const struct waker waker = {
		.wake = wake_poll, .drop = drop_poll, .handle = handle
	};
	struct file *file = call_file(info);
	unsigned int events = POLLIN | POLLOUT;

	(void)ino;
	if (file->ops->poll != NULL)
		events = file->ops->poll(file, handle == NULL ? NULL : &waker) ?
		    POLLIN :
		    0;
	else if (handle != NULL)
		drop_poll(handle);
	fuse_reply_poll(req, events);
}

/* Tell the kernel, if it knows the folder that has the name in it. */
static void
forget_name(struct mount *mount, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char *folder = strndup(path,
	    slash == NULL ? 0 : (size_t)(slash - path));
	uint64_t id = folder == NULL ? 0 : inode_find(mount->inodes, folder);

	if (id != 0)
		(void)fuse_lowlevel_notify_inval_entry(mount->session, id, name,
		    strlen(name));
	free(folder);
}

/* The kernel may forget the inodes under that name from now on. */
void
ops_forget_folder(void *arg, const char *folder)
{
	struct mount *mount = arg;

	inode_detach_gone(mount->inodes);
	forget_name(mount, folder);
}

void
ops_fill(struct fuse_lowlevel_ops *out)
{
	const struct fuse_lowlevel_ops names = {
		.init = ops_init,
		.lookup = ops_lookup,
		.forget = ops_forget,
		.forget_multi = ops_forget_multi,
		.getattr = ops_getattr,
		.setattr = ops_setattr,
		.mkdir = ops_mkdir,
		.unlink = ops_unlink,
		.rmdir = ops_rmdir,
		.rename = ops_rename,
		.symlink = ops_symlink,
		.link = ops_link,
		.mknod = ops_mknod,
		.statfs = ops_statfs,
		.poll = ops_poll,
	};

	*out = names;
	ops_fill_files(out);
}
