/*
 * Inode numbers.  Numbers are counted up and never used twice, so that an old
 * one cannot mean something else.  Any thread; inodes.lock guards both tables
 * and is a leaf.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "client/base/name.h"
#include "fs/core/place.h"
#include "fs/kernel/inode.h"

#define BUCKETS 8192
#define FARM_ID 1 /* FUSE_ROOT_ID */

struct inode {
	LIST_ENTRY(inode) by_id;
	LIST_ENTRY(inode) by_key;
	uint64_t id;
	uint64_t lookups;
	struct place *place; /* NULL: its printer has gone */
	int64_t version;     /* of its file; 0: not known */
	bool detached;	     /* not in the table of keys */
	bool outdated;	     /* so, because there is another version */
	struct stat told;
};

LIST_HEAD(bucket, inode);

struct inodes {
	pthread_mutex_t lock; /* guards all below */
	uint64_t last_id;
	struct bucket ids[BUCKETS];
	struct bucket keys[BUCKETS];
};

static struct bucket *
bucket_of(struct inodes *inodes, const char *key)
{
	uint32_t hash = 2166136261u;

	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619u;
	return &inodes->keys[hash % BUCKETS];
}

static struct inode *
find_id(struct inodes *inodes, uint64_t id)
{
	struct inode *inode;

	LIST_FOREACH(inode, &inodes->ids[id % BUCKETS], by_id)
	{
		if (inode->id == id)
			return inode;
	}
	return NULL;
}

static struct inode *
find_key(struct inodes *inodes, const char *key)
{
	struct inode *inode;

	LIST_FOREACH(inode, bucket_of(inodes, key), by_key)
	{
		if (strcmp(inode->place->key, key) == 0)
			return inode;
	}
	return NULL;
}

static void
detach(struct inode *inode)
{
	if (!inode->detached)
		LIST_REMOVE(inode, by_key);
	inode->detached = true;
}

static void
free_inode(struct inode *inode)
{
	detach(inode);
	LIST_REMOVE(inode, by_id);
	place_release(inode->place);
	free(inode);
}

static struct inode *
add(struct inodes *inodes, struct place *place)
{
	struct inode *inode = calloc(1, sizeof(*inode));

	if (inode == NULL)
		return NULL;
	inode->id = ++inodes->last_id;
	inode->place = place_hold(place);
	LIST_INSERT_HEAD(&inodes->ids[inode->id % BUCKETS], inode, by_id);
	LIST_INSERT_HEAD(bucket_of(inodes, place->key), inode, by_key);
	return inode;
}

int
inodes_new(struct place *root, struct inodes **out)
{
	struct inodes *inodes = calloc(1, sizeof(*inodes));
	struct inode *inode;

	if (inodes == NULL)
		return -ENOMEM;
	pthread_mutex_init(&inodes->lock, NULL);
	inodes->last_id = FARM_ID - 1;
	inode = add(inodes, root);
	if (inode == NULL) {
		inodes_free(inodes);
		return -ENOMEM;
	}
	inode->lookups = 1;
	*out = inodes;
	return 0;
}

void
inodes_free(struct inodes *inodes)
{
	struct inode *inode;
	size_t i;

	if (inodes == NULL)
		return;
	for (i = 0; i < BUCKETS; i++) {
		while ((inode = LIST_FIRST(&inodes->ids[i])) != NULL)
			free_inode(inode);
	}
	pthread_mutex_destroy(&inodes->lock);
	free(inodes);
}

/* The newest spelling on the wire is the right one. */
static void
set_place(struct inode *inode, struct place *place)
{
	struct place *old = inode->place;

	inode->place = place_hold(place);
	place_release(old);
}

/*
 * Another version of a file is another inode: handles of the old one go on
 * with their bytes, and do not mix them with the new ones in the pages that
 * the kernel keeps for an inode.
 */
static bool
is_other_version(const struct inode *inode, const struct place *place)
{
	return inode->version != 0 && place->version != 0 &&
	    inode->version != place->version;
}

int
inode_enter(struct inodes *inodes, struct place *place, uint64_t *id)
{
	struct inode *inode;
	int error = 0;

	pthread_mutex_lock(&inodes->lock);
	/* With the lock: inode_detach_gone comes before or finds it. */
	if (place_is_gone(place)) {
		pthread_mutex_unlock(&inodes->lock);
		return -ESTALE;
	}
	inode = find_key(inodes, place->key);
	if (inode != NULL && is_other_version(inode, place)) {
		inode->outdated = true;
		detach(inode);
		inode = NULL;
	}
	if (inode == NULL)
		inode = add(inodes, place);
	else
		set_place(inode, place);
	if (inode == NULL) {
		error = -ENOMEM;
	} else {
		inode->lookups++;
		if (place->version != 0)
			inode->version = place->version;
		*id = inode->id;
	}
	pthread_mutex_unlock(&inodes->lock);
	return error;
}

