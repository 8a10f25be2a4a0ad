/*
 * The directory of a printer's cameras: a folder for each, named by its id.
 * Listing asks for the list, which is remembered for minutes.  No state, any
 * thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "client/shape.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/tree/node.h"

static int
each_camera(const struct caller *caller, struct mounted *mounted,
    int (*call)(void *arg, const char *id), void *arg)
{
	struct buf text = { 0 };
	int error = printer_document(mounted->printer, &caller->wait,
	    TOPIC_CAMERAS, &text);

	if (error == 0)
		error = shape_cameras(text.data, text.len, call, arg);
	buf_free(&text);
	return error;
}

struct search {
	const char *name;
	bool found;
};

static int
compare(void *arg, const char *id)
{
	struct search *search = arg;

	if (strcmp(search->name, id) == 0)
		search->found = true;
	return 0;
}

static int
cameras_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	const struct node *node = node_camera();
	struct search search = { .name = name };
	char *path;
	int error = each_camera(caller, folder->mounted, compare, &search);

	if (error != 0)
		return error;
	if (!search.found)
		return -ENOENT;
	path = name_join(folder->path, name);
	if (path == NULL)
		return -ENOMEM;
	error = place_new(folder->mounted, node, path, path, NULL, out);
	free(path);
	return error;
}

struct listing_of {
	const struct lister *lister;
	const struct place *folder;
};

static int
add(void *arg, const char *id)
{
	const struct listing_of *listing = arg;
	char *path = name_join(listing->folder->path, id);
	int error;

	if (path == NULL)
		return -ENOMEM;
	error = listing->lister->add(listing->lister->arg, id,
	    place_row_number(listing->folder->mounted, path), S_IFDIR);
	free(path);
	return error;
}

static int
cameras_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	struct listing_of listing = { .lister = lister, .folder = folder };
	int error = each_camera(caller, folder->mounted, add, &listing);

	return error == -ENODATA ? 0 : error;
}

const struct kind kind_cameras = {
	.lookup = cameras_lookup,
	.list = cameras_list,
	.attributes = node_look,
	.entry_s = 60,
	.attr_s = 60,
};
