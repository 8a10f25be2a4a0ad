/*
 * A call of the kernel: who asks, whether he still waits, and the entries
 * that answer him.  A call belongs to its thread; no other state.
 */
#define FUSE_USE_VERSION 312

#include <string.h>

#include <fuse_lowlevel.h>

#include "client/base/log.h"
#include "fs/core/caller.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/kernel/call.h"
#include "fs/kernel/inode.h"
#include "fs/kernel/ops.h"

#define LOOK_EVERY 3 /* ticks of WAIT_TICK_MS between looks at /proc */

/* Has the caller left, or are we ending? */
static bool
has_left(void *arg)
{
	struct call *call = arg;

	if (fuse_session_exited(call->mount->session))
		return true;
	if (!fuse_req_interrupted(call->req) && ++call->ticks % LOOK_EVERY != 0)
		return false;
	return caller_has_left(call->caller.thread);
}

static bool
is_disturbed(void *arg)
{
	const struct call *call = arg;

	return fuse_req_interrupted(call->req) != 0;
}

void
call_about(const struct place *place)
{
	(void)log_about(place == NULL || place->mounted == NULL ?
		NULL :
		place->mounted->subject);
}

void
call_begin(struct call *call, fuse_req_t req)
{
	call_about(NULL);
	memset(call, 0, sizeof(*call));
	call->req = req;
	call->mount = fuse_req_userdata(req);
	call->caller.wait.given_up = has_left;
	call->caller.wait.arg = call;
	call->caller.is_disturbed = is_disturbed;
	call->caller.thread = fuse_req_ctx(req)->pid;
}

void
call_begin_with_process(struct call *call, fuse_req_t req)
{
	call_begin(call, req);
	call->caller.process = caller_process(call->caller.thread);
}

struct place *
call_place(const struct call *call, uint64_t ino)
{
	struct place *place = inode_place(call->mount->inodes, ino);

	call_about(place);
	return place;
}

void
call_follow(const struct call *call, uint64_t ino, struct file *file)
{
	enum inode_state state;
	struct place *place;
	struct stat told;

	if (file->ops->follow == NULL)
		return;
	state = inode_state(call->mount->inodes, ino, &told);
	if (state != INODE_LISTED) {
		atomic_store(state == INODE_OUTDATED ? &file->outdated :
						       &file->removed,
		    true);
		return;
	}
	place = inode_place(call->mount->inodes, ino);
	if (place != NULL)
		file->ops->follow(file, place);
	place_release(place);
}

const struct kind *
call_kind(const struct place *place)
{
	return place->node->kind;
}

struct file *
call_file(const struct fuse_file_info *info)
{
	return (struct file *)(uintptr_t)info->fh;
}

int
call_make_entry(struct call *call, struct place *place,
    struct fuse_entry_param *entry)
{
	uint64_t id;
	int error;

	memset(entry, 0, sizeof(*entry));
	error = place->node->kind->attributes(&call->caller, place,
	    &entry->attr);
	if (error == 0)
		error = inode_enter(call->mount->inodes, place, &id);
	if (error == 0) {
		entry->ino = id;
		entry->entry_timeout = place->node->kind->entry_s;
		entry->attr_timeout = place->node->kind->attr_s;
		inode_note(call->mount->inodes, id, &entry->attr);
	}
	place_release(place);
	return error;
}

/* An entry that the kernel did not get was never looked up. */
void
call_reply_place(struct call *call, int error, struct place *place)
{
	struct fuse_entry_param entry;

	if (error == 0)
		error = call_make_entry(call, place, &entry);
	if (error != 0)
		fuse_reply_err(call->req, -error);
	else if (fuse_reply_entry(call->req, &entry) != 0)
		inode_forget(call->mount->inodes, entry.ino, 1);
}
