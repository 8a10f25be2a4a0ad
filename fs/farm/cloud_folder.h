#ifndef FS_FARM_CLOUD_FOLDER_H
#define FS_FARM_CLOUD_FOLDER_H

#include <stdbool.h>

struct account;
struct caller;
struct farm;
struct lister;
struct place;
struct printer_group;

/*
 * The cloud folder of an account: rows in the account's directory, beside its
 * printers, and one cache.
 */

/* It is in the farm from now on.  Returns 0, or a negative errno. */
int cloud_folder_add(struct farm *, struct account *);

/* Is that a row of it, in every account? */
bool cloud_folder_has_row(const char *name);

/* The place of such a row; root is the account's directory. */
int cloud_folder_lookup(const struct caller *, struct place *root,
    const char *name, struct place **out);

/* List the rows.  Returns 0 or -ENOMEM. */
int cloud_folder_list(const struct place *root, const struct lister *);

/* Forget what is remembered of it, or of each of a farm. */
void cloud_folder_refresh(const struct caller *, struct printer_group *);

#endif
