#ifndef FS_FARM_DIRECTORY_H
#define FS_FARM_DIRECTORY_H

#include <stdbool.h>

struct farm;
struct place;

/*
 * The root of the mount: that of the only printer; or of a printers file, or
 * of the account instead of it, with the printers' directories, and rows that
 * are about all of them.
 */
int farm_directory_root(struct farm *, struct place **out);

/*
 * The place of a printer in that folder; NULL: the mount's root (caller:
 * place_release).  Returns 0, -ENOENT or -ENOMEM.
 */
int farm_directory_printer(struct farm *, const char *parent, const char *name,
    struct place **out);

/* In an account: its archived printers. */
#define ARCHIVED "archived"

/* Is there a row of that name, in some root? */
bool farm_directory_has_row(const char *name);

#endif
