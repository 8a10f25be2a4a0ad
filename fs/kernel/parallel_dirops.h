#ifndef FS_KERNEL_PARALLEL_DIROPS_H
#define FS_KERNEL_PARALLEL_DIROPS_H

struct fuse_conn_info;
struct fuse_session;

/*
 * Calls for names in one directory beside each other.  Else the kernel has
 * whoever looks for a name wait, not even to be killed, for the answer to
 * whoever looked there before, and a silent printer may owe that for as long
 * as answer_timeout.
 *
 * libfuse before 3.17 knows FUSE_CAP_PARALLEL_DIROPS and does not tell the
 * kernel (its pull request 861).  Then the first message to the kernel, which
 * is the answer to INIT, is given the flag on its way.
 */

/* For the call init. */
void parallel_dirops_want(struct fuse_conn_info *);

/*
 * For a session that was just mounted, and before its loop.  Without memory it
 * is without that.
 */
void parallel_dirops_prepare(struct fuse_session *);

#endif
