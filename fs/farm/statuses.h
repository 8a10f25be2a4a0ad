#ifndef FS_FARM_STATUSES_H
#define FS_FARM_STATUSES_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct mounted;
struct statuses;
struct wait;

/* Returns 0 or -ENOMEM.  Printers must have ended before statuses_free. */
int statuses_new(struct statuses **out);
void statuses_free(struct statuses *);

/*
 * Append the status of all these printers as one line of JSON: an object for
 * each, under its folder without the first skip bytes.  All are asked at once.
 * One that does not answer within STATUSES_MS is told to be offline, and is
 * hardly waited for again until it has answered.  Returns 0, -EINTR or -ENOMEM.
 */
int statuses_text(struct statuses *, const struct wait *,
    struct mounted *const *printers, size_t count, size_t skip,
    struct buf *out);

/* Has the printer not answered yet, so that asking it would wait? */
bool statuses_is_waiting(struct statuses *, const struct mounted *);

#define STATUSES_MS 3000

#endif
