/*
 * Names that exist here and not there.  Any thread may call; stage.lock
 * guards the list and every member of a staged file, and is a leaf.  What
 * belongs to the gate is changed by the gate's holder only, under the lock
 * too, because others look at it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/staged_file.h"
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
free_staged(struct staged *staged)
{
	unsent_drop(staged->ticket);
	spool_release(staged->spool);
	turn_destroy(&staged->gate);
	free(staged->key);
	free(staged->path);
	free(staged->folder);
	free(staged);
}

/* With the lock.  Returns true when the caller must free it. */
static bool
drop(struct staged *staged)
{
	if (--staged->holders > 0)
		return false;
	TAILQ_REMOVE(&staged->stage->all, staged, known);
	return true;
}

/* With the lock; the list holds its files. */
static void
unlist(struct staged *staged, struct staged **orphan)
{
	*orphan = NULL;
	if (!staged->listed)
		return;
	TAILQ_REMOVE(&staged->stage->files, staged, link);
	staged->listed = false;
	pthread_cond_broadcast(&staged->stage->changed);
	if (drop(staged))
		*orphan = staged;
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

void
stage_free(struct stage *stage)
{
	struct staged *staged, *orphan;

	if (stage == NULL)
		return;
	while ((staged = TAILQ_FIRST(&stage->files)) != NULL) {
		unlist(staged, &orphan);
		if (orphan != NULL)
			free_staged(orphan);
	}
	pthread_cond_destroy(&stage->changed);
	pthread_mutex_destroy(&stage->lock);
	free(stage);
}

struct staged *
stage_find_listed(struct stage *stage, const char *key)
{
	struct staged *staged;

	TAILQ_FOREACH (staged, &stage->files, link) {
		if (strcmp(staged->key, key) == 0)
			return staged;
	}
	return NULL;
}

static void
free_copy(char *copy[3])
{
	free(copy[0]);
	free(copy[1]);
	free(copy[2]);
}

static int
copy_place(const struct stage_place *place, char *copy[3])
{
	copy[0] = strdup(place->key);
	copy[1] = strdup(place->path);
	copy[2] = name_folder(place->wire);
	if (copy[0] != NULL && copy[1] != NULL && copy[2] != NULL)
		return 0;
	free_copy(copy);
	return -ENOMEM;
}

/* Takes the spool in any case. */
static struct staged *
make_staged(struct stage *stage, const struct stage_place *place,
    struct spool *spool)
{
	struct staged *staged = calloc(1, sizeof(*staged));
	char *copy[3];

	if (staged == NULL || copy_place(place, copy) != 0) {
		spool_release(spool);
		free(staged);
		return NULL;
	}
	spool_set_relief(spool, &stage->relief);
	turn_init(&staged->gate);
	staged->stage = stage;
	staged->key = copy[0];
	staged->path = copy[1];
	staged->folder = copy[2];
	staged->prints = place->prints;
	staged->spool = spool;
	staged->holders = 1;
	clock_gettime(CLOCK_REALTIME, &staged->mtime);
	return staged;
}

/* With the lock: it is known from now on. */
static void
begin(struct staged *staged)
{
	TAILQ_INSERT_TAIL(&staged->stage->all, staged, known);
}

int
stage_add(struct stage *stage, const struct stage_place *place, bool temporary,
    struct spool *spool, struct staged **out)
{
	struct staged *staged = make_staged(stage, place, spool);

	if (staged == NULL)
		return -ENOMEM;
	staged->temporary = temporary;
	pthread_mutex_lock(&stage->lock);
	if (stage_find_listed(stage, place->key) != NULL) {
		pthread_mutex_unlock(&stage->lock);
		free_staged(staged);
		return -EEXIST;
	}
	begin(staged);
	stage_list(staged);
	pthread_mutex_unlock(&stage->lock);
	*out = staged;
	return 0;
}

int
stage_take_over(struct stage *stage, const struct stage_place *place,
    struct spool *spool, struct staged **out)
{
	struct staged *staged = make_staged(stage, place, spool);
	struct staged *there, *orphan = NULL;

	if (staged == NULL)
		return -ENOMEM;
	staged->replaces = true;
	pthread_mutex_lock(&stage->lock);
	there = stage_find_listed(stage, place->key);
	if (there != NULL) {
		there->replaces = true;
		there->old_mtime = 0;
		unlist(there, &orphan);
	}
	begin(staged);
	stage_list(staged);
	pthread_mutex_unlock(&stage->lock);
	if (orphan != NULL)
		free_staged(orphan);
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
	last = drop(staged);
	pthread_mutex_unlock(&stage->lock);
	if (last)
		free_staged(staged);
}

static bool
is_in(const struct staged *staged, const char *folder_key)
{
	size_t len = strlen(folder_key);

	return strncmp(staged->key, folder_key, len) == 0 &&
	    staged->key[len] == '/' &&
	    strchr(staged->key + len + 1, '/') == NULL;
}

struct staged *
stage_find_below(struct stage *stage, const char *folder_key)
{
	size_t len = strlen(folder_key);
	struct staged *staged;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->files, link) {
		if (strncmp(staged->key, folder_key, len) != 0 ||
		    staged->key[len] != '/')
			continue;
		staged->holders++;
		break;
	}
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
		if (error == 0 && is_in(staged, folder_key))
			error = call(arg, staged->path);
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
		if (staged != but && strcmp(staged->key, key) == 0)
			staged->removed = true;
	}
}

