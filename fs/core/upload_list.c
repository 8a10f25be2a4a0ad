/*
 * What a mount is sending and has sent.  Any thread; uploads.lock guards the
 * entries and is a leaf.
 */
#include <sys/queue.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "fs/core/upload_list.h"

#define ENDED 50 /* entries that are remembered */
#define WORDS 160

enum state {
	WAITING,
	SENDING,
	STORED,
	FAILED
};

struct upload_list_entry {
	TAILQ_ENTRY(upload_list_entry) link;
	struct upload_list *uploads;
	char *path;
	enum state state;
	off_t len;
	off_t sent;
	time_t begun;	  /* wall clock */
	int64_t sent_ms;  /* when the first byte went, monotonic */
	int64_t ended_ms; /* monotonic */
	int error;
	char words[WORDS];
};

struct upload_list {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t settled;
	int active;
	int ended;
	uint64_t stored;
	uint64_t failed;
	uint64_t bytes;
	TAILQ_HEAD(, upload_list_entry) entries; /* oldest first */
};

int
upload_list_new(struct upload_list **out)
{
	struct upload_list *uploads = calloc(1, sizeof(*uploads));

	if (uploads == NULL)
		return -ENOMEM;
	pthread_mutex_init(&uploads->lock, NULL);
	time_cond_init(&uploads->settled);
	TAILQ_INIT(&uploads->entries);
	*out = uploads;
	return 0;
}

static void
remove_entry(struct upload_list *uploads, struct upload_list_entry *entry)
{
	TAILQ_REMOVE(&uploads->entries, entry, link);
	free(entry->path);
	free(entry);
}

void
upload_list_free(struct upload_list *uploads)
{
	struct upload_list_entry *entry;

	if (uploads == NULL)
		return;
	while ((entry = TAILQ_FIRST(&uploads->entries)) != NULL)
		remove_entry(uploads, entry);
	pthread_cond_destroy(&uploads->settled);
	pthread_mutex_destroy(&uploads->lock);
	free(uploads);
}

struct upload_list_entry *
upload_list_begin(struct upload_list *uploads, const char *path, off_t len)
{
	struct upload_list_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL || (entry->path = strdup(path)) == NULL) {
		free(entry);
		return NULL;
	}
	entry->uploads = uploads;
	entry->len = len;
	entry->begun = time(NULL);
	pthread_mutex_lock(&uploads->lock);
	TAILQ_INSERT_TAIL(&uploads->entries, entry, link);
	uploads->active++;
	pthread_mutex_unlock(&uploads->lock);
	return entry;
}

void
upload_list_sent(struct upload_list_entry *entry, off_t bytes)
{
	if (entry == NULL)
		return;
	pthread_mutex_lock(&entry->uploads->lock);
	if (entry->state == WAITING)
		entry->sent_ms = time_now_ms();
	entry->state = SENDING;
	if (bytes > entry->sent)
		entry->uploads->bytes += (uint64_t)(bytes - entry->sent);
	entry->sent = bytes;
	pthread_mutex_unlock(&entry->uploads->lock);
}

void
upload_list_queued(struct upload_list_entry *entry)
{
	if (entry == NULL)
		return;
	pthread_mutex_lock(&entry->uploads->lock);
	entry->state = WAITING;
	entry->sent = 0;
	entry->sent_ms = 0;
	pthread_mutex_unlock(&entry->uploads->lock);
}

/* With the lock: the oldest that ended go. */
static void
trim(struct upload_list *uploads)
{
	struct upload_list_entry *entry, *next;

	TAILQ_FOREACH_SAFE(entry, &uploads->entries, link, next)
	{
		if (uploads->ended <= ENDED)
			return;
		if (entry->state != STORED && entry->state != FAILED)
			continue;
		remove_entry(uploads, entry);
		uploads->ended--;
	}
}

void
upload_list_end(struct upload_list_entry *entry, int error, const char *words)
{
	struct upload_list *uploads;

	if (entry == NULL)
		return;
	uploads = entry->uploads;
	pthread_mutex_lock(&uploads->lock);
	entry->state = error == 0 ? STORED : FAILED;
	entry->error = error;
	entry->ended_ms = time_now_ms();
	strlcpy(entry->words, words, name_fit(words, WORDS - 1) + 1);
	uploads->active--;
	uploads->ended++;
	uploads->stored += error == 0;
	uploads->failed += error != 0;
	pthread_cond_broadcast(&uploads->settled);
	trim(uploads);
	pthread_mutex_unlock(&uploads->lock);
}

