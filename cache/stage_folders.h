#ifndef CACHE_STAGE_FOLDERS_H
#define CACHE_STAGE_FOLDERS_H

#include <stdbool.h>

struct stage_folders;
struct stage_place;

/*
 * Directories that exist here and never on the printer: the working
 * directories of programs, whose names begin with a dot (rsync's ".~tmp~"),
 * and those in them.  The files in them are staged ones.  Keys and paths are
 * those of struct stage_place.  Any thread may call.
 */
int stage_folders_new(struct stage_folders **out);
void stage_folders_free(struct stage_folders *);

/* Returns 0, -EEXIST or -ENOMEM. */
int stage_folders_add(struct stage_folders *, const char *key,
    const char *path);

bool stage_folders_has(struct stage_folders *, const char *key);

/* Is there one directly in the folder with that key? */
bool stage_folders_has_in(struct stage_folders *, const char *folder_key);

/* Returns 0, -ENOENT, or -ENOTEMPTY: it has directories. */
int stage_folders_remove(struct stage_folders *, const char *key);

/* Call with the path of each that is directly in the folder with that key. */
int stage_folders_each(struct stage_folders *, const char *folder_key,
    int (*call)(void *arg, const char *path), void *arg);

/*
 * A folder of the printer has another name: what is below it here goes along.
 * Of the places the key and the path count.  Without memory it stays where
 * nobody finds it.
 */
void stage_folders_move(struct stage_folders *, const struct stage_place *from,
    const struct stage_place *to);

/*
 * The first part of a path below its storage that begins with a dot and is a
 * directory (borrowed, within path), or NULL: ".~tmp~/x" of "usb/.~tmp~/x".
 */
const char *stage_folders_claim(const char *path);

#endif
