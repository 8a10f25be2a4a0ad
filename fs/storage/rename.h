#ifndef FS_STORAGE_RENAME_H
#define FS_STORAGE_RENAME_H

#include <stdbool.h>

struct caller;
struct entry;
struct found;
struct mounted;
struct place;

/* For the kind of a storage, and within print/. */
int rename_entry(const struct caller *, struct place *folder, const char *name,
    struct place *new_folder, const char *new_name, bool replace,
    struct place **out);

/* The rest is for the parts of it in other files. */
struct renaming {
	struct place *source;
	struct place *folder; /* of the target */
	struct place *target;
	bool replace;	/* what is there gives way */
	bool elsewhere; /* it is another folder than before */
	bool temporary; /* the new name is: it stays here */
};

/*
 * fs/storage/rename_anew.c: the file that was found is stored under the new
 * name in the same folder, and the old one deleted.  Returns 0, -EXDEV: that
 * would take too long (the log says so), -EEXIST, -EISDIR, -EBUSY: the printer
 * holds the old one, and there is no new one; or others have put another file
 * there meanwhile.
 */
int rename_anew(const struct caller *, const struct renaming *,
    const struct found *);

/* A time that was set goes along with a file. */
void rename_keep_mtime(struct mounted *, const struct found *,
    const char *folder, const struct entry *renamed);

#endif
