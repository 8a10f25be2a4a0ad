#ifndef FS_KERNEL_CALL_H
#define FS_KERNEL_CALL_H

#include "fs/core/kind.h"

struct file;
struct fuse_entry_param;
struct fuse_file_info;
struct mount;
struct place;

/*
 * A call of the kernel under way, in a thread of its own.  It lives as long
 * as the function that answers it.
 */
struct call {
	struct fuse_req *req;
	struct mount *mount;
	struct caller caller;
	unsigned int ticks;
};

/* What is said from now on is about the printer of that place, or none. */
void call_about(const struct place *);

/* Begin to answer; who asks is known, but for his process. */
void call_begin(struct call *, struct fuse_req *);

/* The same for a call whose kind asks for the process too. */
void call_begin_with_process(struct call *, struct fuse_req *);

/*
 * The place of an inode, which the call is about (caller: place_release); NULL:
 * its printer has gone.
 */
struct place *call_place(const struct call *, uint64_t ino);

/* An open file of that inode may have a new name, or none: it shall know. */
void call_follow(const struct call *, uint64_t ino, struct file *);

/* What a place can do, and what the kernel has open. */
const struct kind *call_kind(const struct place *);
struct file *call_file(const struct fuse_file_info *);

/*
 * Enter a place, which it takes, and fill in what the kernel wants to know.
 * Returns 0, or why its attributes cannot be had.
 */
int call_make_entry(struct call *, struct place *, struct fuse_entry_param *);

/* Answer with the entry of a place, which it takes, or with an error. */
void call_reply_place(struct call *, int error, struct place *);

#endif
