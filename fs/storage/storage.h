#ifndef FS_STORAGE_STORAGE_H
#define FS_STORAGE_STORAGE_H

#include <sys/types.h>

#include <stdbool.h>

#include "client/listing.h"

struct caller;
struct lister;
struct mounted;
struct place;
struct stage_place;
struct wait;

/*
 * The files of a printer's storages: where they are, how they may be called.
 */

/* A file or folder on the printer, and the folder it is in, on the wire. */
struct found {
	struct mounted *mounted; /* borrowed */
	char *folder;
	struct entry entry;
};

/*
 * Find what is on the printer at a path seen from the mount's root, whatever
 * its spelling.  Returns 0 (caller: found_free) or -ENOENT and such.
 */
int storage_find(const struct caller *, struct mounted *, const char *path,
    struct found *out);
void found_free(struct found *);

/* The same for a name in a folder on the wire (caller: entry_free). */
int storage_find_in(const struct caller *, struct mounted *, const char *folder,
    const char *name, struct entry *out);

/* The same for a place that was looked up: one folder is asked for. */
int storage_find_place(const struct caller *, const struct place *,
    struct found *out);

/*
 * The place of a name in a folder, which need not be there (caller:
 * place_release).
 */
int storage_child(struct place *folder, const char *name, struct place **out);

/* The place of an entry in a folder, under that name (caller: place_release).
 */
int storage_entry_place(const struct place *folder, const char *name,
    const struct entry *, struct place **out);

/* Tells names of a folder to a lister; borrows both. */
struct folder_lister {
	struct place *folder;
	const struct lister *lister;
	mode_t type; /* S_IFREG or S_IFDIR, of what is next */
};

/* Tell a place of the folder.  Returns 0 or -ENOMEM. */
int storage_list_place(const struct folder_lister *, const struct place *);

/* The same for a name, or the end of a path; stage_each and such call it. */
int storage_list_name(void *folder_lister, const char *path);

/*
 * Shall this be a new name, and is it one?  Returns 0, -EEXIST, or why that is
 * not known.
 */
int storage_check_new(const struct caller *, const struct place *);

/*
 * The size of a file that was found, true now as far as its stamp and what is
 * kept of its bytes demand.
 */
int found_verify(struct found *, const struct wait *, off_t *size);

/* It is told anew by the printer: what is built on its bytes replaces it. */
int found_ask(struct found *, const struct wait *);

/* Its size, as printer_size. */
int found_size(const struct found *, const struct wait *, off_t *size);

/* Delete it, as printer_remove. */
int found_remove(const struct found *, const struct wait *);

/* It is gone: its bytes are forgotten, and the file of that key not shown. */
void found_forget(const struct found *, const char *key);

/* Do desktops look for that name in every folder, and no printer has it? */
bool storage_answers_here(const char *name);

/* Is this the root of a storage? */
bool storage_is_root(const struct place *);

/* Is it in a storage that cannot be written to? */
bool storage_is_read_only(const struct place *);

/* The place as the stage has it, borrowed from it. */
struct stage_place storage_stage_place(const struct place *);

/*
 * May this name be made here?  Returns 0, or what traits_check_name says, or
 * -EROFS.  is_temporary tells names that stay here, as all do in a working
 * directory (fs/storage/dot_directory.h).
 */
int storage_check_name(const struct place *folder, const char *name,
    bool is_folder);
bool storage_is_temporary(const struct place *folder, const char *name);

/* Is the file of that place being printed now?  Returns 0 or -EBUSY. */
int storage_check_idle(const struct caller *, const struct place *);

/* The same by what is remembered, without asking the printer. */
bool storage_seems_printed(const struct place *);

#endif
