#ifndef FS_KERNEL_OPS_H
#define FS_KERNEL_OPS_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdbool.h>

struct fuse_lowlevel_ops;
struct fuse_session;
struct inodes;

/* A session with the kernel, which every call of it is given. */
struct mount {
	struct inodes *inodes;
	struct fuse_session *session; /* once it has ended nobody waits */
	bool interrupted;	      /* by a signal, with files open */
	pthread_mutex_t lock;
	TAILQ_HEAD(, file) files; /* under lock: what is open */
};

/*
 * The calls, as libfuse's low-level API wants them; userdata: struct mount.
 * ops_fill_files fills in those of open files and directories only.
 */
void ops_fill(struct fuse_lowlevel_ops *);
void ops_fill_files(struct fuse_lowlevel_ops *);

/* A printer has gone, and the folder of the root is no more, or another's. */
void ops_forget_folder(void *mount, const char *folder);

/* Close what was still open when the session ended. */
void ops_close_all(struct mount *);

#endif
