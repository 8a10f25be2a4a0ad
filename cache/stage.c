/*
 * Names that exist here and not there.  Any thread may call; stage.lock
 * guards the list and every member of a staged file; only a spool's is taken
 * under it.  What belongs to the gate is changed by the gate's holder only,
 * under the lock too, because others look at it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/stage_internal.h"
#include "cache/unsent.h"
#include "client/base/name.h"
#include "client/base/time.h"

int
stage_new(struct stage **out)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	if (stage == NULL)
		return -ENOMEM;
	pthread_mutex_init(&stage->lock, NULL);
	time_cond_init(&stage->changed);
	TAILQ_INIT(&stage->files);
	TAILQ_INIT(&stage->all);
	*out = stage;
	return 0;
}

void
stage_set_relief(struct stage *stage, const struct relief *relief)
{
	stage->relief = *relief;
}

static void
free_place(struct staged_place *place)
{
	free(place->key);
	free(place->path);
	free(place->folder);
}

static int
copy_place(const struct stage_place *place, struct staged_place *out)
{
	out->key = strdup(place->key);
	out->path = strdup(place->path);
	out->folder = name_folder(place->wire);
	if (out->key != NULL && out->path != NULL && out->folder != NULL)
		return 0;
	free_place(out);
	return -ENOMEM;
}

static void
free_staged(struct staged *staged)
{
	unsent_drop(staged->ticket);
	spool_release(staged->spool);
	turn_destroy(&staged->gate);
	free_place(&staged->place);
	free(staged);
}

void
stage_list(struct staged *staged)
{
	if (staged->listed)
		return;
	TAILQ_INSERT_TAIL(&staged->stage->files, staged, link);
	staged->listed = true;
	staged->holders++;
}

/*
 * With the lock: a file that is listed, or NULL, is taken off.  Returns it, for
 * the list's hold is the caller's now (staged_release, without the lock).
 */
static struct staged *
unlist(struct staged *staged)
{
	if (staged == NULL || !staged->listed)
		return NULL;
	TAILQ_REMOVE(&staged->stage->files, staged, link);
	staged->listed = false;
	pthread_cond_broadcast(&staged->stage->changed);
	return staged;
}

void
stage_free(struct stage *stage)
{
	struct staged *staged;

	if (stage == NULL)
		return;
	while ((staged = TAILQ_FIRST(&stage->files)) != NULL)
		staged_release(unlist(staged));
	pthread_cond_destroy(&stage->changed);
	pthread_mutex_destroy(&stage->lock);
	free(stage);
}

struct staged *
stage_find_listed(struct stage *stage, const char *key)
{
	struct staged *staged;

	TAILQ_FOREACH (staged, &stage->files, link) {
		if (strcmp(staged->place.key, key) == 0)
			return staged;
	}
	return NULL;
}

/* Takes the spool in any case. */
static struct staged *
make_staged(struct stage *stage, const struct stage_place *place,
    struct spool *spool)
{
	struct staged *staged = calloc(1, sizeof(*staged));

	if (staged == NULL || copy_place(place, &staged->place) != 0) {
		spool_release(spool);
		free(staged);
		return NULL;
	}
	spool_set_relief(spool, &stage->relief);
	turn_init(&staged->gate);
	staged->stage = stage;
	staged->prints = place->prints;
	staged->spool = spool;
	staged->holders = 1;
	clock_gettime(CLOCK_REALTIME, &staged->mtime);
	return staged;
}

/* With the lock: it is known from now on, and listed. */
static void
begin(struct staged *staged)
{
	TAILQ_INSERT_TAIL(&staged->stage->all, staged, known);
	stage_list(staged);
}

int
stage_add(struct stage *stage, const struct stage_place *place, bool temporary,
    struct spool *spool, struct staged **out)
{
	struct staged *staged = make_staged(stage, place, spool);
	bool taken;

	if (staged == NULL)
		return -ENOMEM;
	staged->temporary = temporary;
	pthread_mutex_lock(&stage->lock);
	taken = stage_find_listed(stage, place->key) != NULL;
	if (!taken)
		begin(staged);
	pthread_mutex_unlock(&stage->lock);
	if (taken) {
		free_staged(staged);
		return -EEXIST;
	}
	*out = staged;
	return 0;
}

int
stage_take_over(struct stage *stage, const struct stage_place *place,
    struct spool *spool, struct staged **out)
{
	struct staged *there, *staged = make_staged(stage, place, spool);

	if (staged == NULL)
		return -ENOMEM;
	staged->replaces = true;
	pthread_mutex_lock(&stage->lock);
	there = unlist(stage_find_listed(stage, place->key));
	if (there != NULL) {
		there->replaces = true;
		there->old_mtime_s = 0;
	}
	begin(staged);
	pthread_mutex_unlock(&stage->lock);
	staged_release(there);
	*out = staged;
	return 0;
}

