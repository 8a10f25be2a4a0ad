#ifndef FS_CORE_LEDGER_H
#define FS_CORE_LEDGER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* What is told of a file whose name the printer does not take. */
#define LEDGER_KEPT "kept here: the printer takes no such name"

struct buf;
struct ledger;
struct ledger_entry;

/*
 * The story of each upload of a mount, for uploads.json: those under way, and
 * the last ones that ended.
 */
int ledger_new(struct ledger **out);
void ledger_free(struct ledger *);

/*
 * An upload of len bytes to path waits for its turn.  The entry is ended by
 * ledger_end; NULL, without memory, is fine for all.
 */
struct ledger_entry *ledger_begin(struct ledger *, const char *path, off_t len);

/* The bytes up to this one have been taken to be sent. */
void ledger_sent(struct ledger_entry *, off_t bytes);

/* What was sent is in vain: somebody else's transfer is waited for. */
void ledger_queued(struct ledger_entry *);

/* It ended: 0 or a negative errno, and the printer's own words or "". */
void ledger_end(struct ledger_entry *, int error, const char *words);

/* Wait until no upload is under way, at most ms milliseconds. */
void ledger_settle(struct ledger *, int64_t ms);

/* How the uploads of this mount went so far. */
struct ledger_counts {
	int waiting; /* for their turn, now */
	int sending; /* now */
	uint64_t stored;
	uint64_t failed;
	uint64_t bytes; /* handed to be sent, those of failed uploads too */
};

void ledger_count(struct ledger *, struct ledger_counts *out);

/* Is an upload under way, or waiting for its turn? */
bool ledger_is_busy(struct ledger *);

/*
 * Append one of the files that were closed and are not sent, to kept.  Returns
 * 0 or -ENOMEM.
 */
int ledger_print_kept(struct buf *kept, const char *path, off_t size,
    time_t since);

/*
 * Append the story as a line of JSON, with what ledger_print_kept has made, or
 * NULL, at its end.  Returns 0 or -ENOMEM.
 */
int ledger_text(struct ledger *, const struct buf *kept, struct buf *out);

#endif
