#ifndef FS_STORAGE_EXDEV_COPY_H
#define FS_STORAGE_EXDEV_COPY_H

#include <stdbool.h>

struct caller;
struct exdev_copy;
struct place;

/*
 * What a program does that was told to copy a file instead of renaming it
 * (EXDEV): mv deletes what is there, copies, and deletes the old one.  The
 * last such program of a printer is remembered, so that a copy which fails
 * costs nothing.  exdev_copy_new returns 0 or -ENOMEM.
 */
int exdev_copy_new(struct exdev_copy **out);
void exdev_copy_free(struct exdev_copy *);

/* The caller is being told so.  source: NULL: none of the printer. */
void exdev_copy_note(const struct caller *, const struct place *source,
    const struct place *target);

/*
 * Is this the caller who was told moments ago, and the place that he is going
 * to copy to?  Then its deletion can wait for what he copies there.
 */
bool exdev_copy_goes_to(const struct caller *, const struct place *);

/*
 * The printer refused the caller's deletion of that place: if he has copied
 * it before because he was told so, and nothing was there, the copy goes.
 */
void exdev_copy_take_back(const struct caller *, const struct place *);

#endif
