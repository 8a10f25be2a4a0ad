/*
 * The kernel's calls for open files and directories (fs/kernel/ops.c has the
 * rest). Each runs in a thread of libfuse of its own and may block there.
 */
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fuse_lowlevel.h>

#include "client/base/buf.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/kernel/call.h"
#include "fs/kernel/inode.h"
#include "fs/kernel/ops.h"

/* What the kernel has open is on a list, for it may end without closing. */
static void
give_file(struct mount *mount, struct fuse_file_info *info, struct file *file)
{
	info->fh = (uintptr_t)file;
	info->direct_io = file->direct;
	info->nonseekable = file->is_stream;
	if (file->place != NULL && file->place->mounted != NULL)
		atomic_fetch_add(&file->place->mounted->open, 1);
	pthread_mutex_lock(&mount->lock);
	TAILQ_INSERT_TAIL(&mount->files, file, link);
	pthread_mutex_unlock(&mount->lock);
}

static void
take_back(struct mount *mount, struct file *file, const struct caller *caller)
{
	struct place *place = file->place == NULL ? NULL :
						    place_hold(file->place);

	call_about(place);
	pthread_mutex_lock(&mount->lock);
	TAILQ_REMOVE(&mount->files, file, link);
	pthread_mutex_unlock(&mount->lock);
	file->ops->close(file, caller);
	if (place != NULL && place->mounted != NULL) {
		atomic_fetch_sub(&place->mounted->open, 1);
		mounted_note_idle(place->mounted);
	}
	place_release(place);
}

static bool
nobody_waits(void *arg)
{
	(void)arg;
	return true;
}

void
ops_close_all(struct mount *mount)
{
	const struct caller caller = { .wait = { .given_up = nobody_waits } };
	struct file *file;

	while ((file = TAILQ_FIRST(&mount->files)) != NULL) {
		/* What its writer has not closed is part of a file. */
		if (mount->interrupted && file->ops->abandon != NULL)
			file->ops->abandon(file);
		take_back(mount, file, &caller);
	}
}

static void
ops_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct place *place;
	struct file *file;
	struct call call;
	int error = -EPERM;

	call_begin_with_process(&call, req);
	place = call_place(&call, ino);
	if (place == NULL)
		error = -ESTALE;
	else if (call_kind(place)->open != NULL)
		error = call_kind(place)->open(&call.caller, place, info->flags,
		    &file);
	place_release(place);
	if (error != 0) {
		fuse_reply_err(req, -error);
		return;
	}
	give_file(call.mount, info, file);
	info->keep_cache = call_kind(file->place)->attr_s > 0;
	if (fuse_reply_open(req, info) != 0)
		take_back(call.mount, file, &call.caller);
}

static void
ops_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
    struct fuse_file_info *info)
{
	struct fuse_entry_param entry;
	struct place *folder, *place;
	struct file *file;
	struct call call;
	int error = -EPERM;

	(void)mode;
	call_begin_with_process(&call, req);
	folder = call_place(&call, parent);
	if (folder != NULL && call_kind(folder)->create != NULL)
		error = call_kind(folder)->create(&call.caller, folder, name,
		    info->flags, &place, &file);
	place_release(folder);
	if (error != 0) {
		fuse_reply_err(req, -error);
		return;
	}
	error = call_make_entry(&call, place, &entry);
	give_file(call.mount, info, file);
	if (error == 0 && fuse_reply_create(req, &entry, info) == 0)
		return;
	if (error != 0)
		fuse_reply_err(req, -error);
	else
		inode_forget(call.mount->inodes, entry.ino, 1);
	if (file->ops->abandon != NULL)
		file->ops->abandon(file);
	take_back(call.mount, file, &call.caller);
}

static void
ops_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t offset,
    struct fuse_file_info *info)
{
	struct file *file = call_file(info);
	struct call call;
	ssize_t count = -EBADF;
	char *data = malloc(len);

	(void)ino;
	if (data == NULL) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	call_begin(&call, req);
	call_about(file->place);
	if (file->ops->read != NULL)
		count = file->ops->read(file, &call.caller, data, len, offset);
	if (count < 0)
		fuse_reply_err(req, (int)-count);
	else
		fuse_reply_buf(req, data, (size_t)count);
	free(data);
}

static void
ops_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t len,
    off_t offset, struct fuse_file_info *info)
{
	struct file *file = call_file(info);
	struct call call;
	ssize_t count = -EBADF;

	call_begin(&call, req);
	call_about(file->place);
	call_follow(&call, ino, file);
	if (file->ops->write != NULL)
		count = file->ops->write(file, &call.caller, data, len, offset);
	if (count < 0) {
		fuse_reply_err(req, (int)-count);
		return;
	}
	inode_resize(call.mount->inodes, ino, offset + count, false);
	fuse_reply_write(req, (size_t)count);
}

