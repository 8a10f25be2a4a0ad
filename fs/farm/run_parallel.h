#ifndef FS_FARM_RUN_PARALLEL_H
#define FS_FARM_RUN_PARALLEL_H

#include <stddef.h>

struct wait;

/*
 * Do the same with many things at once, each in a thread of its own: work is
 * called with each of count items of size bytes.  Returns when all have been
 * worked on.  When the caller gives up waiting, so do they: the wait that
 * work is given tells.  Without a thread for it, an item's work is done in
 * the calling thread.
 */
void run_parallel(const struct wait *,
    void (*work)(void *item, const struct wait *), void *items, size_t size,
    size_t count);

#endif
