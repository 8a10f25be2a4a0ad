#ifndef FS_STORAGE_ENTRIES_H
#define FS_STORAGE_ENTRIES_H

#include <stdbool.h>

struct caller;
struct place;
struct upload;

/* For the kind of a storage. */
int entries_make_folder(const struct caller *, struct place *folder,
    const char *name, struct place **out);
int entries_remove(const struct caller *, struct place *folder,
    const char *name, bool is_folder);

/*
 * An upload to that place goes, written or under way, and nothing of the
 * printer's.  Returns 0, -ENOENT: there is nothing, or -EBUSY: it is being
 * sent.
 */
int entries_remove_staged(const struct caller *, struct place *);

/*
 * The place that a name stands for.  A file has the name as it was written
 * now, unless that is its short one; a name that is free is a new place.
 */
int entries_resolve(const struct caller *, struct place *folder,
    const char *name, struct place **out);

/*
 * Look at the printer's file at the target of a rename, and fill in what an
 * upload replaces there.  A deletion of it that waits is called off.  Returns
 * 0, -EEXIST: something that shall not be replaced, -EBUSY: it is being
 * printed, or -EISDIR.
 */
int entries_look_at_target(const struct caller *, struct place *, bool replace,
    struct upload *);

#endif
