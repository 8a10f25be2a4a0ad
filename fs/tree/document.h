#ifndef FS_TREE_DOCUMENT_H
#define FS_TREE_DOCUMENT_H

#include "client/printer.h"

struct caller;
struct node;
struct place;

/* Documents that are made here: topics of nodes behind those of printers. */
enum {
	DOCUMENT_LOG = TOPIC_COUNT,
	DOCUMENT_ONLINE,
	DOCUMENT_UPLOADS,
	DOCUMENT_METRICS
};

/*
 * The place of a document's newest rendering, made anew when the last is older
 * than its TTL (caller: place_release).  Returns 0, -EINTR or -ENOMEM: what
 * cannot be had now is an empty rendering whose open fails.
 */
int document_place(const struct caller *, struct place *folder,
    const struct node *, struct place **out);

#endif
