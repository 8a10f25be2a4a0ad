/*
 * Directories of the node table.  No I/O in listing; looking a document up
 * renders it.  No state, any thread.
 */
#include <errno.h>
#include <string.h>

#include "client/base/log.h"
#include "client/base/name.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/tree/document.h"
#include "fs/tree/node.h"

static int
directory_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	struct mounted *mounted = folder->mounted;
	const struct node *node = node_child(mounted, folder->node, name);

	if (node == NULL)
		return -ENOENT;
	if (node->kind->rendered)
		return document_place(caller, folder, node, out);
	return place_new(mounted, node, node->path, node->path, NULL, out);
}

/* Said once: the kernel asks often. */
static void
say_where(struct mounted *mounted)
{
	if (!atomic_exchange(&mounted->library_asked, true))
		log_say(LOG_LEVEL_NOTE,
		    "gcodes is in the account's directory, beside its "
		    "printers");
}

/* An account's cloud folder is none of a printer's. */
static int
member_lookup(const struct caller *caller, struct place *folder,
    const char *name, struct place **out)
{
	int error = directory_lookup(caller, folder, name, out);

	if (error == -ENOENT && strcmp(name, "gcodes") == 0)
		say_where(folder->mounted);
	return error;
}

static int
directory_list(const struct caller *caller, struct place *folder,
    const struct lister *lister)
{
	size_t i;
	int error = 0;

	(void)caller;
	for (i = 0; i < node_count() && error == 0; i++) {
		const struct node *node = node_at(i);

		if (node_is_child(folder->mounted, node, folder->node) &&
		    !node->kind->unlisted)
			error = node_list(lister, folder, name_of(node->path),
			    node->mode);
	}
	return error;
}

const struct kind kind_directory = {
	.lookup = directory_lookup,
	.list = directory_list,
	.attributes = node_look,
	.entry_s = 60,
	.attr_s = 60,
};

/* The account of such a printer may rename it, and add others. */
const struct kind kind_member = {
	.lookup = member_lookup,
	.list = directory_list,
	.attributes = node_look,
	.entry_s = 1,
	.attr_s = 60,
};
