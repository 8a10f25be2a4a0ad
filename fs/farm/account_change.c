/*
 * What is changed of the printers of an account: another name by a rename of
 * the directory, and deletion, which no removal of directories leads to.  No
 * state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/safe_name.h"
#include "client/obico/obico.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/farm/account.h"
#include "fs/farm/cloud.h"
#include "fs/farm/directory.h"
#include "fs/farm/farm_internal.h"
#include "fs/tree/node.h"

/* Can a printer's directory have that name, so that it is its name too? */
static bool
is_printer_name(const char *name)
{
	char label[SAFE_NAME_SIZE];

	if (strlen(name) >= SAFE_NAME_SIZE || account_is_reserved(name))
		return false;
	safe_name_make(name, label);
	return strcmp(label, name) == 0;
}

static char *
folder_of(const struct account *account, const char *name)
{
	const char *folder = account->group.folder;

	return folder == NULL ? strdup(name) : name_join(folder, name);
}

/* The directory of a printer of this account, under its new name. */
static int
find_renamed(struct account *account, struct farm *farm, const char *name,
    struct place **out)
{
	char *folder = folder_of(account, name);
	struct mounted *mounted = folder == NULL ? NULL :
						   farm_find(farm, folder);
	int error = folder == NULL ? -ENOMEM : -EBUSY;

	free(folder);
	if (mounted != NULL)
		error = place_new(mounted, node_member(mounted), "", "", NULL,
		    out);
	mounted_release(mounted);
	return error;
}

/* May the printer in that directory be renamed?  Its number, or an errno. */
static int64_t
check_printer(struct account *account, struct farm *farm, const char *name,
    const char *new_name)
{
	char *folder = folder_of(account, name);
	char *new_folder = folder_of(account, new_name);
	struct mounted *mounted, *there;
	int64_t id = -ENOMEM;

	mounted = folder == NULL ? NULL : farm_find(farm, folder);
	there = new_folder == NULL ? NULL : farm_find(farm, new_folder);
	if (folder != NULL && new_folder != NULL)
		id = account_printer(account, folder);
	if (id == -1)
		id = -EPERM; /* a row of the account */
	else if (id >= 0 && there != NULL && there != mounted)
		id = -EEXIST;
	else if (id >= 0 && (mounted == NULL || mounted_is_in_use(mounted)))
		id = -EBUSY; /* it may have come just now */
	mounted_release(mounted);
	mounted_release(there);
	free(folder);
	free(new_folder);
	return id;
}

int
account_rename(const struct caller *caller, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out)
{
	struct account *account = account_of(folder->group);
	int64_t id;
	int error;

	(void)replace; /* nothing is ever replaced */
	if (account == NULL || new_folder->group != folder->group ||
	    new_folder->node != folder->node)
		return -EPERM;
	if (farm_directory_has_row(new_name) || cloud_has_row(new_name))
		return -EEXIST;
	if (!is_printer_name(new_name))
		return -EINVAL;
	id = check_printer(account, account->farm, name, new_name);
	if (id < 0)
		return (int)id;
	error = obico_rename(account->obico, &caller->wait, id, new_name);
	if (error == 0)
		error = account_follow(account, &caller->wait, false);
	return error != 0 ? error :
			    find_renamed(account, account->farm, new_name, out);
}

/* Its name as it is, if the directory of that name is the printer's. */
static int
find_name(struct account *account, const struct wait *wait, int64_t id,
    const char *name, char **out)
{
	const struct listed_printer *printer;
	char label[SAFE_NAME_SIZE];
	struct printer_list *list;
	char *folder = folder_of(account, name);
	int error = folder == NULL ? -ENOMEM : 0;

	if (error == 0)
		error = obico_printers(account->obico, wait, &list);
	if (error != 0) {
		free(folder);
		return error;
	}
	printer = printer_list_find(list, id);
	error = printer == NULL ? -ENOENT : 0;
	if (error == 0) {
		safe_name_make(printer->name, label);
		if (account_printer(account, folder) == id ||
		    strcmp(label, name) == 0)
			name = printer->name;
		*out = strdup(name);
		error = *out == NULL ? -ENOMEM : 0;
	}
	printer_list_release(list);
	free(folder);
	return error;
}

int
account_delete(struct account *account, const struct wait *wait, int64_t id,
    const char *name)
{
	char *known;
	int error = find_name(account, wait, id, name, &known);

	if (error != 0)
		return error;
	error = obico_delete(account->obico, wait, id, known);
	if (error == -EINVAL)
		log_say(LOG_LEVEL_NOTE, "printer %lld has another name",
		    (long long)id);
	else if (error == -EBUSY)
		log_say(LOG_LEVEL_NOTE, "printer %lld has a print",
		    (long long)id);
	if (error == 0) {
		log_say(LOG_LEVEL_NOTE, "printer %lld was deleted",
		    (long long)id);
		(void)account_follow(account, wait, false);
	}
	free(known);
	return error;
}
