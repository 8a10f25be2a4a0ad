#ifndef FS_TREE_NODE_H
#define FS_TREE_NODE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "fs/core/kind.h"

struct mounted;

/* The row of the root. */
const struct node *node_root(void);

/* The same for the printer's directory beside others. */
const struct node *node_member(const struct mounted *);

/* How many rows there are, and the i-th. */
size_t node_count(void);
const struct node *node_at(size_t i);

/* The row of that name in the directory, or NULL: this printer has none. */
const struct node *node_child(const struct mounted *, const struct node *folder,
    const char *name);

/* Is the row an immediate child of the folder, and does the printer have it? */
bool node_is_child(const struct mounted *, const struct node *,
    const struct node *folder);

/* The path of a name in a directory (caller: free), or NULL without memory. */
char *node_path(const struct place *folder, const char *name);

/* Add a name in a directory to a listing.  Returns 0 or -ENOMEM. */
int node_list(const struct lister *, const struct place *folder,
    const char *name, mode_t mode);

/* The attributes that follow from the place's row alone. */
void node_attributes(const struct place *, struct stat *);

/* And those that follow from what is in it. */
void node_add_contents(struct stat *, off_t size, const struct timespec *mtime);

/* The same, for kinds that have nothing to add. */
int node_look(const struct caller *, struct place *, struct stat *);

#endif
