#ifndef FS_TREE_METRICS_H
#define FS_TREE_METRICS_H

#include <stddef.h>

#include "client/http/counts.h"

struct buf;
struct caller;
struct mounted;

/* A server that is asked for several printers at once, so it has the counts. */
struct metrics_server {
	char *name; /* of the account */
	struct counts counts;
};

/* The printers and servers that are measured; all is borrowed. */
struct metrics {
	struct mounted *const *printers;
	size_t count;
	const struct metrics_server *servers;
	size_t server_count;
};

/*
 * Append the state of some printers as OpenMetrics text, each series with the
 * printer's or account's name.  Each printer is asked for its status, at most
 * once in its TTL; one that is away has fewer series.  Returns 0, -EINTR or
 * -ENOMEM.
 */
int metrics_text(const struct metrics *, const struct caller *,
    struct buf *out);

#endif
