#ifndef FS_STORAGE_STORAGE_H
#define FS_STORAGE_STORAGE_H

#include <stdbool.h>

#include "client/listing.h"

struct caller;
struct changes;
struct file;
struct mounted;
struct place;
struct stage_place;
struct staged;
struct upload;

/*
 * The files of a printer's storages.  fs/storage/storage_find.c finds them,
 * fs/storage/storage.c looks up, lists and tells attributes;
 * fs/storage/handle.c and fs/storage/handle_open.c have the open files;
 * fs/storage/entries.c makes and removes, fs/storage/rename.c renames.
 */

/* A file or folder on the printer, and the folder it is in, on the wire. */
struct storage_find {
	char *folder;
	struct entry entry;
};

/*
 * Find what is on the printer at a path seen from the mount's root, whatever
 * its spelling.  Returns 0 (caller: storage_found_free) or -ENOENT and such.
 */
int storage_find(const struct caller *, struct mounted *, const char *path,
    struct storage_find *out);
void storage_found_free(struct storage_find *);

/* The same for a name in a folder on the wire (caller: entry_free). */
int storage_find_in(const struct caller *, struct mounted *, const char *folder,
    const char *name, struct entry *out);

/* The same for a place that was looked up: one folder is asked for. */
int storage_find_place(const struct caller *, const struct place *,
    struct storage_find *out);

/*
 * The place of a name in a folder, which need not be there (caller:
 * place_release).
 */
int storage_child(struct place *folder, const char *name, struct place **out);

/*
 * Shall this be a new name, and is it one?  Returns 0, -EEXIST, or why that is
 * not known.
 */
int storage_check_new(const struct caller *, const struct place *);

/*
 * The size of a file that was found, true now as far as its stamp and what is
 * kept of its bytes demand.
 */
int storage_verify(const struct caller *, struct mounted *,
    struct storage_find *, off_t *size);

/* The same, asked now: what is built on its bytes replaces it. */
int storage_ask(const struct caller *, struct mounted *, struct storage_find *,
    off_t *size);

/* Is this what desktops look for in every folder, and no printer has? */
bool storage_answers_here(const char *name);

/* Is this the root of a storage? */
bool storage_is_root(const struct place *);

/* Is it in a storage that cannot be written to? */
bool storage_is_read_only(const struct place *);

/*
 * Where the stage keeps a file of that place.  The folder is made (caller:
 * free) and pointed to by out, the rest is borrowed from the place.
 */
int storage_stage_place(const struct place *, struct stage_place *out,
    char **folder);

/*
 * May this name be made here?  Returns 0, or what traits_check_name says, or
 * -EROFS.  is_temporary tells names that stay here, as all do in a working
 * directory (fs/storage/working.h).
 */
int storage_check_name(const struct place *folder, const char *name,
    bool is_folder);
bool storage_is_temporary(const struct place *folder, const char *name);

/* Is the file of that place being printed now?  Returns 0 or -EBUSY. */
int storage_check_idle(const struct caller *, const struct place *);

/* The same by what is remembered, without asking the printer. */
bool storage_seems_printed(const struct place *);

/* fs/storage/handle_open.c */
int handle_open(const struct caller *, struct place *, int flags,
    struct file **out);
int handle_create(const struct caller *, struct place *folder, const char *name,
    int flags, struct place **place, struct file **out);
int handle_truncate(const struct caller *, struct place *, off_t size);

/* fs/storage/entries.c */
int entries_make_folder(const struct caller *, struct place *folder,
    const char *name, struct place **out);
int entries_remove(const struct caller *, struct place *folder,
    const char *name, bool is_folder);

/*
 * What is on its way to that place goes, and nothing of the printer's.
 * Returns 0, -ENOENT: there is nothing, or -EBUSY: it is being sent.
 */
int entries_remove_staged(const struct caller *, struct place *);

/*
 * Start a file of a folder where it is, which is what moving it to print/
 * means.  Returns 0 and its place (caller: place_release), -EBUSY: not now, or
 * -EXDEV: what the printer has not, or has under another name, is copied.
 */
int print_start(const struct caller *, struct place *folder, const char *name,
    struct place *to, const char *new_name, struct place **out);

/* fs/storage/rename.c */
int entries_rename(const struct caller *, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out);

/*
 * The place that a name stands for.  A file has the name as it was written
 * now, unless that is its short one; a name that is free is a new place.
 */
int entries_resolve(const struct caller *, struct place *folder,
    const char *name, struct place **out);

/*
 * What is on the printer at the target of a rename?  Fills in what an upload
 * there replaces.  A deletion of it that waits is called off.  Returns 0,
 * -EEXIST: something that shall not be replaced, -EBUSY: it is being printed,
 * or -EISDIR.
 */
int entries_look_at_target(const struct caller *, struct place *, bool replace,
    struct upload *);

#endif
