/*
 * What could not be asked is neither empty nor gone: a server answers "not
 * found" also when its stick is out or its folder cannot be opened just now.
 * So a name is gone when a listing of its folder lacks it.  Any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/cache_internal.h"
#include "client/listing.h"

/*
 * Does the folder's listing have that name?  Returns 0, -ENOENT, and sets
 * lacks when it is the name that is missing, or why that is not known.
 */
static int
look_for(struct cache *cache, const struct wait *wait, const char *folder,
    const char *name, bool *lacks)
{
	struct listing *listing;
	int error = cache_ask_list(cache, wait, folder, &listing);

	if (error != 0)
		return error;
	if (listing_find(listing, name) == NULL) {
		*lacks = listing_is_recent(listing, CACHE_LIST_MS);
		error = *lacks ? -ENOENT : -EHOSTDOWN;
	}
	listing_release(listing);
	return error;
}

static int
look_anew(struct cache *cache, const struct wait *wait, const char *folder,
    const char *name, bool *lacks)
{
	cache_expire_folder(&cache->printer, folder, 0);
	return look_for(cache, wait, folder, name, lacks);
}

/* Up to the first folder that can be listed. */
int
cache_judge_folder(struct cache *cache, const struct wait *wait,
    const char *folder)
{
	char *path = strdup(folder), *slash;
	bool lacks = false;
	int error = path == NULL ? -ENOMEM : -ENOENT;

	while (error == -ENOENT && !lacks) {
		slash = strrchr(path, '/');
		if (slash == NULL) {
			error = -EIO; /* a storage is never gone */
			break;
		}
		*slash = '\0';
		error = look_for(cache, wait, path, slash + 1, &lacks);
		if (error == 0)
			error = look_anew(cache, wait, path, slash + 1, &lacks);
		if (error == 0)
			error = -EIO;
	}
	free(path);
	return error;
}

int
cache_judge_file(struct cache *cache, const struct wait *wait,
    const char *folder, const struct entry *entry)
{
	bool lacks = false;
	int error = look_anew(cache, wait, folder, entry->name, &lacks);

	if (error == -ENOENT && !lacks)
		return cache_judge_folder(cache, wait, folder);
	return error == 0 ? -EIO : error;
}
