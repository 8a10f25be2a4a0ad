#ifndef FS_SETUP_MOUNT_PATHS_H
#define FS_SETUP_MOUNT_PATHS_H

#include <sys/types.h>

#include <stdbool.h>

struct options;
struct traits;

/* The places on this computer that a mount needs.  Strings are owned. */
struct mount_paths {
	char *mountpoint; /* canonical */
	char *cache_dir;  /* ours alone: mode 0700 */
	dev_t device;	  /* of the mount, see mount_paths_note_mount */
};

/*
 * Check the mount point, and make the cache directory.  Returns 0, or an exit
 * status after one line on stderr.  Caller: mount_paths_free, in any case.
 */
int mount_paths_prepare(struct mount_paths *, const struct options *);
void mount_paths_free(struct mount_paths *);

/*
 * It is mounted: remember the file system that is at the mount point now.
 * mount_paths_is_replaced tells whether another one is there (it was detached,
 * or something was mounted over it), which is not ours to unmount.  Neither
 * asks the file system itself, which may have ended.
 */
void mount_paths_note_mount(struct mount_paths *);
bool mount_paths_is_replaced(const struct mount_paths *);

/*
 * Make the path of certificates canonical, if there is one: the daemon's
 * directory is another one.  Returns 0, or an exit status as above.
 */
int mount_paths_find_authority(char **path);

/* The name of a printer's files in the cache directory (caller: free). */
char *mount_paths_name(const char *url);

/*
 * The user's home directory, borrowed: $HOME, else, for anybody but root, what
 * the password database says; or NULL.
 */
const char *mount_paths_home(void);

/*
 * Remember what kind of printer it is, for a mount while it is away.  It is
 * one of those known, which end with NULL: the first if nothing is remembered.
 */
void mount_paths_note_traits(const struct mount_paths *, const char *name,
    const struct traits *);
const struct traits *mount_paths_traits(const struct mount_paths *,
    const char *name, const struct traits *const *known);

/* The usual limit for open files is too low for many printers. */
void mount_paths_raise_limit(void);

#endif
