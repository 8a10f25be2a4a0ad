#ifndef FS_METRICS_H
#define FS_METRICS_H

#include <stddef.h>

struct buf;
struct caller;
struct unit;

/*
 * Append the state of some printers as OpenMetrics text, each series with the
 * printer's name.  Each is asked for its status, at most once in its TTL; one
 * that is away has fewer series.  Returns 0, -EINTR or -ENOMEM.
 */
int metrics_text(struct unit *const *units, size_t count, const struct caller *,
    struct buf *out);

#endif
