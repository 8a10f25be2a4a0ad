/*
 * The attribute cache: a printer around a printer.  Any thread may call.
 * cache.lock guards the memos and is never held while asking the printer: the
 * one thread that fetches for a memo is marked in it, others wait for its
 * answer.  A change made through us counts the generation up before it
 * returns, and a memo filled from a question of an older generation is void;
 * a removal brings what is known of folders on into its own generation.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_internal.h"
#include "cache/file_facts.h"
#include "cache/stamp.h"
#include "client/base/buf.h"
#include "client/base/time.h"
#include "client/base/turn.h"
#include "client/camera/picture.h"
#include "client/http/away.h"
#include "client/http/counts.h"
#include "client/listing.h"
#include "client/traits.h"

#define ERROR_MS 1000

/*
 * May this answer be given to somebody who began to ask at began_ms?  One
 * that came while he waited is shared, however short the TTL.
 */
static bool
is_good(const struct cache *cache, const struct memo *memo, int64_t began_ms)
{
	int64_t ttl_ms = memo->ttl_ms;

	if (!memo->filled || memo->epoch != cache->epoch ||
	    (!memo->lasting && memo->generation != cache->generation))
		return false;
	if (memo->error != 0 && memo->error != -ENODATA && ttl_ms > ERROR_MS)
		ttl_ms = ERROR_MS;
	if (away_is_silence(memo->error)) /* the client says it at once */
		ttl_ms = 0;
	return memo->done_ms >= began_ms ||
	    time_now_ms() - memo->done_ms < ttl_ms;
}

/* While it is away, folders and what lasts are told from memory. */
static bool
may_serve_old(const struct cache *cache, const struct memo *memo)
{
	return memo->filled && memo->error == 0 &&
	    memo->epoch == cache->epoch &&
	    (memo->lasting || memo->generation >= cache->changed) &&
	    memo->survives;
}

/* The answer of the printer, or for a PNG our own. */
struct answer {
	int error;
	struct buf text;
	struct listing *listing;
	int64_t done_ms;
};

static void ask_picture(struct cache *, const struct wait *, const char *id,
    struct answer *out);

/* It is as old as what its printer has it from. */
static void
ask_document(struct cache *cache, const struct wait *wait, enum topic topic,
    struct answer *out)
{
	out->error = printer_document(cache->inner, wait, topic, &out->text);
	out->done_ms = printer_told_ms(cache->inner, topic);
}

/* A stamp that many files have proves nothing. */
static void
note_stamps(struct cache *cache, const char *folder,
    const struct listing *listing)
{
	struct stamps *stamps = file_facts_stamps(cache->facts);
	int64_t now_s = stamp_now();
	size_t i;

	for (i = 0; i < listing_count(listing); i++) {
		const struct entry *entry = listing_at(listing, i);

		if (!entry->folder && entry->id == 0)
			stamps_note(stamps, folder, entry->name, entry->mtime_s,
			    now_s);
	}
}

/* Without the lock. */
static void
ask(struct cache *cache, const struct wait *wait, const struct memo *memo,
    struct answer *out)
{
	if (memo->topic == TOPIC_FOLDER)
		out->error = printer_list(cache->inner, wait, memo->key,
		    &out->listing);
	else if (memo->topic == TOPIC_PNG)
		ask_picture(cache, wait, memo->key, out);
	else if (topic_is_of_camera(memo->topic))
		out->error = printer_camera(cache->inner, wait, memo->topic,
		    memo->key, &out->text);
	else
		ask_document(cache, wait, memo->topic, out);
	if (out->error == 0 && out->listing != NULL)
		note_stamps(cache, memo->key, out->listing);
	if (out->done_ms == 0)
		out->done_ms = time_now_ms();
}

/* Ask the printer; the lock is let go meanwhile. */
static int
fetch(struct cache *cache, const struct wait *wait, struct memo *memo)
{
	uint64_t generation = cache->generation, epoch = cache->epoch;
	struct answer answer = { 0 };

	memo->fetching = true;
	pthread_mutex_unlock(&cache->lock);
	ask(cache, wait, memo, &answer);
	pthread_mutex_lock(&cache->lock);
	memo->fetching = false;
	pthread_cond_broadcast(&cache->answered);
	if (answer.error == -EINTR || answer.error == -ENOMEM) {
		buf_free(&answer.text); /* it is one's own trouble */
		return answer.error;
	}
	if (away_is_silence(answer.error) && may_serve_old(cache, memo)) {
		buf_free(&answer.text);
		memo->done_ms = time_now_ms();
		if (memo->generation < generation) /* else it was brought on */
			memo->generation = generation;
		return 0;
	}
	listing_release(memo->listing);
	buf_free(&memo->text);
	memo->listing = answer.listing;
	memo->text = answer.text;
	memo->error = answer.error;
	memo->filled = true;
	memo->generation = generation;
	memo->epoch = epoch;
	memo->done_ms = answer.done_ms;
	return 0;
}

