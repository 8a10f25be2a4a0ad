#ifndef FS_TREE_DOCUMENT_H
#define FS_TREE_DOCUMENT_H

#include <sys/types.h>

#include "client/printer.h"

struct caller;
struct file;
struct node;
struct place;
struct stat;

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

/* Parts of kind_document that other kinds have too. */
int document_attributes(const struct caller *, struct place *,
    struct stat *out);
ssize_t document_read(struct file *, const struct caller *, void *out,
    size_t len, off_t offset);

#endif
