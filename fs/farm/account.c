/*
 * An account of many printers: its list of printers is followed, and they get
 * another name by a rename of the directory; no removal of directories deletes
 * one.  account.turn is the right to follow the list; farm.lock guards which
 * one was followed last, and is held only while the farm's list is looked at:
 * printers are made without it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/account_server.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/safe_name.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/rendering.h"
#include "fs/farm/account.h"
#include "fs/farm/cloud_folder.h"
#include "fs/farm/control.h"
#include "fs/farm/directory.h"
#include "fs/farm/farm_internal.h"
#include "fs/farm/first_contact.h"
#include "fs/setup/mount_paths.h"
#include "fs/setup/printer_config.h"
#include "fs/tree/control.h"

#define SOON_MS	 300
#define QUIET_MS 5000 /* nobody waits after that was in vain */

/* A printer of the account, and where it is to be. */
struct wanted {
	const struct listed_printer *printer;
	char *folder;
	bool is_there;
	struct occupant occupant; /* made for it, or not */
};

struct plan {
	struct account *account;
	struct wanted *wanted;
	size_t count;
};

static void
free_account(struct printer_group *group)
{
	struct account *account = (struct account *)group;

	account_server_release(account->server);
	renderings_free(group->renderings);
	turn_destroy(&account->turn);
	printer_config_free(account->conf);
	free(account);
}

static const struct printer_group_ops group_ops = {
	.free = free_account,
	.control_help = account_control_help,
	.control_run = farm_control_run,
	.space = farm_space,
};

int
account_add(struct farm *farm, struct printer_config *conf)
{
	struct account *account = calloc(1, sizeof(*account));
	int error;

	if (account == NULL) {
		printer_config_free(conf);
		return -ENOMEM;
	}
	account->farm = farm;
	account->conf = conf;
	account->seen = true;
	account->group.ops = &group_ops;
	account->group.settings = farm->config.settings;
	account->group.folder = conf->name;
	atomic_init(&account->group.holders, 1);
	turn_init(&account->turn);
	error = renderings_new(&account->group.renderings);
	if (error == 0)
		error = first_contact_account(conf, &account->server);
	if (error == 0)
		error = cloud_folder_add(farm, account);
	if (error != 0) {
		account_release(account);
		return error;
	}
	pthread_mutex_lock(&farm->lock);
	TAILQ_INSERT_TAIL(&farm->accounts, account, link);
	pthread_mutex_unlock(&farm->lock);
	return 0;
}

struct account *
account_of(struct printer_group *group)
{
	return group->ops == &group_ops ? (struct account *)group : NULL;
}

struct account *
account_hold(struct account *account)
{
	(void)printer_group_hold(&account->group);
	return account;
}

void
account_release(struct account *account)
{
	if (account != NULL)
		printer_group_release(&account->group);
}

bool
account_is_reserved(const char *name)
{
	return farm_directory_has_row(name) || cloud_folder_has_row(name) ||
	    strcmp(name, CONTROL_ALL) == 0 || control_knows(name);
}

/* The directory from the mount's root (caller: free), or NULL. */
static char *
folder_of(const struct account *account, const char *name, bool archived)
{
	const char *folder = account->group.folder;
	char *path;

	if (asprintf(&path, "%s%s%s%s", folder == NULL ? "" : folder,
		folder == NULL ? "" : "/", archived ? ARCHIVED "/" : "",
		name) < 0)
		return NULL;
	return path;
}

/* Names for those that are archived, or for the others. */
static int
name_some(struct plan *plan, struct safe_name *names, bool archived)
{
	size_t i, count = 0;
	int error;

	for (i = 0; i < plan->count; i++) {
		const struct listed_printer *printer = plan->wanted[i].printer;

		if (printer->archived != archived)
			continue;
		names[count].text = printer->name;
		names[count++].id = printer->id;
	}
	error = safe_name_all(names, count,
	    archived ? NULL : account_is_reserved);
	for (i = count = 0; i < plan->count && error == 0; i++) {
		struct wanted *wanted = &plan->wanted[i];

		if (wanted->printer->archived != archived)
			continue;
		wanted->folder = folder_of(plan->account, names[count++].name,
		    archived);
		if (wanted->folder == NULL)
			error = -ENOMEM;
	}
	return error;
}

static int
name_all(struct plan *plan)
{
	struct safe_name *names = calloc(plan->count + 1, sizeof(*names));
	int error = names == NULL ? -ENOMEM : 0;

	if (error == 0)
		error = name_some(plan, names, false);
	if (error == 0)
		error = name_some(plan, names, true);
	free(names);
	return error;
}

