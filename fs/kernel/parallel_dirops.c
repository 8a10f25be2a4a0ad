/*
 * The kernel shall ask for several names of a directory at once.  The
 * only state is whether the answer to INIT is still to be sent: a process has
 * one session.
 */
#define FUSE_USE_VERSION 312

#include <sys/uio.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <fuse_lowlevel.h>
#include <linux/fuse.h>

#include "fs/kernel/parallel_dirops.h"

#define TELLS_ITSELF 317 /* as fuse_version says it */

static atomic_bool is_due;

void
parallel_dirops_want(struct fuse_conn_info *conn)
{
	if ((conn->capable & FUSE_CAP_PARALLEL_DIROPS) == 0)
		return;
	conn->want |= FUSE_CAP_PARALLEL_DIROPS;
	atomic_store(&is_due, true);
}

/* A header and what was answered, which is libfuse's to change. */
static void
add_flag(const struct iovec *iov, int count)
{
	struct fuse_init_out *out;

	if (count != 2 ||
	    iov[1].iov_len < offsetof(struct fuse_init_out, max_background))
		return; /* it was refused */
	out = iov[1].iov_base;
	out->flags |= FUSE_PARALLEL_DIROPS;
}

static ssize_t
send_message(int fd, struct iovec *iov, int count, void *userdata)
{
	(void)userdata;
	if (atomic_load(&is_due) && atomic_exchange(&is_due, false))
		add_flag(iov, count);
	return writev(fd, iov, count);
}

static ssize_t
receive_message(int fd, void *data, size_t size, void *userdata)
{
	(void)userdata;
	return read(fd, data, size);
}

void
parallel_dirops_prepare(struct fuse_session *session)
{
	static const struct fuse_custom_io io = { .writev = send_message,
		.read = receive_message };

	if (fuse_version() < TELLS_ITSELF)
		(void)fuse_session_custom_io(session, &io,
		    fuse_session_fd(session));
}
