#ifndef FS_FARM_DOCUMENTS_H
#define FS_FARM_DOCUMENTS_H

#include <stddef.h>

struct caller;
struct node;
struct place;
struct printers;

/* The topics of a root's documents. */
enum {
	FARM_STATUS,
	FARM_METRICS,
	FARM_LOG
};

/*
 * The printers that a root is about, as they are now; of an account whose list
 * cannot be had, those that are known.  Returns 0 (caller: farm_printers_free),
 * -EINTR, -ENOMEM, or -EACCES: its token is refused.
 */
int farm_directory_printers(const struct caller *, const struct place *root,
    struct printers *out);

/* So many bytes of its printers' folders are the root's own. */
size_t farm_directory_skip(const struct place *root);

/*
 * The place of a document's newest rendering (caller: place_release).  As
 * document_place.
 */
int farm_document(const struct caller *, const struct place *root,
    const struct node *, struct place **out);

#endif
