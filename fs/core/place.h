#ifndef FS_CORE_PLACE_H
#define FS_CORE_PLACE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct mounted;
struct node;
struct printer_group;
struct rendering;
struct settings;

/*
 * A place in the mount: a row of the node table, and below a storage the rest
 * of the path.  Never changes, shared by counting.
 */
struct place {
	const struct settings *settings;
	struct mounted *mounted; /* held; NULL: of many printers, not of one */
	struct printer_group *group; /* held; NULL: of a printer */
	const struct node *node;
	char *key; /* tells places apart; equal for all spellings of a file */
	char *stored_key; /* of what it is once it is stored, or the same */
	char *path; /* from the root of the printer: "usb/parts/Cube.gcode" */
	char *wire; /* the same as on the wire: "usb/PARTS/CUBE.GCO" */
	struct rendering *rendering; /* held, or NULL */
	bool prints; /* seen through print/: its key is not that of its path */
	int64_t version; /* of a file on the printer; 0: not told */
};

/*
 * A place with its strings copied; takes the rendering in any case.  Returns
 * 0 and the place (caller: place_release), or -ENOMEM.
 */
int place_new(struct mounted *, const struct node *, const char *path,
    const char *wire, struct rendering *, struct place **out);

/*
 * The window print/ on a storage, whose files are other ones than those that
 * it stores: they have keys of their own until they are stored.
 */
int place_new_window(struct mounted *, const struct node *storage,
    struct place **out);

/* A file or folder in a folder of a storage, or seen through a window on it. */
int place_new_child(const struct place *folder, const char *path,
    const char *wire, struct place **out);

/* Where something in a storage is when a folder above it has moved. */
int place_moved(const struct place *, const struct place *from,
    const struct place *to, struct place **out);

/* The same for a row of a directory of printers. */
int place_new_of_group(struct printer_group *, const struct node *,
    struct rendering *, struct place **out);

struct place *place_hold(struct place *);
void place_release(struct place *);

/* How a look-up ends: out takes the place, or it is released.  Returns error.
 */
int place_give(struct place *, int error, struct place **out);

/* Has its printer, or group, left the mount? */
bool place_is_gone(const struct place *);

/* The st_ino for a key: the same in every mount and at every time. */
ino_t place_number(const char *key);

/*
 * The key of a printer's path, folded where the printer folds (caller: free).
 */
char *place_key(const struct mounted *, const char *path);

/* The key of a file seen through print/ under that name (caller: free). */
char *place_print_key(const struct mounted *, const char *name);

/* The st_ino for a row of the node table. */
ino_t place_row_number(const struct mounted *, const char *path);

#endif
