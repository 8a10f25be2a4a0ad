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
#include "cache/staged.h"
#include "client/time.h"
#include "client/wait.h"

int
stage_new(struct stage **out)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	if (stage == NULL)
		return -ENOMEM;
	pthread_mutex_init(&stage->lock, NULL);
	time_cond_init(&stage->changed);
	TAILQ_INIT(&stage->files);
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
	return --staged->holders == 0;
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
	copy[2] = strdup(place->folder);
	if (copy[0] != NULL && copy[1] != NULL && copy[2] != NULL)
		return 0;
	free_copy(copy);
	return -ENOMEM;
}

int
stage_add(struct stage *stage, const struct stage_place *place, bool temporary,
    struct spool *spool, struct staged **out)
{
	struct staged *staged = calloc(1, sizeof(*staged));
	char *copy[3];

	if (staged == NULL || copy_place(place, copy) != 0) {
		spool_release(spool);
		free(staged);
		return -ENOMEM;
	}
	spool_set_relief(spool, &stage->relief);
	turn_init(&staged->gate);
	staged->stage = stage;
	staged->key = copy[0];
	staged->path = copy[1];
	staged->folder = copy[2];
	staged->spool = spool;
	staged->temporary = temporary;
	staged->holders = 1;
	clock_gettime(CLOCK_REALTIME, &staged->mtime);
	pthread_mutex_lock(&stage->lock);
	if (stage_find_listed(stage, place->key) != NULL) {
		pthread_mutex_unlock(&stage->lock);
		free_staged(staged);
		return -EEXIST;
	}
	stage_list(staged);
	pthread_mutex_unlock(&stage->lock);
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

bool
stage_is_empty(struct stage *stage)
{
	bool empty;

	pthread_mutex_lock(&stage->lock);
	empty = TAILQ_EMPTY(&stage->files);
	pthread_mutex_unlock(&stage->lock);
	return empty;
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

void
stage_remove(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->removed = true;
	pthread_mutex_unlock(&staged->stage->lock);
	stage_unlist(staged);
}

struct staged *
stage_find_forgotten(struct stage *stage, int64_t age_ms)
{
	int64_t latest = time_now_ms() - age_ms;
	struct staged *staged;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->files, link) {
		if (staged->temporary && staged->writers == 0 &&
		    staged->closed_ms <= latest &&
		    spool_size(staged->spool) > 0) {
			staged->holders++;
			break;
		}
	}
	pthread_mutex_unlock(&stage->lock);
	return staged;
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

bool
stage_was_closed_by(struct stage *stage, const char *key, pid_t process,
    int64_t ms)
{
	const struct staged *staged;
	bool was;

	pthread_mutex_lock(&stage->lock);
	staged = stage_find_listed(stage, key);
	was = staged != NULL && staged->temporary && process != 0 &&
	    staged->closer == process && staged->writers == 0 &&
	    time_now_ms() - staged->closed_ms <= ms;
	pthread_mutex_unlock(&stage->lock);
	return was;
}

int
stage_settle(struct stage *stage, const struct wait *wait, const char *key)
{
	const struct staged *staged;
	bool left = false;

	pthread_mutex_lock(&stage->lock);
	while (!left && (staged = stage_find_listed(stage, key)) != NULL &&
	    staged->dirty && !staged->temporary) {
		time_cond_wait(&stage->changed, &stage->lock, WAIT_TICK_MS);
		pthread_mutex_unlock(&stage->lock);
		left = wait_given_up(wait);
		pthread_mutex_lock(&stage->lock);
	}
	pthread_mutex_unlock(&stage->lock);
	return left ? -EINTR : 0;
}
