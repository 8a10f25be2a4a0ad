/*
 * The name of bytes on the local disk, removed by who lets go of it last.  Any
 * thread, without a lock: both members are atomic.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/named.h"

struct named {
	atomic_int holders;
	atomic_bool keeps;
	char *path;
};

struct named *
named_new(const char *path)
{
	struct named *named = calloc(1, sizeof(*named));

	if (named == NULL)
		return NULL;
	named->path = strdup(path);
	if (named->path == NULL) {
		free(named);
		return NULL;
	}
	atomic_init(&named->holders, 1);
	atomic_init(&named->keeps, false);
	return named;
}

struct named *
named_hold(struct named *named)
{
	atomic_fetch_add(&named->holders, 1);
	return named;
}

void
named_release(struct named *named)
{
	if (named == NULL || atomic_fetch_sub(&named->holders, 1) > 1)
		return;
	if (!atomic_load(&named->keeps))
		unlink(named->path);
	free(named->path);
	free(named);
}

void
named_keep(struct named *named, bool keep)
{
	atomic_store(&named->keeps, keep);
}

const char *
named_path(const struct named *named)
{
	return named->path;
}
