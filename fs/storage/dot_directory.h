#ifndef FS_STORAGE_DOT_DIRECTORY_H
#define FS_STORAGE_DOT_DIRECTORY_H

#include <stdbool.h>

struct place;

/*
 * Working directories of programs in a storage, cache/stage_folders.h.
 */

/*
 * Does a part of this path begin with a dot?  Then no printer has it, and none
 * is asked.
 */
bool dot_directory_stays_here(const char *path);

/* Is a directory of that name made here?  Not those of the trash. */
bool dot_directory_is_made(const struct place *folder, const char *name);

/* Is this place such a directory? */
bool dot_directory_has(const struct place *);

/*
 * Make one.  Returns 0 and its place (caller: place_release), -EEXIST, -EROFS,
 * -ENAMETOOLONG or -ENOMEM.
 */
int dot_directory_make(struct place *folder, const char *name,
    struct place **out);

/* Is anything directly in that folder here, and not on the printer? */
bool dot_directory_has_in(const struct place *folder);

/*
 * Does the program that renames this file out of such a directory copy it as
 * well?  An upload in a rename across directories holds a lock of the whole
 * mount.
 */
bool dot_directory_is_copied(const struct place *source,
    const struct place *target);

/*
 * A temporary file that was never renamed has this path in unsent/ (caller:
 * free; NULL without memory).  It may be a part of a model only:
 * "usb/.rsync-partial/x.gcode" becomes "usb/x.gcode.rsync-partial".
 */
char *dot_directory_unsent_path(const char *path);

#endif
