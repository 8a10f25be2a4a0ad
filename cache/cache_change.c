/*
 * Changes made through the cache: the printer's verdict, and what is then
 * void.  Any thread; cache.lock guards the generations.
 */
#include <errno.h>

#include "cache/cache_internal.h"
#include "cache/file_facts.h"
#include "cache/stamp.h"
#include "client/base/time.h"
#include "client/listing.h"
#include "client/traits.h"

/*
 * Whatever was asked before now is void, if a change may have been made.
 * Under the lock.
 */
static void
count_change(struct cache *cache, int error)
{
	cache->generation++;
	if (error == 0 || printer_may_be_changed(error))
		cache->changed = cache->generation;
}

static void
note_change(struct cache *cache, int error)
{
	pthread_mutex_lock(&cache->lock);
	count_change(cache, error);
	pthread_mutex_unlock(&cache->lock);
}

int
cache_store(struct printer *printer, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	struct cache *cache = (struct cache *)printer;
	struct paced_source paced;
	struct store timed = *store;
	bool more = false;
	int error;

	timed.more = &more;
	timed.source = pace_source(&paced, &store->source);
	pace_upload(&cache->pace, 1);
	error = printer_store(cache->inner, wait, &timed, out);
	pace_upload(&cache->pace, -1);
	if (error == 0 && paced.began_ms != 0)
		pace_note(&cache->pace, PACE_UP, store->source.len,
		    time_now_ms() - paced.began_ms);
	pthread_mutex_lock(&cache->lock);
	count_change(cache, error);
	/* Of many uploads each would have a large folder asked anew. */
	if (error == 0 && cache->inner->traits->is_cloud && !more)
		memos_stored(&cache->memos, store->folder, out,
		    cache->generation);
	pthread_mutex_unlock(&cache->lock);
	/* What failed may have arrived all the same. */
	file_facts_renew(cache->facts, store->folder,
	    error == 0 ? out->name : store->name, error == 0 ? out->mtime_s : 0,
	    error == 0 ? out->size : -1, stamp_now());
	if (error == 0 && out->id == 0)
		stamps_note_stored(file_facts_stamps(cache->facts),
		    out->mtime_s, stamp_now());
	return error;
}

int
cache_make_folder(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name)
{
	struct cache *cache = (struct cache *)printer;
	int error = printer_make_folder(cache->inner, wait, folder, name);

	note_change(cache, error);
	return error;
}

int
cache_remove(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry)
{
	struct cache *cache = (struct cache *)printer;
	int error = printer_remove(cache->inner, wait, folder, entry);

	pthread_mutex_lock(&cache->lock);
	count_change(cache, error);
	/* Of many removals each would have a folder asked anew. */
	if (error == 0 && !entry->folder)
		memos_removed(&cache->memos, folder, entry, cache->generation);
	pthread_mutex_unlock(&cache->lock);
	if (error == 0 && !entry->folder)
		file_facts_forget_size(cache->facts, folder, entry->name);
	return error;
}

int
cache_rename(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, const char *new_folder,
    const char *new_name, bool replace, struct entry *out)
{
	struct cache *cache = (struct cache *)printer;
	int error = printer_rename(cache->inner, wait, folder, entry,
	    new_folder, new_name, replace, out);

	note_change(cache, error);
	return error;
}

int
cache_change_settings(struct printer *printer, const struct wait *wait,
    const char *text, size_t len)
{
	struct cache *cache = (struct cache *)printer;
	int error = printer_change_settings(cache->inner, wait, text, len);

	note_change(cache, error);
	return error;
}

/* What lies behind the printer may remember something too. */
static void
refresh(struct cache *cache, const struct wait *wait)
{
	/* A size that is being asked for shall not be noted afterwards. */
	pthread_mutex_lock(&cache->lock);
	cache->generation++;
	pthread_mutex_unlock(&cache->lock);
	(void)printer_command(cache->inner, wait, VERB_REFRESH, NULL);
	file_facts_forget_sizes(cache->facts);
}

int
cache_command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *path)
{
	struct cache *cache = (struct cache *)printer;
	int error = 0;

	if (verb != VERB_REFRESH)
		error = printer_command(cache->inner, wait, verb, path);
	else
		refresh(cache, wait);
	pthread_mutex_lock(&cache->lock);
	cache->generation++;
	if (verb == VERB_REFRESH)
		cache->epoch++;
	pthread_mutex_unlock(&cache->lock);
	return error;
}
