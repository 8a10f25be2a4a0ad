/*
 * Directories with a place for each id that a document tells: the printer's
 * cameras, and the prints of its history.  Looking a name up and listing ask
 * for the document, which is remembered for a while.  No state, any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/printer.h"
#include "client/shape.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/rendering.h"
#include "fs/tree/node.h"

/* Such a directory; its row has the topic of the document. */
struct ids {
	const char *row; /* of its places; ID stands for any */
	bool are_numbers;
	/* Call with each id until an error, which is returned. */
	int (*each)(const char *text, size_t len,
	    int (*call)(void *arg, const char *id), void *arg);
	/* The document's part for an id, or -ENOENT; NULL: a folder. */
	int (*render)(struct renderings *, const char *path, const char *id,
	    const struct buf *document, struct rendering **out);
};

static int
render_print(struct renderings *renderings, const char *path, const char *id,
    const struct buf *document, struct rendering **out)
{
	struct timespec ended = { 0 };
	struct buf text = { 0 };
	int error = shape_print(buf_text(document), document->len, id, &text,
	    &ended.tv_sec);

	if (error != 0) {
		buf_free(&text);
		return error;
	}
	return rendering_make(renderings, path, 0, &text,
	    ended.tv_sec == 0 ? NULL : &ended, out);
}

static const struct ids *
ids_of(const struct place *folder)
{
	static const struct ids cameras = { "ID", false, shape_cameras, NULL };
	static const struct ids prints = { "ID.json", true, shape_prints,
		render_print };

	return folder->node->topic == TOPIC_CAMERAS ? &cameras : &prints;
}

/* The part of a place's name behind its id. */
static const char *
suffix_of(const struct ids *ids)
{
	return ids->row + strlen("ID");
}

static const struct node *
row_of(const struct place *folder, const struct ids *ids)
{
	return node_child(folder->mounted, folder->node, ids->row);
}

static int
ask(const struct caller *caller, const struct place *folder, struct buf *out)
{
	return printer_document(folder->mounted->printer, &caller->wait,
	    (enum topic)folder->node->topic, out);
}

/* Is that a number as it is written in names? */
static bool
is_number(const char *text, size_t len)
{
	return len > 0 && strspn(text, "0123456789") == len &&
	    (len == 1 || *text != '0');
}

/* The id in a name (caller: free).  Returns 0, -ENOENT or -ENOMEM. */
static int
read_id(const struct ids *ids, const char *name, char **out)
{
	size_t len = strlen(name), tail = strlen(suffix_of(ids));

	if (len < tail || strcmp(name + len - tail, suffix_of(ids)) != 0 ||
	    (ids->are_numbers && !is_number(name, len - tail)))
		return -ENOENT;
	*out = strndup(name, len - tail);
	return *out == NULL ? -ENOMEM : 0;
}

/* Ends the search when it is found. */
static int
compare_id(void *arg, const char *id)
{
	return strcmp(arg, id) == 0 ? -EEXIST : 0;
}

static int
find(const struct ids *ids, const struct place *folder, const char *path,
    char *id, const struct buf *document, struct rendering **out)
{
	int error;

	if (ids->render != NULL)
		return ids->render(folder->mounted->renderings, path, id,
		    document, out);
	error = ids->each(buf_text(document), document->len, compare_id, id);
	return error == -EEXIST ? 0 : error == 0 ? -ENOENT : error;
}

static int
ids_lookup(const struct caller *caller, struct place *folder, const char *name,
    struct place **out)
{
	const struct ids *ids = ids_of(folder);
	struct rendering *rendering = NULL;
	struct buf document = { 0 };
	char *id, *path;
	int error = read_id(ids, name, &id);

	if (error != 0)
		return error;
	path = node_path(folder, name);
	error = path == NULL ? -ENOMEM : ask(caller, folder, &document);
	if (error == 0)
		error = find(ids, folder, path, id, &document, &rendering);
	if (error == 0)
		error = place_new(folder->mounted, row_of(folder, ids), path,
		    path, rendering, out);
	buf_free(&document);
	free(path);
	free(id);
	return error;
}

struct listed {
	const struct lister *lister;
	const struct place *folder;
	const struct ids *ids;
	mode_t mode;
};

static int
list_id(void *arg, const char *id)
{
	const struct listed *listed = arg;
	char *name;
	int error;

	if (asprintf(&name, "%s%s", id, suffix_of(listed->ids)) < 0)
		return -ENOMEM;
	error = node_list(listed->lister, listed->folder, name, listed->mode);
	free(name);
	return error;
}

static int
ids_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	const struct ids *ids = ids_of(folder);
	struct listed listed = { lister, folder, ids,
		row_of(folder, ids)->mode };
	struct buf document = { 0 };
	int error = ask(caller, folder, &document);

	if (error == 0)
		error = ids->each(buf_text(&document), document.len, list_id,
		    &listed);
	buf_free(&document);
	return error == -ENODATA ? 0 : error;
}

const struct kind kind_ids = {
	.lookup = ids_lookup,
	.list = ids_list,
	.attributes = node_look,
	.entry_s = 60,
	.attr_s = 60,
};
