/*
 * Free space.  space.lock guards the numbers; the question goes out in a
 * thread of the printer's workers, one at a time.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "client/base/buf.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"
#include "client/printer.h"
#include "client/shape.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/space.h"

#define OLD_MS 5000

struct space {
	struct mounted *mounted;
	pthread_mutex_t lock; /* guards all below */
	int64_t total;
	int64_t free;
	int64_t asked_ms;
	bool asking;
};

int
space_new(struct mounted *mounted, struct space **out)
{
	struct space *space = calloc(1, sizeof(*space));

	if (space == NULL)
		return -ENOMEM;
	space->mounted = mounted;
	space->total = SPACE_TOTAL;
	space->free = SPACE_FREE;
	pthread_mutex_init(&space->lock, NULL);
	*out = space;
	return 0;
}

void
space_free(struct space *space)
{
	if (space == NULL)
		return;
	pthread_mutex_destroy(&space->lock);
	free(space);
}

void
space_note(struct space *space, const char *text, size_t len)
{
	const struct traits *traits = space->mounted->printer->traits;
	struct shape_storage storage;

	if (traits->upload_storage == NULL ||
	    shape_storage(text, len, traits->upload_storage, &storage) != 0 ||
	    storage.free < 0)
		return;
	pthread_mutex_lock(&space->lock);
	space->free = storage.free;
	space->total = storage.total > storage.free ? storage.total :
						      storage.free;
	space->asked_ms = time_now_ms();
	pthread_mutex_unlock(&space->lock);
}

static void
ask(void *arg)
{
	struct space *space = arg;
	const struct wait wait = { .given_up = mounted_is_ending,
		.arg = space->mounted };
	struct buf text = { 0 };

	if (printer_document(space->mounted->printer, &wait, TOPIC_STORAGE,
		&text) == 0)
		space_note(space, text.data, text.len);
	buf_free(&text);
	pthread_mutex_lock(&space->lock);
	space->asking = false;
	pthread_mutex_unlock(&space->lock);
}

void
space_recall(struct space *space, int64_t *total, int64_t *available)
{
	pthread_mutex_lock(&space->lock);
	*total = space->total;
	*available = space->free;
	pthread_mutex_unlock(&space->lock);
}

void
space_look(struct space *space, int64_t *total, int64_t *available)
{
	bool ask_now;

	pthread_mutex_lock(&space->lock);
	*total = space->total;
	*available = space->free;
	ask_now = space->mounted->printer->traits->tells_space &&
	    !space->asking && time_now_ms() - space->asked_ms > OLD_MS;
	if (ask_now) {
		space->asking = true;
		space->asked_ms = time_now_ms();
	}
	pthread_mutex_unlock(&space->lock);
	if (ask_now &&
	    workers_start(space->mounted->workers, ask, space) != 0) {
		pthread_mutex_lock(&space->lock);
		space->asking = false;
		pthread_mutex_unlock(&space->lock);
	}
}
