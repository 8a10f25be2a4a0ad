/*
 * Single files: their sizes, which Buddy firmware has for one at a time only,
 * whether memory is to be believed, and whether they are gone.
 *
 * A folder that could not be asked for is neither empty nor gone: a server
 * answers "not found" also when its stick is out or its folder cannot be opened
 * just now. So a name is gone when a listing of its folder lacks it.  Any
 * thread; one question about a file at a time goes out, in the turn of those
 * who ask.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_internal.h"
#include "cache/file_facts.h"
#include "cache/stamp.h"
#include "client/base/time.h"
#include "client/base/turn.h"
#include "client/http/away.h"
#include "client/listing.h"

/*
 * Does the folder's listing have that name?  Returns 0, -ENOENT, and sets
 * lacks when it is the name that is missing, or why that is not known.
 */
static int
look_for(struct cache *cache, const struct wait *wait, const char *folder,
    const char *name, bool *lacks)
{
	struct listing *listing;
	int error = cache_ask_list(cache, wait, folder, &listing);

	if (error != 0)
		return error;
	if (listing_find(listing, name) == NULL) {
		*lacks = listing_is_recent(listing, CACHE_LIST_MS);
		error = *lacks ? -ENOENT : -EHOSTDOWN;
	}
	listing_release(listing);
	return error;
}

static int
look_anew(struct cache *cache, const struct wait *wait, const char *folder,
    const char *name, bool *lacks)
{
	cache_expire_folder(&cache->printer, folder, 0);
	return look_for(cache, wait, folder, name, lacks);
}

/* Up to the first folder that can be listed. */
int
cache_judge_folder(struct cache *cache, const struct wait *wait,
    const char *folder)
{
	char *path = strdup(folder), *slash;
	bool lacks = false;
	int error = path == NULL ? -ENOMEM : -ENOENT;

	while (error == -ENOENT && !lacks) {
		slash = strrchr(path, '/');
		if (slash == NULL) {
			error = -EIO; /* a storage is never gone */
			break;
		}
		*slash = '\0';
		error = look_for(cache, wait, path, slash + 1, &lacks);
		if (error == 0)
			error = look_anew(cache, wait, path, slash + 1, &lacks);
		if (error == 0)
			error = -EIO;
	}
	free(path);
	return error;
}

static int
judge_file(struct cache *cache, const struct wait *wait, const char *folder,
    const struct entry *entry)
{
	bool lacks = false;
	int error = look_anew(cache, wait, folder, entry->name, &lacks);

	if (error == -ENOENT && !lacks)
		return cache_judge_folder(cache, wait, folder);
	return error == 0 ? -EIO : error;
}

/* Is the file's size known, and true now? */
static bool
is_known(struct cache *cache, const char *folder, const struct entry *entry,
    off_t *out)
{
	struct stamps *stamps = file_facts_stamps(cache->facts);
	int64_t seen_s;

	return file_facts_size(cache->facts, folder, entry->name,
		   entry->mtime_s, out, &seen_s) &&
	    (entry->id != 0 ||
		stamps_hold(stamps, entry->mtime_s, seen_s, stamp_now(),
		    false));
}

/*
 * The answer may be of an older or a newer version than the listing's.  Of a
 * file that is not whole yet nothing is remembered.
 */
static void
note_answer(struct cache *cache, const char *folder, const struct entry *entry,
    const struct entry *told, int64_t asked_s)
{
	if (told->mtime_s != entry->mtime_s ||
	    (entry->size >= 0 && told->size != entry->size))
		cache_expire_folder(&cache->printer, folder, 0);
	if (told->size > 0 && !told->partial && !told->read_only)
		file_facts_note_size(cache->facts, folder, entry->name,
		    told->mtime_s, told->size, asked_s);
}

