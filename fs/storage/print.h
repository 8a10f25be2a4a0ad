#ifndef FS_STORAGE_PRINT_H
#define FS_STORAGE_PRINT_H

struct caller;
struct mounted;
struct place;
struct spool;
struct upload;

/* For struct mounted. */
extern const struct file_commands storage_commands;

/*
 * Has the printer these bytes as upload->original, or under its name?  Then
 * start them where they are.  Returns 0; the printer's verdict of it is in
 * upload->start.  -ENOENT: it has them not, as far as can be told.
 */
int print_same(const struct caller *, struct mounted *, struct spool *,
    struct upload *);

/*
 * Start a file of a folder where it is, which is what moving it to print/
 * means.  Returns 0 and its place (caller: place_release), -EBUSY: not now, or
 * -EXDEV: what the printer has not, or has under another name, is copied.
 */
int print_start(const struct caller *, struct place *folder, const char *name,
    struct place *to, const char *new_name, struct place **out);

#endif