/* With the farm's lock: has the directory the printer, or will it? */
static bool
is_it(const struct member *member, const struct account *account, int64_t id)
{
	const struct occupant *occupant = member->next.mounted != NULL ?
	    &member->next :
	    &member->now;

	return !member->leaving && occupant->account == account &&
	    occupant->id == id;
}

static void
compare(struct plan *plan)
{
	struct farm *farm = plan->account->farm;
	size_t i;

	pthread_mutex_lock(&farm->lock);
	for (i = 0; i < plan->count; i++) {
		struct wanted *wanted = &plan->wanted[i];
		const struct member *member;

		member = farm_member_at(farm, wanted->folder);
		wanted->is_there = member != NULL &&
		    is_it(member, plan->account, wanted->printer->id);
	}
	pthread_mutex_unlock(&farm->lock);
}

/* Who hears a printer's events may hear that it is no more. */
static void
follow_known(void *arg)
{
	const struct wait wait = { 0 };
	struct account *account;
	size_t i;

	for (i = 0; (account = farm_account_at(arg, i)) != NULL; i++) {
		(void)account_follow(account, &wait, true);
		account_release(account);
	}
}

static int
make_printer(struct account *account, struct wanted *wanted)
{
	const struct listed_printer *listed = wanted->printer;
	struct occupant *occupant = &wanted->occupant;
	struct printer *printer;
	char *url, *kept = NULL;
	int error = -ENOMEM;

	if (asprintf(&url, "%s/%" PRId64, account->conf->login.url,
		listed->id) < 0)
		return error;
	kept = mount_paths_name(url);
	free(url);
	if (kept != NULL)
		error = account_server_printer_new(account->server, listed->id,
		    listed->archived, &printer);
	if (error == 0)
		error = farm_make_mounted(account->farm,
		    &account->conf->options, wanted->folder, kept, printer,
		    &occupant->mounted);
	free(kept);
	if (error != 0)
		return error;
	occupant->mounted->looked = follow_known;
	occupant->account = account_hold(account);
	occupant->id = listed->id;
	return 0;
}

/* With the farm's lock. */
static int
put(struct farm *farm, struct wanted *wanted)
{
	struct farm_changes changes = { 0 };
	struct member *member = farm_member_at(farm, wanted->folder);

	if (member != NULL)
		member->seen = true;
	return wanted->occupant.mounted == NULL ?
	    0 :
	    farm_put(farm, wanted->folder, &wanted->occupant, &changes);
}

static int
carry_out(struct plan *plan, uint64_t serial)
{
	struct farm_changes changes = { 0 };
	struct account *account = plan->account;
	struct farm *farm = account->farm;
	size_t i;
	int error = 0;

	pthread_mutex_lock(&farm->lock);
	/* With the lock: who takes the account away comes before or after. */
	if (atomic_load(&account->group.gone))
		error = -ESTALE;
	farm_mark(farm, account);
	for (i = 0; i < plan->count && error == 0; i++)
		error = put(farm, &plan->wanted[i]);
	if (error == 0) {
		farm_drop_unseen(farm, &changes);
		account->followed = serial;
	}
	pthread_mutex_unlock(&farm->lock);
	return error;
}

static int
make_plan(struct plan *plan, const struct printer_list *list)
{
	size_t i;

	plan->wanted = calloc(list->count + 1, sizeof(*plan->wanted));
	if (plan->wanted == NULL)
		return -ENOMEM;
	for (i = 0; i < list->count; i++)
		plan->wanted[i].printer = &list->printers[i];
	plan->count = list->count;
	return name_all(plan);
}

static void
free_plan(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		farm_occupant_free(&plan->wanted[i].occupant);
		free(plan->wanted[i].folder);
	}
	free(plan->wanted);
}

/* With the turn. */
static int
follow(struct account *account, const struct printer_list *list)
{
	struct plan plan = { .account = account };
	size_t i;
	int error = make_plan(&plan, list);

	if (error == 0)
		compare(&plan);
	for (i = 0; i < plan.count && error == 0; i++) {
		if (!plan.wanted[i].is_there)
			error = make_printer(account, &plan.wanted[i]);
	}
	if (error == 0)
		error = carry_out(&plan, list->serial);
	free_plan(&plan);
	return error;
}

static bool
is_followed(const struct account *account, const struct printer_list *list)
{
	struct farm *farm = account->farm;
	bool is;

	pthread_mutex_lock(&farm->lock);
	is = account->followed == list->serial;
	pthread_mutex_unlock(&farm->lock);
	return is;
}