void
upload_list_settle(struct upload_list *uploads, int64_t ms)
{
	int64_t until = time_now_ms() + ms, left;

	pthread_mutex_lock(&uploads->lock);
	while (uploads->active > 0 && (left = until - time_now_ms()) > 0)
		time_cond_wait(&uploads->settled, &uploads->lock, left);
	pthread_mutex_unlock(&uploads->lock);
}

void
upload_list_count(struct upload_list *uploads, struct upload_list_counts *out)
{
	const struct upload_list_entry *entry;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&uploads->lock);
	TAILQ_FOREACH (entry, &uploads->entries, link) {
		out->waiting += entry->state == WAITING;
		out->sending += entry->state == SENDING;
	}
	out->stored = uploads->stored;
	out->failed = uploads->failed;
	out->bytes = uploads->bytes;
	pthread_mutex_unlock(&uploads->lock);
}

bool
upload_list_is_busy(struct upload_list *uploads)
{
	bool busy;

	pthread_mutex_lock(&uploads->lock);
	busy = uploads->active > 0;
	pthread_mutex_unlock(&uploads->lock);
	return busy;
}

/* How far it is; what is not known is left out. */
static int
print_progress(const struct upload_list_entry *entry, struct buf *out)
{
	int64_t now = entry->ended_ms != 0 ? entry->ended_ms : time_now_ms();
	int64_t ms = entry->sent_ms == 0 ? 0 : now - entry->sent_ms;
	int64_t rate = ms <= 0 ? 0 : (int64_t)entry->sent * 1000 / ms;
	int error;

	error = buf_printf(out, ",\"bytes\":%lld,\"percent\":%.1f",
	    (long long)entry->sent,
	    entry->len == 0 ? 0 :
			      (double)entry->sent * 100 / (double)entry->len);
	if (error == 0 && rate > 0)
		error = buf_printf(out, ",\"rate\":%" PRId64, rate);
	if (error == 0 && rate > 0 && entry->state == SENDING)
		error = buf_printf(out, ",\"seconds_left\":%lld",
		    (long long)(entry->len - entry->sent) / rate);
	return error;
}

static int
print_verdict(const struct upload_list_entry *entry, struct buf *out)
{
	int error = 0;

	if (entry->state == FAILED)
		error = json_quote_behind(out,
		    ",\"verdict\":", strerror(-entry->error));
	if (error == 0 && entry->words[0] != '\0')
		error = json_quote_behind(out, ",\"message\":", entry->words);
	return error;
}

static int
print_entry(const struct upload_list_entry *entry, struct buf *out)
{
	static const char *const states[] = {
		[WAITING] = "waiting",
		[SENDING] = "sending",
		[STORED] = "stored",
		[FAILED] = "failed",
	};
	int error = json_quote_behind(out, "{\"path\":", entry->path);

	if (error == 0)
		error = buf_printf(out,
		    ",\"state\":\"%s\",\"started\":%lld,\"size\":%lld",
		    states[entry->state], (long long)entry->begun,
		    (long long)entry->len);
	if (error == 0)
		error = print_progress(entry, out);
	if (error == 0)
		error = print_verdict(entry, out);
	return error != 0 ? error : buf_printf(out, "}");
}

int
upload_list_print_kept(struct buf *kept, const char *path, off_t size,
    time_t since)
{
	int error = json_quote_behind(kept,
	    kept->len > 0 ? ",{\"path\":" : "{\"path\":", path);

	if (error == 0)
		error = buf_printf(kept,
		    ",\"state\":\"kept\",\"started\":%lld,\"size\":%lld,"
		    "\"bytes\":0,\"percent\":0.0,\"message\":\"" UPLOAD_LIST_STAYS
		    "\"}",
		    (long long)since, (long long)size);
	return error;
}

int
upload_list_text(struct upload_list *uploads, const struct buf *kept,
    struct buf *out)
{
	bool has_kept = kept != NULL && kept->len > 0;
	const struct upload_list_entry *entry;
	bool has_uploads;
	int error = buf_printf(out, "{\"uploads\":[");

	pthread_mutex_lock(&uploads->lock);
	has_uploads = !TAILQ_EMPTY(&uploads->entries);
	TAILQ_FOREACH (entry, &uploads->entries, link) {
		if (error == 0 && entry != TAILQ_FIRST(&uploads->entries))
			error = buf_printf(out, ",");
		if (error == 0)
			error = print_entry(entry, out);
	}
	pthread_mutex_unlock(&uploads->lock);
	if (error == 0 && has_kept)
		error = buf_printf(out, "%s%s", has_uploads ? "," : "",
		    kept->data);
	return error != 0 ? error : buf_printf(out, "]}\n");
}