void
inode_forget(struct inodes *inodes, uint64_t id, uint64_t lookups)
{
	struct inode *inode;

	pthread_mutex_lock(&inodes->lock);
	inode = find_id(inodes, id);
	if (inode != NULL && id != FARM_ID) {
		inode->lookups -= lookups < inode->lookups ? lookups :
							     inode->lookups;
		if (inode->lookups == 0)
			free_inode(inode);
	}
	pthread_mutex_unlock(&inodes->lock);
}

struct place *
inode_place(struct inodes *inodes, uint64_t id)
{
	struct place *place = NULL;
	struct inode *inode;

	pthread_mutex_lock(&inodes->lock);
	inode = find_id(inodes, id);
	if (inode != NULL && inode->place != NULL)
		place = place_hold(inode->place);
	pthread_mutex_unlock(&inodes->lock);
	return place;
}

uint64_t
inode_find(struct inodes *inodes, const char *key)
{
	const struct inode *inode;
	uint64_t id;

	pthread_mutex_lock(&inodes->lock);
	inode = find_key(inodes, key);
	id = inode == NULL ? 0 : inode->id;
	pthread_mutex_unlock(&inodes->lock);
	return id;
}

void
inode_detach(struct inodes *inodes, const char *key)
{
	struct inode *inode;

	pthread_mutex_lock(&inodes->lock);
	inode = find_key(inodes, key);
	if (inode != NULL)
		detach(inode);
	pthread_mutex_unlock(&inodes->lock);
}

void
inode_detach_gone(struct inodes *inodes)
{
	struct inode *inode;
	size_t i;

	pthread_mutex_lock(&inodes->lock);
	for (i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(inode, &inodes->ids[i], by_id)
		{
			if (inode->place == NULL ||
			    !place_is_gone(inode->place))
				continue;
			detach(inode);
			place_release(inode->place);
			inode->place = NULL;
		}
	}
	pthread_mutex_unlock(&inodes->lock);
}

/* With the lock: give an inode another place, and its key. */
static void
rekey(struct inodes *inodes, struct inode *inode, struct place *place)
{
	struct inode *there = find_key(inodes, place->key);

	if (there != NULL && there != inode)
		detach(there);
	detach(inode);
	set_place(inode, place);
	LIST_INSERT_HEAD(bucket_of(inodes, place->key), inode, by_key);
	inode->detached = false;
}

/* With the lock: all below goes along. */
static void
move_below(struct inodes *inodes, const struct place *from,
    const struct place *to)
{
	struct inode *inode;
	struct place *place;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(inode, &inodes->ids[i], by_id)
		{
			if (inode->detached ||
			    name_below(inode->place->key, from->key) == NULL)
				continue;
			if (place_moved(inode->place, from, to, &place) != 0) {
				detach(inode);
				continue;
			}
			rekey(inodes, inode, place);
			place_release(place);
		}
	}
}

void
inode_move(struct inodes *inodes, const char *old_key, struct place *place)
{
	struct inode *inode, *there;
	struct place *from;

	pthread_mutex_lock(&inodes->lock);
	inode = find_key(inodes, old_key);
	there = find_key(inodes, place->key);
	if (there != NULL && there != inode)
		detach(there);
	if (inode != NULL) {
		from = place_hold(inode->place);
		rekey(inodes, inode, place);
		inode->version = place->version;
		move_below(inodes, from, place);
		place_release(from);
	}
	pthread_mutex_unlock(&inodes->lock);
}

void
inode_renew(struct inodes *inodes, uint64_t id)
{
	struct inode *inode;

	pthread_mutex_lock(&inodes->lock);
	inode = find_id(inodes, id);
	if (inode != NULL)
		inode->version = 0;
	pthread_mutex_unlock(&inodes->lock);
}

void
inode_note(struct inodes *inodes, uint64_t id, const struct stat *stat)
{
	struct inode *inode;

	pthread_mutex_lock(&inodes->lock);
	inode = find_id(inodes, id);
	if (inode != NULL)
		inode->told = *stat;
	pthread_mutex_unlock(&inodes->lock);
}

void
inode_resize(struct inodes *inodes, uint64_t id, off_t size, bool may_shrink)
{
	struct inode *inode;

	pthread_mutex_lock(&inodes->lock);
	inode = find_id(inodes, id);
	if (inode != NULL && (may_shrink || inode->told.st_size < size))
		inode->told.st_size = size;
	pthread_mutex_unlock(&inodes->lock);
}

enum inode_state
inode_state(struct inodes *inodes, uint64_t id, struct stat *told)
{
	enum inode_state state = INODE_LISTED;
	const struct inode *inode;

	pthread_mutex_lock(&inodes->lock);
	inode = find_id(inodes, id);
	if (inode != NULL && inode->detached) {
		state = inode->outdated ? INODE_OUTDATED : INODE_REMOVED;
		*told = inode->told;
		told->st_nlink = 0;
	}
	pthread_mutex_unlock(&inodes->lock);
	return state;
}
