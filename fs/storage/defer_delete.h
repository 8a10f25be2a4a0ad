#ifndef FS_STORAGE_DEFER_DELETE_H
#define FS_STORAGE_DEFER_DELETE_H

struct caller;
struct found;
struct place;

/*
 * Hold the deletion of a file back if the caller has just written and closed
 * NAME.tmp beside it, which is the way PrusaSlicer replaces NAME.  Returns 0,
 * and has taken what was found; else it is to be deleted now.
 */
int defer_delete(const struct caller *, const struct place *,
    const struct found *);

#endif
