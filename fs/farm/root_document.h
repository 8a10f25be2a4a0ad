#ifndef FS_FARM_ROOT_DOCUMENT_H
#define FS_FARM_ROOT_DOCUMENT_H

#include <stddef.h>

struct caller;
struct node;
struct place;
struct printers;

/* The topics of a root's documents. */
enum {
	ROOT_STATUS,
	ROOT_METRICS,
	ROOT_LOG
};

/*
 * The printers that a root is about, as they are now; of an account whose list
 * cannot be had, those that are known.  Returns 0 (caller: farm_printers_free),
 * -EINTR, -ENOMEM, or -EACCES: its token is refused.
 */
int root_printers(const struct caller *, const struct place *root,
    struct printers *out);

/* So many bytes of its printers' folders are the root's own. */
size_t root_skip(const struct place *root);

/*
 * The place of a document's newest rendering (caller: place_release).  As
 * document_place.
 */
int root_document(const struct caller *, const struct place *root,
    const struct node *, struct place **out);

#endif
