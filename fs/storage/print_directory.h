#ifndef FS_STORAGE_PRINT_DIRECTORY_H
#define FS_STORAGE_PRINT_DIRECTORY_H

struct caller;
struct place;

/*
 * Start a file of a folder where it is, which is what moving it to print/
 * means.  Returns 0 and its place (caller: place_release), -EBUSY: not now, or
 * -EXDEV: what the printer has not, or has under another name, is copied.
 */
int print_start(const struct caller *, struct place *folder, const char *name,
    struct place *to, const char *new_name, struct place **out);

#endif
