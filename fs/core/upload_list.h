#ifndef FS_CORE_UPLOAD_LIST_H
#define FS_CORE_UPLOAD_LIST_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The message of a file whose name the printer does not take. */
#define UPLOAD_LIST_STAYS "kept here: the printer takes no such name"

struct buf;
struct upload_list;
struct upload_list_entry;

/*
 * The story of each upload of a mount, for uploads.json: those under way, and
 * the last ones that ended.
 */
int upload_list_new(struct upload_list **out);
void upload_list_free(struct upload_list *);

/*
 * An upload of len bytes to path waits for its turn.  The entry is ended by
 * upload_list_end; NULL, without memory, is fine for all.
 */
struct upload_list_entry *upload_list_begin(struct upload_list *,
    const char *path, off_t len);

/* The bytes up to this one have been taken to be sent. */
void upload_list_sent(struct upload_list_entry *, off_t bytes);

/* What was sent is in vain: somebody else's transfer is waited for. */
void upload_list_queued(struct upload_list_entry *);

/* It ended: 0 or a negative errno, and the printer's own words or "". */
void upload_list_end(struct upload_list_entry *, int error, const char *words);

/* Wait until no upload is under way, at most ms milliseconds. */
void upload_list_settle(struct upload_list *, int64_t ms);

/* How the uploads of this mount went so far. */
struct upload_list_counts {
	int waiting; /* for their turn, now */
	int sending; /* now */
	uint64_t stored;
	uint64_t failed;
	uint64_t bytes; /* handed to be sent, those of failed uploads too */
};

void upload_list_count(struct upload_list *, struct upload_list_counts *out);

/* Is an upload under way, or waiting for its turn? */
bool upload_list_is_busy(struct upload_list *);

/*
 * Append one of the files that were closed and are not sent, to kept.  Returns
 * 0 or -ENOMEM.
 */
int upload_list_print_kept(struct buf *kept, const char *path, off_t size,
    time_t since);

/*
 * Append the story as a line of JSON, with what upload_list_print_kept has
 * made, or NULL, at its end.  Returns 0 or -ENOMEM.
 */
int upload_list_text(struct upload_list *, const struct buf *kept,
    struct buf *out);

#endif