static void
ops_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct file *file = call_file(info);
	struct call call;
	int error = 0;

	call_begin_with_process(&call, req);
	call_about(file->place);
	if (file->ops->flush != NULL)
		error = file->ops->flush(file, &call.caller);
	if (error == 0 && atomic_load(&file->stored))
		inode_renew(call.mount->inodes, ino);
	fuse_reply_err(req, -error);
}

static void
ops_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
    struct fuse_file_info *info)
{
	struct file *file = call_file(info);

	(void)ino;
	(void)datasync;
	fuse_reply_err(req,
	    file->ops->sync == NULL ? 0 : -file->ops->sync(file));
}

/* Nobody waits for a release: what it does is given up by the end only. */
static void
ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct file *file = call_file(info);
	struct call call;

	(void)ino;
	call_begin(&call, req);
	call.caller.thread = 0;
	take_back(call.mount, file, &call.caller);
	fuse_reply_err(req, 0);
}

/* A directory as it was when it was opened. */
struct names {
	struct file file;
	fuse_req_t req;
	struct buf text; /* entries as the kernel reads them */
};

static void
close_names(struct file *file, const struct caller *caller)
{
	struct names *names = (struct names *)file;

	(void)caller;
	buf_free(&names->text);
	free(names);
}

static int
add_name(void *arg, const char *name, ino_t number, mode_t mode)
{
	struct names *names = arg;
	struct stat attr = { .st_ino = number, .st_mode = mode };
	size_t size = fuse_add_direntry(names->req, NULL, 0, name, NULL, 0);
	char entry[512];

	if (size > sizeof(entry))
		return 0;
	fuse_add_direntry(names->req, entry, sizeof(entry), name, &attr,
	    (off_t)(names->text.len + size));
	return buf_append(&names->text, entry, size);
}

static int
collect(struct call *call, uint64_t ino, struct names *names)
{
	struct lister lister = { .add = add_name, .arg = names };
	struct place *place = call_place(call, ino);
	int error = -ENOTDIR;

	if (place == NULL)
		error = -ESTALE;
	else if (call_kind(place)->list != NULL)
		error = add_name(names, ".", place_number(place->key), S_IFDIR);
	if (error == 0)
		error = add_name(names, "..", place_number(""), S_IFDIR);
	if (error == 0)
		error = call_kind(place)->list(&call->caller, place, &lister);
	place_release(place);
	return error;
}

static void
ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	static const struct file_ops ops = { .close = close_names };
	struct names *names = calloc(1, sizeof(*names));
	struct call call;
	int error;

	if (names == NULL) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	call_begin(&call, req);
	names->file.ops = &ops;
	names->req = req;
	error = collect(&call, ino, names);
	if (error != 0) {
		close_names(&names->file, &call.caller);
		fuse_reply_err(req, -error);
		return;
	}
	give_file(call.mount, info, &names->file);
	if (fuse_reply_open(req, info) != 0)
		take_back(call.mount, &names->file, &call.caller);
}

/* Bytes of whole entries from offset on, as many as there is room for. */
static size_t
measure(const struct buf *text, size_t offset, size_t room)
{
	size_t end = offset, len;

	while (end < text->len) {
		uint32_t name_len;

		/* struct fuse_dirent: ino, off, namelen, type, name */
		memcpy(&name_len, text->data + end + 16, sizeof(name_len));
		len = (24 + name_len + 7) & ~(size_t)7;
		if (end + len - offset > room)
			break;
		end += len;
	}
	return end - offset;
}

/*
 * A copy is sent: with the answer the program may close the directory, and
 * another thread frees the names while this one is on its way back.
 */
static void
ops_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
    struct fuse_file_info *info)
{
	const struct names *names = (struct names *)(uintptr_t)info->fh;
	const struct buf *text = &names->text;
	size_t len = offset < 0 ? 0 : measure(text, (size_t)offset, size);
	char *copy;

	(void)ino;
	if (len == 0) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	copy = malloc(len);
	if (copy == NULL) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	memcpy(copy, text->data + offset, len);
	fuse_reply_buf(req, copy, len);
	free(copy);
}

static void
ops_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct call call;

	(void)ino;
	call_begin(&call, req);
	take_back(call.mount, call_file(info), &call.caller);
	fuse_reply_err(req, 0);
}

void
ops_fill_files(struct fuse_lowlevel_ops *table)
{
	table->open = ops_open;
	table->create = ops_create;
	table->read = ops_read;
	table->write = ops_write;
	table->flush = ops_flush;
	table->fsync = ops_fsync;
	table->release = ops_release;
	table->opendir = ops_opendir;
	table->readdir = ops_readdir;
	table->releasedir = ops_releasedir;
}
