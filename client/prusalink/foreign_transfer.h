#ifndef CLIENT_PRUSALINK_FOREIGN_TRANSFER_H
#define CLIENT_PRUSALINK_FOREIGN_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "client/base/buf.h"

struct http_reply;
struct prusalink;
struct store;
struct wait;

/*
 * A server has one transfer at a time, and somebody else may have it.  The
 * Pi's stays taken for ever after a connection of his was reset
 * (protocol of PrusaLink 0.8.1): such a one no longer moves, and whoever has
 * waited for it once does not wait for it again.
 */

/* The transfer that was seen last.  Guarded by prusalink.lock. */
struct foreign_transfer {
	struct buf what;  /* its name, size and bytes; empty: none */
	struct buf name;  /* for users */
	int64_t begun_s;  /* when it began, or 0 */
	int64_t since_ms; /* it is as it is since then */
	bool stuck;	  /* it was seen not to move for too long */
};

void foreign_transfer_free(struct foreign_transfer *);

/* The patience of one upload; to begin with zero but for the first three. */
struct patience {
	struct prusalink *prusalink;
	const struct wait *wait;
	const struct store *store;
	int64_t until_ms;
	int unseen; /* refusals with nobody to be seen */
};

/*
 * Before an upload: -EBUSY if a transfer that is known not to move is still
 * there, which the log and words in reply tell; else 0.
 */
int foreign_transfer_check(struct patience *, struct http_reply *);

/*
 * An upload was answered.  Returns 0: so it is; 1: it was in somebody's way,
 * who has been waited for, and is to be tried again; -EBUSY: he is still
 * there, which the log and words in reply tell; -EINTR.
 */
int foreign_transfer_settle(struct patience *, struct http_reply *);

/*
 * The server said that it stopped the transfer.  Returns 0 once that is gone,
 * -EBUSY if it stays, which the log tells, or -EINTR.
 */
int foreign_transfer_await_stop(struct prusalink *, const struct wait *);

#endif
