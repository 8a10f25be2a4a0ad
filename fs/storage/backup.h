#ifndef FS_STORAGE_BACKUP_H
#define FS_STORAGE_BACKUP_H

#include <stdbool.h>

struct backups;
struct caller;
struct found;
struct mounted;
struct renaming;
struct staged;
struct wait;

/*
 * A printer's file that gets a name which no printer takes, such as
 * NAME.bak, NAME~ or .NAME: at once, and for any size.  NAME is hidden, and
 * the new name is a staged file with the printer's bytes, which are brought to
 * the local disk meanwhile; only when they are safe there, NAME is deleted.  If
 * that fails or the mount ends before, NAME is simply there again.
 */

/* Returns 0 (caller: backups_free, after the workers's end) or -ENOMEM. */
int backups_new(struct backups **out);
void backups_free(struct backups *);

/*
 * Begin it for a file that was found and verified.  Returns 0, -EXDEV: it is
 * empty, -EBUSY: it is being printed or written, -EEXIST, -EROFS, or what
 * asking for it says.
 */
int backup_begin(const struct caller *, const struct renaming *,
    const struct found *);

/* Is the printer's file of that key hidden so? */
bool backup_hides(struct mounted *, const char *key);

/*
 * Before anything takes the name: wait until the file that was there has gone.
 * staged: what shall be stored there, or NULL.  Returns 0, -EBUSY: the printer
 * holds it, -EIO: its bytes could not be brought; then the name is its own
 * again; or -EINTR.
 */
int backup_settle(struct mounted *, const struct wait *, const char *key,
    const struct staged *);

#endif