int
account_follow(struct account *account, const struct wait *wait, bool known)
{
	struct printer_list *list = NULL;
	int error = 0;

	if (atomic_load(&account->group.gone))
		return -ESTALE;
	if (known)
		list = account_server_known(account->server);
	else
		error = account_server_printers(account->server, wait, &list);
	if (list == NULL || is_followed(account, list)) {
		printer_list_release(list);
		return error;
	}
	error = turn_take(&account->turn, wait);
	if (error == 0) {
		if (!is_followed(account, list))
			error = follow(account, list);
		turn_give(&account->turn);
	}
	printer_list_release(list);
	return error;
}

int
account_follow_soon(struct account *account, const struct wait *wait)
{
	struct deadline deadline;
	const struct wait limited = time_limit(&deadline, wait, SOON_MS);
	int error;

	if (time_now_ms() < atomic_load(&account->quiet_until_ms))
		return -ETIMEDOUT;
	error = account_follow(account, &limited, false);
	if (error != -EINTR || wait_given_up(wait))
		return error;
	atomic_store(&account->quiet_until_ms, time_now_ms() + QUIET_MS);
	return -ETIMEDOUT;
}

bool
account_is_known(struct account *account)
{
	struct printer_list *known = account_server_known(account->server);

	printer_list_release(known);
	return known != NULL;
}

/* Can a printer's directory have that name, so that it is its name too? */
static bool
is_printer_name(const char *name)
{
	char safe[SAFE_NAME_SIZE];

	if (strlen(name) >= SAFE_NAME_SIZE || account_is_reserved(name))
		return false;
	safe_name_make(name, safe);
	return strcmp(safe, name) == 0;
}

/* With the farm's lock: may it be renamed?  Its number, or an errno. */
static int64_t
check_members(const struct account *account, const struct member *member,
    const struct member *there)
{
	if (member == NULL || member->now.account != account)
		return -EPERM; /* a row of the account */
	if (there != NULL && there != member)
		return -EEXIST;
	return mounted_is_in_use(member->now.mounted) ? -EBUSY : member->now.id;
}

/* May the printer in that directory be renamed?  Its number, or an errno. */
static int64_t
check_printer(struct account *account, const char *name, const char *new_name)
{
	struct farm *farm = account->farm;
	char *folder = name_join(account->group.folder, name);
	char *new_folder = name_join(account->group.folder, new_name);
	int64_t id = -ENOMEM;

	if (folder != NULL && new_folder != NULL) {
		pthread_mutex_lock(&farm->lock);
		farm_replace_unused(farm);
		id = check_members(account, farm_member_at(farm, folder),
		    farm_member_at(farm, new_folder));
		pthread_mutex_unlock(&farm->lock);
	}
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
	if (farm_directory_has_row(new_name) || cloud_folder_has_row(new_name))
		return -EEXIST;
	if (!is_printer_name(new_name))
		return -EINVAL;
	id = check_printer(account, name, new_name);
	if (id < 0)
		return (int)id;
	error = account_server_rename(account->server, &caller->wait, id,
	    new_name);
	if (error == 0)
		error = account_follow(account, &caller->wait, false);
	if (error != 0)
		return error;
	error = farm_directory_printer(account->farm, account->group.folder,
	    new_name, out);
	return error == -ENOENT ? -EBUSY : error;
}

/* Has the printer the directory of that name? */
static bool
has_directory(struct account *account, const char *name, int64_t id)
{
	char *folder = name_join(account->group.folder, name);
	struct farm *farm = account->farm;
	const struct member *member;
	bool has;

	if (folder == NULL)
		return false;
	pthread_mutex_lock(&farm->lock);
	member = farm_member_at(farm, folder);
	has = member != NULL && member->now.account == account &&
	    member->now.id == id;
	pthread_mutex_unlock(&farm->lock);
	free(folder);
	return has;
}

/* It is deleted by its name as it is. */
static int delete (struct account *account, const struct wait *wait,
    const struct listed_printer *printer, const char *name)
{
	char safe[SAFE_NAME_SIZE];

	safe_name_make(printer->name, safe);
	if (strcmp(safe, name) == 0 ||
	    has_directory(account, name, printer->id))
		name = printer->name;
	return account_server_remove(account->server, wait, printer->id, name);
}

int
account_delete(struct account *account, const struct wait *wait, int64_t id,
    const char *name)
{
	const struct listed_printer *printer;
	struct printer_list *list;
	int error = account_server_printers(account->server, wait, &list);

	if (error != 0)
		return error;
	printer = printer_list_find(list, id);
	error = printer == NULL ? -ENOENT :
				  delete (account, wait, printer, name);
	printer_list_release(list);
	if (error == 0 || error == -EINVAL || error == -EBUSY)
		log_say(LOG_LEVEL_NOTE, "printer %lld %s", (long long)id,
		    error == 0		 ? "was deleted" :
			error == -EINVAL ? "has another name" :
					   "has a print");
	if (error == 0)
		(void)account_follow(account, wait, false);
	return error;
}