/*
 * See that the memo holds a good answer.  Returns 0, -EHOSTDOWN: somebody else
 * finds out whether the printer is back, or -EINTR.
 */
static int
settle(struct cache *cache, const struct wait *wait, struct memo *memo)
{
	int64_t began_ms = time_now_ms();
	bool left = false;

	while (!is_good(cache, memo, began_ms) && !left) {
		/* One's own answer is good for oneself in any case. */
		if (!memo->fetching) {
			cache->misses++;
			return fetch(cache, wait, memo);
		}
		if (printer_refuses(cache->inner, memo->topic))
			return may_serve_old(cache, memo) ? 0 : -EHOSTDOWN;
		left = time_cond_tick(&cache->answered, &cache->lock, wait);
	}
	if (!left)
		cache->hits++;
	return left ? -EINTR : 0;
}

static int
get(struct cache *cache, const struct wait *wait, enum topic topic,
    const char *key, struct answer *out)
{
	struct memo *memo;
	int error = -ENOMEM;

	pthread_mutex_lock(&cache->lock);
	memo = memo_get(&cache->memos, topic, key);
	if (memo != NULL) {
		memo->users++;
		error = settle(cache, wait, memo);
		if (error == 0)
			error = memo->error;
		if (error == 0 && memo->listing != NULL)
			out->listing = listing_hold(memo->listing);
		else if (error == 0)
			error = buf_append(&out->text, buf_text(&memo->text),
			    memo->text.len);
		out->done_ms = memo->done_ms;
		memo->users--;
	}
	pthread_mutex_unlock(&cache->lock);
	return error;
}

/* A PNG is made of the picture that we have, and is as old as that one. */
static void
ask_picture(struct cache *cache, const struct wait *wait, const char *id,
    struct answer *out)
{
	struct answer picture = { 0 };

	out->error = get(cache, wait, TOPIC_PICTURE, id, &picture);
	out->done_ms = picture.done_ms;
	if (out->error == 0)
		out->error = picture_to_png(picture.text.data, picture.text.len,
		    &out->text);
	buf_free(&picture.text);
}

static int
cache_camera(struct printer *printer, const struct wait *wait, enum topic topic,
    const char *id, struct buf *out)
{
	struct answer answer = { 0 };
	int error = get((struct cache *)printer, wait, topic, id, &answer);

	if (error == 0)
		error = buf_append(out, buf_text(&answer.text),
		    answer.text.len);
	buf_free(&answer.text);
	return error;
}

static int
cache_document(struct printer *printer, const struct wait *wait,
    enum topic topic, struct buf *out)
{
	return cache_camera(printer, wait, topic, "", out);
}

static void
expire(struct cache *cache, enum topic topic, const char *key, int64_t age_ms)
{
	pthread_mutex_lock(&cache->lock);
	memos_expire(&cache->memos, topic, key, time_now_ms() - age_ms);
	pthread_mutex_unlock(&cache->lock);
}

void
cache_expire(struct printer *printer, enum topic topic, int64_t age_ms)
{
	expire((struct cache *)printer, topic, NULL, age_ms);
}

void
cache_expire_folder(struct printer *printer, const char *folder, int64_t age_ms)
{
	expire((struct cache *)printer, TOPIC_COUNT, folder, age_ms);
}

bool
cache_peek(struct printer *printer, enum topic topic, int64_t age_ms,
    struct buf *out)
{
	struct cache *cache = (struct cache *)printer;
	const struct memo *memo;
	bool known;

	pthread_mutex_lock(&cache->lock);
	memo = memos_find(&cache->memos, topic, time_now_ms() - age_ms);
	known = memo != NULL &&
	    buf_append(out, buf_text(&memo->text), memo->text.len) == 0;
	pthread_mutex_unlock(&cache->lock);
	return known;
}

bool
cache_has_listed(struct printer *printer, const char *folder, const char *name)
{
	struct cache *cache = (struct cache *)printer;
	bool has;

	pthread_mutex_lock(&cache->lock);
	has = memos_list(&cache->memos, folder, name);
	pthread_mutex_unlock(&cache->lock);
	return has;
}

int
cache_ask_list(struct cache *cache, const struct wait *wait, const char *folder,
    struct listing **out)
{
	struct answer answer = { 0 };
	int error = get(cache, wait, TOPIC_FOLDER, folder, &answer);

	if (error == 0)
		*out = answer.listing;
	return error;
}

static int
cache_list(struct printer *printer, const struct wait *wait, const char *folder,
    struct listing **out)
{
	struct cache *cache = (struct cache *)printer;
	int error = cache_ask_list(cache, wait, folder, out);

	return error == -ENOENT ? cache_judge_folder(cache, wait, folder) :
				  error;
}

uint64_t
cache_generation(struct cache *cache)
{
	uint64_t generation;

	pthread_mutex_lock(&cache->lock);
	generation = cache->generation;
	pthread_mutex_unlock(&cache->lock);
	return generation;
}

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

