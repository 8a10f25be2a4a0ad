/*
 * Places, and the numbers that users see for them.  Any thread; only the
 * count of holders changes.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/dialect.h"
#include "client/name.h"
#include "client/printer.h"
#include "fs/document.h"
#include "fs/place.h"
#include "fs/unit.h"

struct counted {
	struct place place;
	atomic_int holders;
};

char *
place_key(const struct unit *unit, const char *path)
{
	return unit->printer->dialect->folds ? name_fold(path) : strdup(path);
}

/* Each rendering is an inode of its own; no name has a control character. */
static char *
rendering_key(const char *path, const struct rendering *rendering)
{
	char *key;

	if (asprintf(&key, "%s\1%llu", path,
		(unsigned long long)rendering_serial(rendering)) < 0)
		return NULL;
	return key;
}

int
place_new(struct unit *unit, const struct node *node, const char *path,
    const char *wire, struct rendering *rendering, struct place **out)
{
	struct counted *counted = calloc(1, sizeof(*counted));
	struct place *place;

	if (counted == NULL) {
		rendering_release(rendering);
		return -ENOMEM;
	}
	place = &counted->place;
	atomic_init(&counted->holders, 1);
	place->unit = unit;
	place->node = node;
	place->rendering = rendering;
	place->path = strdup(path);
	place->wire = strdup(wire);
	place->key = rendering != NULL ? rendering_key(path, rendering) :
					 place_key(unit, path);
	if (place->path == NULL || place->wire == NULL || place->key == NULL) {
		place_release(place);
		return -ENOMEM;
	}
	*out = place;
	return 0;
}

struct place *
place_hold(struct place *place)
{
	atomic_fetch_add(&((struct counted *)place)->holders, 1);
	return place;
}

void
place_release(struct place *place)
{
	struct counted *counted = (struct counted *)place;

	if (place == NULL || atomic_fetch_sub(&counted->holders, 1) > 1)
		return;
	rendering_release(place->rendering);
	free(place->key);
	free(place->path);
	free(place->wire);
	free(counted);
}

/* FNV-1a, 64 bits; 1 is the root of the mount.  Renderings share a number. */
ino_t
place_number(const char *key)
{
	uint64_t hash = 14695981039346656037u;

	if (*key == '\0')
		return 1;
	for (; *key != '\0' && *key != '\1'; key++)
		hash = (hash ^ (unsigned char)*key) * 1099511628211u;
	return hash < 2 ? 2 : (ino_t)hash;
}
