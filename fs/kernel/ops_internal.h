#ifndef FS_KERNEL_OPS_INTERNAL_H
#define FS_KERNEL_OPS_INTERNAL_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

struct fuse_file_info;
struct fuse_req;

/* Slots of struct fuse_lowlevel_ops; for fs/ops.c. */
void ops_open(struct fuse_req *, uint64_t ino, struct fuse_file_info *);
void ops_create(struct fuse_req *, uint64_t parent, const char *name,
    mode_t mode, struct fuse_file_info *);
void ops_read(struct fuse_req *, uint64_t ino, size_t len, off_t offset,
    struct fuse_file_info *);
void ops_write(struct fuse_req *, uint64_t ino, const char *data, size_t len,
    off_t offset, struct fuse_file_info *);
void ops_flush(struct fuse_req *, uint64_t ino, struct fuse_file_info *);
void ops_fsync(struct fuse_req *, uint64_t ino, int datasync,
    struct fuse_file_info *);
void ops_release(struct fuse_req *, uint64_t ino, struct fuse_file_info *);
void ops_opendir(struct fuse_req *, uint64_t ino, struct fuse_file_info *);
void ops_readdir(struct fuse_req *, uint64_t ino, size_t size, off_t offset,
    struct fuse_file_info *);
void ops_releasedir(struct fuse_req *, uint64_t ino, struct fuse_file_info *);

#endif
