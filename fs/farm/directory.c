/*
 * The root of a mount of many printers, and the directory of an account.
 * Listing asks no printer, and of an account its list; a look at status.json
 * asks them all at once.  No state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/name.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/farm/account.h"
#include "fs/farm/cloud_folder.h"
#include "fs/farm/directory.h"
#include "fs/farm/documents.h"
#include "fs/farm/farm_internal.h"
#include "fs/tree/node.h"

static const struct kind kind_root;
static const struct kind kind_archived;

/* clang-format off */
static const struct node rows[] = {
	{ "", S_IFDIR | 0755, &kind_root, 0, NULL, 0 },
	{ "control", S_IFREG | 0600, &kind_control, 0, NULL, 0 },
	{ "status.json", S_IFREG | 0444, &kind_document, FARM_STATUS, NULL, 0 },
	{ "metrics", S_IFREG | 0444, &kind_document, FARM_METRICS, NULL, 0 },
	{ "log", S_IFREG | 0444, &kind_document, FARM_LOG, NULL, 0 },
	{ ARCHIVED, S_IFDIR | 0755, &kind_archived, 0, NULL, 0 },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct node *
find_row(const char *name)
{
	size_t i;

	for (i = 1; i < ROWS; i++) {
		if (strcmp(rows[i].path, name) == 0)
			return &rows[i];
	}
	return NULL;
}

bool
farm_directory_has_row(const char *name)
{
	return find_row(name) != NULL;
}

/* Only accounts put printers away. */
static bool
is_there(const struct place *root, const struct node *row)
{
	return row->kind != &kind_archived || account_of(root->group) != NULL;
}

int
farm_directory_root(struct farm *farm, struct place **out)
{
	struct account *account = farm_account(farm, NULL);
	struct printers printers;
	int error;

	if (farm->config.file != NULL || account != NULL) {
		error = place_new_of_group(account == NULL ? &farm->group :
							     &account->group,
		    &rows[0], NULL, out);
		account_release(account);
		return error;
	}
	error = farm_printers(&farm->group, FARM_PRINTERS, &printers);
	if (error != 0)
		return error;
	error = place_new(printers.all[0], node_root(), "", "", NULL, out);
	farm_printers_free(&printers);
	return error;
}

int
farm_directory_printer(struct farm *farm, const char *parent, const char *name,
    struct place **out)
{
	char *folder = name_join(parent, name);
	struct mounted *mounted;
	int error;

	if (folder == NULL)
		return -ENOMEM;
	mounted = farm_find(farm, folder);
	free(folder);
	if (mounted == NULL)
		return -ENOENT;
	error = place_new(mounted, node_member(mounted), "", "", NULL, out);
	mounted_release(mounted);
	return error;
}

/* In a root, or the archive in it. */
static int
look_at_printer(const struct place *root, const char *name, struct place **out)
{
	return farm_directory_printer(farm_of(root->group),
	    *root->key == '\0' ? NULL : root->key, name, out);
}

/*
 * One that is not known may be on a list that cannot be had now; for one that
 * is known nobody waits long, since not all of its files need the server.
 */
static int
look_in_account(const struct caller *caller, const struct place *root,
    const char *name, struct place **out)
{
	struct place *known;
	int found = look_at_printer(root, name, &known), error;

	if (found == 0)
		place_release(known);
	error = found == 0 ?
	    account_follow_soon(account_of(root->group), &caller->wait) :
	    account_follow(account_of(root->group), &caller->wait, false);
	if (error == -EINTR || error == -ENOMEM)
		return error;
	found = look_at_printer(root, name, out);
	return found == -ENOENT && error != 0 ? error : found;
}

static int
look_in_farm(const struct place *root, const char *name, struct place **out)
{
	struct account *account = farm_account(farm_of(root->group), name);
	int error;

	if (account == NULL)
		return look_at_printer(root, name, out);
	error = place_new_of_group(&account->group, &rows[0], NULL, out);
	account_release(account);
	return error;
}

static int
root_lookup(const struct caller *caller, struct place *root, const char *name,
    struct place **out)
{
	const struct node *row = find_row(name);

	if (row != NULL && is_there(root, row))
		return row->kind == &kind_document ?
		    farm_document(caller, root, row, out) :
		    place_new_of_group(root->group, row, NULL, out);
	if (account_of(root->group) == NULL)
		return look_in_farm(root, name, out);
	return cloud_folder_has_row(name) ?
	    cloud_folder_lookup(caller, root, name, out) :
	    look_in_account(caller, root, name, out);
}

static int
archived_lookup(const struct caller *caller, struct place *root,
    const char *name, struct place **out)
{
	return look_in_account(caller, root, name, out);
}

static int
list_printer(const struct mounted *mounted, const struct lister *lister)
{
	return lister->add(lister->arg, name_of(mounted->folder),
	    place_row_number(mounted, ""), S_IFDIR);
}

/* An account that cannot be asked now is listed as it is known. */
static int
list_of_account(const struct caller *caller, const struct place *root,
    enum farm_part part, const struct lister *lister)
{
	struct account *account = account_of(root->group);
	struct printers printers;
	size_t i;
	int error = account_follow(account, &caller->wait, false);

	if (error == -EACCES || error == -EINTR || error == -ENOMEM ||
	    error == -ESTALE || (error != 0 && !account_is_known(account)))
		return error;
	if (farm_printers(root->group, part, &printers) != 0)
		return -ENOMEM;
	error = 0;
	for (i = 0; i < printers.count && error == 0; i++)
		error = list_printer(printers.all[i], lister);
	farm_printers_free(&printers);
	return error;
}

static int
archived_list(const struct caller *caller, struct place *root,
    const struct lister *lister)
{
	return list_of_account(caller, root, FARM_ARCHIVED, lister);
}

static int
list_rows(const struct place *root, const struct lister *lister)
{
	size_t i;
	int error = 0;

	for (i = 1; i < ROWS && error == 0; i++) {
		char *key;

		if (!is_there(root, &rows[i]))
			continue;
		key = name_join(root->group->folder, rows[i].path);
		error = key == NULL ? -ENOMEM :
				      lister->add(lister->arg, rows[i].path,
					  place_number(key), rows[i].mode);
		free(key);
	}
	return error;
}

/* At the mount's root accounts stand for their printers. */
static int
list_farm(struct farm *farm, const struct lister *lister)
{
	struct account *account;
	struct printers printers;
	size_t i;
	int error = farm_printers(&farm->group, FARM_PRINTERS, &printers);

	for (i = 0; i < printers.count && error == 0; i++) {
		if (strchr(printers.all[i]->folder, '/') == NULL)
			error = list_printer(printers.all[i], lister);
	}
	farm_printers_free(&printers);
	for (i = 0; error == 0 && (account = farm_account_at(farm, i)) != NULL;
	     i++) {
		const char *name = account->group.folder;

		error = lister->add(lister->arg, name, place_number(name),
		    S_IFDIR);
		account_release(account);
	}
	return error;
}

static int
root_list(const struct caller *caller, struct place *root,
    const struct lister *lister)
{
	int error = list_rows(root, lister);

	if (error == 0 && account_of(root->group) != NULL)
		error = cloud_folder_list(root, lister);
	if (error != 0)
		return error;
	return account_of(root->group) == NULL ?
	    list_farm(farm_of(root->group), lister) :
	    list_of_account(caller, root, FARM_PRINTERS, lister);
}

static const struct kind kind_root = {
	.lookup = root_lookup,
	.list = root_list,
	.attributes = node_look,
	.rename = account_rename,
	.entry_s = 60,
	.attr_s = 60,
};

static const struct kind kind_archived = {
	.lookup = archived_lookup,
	.list = archived_list,
	.attributes = node_look,
	.entry_s = 60,
	.attr_s = 60,
};
