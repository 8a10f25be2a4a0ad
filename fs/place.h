#ifndef FS_PLACE_H
#define FS_PLACE_H

#include <sys/types.h>

#include <stdint.h>

struct node;
struct rendering;
struct unit;

/*
 * A place in the mount: a row of the node table, and below a storage the rest
 * of the path.  Never changes, shared by counting.
 */
struct place {
	struct unit *unit;
	const struct node *node;
	char *key;  /* tells places apart; equal for all spellings of a file */
	char *path; /* from the root of the mount: "usb/parts/Cube.gcode" */
	char *wire; /* the same as on the wire: "usb/PARTS/CUBE.GCO" */
	struct rendering *rendering; /* held, or NULL */
	int64_t version;	     /* of a file on the printer; 0: not told */
};

/*
 * A place with its strings copied; takes the rendering in any case.  Returns
 * 0 and the place (caller: place_release), or -ENOMEM.
 */
int place_new(struct unit *, const struct node *, const char *path,
    const char *wire, struct rendering *, struct place **out);
struct place *place_hold(struct place *);
void place_release(struct place *);

/* The st_ino for a key: the same in every mount and at every time. */
ino_t place_number(const char *key);

/* The key of a path, folded where the printer folds (caller: free). */
char *place_key(const struct unit *, const char *path);

#endif