/* In turn. */
static int
ask_file(struct cache *cache, const struct wait *wait, const char *folder,
    const struct entry *entry, struct entry *out)
{
	uint64_t generation = cache_generation(cache);
	int64_t asked_s = stamp_now();
	int error = printer_look(cache->inner, wait, folder, entry, out);

	if (error == 0 && generation == cache_generation(cache))
		note_answer(cache, folder, entry, out, asked_s);
	return error;
}

static bool
recall_size(struct cache *cache, const char *folder, const struct entry *entry,
    off_t *out)
{
	int64_t seen_s;

	if (entry->size < 0)
		return file_facts_size(cache->facts, folder, entry->name,
		    entry->mtime_s, out, &seen_s);
	*out = entry->size;
	return true;
}

/* In turn: somebody may have asked while we waited. */
static int
ask_size(struct cache *cache, const struct wait *wait, const char *folder,
    const struct entry *entry, off_t *out)
{
	struct entry told;
	int error = 0;

	if (is_known(cache, folder, entry, out))
		return 0;
	error = ask_file(cache, wait, folder, entry, &told);
	if (error == 0) {
		*out = told.size;
		entry_free(&told);
	}
	/* Of a printer that is silent, what is remembered is better. */
	if (away_is_silence(error) && recall_size(cache, folder, entry, out))
		error = 0;
	return error;
}

int
cache_size(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, off_t *out)
{
	struct cache *cache = (struct cache *)printer;
	int error;

	if (is_known(cache, folder, entry, out))
		return 0;
	error = turn_take(&cache->sizes, wait);
	if (error == 0) {
		error = ask_size(cache, wait, folder, entry, out);
		turn_give(&cache->sizes);
	}
	return error == -ENOENT ? judge_file(cache, wait, folder, entry) :
				  error;
}

int
cache_look(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, struct entry *out)
{
	struct cache *cache = (struct cache *)printer;
	int error = turn_take(&cache->sizes, wait);

	if (error == 0) {
		error = ask_file(cache, wait, folder, entry, out);
		turn_give(&cache->sizes);
	}
	return error == -ENOENT ? judge_file(cache, wait, folder, entry) :
				  error;
}

int
cache_fetch(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, const struct sink *sink)
{
	struct cache *cache = (struct cache *)printer;
	int64_t began_ms = time_now_ms();
	int error = printer_fetch(cache->inner, wait, folder, entry, sink);
	off_t size;

	if (error == 0 && recall_size(cache, folder, entry, &size))
		transfer_rate_note(&cache->rate, TRANSFER_DOWN, size,
		    time_now_ms() - began_ms);
	return error == -ENOENT ? judge_file(cache, wait, folder, entry) :
				  error;
}

/*
 * Is what is remembered of this version true, by its stamp?  A size alone is
 * for the moment that it was told in, and a wrong one is noticed.
 */
static bool
is_proved(struct cache *cache, const char *folder, struct entry *entry,
    bool bytes)
{
	struct stamps *stamps = file_facts_stamps(cache->facts);
	int64_t now_s = stamp_now(), seen_s = now_s;
	enum stamp_worth worth;
	off_t size = entry->size;
	bool known = true;

	if (entry->id != 0)
		return true;
	if (entry->size < 0)
		known = file_facts_size(cache->facts, folder, entry->name,
		    entry->mtime_s, &size, &seen_s);
	worth = stamps_judge(stamps, entry->mtime_s, seen_s, now_s);
	if (known && worth == STAMP_YOUNG && !bytes)
		known = stamps_hold(stamps, entry->mtime_s, seen_s, now_s,
		    false);
	else if (worth != STAMP_GOOD)
		known = false;
	if (known)
		entry->size = size;
	return known;
}

int
cache_verify(struct printer *printer, const struct wait *wait,
    const char *folder, struct entry *entry, bool bytes)
{
	return is_proved((struct cache *)printer, folder, entry, bytes) ?
	    0 :
	    printer_look_again(printer, wait, folder, entry);
}
