/*
 * Renderings of documents.  Any thread; renderings.lock guards the newest ones
 * and how many there are.  A rendering itself never changes.
 */
#include <sys/queue.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/core/kind.h"
#include "fs/core/rendering.h"

#define PAGES 256

/* A document, and its newest rendering. */
struct page {
	TAILQ_ENTRY(page) link;
	char *path;
	struct rendering *newest; /* held, or NULL */
};

struct renderings {
	pthread_mutex_t lock;
	uint64_t serial; /* all under lock */
	size_t count;
	TAILQ_HEAD(, page) pages; /* least recently rendered first */
};

int
renderings_new(struct renderings **out)
{
	struct renderings *renderings = calloc(1, sizeof(*renderings));

	if (renderings == NULL)
		return -ENOMEM;
	pthread_mutex_init(&renderings->lock, NULL);
	TAILQ_INIT(&renderings->pages);
	*out = renderings;
	return 0;
}

static void
remove_page(struct renderings *renderings, struct page *page)
{
	TAILQ_REMOVE(&renderings->pages, page, link);
	renderings->count--;
	rendering_release(page->newest);
	free(page->path);
	free(page);
}

void
renderings_free(struct renderings *renderings)
{
	struct page *page;

	if (renderings == NULL)
		return;
	while ((page = TAILQ_FIRST(&renderings->pages)) != NULL)
		remove_page(renderings, page);
	pthread_mutex_destroy(&renderings->lock);
	free(renderings);
}

/* With the lock: the page of that path, made if need be, or NULL. */
static struct page *
find_page(struct renderings *renderings, const char *path)
{
	struct page *page;

	TAILQ_FOREACH (page, &renderings->pages, link) {
		if (strcmp(page->path, path) == 0) {
			TAILQ_REMOVE(&renderings->pages, page, link);
			TAILQ_INSERT_TAIL(&renderings->pages, page, link);
			return page;
		}
	}
	page = calloc(1, sizeof(*page));
	if (page == NULL || (page->path = strdup(path)) == NULL) {
		free(page);
		return NULL;
	}
	/* Cameras come and go. */
	if (renderings->count >= PAGES)
		remove_page(renderings, TAILQ_FIRST(&renderings->pages));
	renderings->count++;
	TAILQ_INSERT_TAIL(&renderings->pages, page, link);
	return page;
}

static struct rendering *
hold(struct rendering *rendering)
{
	atomic_fetch_add(&rendering->holders, 1);
	return rendering;
}

void
rendering_release(struct rendering *rendering)
{
	if (rendering == NULL || atomic_fetch_sub(&rendering->holders, 1) > 1)
		return;
	buf_free(&rendering->text);
	free(rendering);
}

static bool
is_same(const struct rendering *a, const struct rendering *b)
{
	return a != NULL && a->error == b->error &&
	    a->text.len == b->text.len &&
	    memcmp(buf_text(&a->text), buf_text(&b->text), a->text.len) == 0;
}

/*
 * Make the candidate the newest, unless it says what the newest says.  Takes
 * it; returns a held rendering, or NULL without memory.
 */
static struct rendering *
publish(struct renderings *renderings, const char *path,
    struct rendering *candidate)
{
	struct rendering *newest = NULL, *old = candidate;
	struct page *page;

	pthread_mutex_lock(&renderings->lock);
	page = find_page(renderings, path);
	if (page != NULL && is_same(page->newest, candidate)) {
		newest = hold(page->newest);
	} else if (page != NULL) {
		old = page->newest;
		candidate->serial = ++renderings->serial;
		page->newest = candidate;
		newest = hold(candidate);
	}
	pthread_mutex_unlock(&renderings->lock);
	rendering_release(old);
	return newest;
}

int
rendering_make(struct renderings *renderings, const char *path, int error,
    struct buf *text, const struct timespec *made, struct rendering **out)
{
	struct rendering *candidate;

	if (error != 0)
		buf_free(text);
	if (error == -EINTR || error == -ENOMEM)
		return error;
	candidate = calloc(1, sizeof(*candidate));
	if (candidate == NULL) {
		buf_free(text);
		return -ENOMEM;
	}
	atomic_init(&candidate->holders, 1);
	candidate->error = error;
	candidate->text = *text;
	if (made == NULL)
		clock_gettime(CLOCK_REALTIME, &candidate->made);
	else
		candidate->made = *made;
	*out = publish(renderings, path, candidate);
	return *out == NULL ? -ENOMEM : 0;
}

ssize_t
rendering_read(const struct rendering *rendering, void *out, size_t len,
    off_t offset)
{
	return rendering->error != 0 ?
	    rendering->error :
	    file_copy(&rendering->text, out, len, offset);
}