void
stage_remove(struct stage *stage, const char *key)
{
	struct staged *there, *orphan = NULL;

	pthread_mutex_lock(&stage->lock);
	note_removed(stage, key, NULL);
	there = stage_find_listed(stage, key);
	if (there != NULL)
		unlist(there, &orphan);
	pthread_mutex_unlock(&stage->lock);
	if (orphan != NULL)
		free_staged(orphan);
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
	begin(staged);
	pthread_mutex_unlock(&stage->lock);
	*out = staged;
	return 0;
}

void
stage_unlist(struct staged *staged)
{
	struct stage *stage = staged->stage;
	struct staged *orphan;

	pthread_mutex_lock(&stage->lock);
	unlist(staged, &orphan);
	pthread_mutex_unlock(&stage->lock);
	if (orphan != NULL)
		free_staged(orphan);
}

/* With the lock: the strings are its own from now on. */
static void
take_place(struct staged *staged, char *copy[3])
{
	free(staged->key);
	free(staged->path);
	free(staged->folder);
	staged->key = copy[0];
	staged->path = copy[1];
	staged->folder = copy[2];
}

void
stage_drop_empty(struct stage *stage, const char *key)
{
	struct staged *there, *orphan = NULL;

	pthread_mutex_lock(&stage->lock);
	there = stage_find_listed(stage, key);
	if (there != NULL && there->writers == 0 && !there->dirty &&
	    spool_size(there->spool) == 0)
		unlist(there, &orphan);
	pthread_mutex_unlock(&stage->lock);
	if (orphan != NULL)
		free_staged(orphan);
}

int
stage_move(struct staged *staged, const struct stage_place *place,
    bool temporary)
{
	struct stage *stage = staged->stage;
	struct staged *there, *orphan = NULL;
	char *copy[3];

	if (copy_place(place, copy) != 0)
		return -ENOMEM;
	pthread_mutex_lock(&stage->lock);
	there = stage_find_listed(stage, place->key);
	note_removed(stage, place->key, staged);
	if (there != NULL && there != staged)
		unlist(there, &orphan);
	take_place(staged, copy);
	staged->temporary = temporary;
	stage_list(staged);
	pthread_cond_broadcast(&stage->changed);
	pthread_mutex_unlock(&stage->lock);
	if (orphan != NULL)
		free_staged(orphan);
	return 0;
}

int
stage_follow(struct staged *staged, const struct stage_place *place)
{
	char *copy[3];
	bool follows;

	if (copy_place(place, copy) != 0)
		return -ENOMEM;
	pthread_mutex_lock(&staged->stage->lock);
	follows = !staged->listed && !staged->removed;
	if (follows)
		take_place(staged, copy);
	pthread_mutex_unlock(&staged->stage->lock);
	if (!follows)
		free_copy(copy);
	return 0;
}
