#ifndef FS_OPS_H
#define FS_OPS_H

struct fuse_lowlevel_ops;
struct fuse_session;
struct inodes;
struct unit;

/* What every call of the kernel is given. */
struct mount {
	struct unit *unit;
	struct inodes *inodes;
	struct fuse_session *session; /* once it has ended nobody waits */
};

/* The calls, as libfuse's low-level API wants them; userdata: struct mount. */
const struct fuse_lowlevel_ops *ops_table(void);

#endif
