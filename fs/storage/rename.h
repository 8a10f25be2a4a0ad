#ifndef FS_STORAGE_RENAME_H
#define FS_STORAGE_RENAME_H

#include <stdbool.h>

struct caller;
struct entry;
struct mounted;
struct place;
struct storage_find;

/* What fs/storage/rename.c, fs/storage/rename_anew.c and
 * fs/storage/rename_there.c share. */
struct renaming {
	struct place *source;
	struct place *folder; /* of the target */
	struct place *target;
	bool replace;	/* what is there gives way */
	bool elsewhere; /* it is another folder than before */
};

/*
 * The printer gives it another name (traits.renames).  Returns 0 and where it
 * is then (caller: place_release), or NULL: it is a backup now, under that
 * name (fs/storage/backup.h); -EXDEV: so it is not in another folder; or what
 * printer_rename says.
 */
int rename_there(const struct caller *, const struct renaming *,
    struct place **out);

/*
 * The file that was found is stored under the new name in the same folder, and
 * the old one deleted.  Returns 0, -EXDEV: that would take too long (the log
 * says so), -EEXIST, -EISDIR, -EBUSY: the printer holds the old one, and there
 * is no new one; or others have put another file there meanwhile.
 */
int rename_anew(const struct caller *, const struct renaming *,
    const struct storage_find *);

/* A time that was set goes along with a file. */
void rename_keep_mtime(struct mounted *, const struct storage_find *,
    const char *folder, const struct entry *renamed);

/* What was written under that name and not sent is replaced as well. */
void rename_drop_staged(struct mounted *, const struct place *target);

#endif