static int
cache_store(struct printer *printer, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	struct cache *cache = (struct cache *)printer;
	struct paced_source paced;
	struct store timed = *store;
	bool more = false;
	int error;

	timed.more = &more;
	timed.source = transfer_rate_source(&paced, &store->source);
	transfer_rate_upload(&cache->rate, 1);
	error = printer_store(cache->inner, wait, &timed, out);
	transfer_rate_upload(&cache->rate, -1);
	if (error == 0 && paced.began_ms != 0)
		transfer_rate_note(&cache->rate, TRANSFER_UP, store->source.len,
		    time_now_ms() - paced.began_ms);
	pthread_mutex_lock(&cache->lock);
	count_change(cache, error);
	/* Of many uploads each would have a large folder asked anew. */
	if (error == 0 && cache->inner->traits->is_cloud && !more)
		memos_follow(&cache->memos, store->folder, out, true,
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

static int
cache_make_folder(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name)
{
	struct cache *cache = (struct cache *)printer;
	int error = printer_make_folder(cache->inner, wait, folder, name);

	note_change(cache, error);
	return error;
}

static int
cache_remove(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry)
{
	struct cache *cache = (struct cache *)printer;
	int error = printer_remove(cache->inner, wait, folder, entry);

	pthread_mutex_lock(&cache->lock);
	count_change(cache, error);
	/* Of many removals each would have a folder asked anew. */
	if (error == 0 && !entry->folder)
		memos_follow(&cache->memos, folder, entry, false,
		    cache->generation);
	pthread_mutex_unlock(&cache->lock);
	if (error == 0 && !entry->folder)
		file_facts_forget_size(cache->facts, folder, entry->name);
	return error;
}

static int
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

static int
cache_change_settings(struct printer *printer, const struct wait *wait,
    const char *text, size_t len)
{
	struct cache *cache = (struct cache *)printer;
	int error = printer_change_settings(cache->inner, wait, text, len);

	note_change(cache, error);
	return error;
}

static void
count_up(struct cache *cache, uint64_t epochs)
{
	pthread_mutex_lock(&cache->lock);
	cache->generation++;
	cache->epoch += epochs;
	pthread_mutex_unlock(&cache->lock);
}

static int
cache_command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *path)
{
	struct cache *cache = (struct cache *)printer;
	int error;

	/* A size that is being asked for shall not be noted afterwards. */
	if (verb == VERB_REFRESH)
		count_up(cache, 0);
	error = printer_command(cache->inner, wait, verb, path);
	if (verb == VERB_REFRESH)
		file_facts_forget_sizes(cache->facts);
	count_up(cache, verb == VERB_REFRESH);
	/* What lies behind the cache may have nothing to refresh. */
	return verb == VERB_REFRESH ? 0 : error;
}

int64_t
cache_estimate_ms(struct printer *printer, off_t down, off_t up)
{
	return transfer_rate_estimate_ms(&((struct cache *)printer)->rate, down,
	    up);
}

static void
cache_count(struct printer *printer, struct counts *out)
{
	struct cache *cache = (struct cache *)printer;

	printer_count(cache->inner, out);
	pthread_mutex_lock(&cache->lock);
	out->cache_hits += cache->hits;
	out->cache_misses += cache->misses;
	pthread_mutex_unlock(&cache->lock);
}

static void
cache_free(struct printer *printer)
{
	struct cache *cache = (struct cache *)printer;

	memos_clear(&cache->memos);
	printer_free(cache->inner);
	turn_destroy(&cache->sizes);
	transfer_rate_destroy(&cache->rate);
	pthread_cond_destroy(&cache->answered);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

int
cache_new(struct printer *inner, struct file_facts *facts, int64_t ttl_ms,
    struct printer **out)
{
	static const struct printer_ops ops = {
		.document = cache_document,
		.list = cache_list,
		.size = cache_size,
		.look = cache_look,
		.verify = cache_verify,
		.fetch = cache_fetch,
		.store = cache_store,
		.make_folder = cache_make_folder,
		.remove = cache_remove,
		.rename = cache_rename,
		.camera = cache_camera,
		.change_settings = cache_change_settings,
		.command = cache_command,
		.count = cache_count,
		.free = cache_free,
	};
	struct cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL) {
		printer_free(inner);
		return -ENOMEM;
	}
	cache->printer.ops = &ops;
	cache->printer.traits = inner->traits;
	cache->printer.has_pictures = inner->has_pictures;
	cache->printer.is_watched = inner->is_watched;
	cache->inner = inner;
	cache->facts = facts;
	if (inner->traits->halves && file_facts_stamps(facts) != NULL)
		stamps_halve(file_facts_stamps(facts));
	turn_init(&cache->sizes);
	transfer_rate_init(&cache->rate);
	pthread_mutex_init(&cache->lock, NULL);
	time_cond_init(&cache->answered);
	memos_init(&cache->memos, ttl_ms, inner->traits->is_cloud);
	*out = &cache->printer;
	return 0;
}
