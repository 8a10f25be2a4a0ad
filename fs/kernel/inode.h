#ifndef FS_KERNEL_INODE_H
#define FS_KERNEL_INODE_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stdint.h>

struct place;

/*
 * The numbers by which the kernel speaks of places.  A place has one inode,
 * whatever the spelling it was looked up by; a name that was removed and is
 * made again has another.
 */
struct inodes;

/* With the root as inode 1.  Returns 0 or -ENOMEM; the place is held. */
int inodes_new(struct place *root, struct inodes **out);
void inodes_free(struct inodes *);

/*
 * The inode of a place, with one more lookup to its name; it has this place
 * from now on.  Returns 0, -ENOMEM, or -ESTALE: the place's printer has gone.
 */
int inode_enter(struct inodes *, struct place *, uint64_t *id);

/* The kernel forgets so many lookups. */
void inode_forget(struct inodes *, uint64_t id, uint64_t lookups);

/* The place of an inode (caller: place_release), or NULL: it has gone. */
struct place *inode_place(struct inodes *, uint64_t id);

/* The inode of a key; 0: the kernel knows none. */
uint64_t inode_find(struct inodes *, const char *key);

/* The name is gone: the inode stays for those who have it open. */
void inode_detach(struct inodes *, const char *key);

/*
 * The same for all names of printers that have gone.  Their inodes, which the
 * kernel may remember for long, have no place from now on.
 */
void inode_detach_gone(struct inodes *);

/*
 * After a rename the inode of the old name is that of the new place, and those
 * below it go along.
 */
void inode_move(struct inodes *, const char *old_key, struct place *);

/* What was written through it is the version that is there now. */
void inode_renew(struct inodes *, uint64_t id);

/* Attributes last told of an inode: all there is of a removed file. */
void inode_note(struct inodes *, uint64_t id, const struct stat *);

/* Note that a file has this size now, or at least that. */
void inode_resize(struct inodes *, uint64_t id, off_t size, bool may_shrink);

enum inode_state {
	INODE_LISTED,
	INODE_REMOVED,
	INODE_OUTDATED /* the printer has another file of its name now */
};

/* If it is not listed any more, told is what was told last. */
enum inode_state inode_state(struct inodes *, uint64_t id, struct stat *told);

#endif
