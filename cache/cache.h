#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "client/printer.h"

struct file_facts;

/*
 * A printer around a printer that remembers: documents for ttl_ms, or longer if
 * they rarely change (cache/memo.c), folders for some seconds or until our own
 * change, sizes in the file facts.  One question at a time goes out for each
 * document and folder; those who ask meanwhile share its answer.  A get that
 * begins after a command returned never sees data fetched before it; a file
 * that was removed is taken out of what is remembered of folders, which gets no
 * younger.
 *
 * A folder is -ENOENT when a listing of the one around it lacks it, a file
 * whose size is asked for or that is fetched when a new listing of its folder
 * does.  Else an answer "not found" is -EIO, or what is wrong with the folders
 * above, such as -ENOMEDIUM.
 *
 * Takes inner in any case, borrows file facts for its life.  Returns 0 and the
 * printer (caller: printer_free), or -ENOMEM.
 */
int cache_new(struct printer *inner, struct file_facts *facts, int64_t ttl_ms,
    struct printer **out);

#define CACHE_LIST_MS 5000 /* a folder's listing is believed so long */

/*
 * An answer about a document that is older than age_ms is asked for anew when
 * it is wanted next.
 */
void cache_expire(struct printer *, enum topic, int64_t age_ms);

/* The same for the listing of a folder. */
void cache_expire_folder(struct printer *, const char *folder, int64_t age_ms);

/*
 * Was that name in the last listing of the folder that came?  Never asks the
 * printer.
 */
bool cache_has_listed(struct printer *, const char *folder, const char *name);

/*
 * Append a document to out if one no older than age_ms is remembered; never
 * asks the printer.  Returns whether there was one.
 */
bool cache_peek(struct printer *, enum topic, int64_t age_ms, struct buf *out);

/*
 * How many milliseconds so many bytes from the printer and to it would take, by
 * the transfers before; -1: nobody can say, for others are being uploaded.
 */
int64_t cache_estimate_ms(struct printer *, off_t down, off_t up);

#endif
