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

#include "client/base/name.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/printer_group.h"
#include "fs/core/rendering.h"

#define WINDOW "print"

struct counted {
	struct place place;
	atomic_int holders;
};

/* A key behind a folder at the mount's root; NULL: that itself. */
static char *
key_in(const char *folder, const char *rest)
{
	char *key;

	if (folder == NULL)
		return strdup(rest);
	if (*rest == '\0')
		return strdup(folder);
	if (asprintf(&key, "%s/%s", folder, rest) < 0)
		return NULL;
	return key;
}

char *
place_key(const struct mounted *mounted, const char *path)
{
	char *folded, *key;

	if (!mounted->printer->traits->folds)
		return key_in(mounted->folder, path);
	folded = name_fold(path);
	key = folded == NULL ? NULL : key_in(mounted->folder, folded);
	free(folded);
	return key;
}

char *
place_print_key(const struct mounted *mounted, const char *name)
{
	char *path = NULL, *key;

	if (asprintf(&path, WINDOW "/%s", name) < 0)
		return NULL;
	key = place_key(mounted, path);
	free(path);
	return key;
}

/* Each rendering is an inode of its own; no name has a control character. */
static char *
rendering_key(const char *folder, const char *path,
    const struct rendering *rendering)
{
	char *base = key_in(folder, path), *key = NULL;

	if (base == NULL ||
	    asprintf(&key, "%s\1%llu", base,
		(unsigned long long)rendering->serial) < 0)
		key = NULL;
	free(base);
	return key;
}

/*
 * A place like this one, of which what is shared is held; takes its keys and
 * its rendering in any case.
 */
static int
make(const struct place *like, const char *path, const char *wire,
    struct place **out)
{
	struct counted *counted = calloc(1, sizeof(*counted));
	struct place *place;

	if (counted == NULL) {
		free(like->key);
		if (like->stored_key != like->key)
			free(like->stored_key);
		rendering_release(like->rendering);
		return -ENOMEM;
	}
	place = &counted->place;
	atomic_init(&counted->holders, 1);
	*place = *like;
	if (place->mounted != NULL)
		(void)mounted_hold(place->mounted);
	if (place->group != NULL)
		(void)printer_group_hold(place->group);
	place->path = strdup(path);
	place->wire = strdup(wire);
	return place_give(place,
	    place->path == NULL || place->wire == NULL || place->key == NULL ||
		    place->stored_key == NULL ?
		-ENOMEM :
		0,
	    out);
}

int
place_new(struct mounted *mounted, const struct node *node, const char *path,
    const char *wire, struct rendering *rendering, struct place **out)
{
	struct place like = { .settings = mounted->settings,
		.mounted = mounted,
		.node = node,
		.rendering = rendering };

	like.key = like.stored_key = rendering != NULL ?
	    rendering_key(mounted->folder, path, rendering) :
	    place_key(mounted, path);
	return make(&like, path, wire, out);
}

int
place_new_window(struct mounted *mounted, const struct node *storage,
    struct place **out)
{
	struct place like = { .settings = mounted->settings,
		.mounted = mounted,
		.node = storage,
		.prints = true };

	like.key = like.stored_key = place_key(mounted, WINDOW);
	return make(&like, storage->path, storage->path, out);
}

int
place_new_child(const struct place *folder, const char *path, const char *wire,
    struct place **out)
{
	struct mounted *mounted = folder->mounted;
	struct place like = { .settings = mounted->settings,
		.mounted = mounted,
		.node = folder->node,
		.prints = true };

	if (!folder->prints)
		return place_new(mounted, folder->node, path, wire, NULL, out);
	like.key = place_print_key(mounted, name_of(path));
	like.stored_key = place_key(mounted, path);
	return make(&like, path, wire, out);
}

int
place_new_of_group(struct printer_group *group, const struct node *node,
    struct rendering *rendering, struct place **out)
{
	struct place like = { .settings = group->settings,
		.group = group,
		.node = node,
		.rendering = rendering };

	like.key = like.stored_key = rendering != NULL ?
	    rendering_key(group->folder, node->path, rendering) :
	    key_in(group->folder, node->path);
	return make(&like, node->path, "", out);
}

int
place_moved(const struct place *place, const struct place *from,
    const struct place *to, struct place **out)
{
	const char *rest = name_below(place->path, from->path);
	const char *wire_rest = name_below(place->wire, from->wire);
	char *path = NULL, *wire = NULL;
	int error = -ENOMEM;

	if (rest != NULL && asprintf(&path, "%s%s", to->path, rest) < 0)
		path = NULL;
	if (asprintf(&wire, "%s%s", wire_rest == NULL ? "" : to->wire,
		wire_rest == NULL ? place->wire : wire_rest) < 0)
		wire = NULL;
	if (path != NULL && wire != NULL)
		error = place_new(place->mounted, place->node, path, wire, NULL,
		    out);
	if (error == 0)
		(*out)->version = place->version;
	free(path);
	free(wire);
	return error;
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
	mounted_release(place->mounted);
	printer_group_release(place->group);
	if (place->stored_key != place->key)
		free(place->stored_key);
	free(place->key);
	free(place->path);
	free(place->wire);
	free(counted);
}

int
place_give(struct place *place, int error, struct place **out)
{
	if (error == 0)
		*out = place;
	else
		place_release(place);
	return error;
}

bool
place_is_gone(const struct place *place)
{
	return atomic_load(place->group != NULL ? &place->group->gone :
						  &place->mounted->gone);
}

/* FNV-1a, 64 bits; 1 is the root of the mount. */
static uint64_t
hash_on(uint64_t hash, const char *text)
{
	for (; *text != '\0' && *text != '\1'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

#define HASH_START 14695981039346656037u

static ino_t
number_of(uint64_t hash)
{
	return hash < 2 ? 2 : (ino_t)hash;
}

/* Renderings share a number. */
ino_t
place_number(const char *key)
{
	return *key == '\0' ? 1 : number_of(hash_on(HASH_START, key));
}

ino_t
place_row_number(const struct mounted *mounted, const char *path)
{
	uint64_t hash = HASH_START;

	if (mounted->folder == NULL)
		return place_number(path);
	hash = hash_on(hash, mounted->folder);
	if (*path != '\0')
		hash = hash_on(hash_on(hash, "/"), path);
	return number_of(hash);
}
