/*
 * Directories that exist here and not there.  Any thread; the lock guards the
 * list and is a leaf.
 */
#include <sys/queue.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "client/base/name.h"

struct folder {
	TAILQ_ENTRY(folder) link;
	char *key;
	char *path;
};

struct stage_folders {
	pthread_mutex_t lock;
	TAILQ_HEAD(, folder) list; /* under lock */
};

int
stage_folders_new(struct stage_folders **out)
{
	struct stage_folders *folders = calloc(1, sizeof(*folders));

	if (folders == NULL)
		return -ENOMEM;
	pthread_mutex_init(&folders->lock, NULL);
	TAILQ_INIT(&folders->list);
	*out = folders;
	return 0;
}

static void
folder_free(struct folder *folder)
{
	if (folder == NULL)
		return;
	free(folder->key);
	free(folder->path);
	free(folder);
}

void
stage_folders_free(struct stage_folders *folders)
{
	struct folder *folder;

	if (folders == NULL)
		return;
	while ((folder = TAILQ_FIRST(&folders->list)) != NULL) {
		TAILQ_REMOVE(&folders->list, folder, link);
		folder_free(folder);
	}
	pthread_mutex_destroy(&folders->lock);
	free(folders);
}

/* With the lock. */
static struct folder *
find(struct stage_folders *folders, const char *key)
{
	struct folder *folder;

	TAILQ_FOREACH (folder, &folders->list, link) {
		if (strcmp(folder->key, key) == 0)
			return folder;
	}
	return NULL;
}

/* With the lock: the next one behind that is directly in the folder. */
static struct folder *
next_in(struct folder *folder, const char *folder_key)
{
	while (folder != NULL && !name_is_in(folder->key, folder_key))
		folder = TAILQ_NEXT(folder, link);
	return folder;
}

int
stage_folders_add(struct stage_folders *folders, const char *key,
    const char *path)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	int error = 0;

	if (folder == NULL || (folder->key = strdup(key)) == NULL ||
	    (folder->path = strdup(path)) == NULL) {
		folder_free(folder);
		return -ENOMEM;
	}
	pthread_mutex_lock(&folders->lock);
	if (find(folders, key) != NULL)
		error = -EEXIST;
	else
		TAILQ_INSERT_TAIL(&folders->list, folder, link);
	pthread_mutex_unlock(&folders->lock);
	if (error != 0)
		folder_free(folder);
	return error;
}

bool
stage_folders_has(struct stage_folders *folders, const char *key)
{
	bool has;

	pthread_mutex_lock(&folders->lock);
	has = find(folders, key) != NULL;
	pthread_mutex_unlock(&folders->lock);
	return has;
}

bool
stage_folders_has_in(struct stage_folders *folders, const char *folder_key)
{
	bool has;

	pthread_mutex_lock(&folders->lock);
	has = next_in(TAILQ_FIRST(&folders->list), folder_key) != NULL;
	pthread_mutex_unlock(&folders->lock);
	return has;
}

int
stage_folders_remove(struct stage_folders *folders, const char *key)
{
	struct folder *folder;
	int error = 0;

	pthread_mutex_lock(&folders->lock);
	folder = find(folders, key);
	if (folder == NULL)
		error = -ENOENT;
	else if (next_in(TAILQ_FIRST(&folders->list), key) != NULL)
		error = -ENOTEMPTY;
	else
		TAILQ_REMOVE(&folders->list, folder, link);
	pthread_mutex_unlock(&folders->lock);
	if (error == 0)
		folder_free(folder);
	return error;
}

int
stage_folders_each(struct stage_folders *folders, const char *folder_key,
    int (*call)(void *arg, const char *path), void *arg)
{
	struct folder *folder;
	int error = 0;

	pthread_mutex_lock(&folders->lock);
	folder = next_in(TAILQ_FIRST(&folders->list), folder_key);
	while (folder != NULL && error == 0) {
		error = call(arg, folder->path);
		folder = next_in(TAILQ_NEXT(folder, link), folder_key);
	}
	pthread_mutex_unlock(&folders->lock);
	return error;
}

/* With the lock.  What cannot be moved without memory stays. */
static void
move(struct folder *folder, const struct stage_place *from,
    const struct stage_place *to)
{
	const char *key_below = name_below(folder->key, from->key);
	const char *path_below = name_below(folder->path, from->path);
	char *key, *path;

	if (key_below == NULL || path_below == NULL)
		return;
	key = name_join(to->key, key_below + 1);
	path = name_join(to->path, path_below + 1);
	if (key != NULL && path != NULL) {
		free(folder->key);
		free(folder->path);
		folder->key = key;
		folder->path = path;
		return;
	}
	free(key);
	free(path);
}

void
stage_folders_move(struct stage_folders *folders,
    const struct stage_place *from, const struct stage_place *to)
{
	struct folder *folder;

	pthread_mutex_lock(&folders->lock);
	TAILQ_FOREACH (folder, &folders->list, link)
		move(folder, from, to);
	pthread_mutex_unlock(&folders->lock);
}

const char *
stage_folders_claim(const char *path)
{
	const char *at = strstr(path, "/.");

	return at == NULL || strchr(at + 1, '/') == NULL ? NULL : at + 1;
}
