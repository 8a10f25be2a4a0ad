#ifndef CACHE_WHOLE_FILE_H
#define CACHE_WHOLE_FILE_H

#include <sys/types.h>

#include <stdbool.h>

struct content;
struct entry;
struct printer;
struct source;
struct spool;
struct wait;

/*
 * A printer's file from its first byte to its last.  Folders and entries are as
 * for printer_fetch.
 */

/*
 * Bring it; its length is asked for again if it has another one than is known.
 * Returns 0 and its bytes (caller: spool_release), or a negative errno.
 */
int whole_file_bring(struct printer *, struct content *, const struct wait *,
    const char *folder, const struct entry *, off_t size, struct spool **out);

/*
 * Read it back: does the printer have the bytes of the spool?  Returns 0,
 * -ESTALE: it has others, or why they could not be had.
 */
int whole_file_compare(struct printer *, const struct wait *,
    const char *folder, const struct entry *, struct spool *);

/* The same of bytes that are here: do they begin with those of the spool? */
bool whole_file_begins(const struct source *, struct spool *);

/*
 * That process deletes it.  If it was given remembered bytes, as mv is, the
 * printer is asked first whether it has that version; what the time stamp does
 * not prove is compared.  Returns 0, -EBUSY: others are there by now, or why
 * they could not be had.
 */
int whole_file_check_read(struct printer *, struct content *,
    const struct wait *, const char *folder, const struct entry *,
    pid_t reader);

#endif
