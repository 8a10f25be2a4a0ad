#ifndef FS_STORAGE_MKDIR_UNLINK_H
#define FS_STORAGE_MKDIR_UNLINK_H

#include <stdbool.h>

struct caller;
struct place;
struct upload;

/* For the kind of a storage. */
int storage_make_folder(const struct caller *, struct place *folder,
    const char *name, struct place **out);
int storage_remove(const struct caller *, struct place *folder,
    const char *name, bool is_folder);

/*
 * An upload to that place goes, written or under way, and nothing of the
 * printer's.  Returns 0, -ENOENT: there is nothing, or -EBUSY: it is being
 * sent.
 */
int storage_remove_staged(const struct caller *, struct place *);

/*
 * The place that a name stands for.  A file has the name as it was written
 * now, unless that is its short one; a name that is free is a new place.
 */
int storage_resolve(const struct caller *, struct place *folder,
    const char *name, struct place **out);

/*
 * Look at the printer's file at the target of a rename, and fill in what an
 * upload replaces there.  A deletion of it that waits is called off.  Returns
 * 0, -EEXIST: something that shall not be replaced, -EBUSY: it is being
 * printed, or -EISDIR.
 */
int storage_look_at_target(const struct caller *, struct place *, bool replace,
    struct upload *);

#endif