struct staged *
stage_find(struct stage *stage, const char *key)
{
	struct staged *staged;

	pthread_mutex_lock(&stage->lock);
	staged = stage_find_listed(stage, key);
	if (staged != NULL)
		staged->holders++;
	pthread_mutex_unlock(&stage->lock);
	return staged;
}

struct staged *
staged_hold(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->holders++;
	pthread_mutex_unlock(&staged->stage->lock);
	return staged;
}

void
staged_release(struct staged *staged)
{
	struct stage *stage;
	bool last;

	if (staged == NULL)
		return;
	stage = staged->stage;
	pthread_mutex_lock(&stage->lock);
	last = --staged->holders == 0;
	if (last)
		TAILQ_REMOVE(&stage->all, staged, known);
	pthread_mutex_unlock(&stage->lock);
	if (last)
		free_staged(staged);
}

struct staged *
stage_find_below(struct stage *stage, const char *folder_key)
{
	struct staged *staged;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->files, link) {
		if (name_below(staged->place.key, folder_key) != NULL)
			break;
	}
	if (staged != NULL)
		staged->holders++;
	pthread_mutex_unlock(&stage->lock);
	return staged;
}

int
stage_each(struct stage *stage, const char *folder_key,
    int (*call)(void *arg, const char *path), void *arg)
{
	struct staged *staged;
	int error = 0;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->files, link) {
		if (error == 0 && name_is_in(staged->place.key, folder_key))
			error = call(arg, staged->place.path);
	}
	pthread_mutex_unlock(&stage->lock);
	return error;
}

/* With the lock: what has that key, but for one, is gone for good. */
static void
note_removed(struct stage *stage, const char *key, const struct staged *but)
{
	struct staged *staged;

	TAILQ_FOREACH (staged, &stage->all, known) {
		if (staged != but && strcmp(staged->place.key, key) == 0)
			staged->removed = true;
	}
}

void
stage_remove(struct stage *stage, const char *key)
{
	struct staged *there;

	pthread_mutex_lock(&stage->lock);
	note_removed(stage, key, NULL);
	there = unlist(stage_find_listed(stage, key));
	pthread_mutex_unlock(&stage->lock);
	staged_release(there);
}

int
stage_add_removed(struct stage *stage, const struct stage_place *place,
    struct spool *spool, struct staged **out)
{
	struct staged *staged = make_staged(stage, place, spool);

	if (staged == NULL)
		return -ENOMEM;
	staged->removed = true;
	pthread_mutex_lock(&stage->lock);
	TAILQ_INSERT_TAIL(&stage->all, staged, known);
	pthread_mutex_unlock(&stage->lock);
	*out = staged;
	return 0;
}

void
stage_unlist(struct staged *staged)
{
	struct stage *stage = staged->stage;

	pthread_mutex_lock(&stage->lock);
	staged = unlist(staged);
	pthread_mutex_unlock(&stage->lock);
	staged_release(staged);
}

void
stage_drop_empty(struct stage *stage, const char *key)
{
	struct staged *there;

	pthread_mutex_lock(&stage->lock);
	there = stage_find_listed(stage, key);
	if (there != NULL && there->writers == 0 && !there->dirty &&
	    spool_size(there->spool) == 0)
		there = unlist(there);
	else
		there = NULL;
	pthread_mutex_unlock(&stage->lock);
	staged_release(there);
}

int
stage_move(struct staged *staged, const struct stage_place *place,
    bool temporary)
{
	struct stage *stage = staged->stage;
	struct staged_place fresh;
	struct staged *there;

	if (copy_place(place, &fresh) != 0)
		return -ENOMEM;
	pthread_mutex_lock(&stage->lock);
	there = stage_find_listed(stage, place->key);
	note_removed(stage, place->key, staged);
	there = there == staged ? NULL : unlist(there);
	free_place(&staged->place);
	staged->place = fresh;
	staged->temporary = temporary;
	stage_list(staged);
	pthread_cond_broadcast(&stage->changed);
	pthread_mutex_unlock(&stage->lock);
	staged_release(there);
	return 0;
}

int
stage_follow(struct staged *staged, const struct stage_place *place)
{
	struct staged_place fresh, spare;

	if (copy_place(place, &fresh) != 0)
		return -ENOMEM;
	spare = fresh;
	pthread_mutex_lock(&staged->stage->lock);
	if (!staged->listed && !staged->removed) {
		spare = staged->place;
		staged->place = fresh;
	}
	pthread_mutex_unlock(&staged->stage->lock);
	free_place(&spare);
	return 0;
}
