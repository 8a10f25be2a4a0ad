/*
 * The directory of a printer's history: a document for each print, named by
 * its id.  All are parts of one answer, which is remembered for half a minute.
 * No state, any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/name.h"
#include "client/printer.h"
#include "client/shape.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/tree/document.h"
#include "fs/tree/node.h"

#define NAME "%" PRId64 ".json"

/* The id in a name; -1: it is none of ours. */
static int64_t
read_name(const char *name)
{
	char again[64];
	int64_t id;
	char *end;

	errno = 0;
	id = strtoll(name, &end, 10);
	if (errno != 0 || id < 0)
		return -1;
	snprintf(again, sizeof(again), NAME, id);
	return strcmp(name, again) == 0 ? id : -1;
}

static int
ask(const struct caller *caller, const struct place *folder, struct buf *out)
{
	return printer_document(folder->mounted->printer, &caller->wait,
	    TOPIC_PRINTS, out);
}

/* The rendering of a print that is there (caller: rendering_release). */
static int
render(const struct place *folder, const char *path, const struct buf *all,
    int64_t id, struct rendering **out)
{
	struct timespec ended = { 0 };
	struct buf text = { 0 };
	int error = shape_print(buf_text(all), all->len, id, &text,
	    &ended.tv_sec);

	if (error != 0) {
		buf_free(&text);
		return error;
	}
	return document_render_dated(folder->mounted->documents, path, &text,
	    ended.tv_sec == 0 ? NULL : &ended, out);
}

static int
prints_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	int64_t id = read_name(name);
	struct rendering *rendering;
	struct buf all = { 0 };
	char *path;
	int error;

	if (id < 0)
		return -ENOENT;
	path = name_join(folder->path, name);
	if (path == NULL)
		return -ENOMEM;
	error = ask(caller, folder, &all);
	if (error == 0)
		error = render(folder, path, &all, id, &rendering);
	if (error == 0)
		error = place_new(folder->mounted, node_print(), path, "",
		    rendering, out);
	buf_free(&all);
	free(path);
	return error;
}

struct listing_of {
	const struct lister *lister;
	const struct place *folder;
};

static int
add(void *arg, int64_t id)
{
	const struct listing_of *listing = arg;
	char name[64], *path;
	int error;

	snprintf(name, sizeof(name), NAME, id);
	path = name_join(listing->folder->path, name);
	if (path == NULL)
		return -ENOMEM;
	error = listing->lister->add(listing->lister->arg, name,
	    place_row_number(listing->folder->mounted, path), S_IFREG);
	free(path);
	return error;
}

static int
prints_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	struct listing_of listing = { .lister = lister, .folder = folder };
	struct buf all = { 0 };
	int error = ask(caller, folder, &all);

	if (error == 0)
		error = shape_prints(buf_text(&all), all.len, add, &listing);
	buf_free(&all);
	return error;
}

const struct kind kind_print_history = {
	.lookup = prints_lookup,
	.list = prints_list,
	.attributes = node_look,
	.entry_s = 60,
	.attr_s = 60,
};
