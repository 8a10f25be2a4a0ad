#ifndef TESTS_SIM_FAT_H
#define TESTS_SIM_FAT_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <time.h>

enum {
	FAT_SHORT = 32, /* as UTF-8, with bytes of a code page */
	FAT_LONG = 768
};

/* An entry of a folder on the stick. */
struct fat_entry {
	char *name; /* of the real file; the long name, unless told */
	char *told; /* a long name that no real file can have, or NULL */
	char short_name[FAT_SHORT];
	unsigned slot;	/* where it is in the folder */
	unsigned slots; /* how many 32-byte entries it takes */
	bool seen;
	TAILQ_ENTRY(fat_entry) entry;
};

TAILQ_HEAD(fat_entries, fat_entry);

/* A folder, its entries in the order of a FAT directory. */
struct fat_dir {
	char *real;
	struct timespec mtime;
	bool fresh; /* mtime is old enough to be trusted */
	struct fat_entries entries;
	TAILQ_ENTRY(fat_dir) entry;
};

/* The stick: a real folder seen with FAT's eyes.  Under sim.lock. */
struct fat {
	const char *root;
	TAILQ_HEAD(, fat_dir) dirs;
};

/* Where a path leads. */
struct fat_place {
	char *real;	     /* existing, or to be made; NULL on error */
	struct fat_dir *dir; /* that holds it; NULL for the root */
	const struct fat_entry *found; /* NULL for the root or if missing */
	bool is_root;
	bool exists;
	struct stat st;
	char name[FAT_LONG]; /* of the last part, as it would be stored */
};

/* Look at that folder.  root is borrowed for good. */
void fat_init(struct fat *, const char *root);

/* Release the memory. */
void fat_free(struct fat *);

/*
 * Follow a path below the root.  Returns 0 if all its folders are there,
 * -ENOENT if one is missing, -ENOTDIR if one is a file, -EINVAL for a name
 * that FAT cannot hold.  The place must be released in any case.
 */
int fat_find(struct fat *, const char *path, struct fat_place *);

/* Release what fat_find made. */
void fat_release(struct fat_place *);

/*
 * Give an existing file another short name, as a PC would have made it, and,
 * unless NULL, another long one.  Returns 0, -ENOENT, -EINVAL or -ENOMEM.
 */
int fat_name(struct fat *, const char *path, const char *short_name,
    const char *long_name);

/* The entry's long name. */
const char *fat_long_name(const struct fat_entry *);

/* The folder with that real path, read anew if it has changed; or NULL. */
struct fat_dir *fat_open(struct fat *, const char *real);

/* A file or folder has been made, or was removed, in the place's folder. */
void fat_changed(struct fat *, const struct fat_place *);

/*
 * Make the 8.3 form of a name; false: it needs a numbered tail or a long
 * name's help to be told apart.
 */
bool fat_short_form(const char *name, char out[FAT_SHORT]);

/* May FAT hold this name?  Trailing blanks and dots are cut off it. */
bool fat_clean_name(char *name);

#endif
