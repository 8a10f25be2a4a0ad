#ifndef FS_TREE_DOCUMENT_H
#define FS_TREE_DOCUMENT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "client/printer.h"

struct buf;
struct caller;
struct mounted;
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
 * One rendering of a document: bytes that never change, so that the size that
 * stat announces is the size that open and read deliver.  A newer one is
 * another rendering, and another inode.
 */
struct rendering;

void rendering_release(struct rendering *);
uint64_t rendering_serial(const struct rendering *);

/* Copy up to len bytes at offset.  Returns their number, or why there are none.
 */
ssize_t rendering_read(const struct rendering *, void *out, size_t len,
    off_t offset);

/* The newest rendering of every document of a printer. */
struct documents;

/*
 * The place of a document's newest rendering, made anew when the last is older
 * than its TTL (caller: place_release).  Returns 0, -EINTR or -ENOMEM: what
 * cannot be had now is an empty rendering whose open fails.
 */
int document_place(const struct caller *, struct place *folder,
    const struct node *, struct place **out);

/*
 * The rendering of a path that says this, newer if it says something else than
 * the last: the text, which it takes, or the error that there is instead.
 * Returns 0 (caller: rendering_release), or -EINTR or -ENOMEM if that is the
 * error.
 */
int document_render(struct documents *, const char *path, int error,
    struct buf *, struct rendering **out);

/*
 * The same for a text, which it takes, of that time; NULL: of now.  Returns 0
 * or -ENOMEM.
 */
int document_render_dated(struct documents *, const char *path, struct buf *,
    const struct timespec *made, struct rendering **out);

/* Returns 0 or -ENOMEM. */
int documents_new(struct documents **out);
void documents_free(struct documents *);

#endif
