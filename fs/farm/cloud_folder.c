/*
 * The cloud folder of an account, once for all of its printers.  It is
 * a member of the farm as they are, so that it outlives those who use it.  No
 * state of its own, any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "client/account_server.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/farm/account.h"
#include "fs/farm/cloud_folder.h"
#include "fs/farm/farm_internal.h"
#include "fs/setup/mount_paths.h"
#include "fs/setup/printer_config.h"
#include "fs/tree/node.h"

static const char *const rows[] = { "gcodes", "unsent", "uploads.json" };

#define ROWS (sizeof(rows) / sizeof(rows[0]))

bool
cloud_folder_has_row(const char *name)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (strcmp(rows[i], name) == 0)
			return true;
	}
	return false;
}

/* With the lock: is there an account of the same server before that one? */
static bool
has_sister(struct farm *farm, const struct account *account)
{
	const char *url = account->conf->login.url;
	const struct account *other;

	TAILQ_FOREACH (other, &farm->accounts, link) {
		if (strcmp(other->conf->login.url, url) == 0)
			return true;
	}
	return false;
}

/*
 * The name of its files in the cache directory (caller: free), or NULL.  A
 * second account of a server has its own.
 */
static char *
kept_name(struct farm *farm, const struct account *account)
{
	const struct printer_config *conf = account->conf;
	char *url, *kept;
	bool second;

	pthread_mutex_lock(&farm->lock);
	second = conf->name != NULL && has_sister(farm, account);
	pthread_mutex_unlock(&farm->lock);
	if (asprintf(&url, "%s/gcodes%s%s", conf->login.url, second ? "/" : "",
		second ? conf->name : "") < 0)
		return NULL;
	kept = mount_paths_name(url);
	free(url);
	return kept;
}

int
cloud_folder_add(struct farm *farm, struct account *account)
{
	const struct printer_config *conf = account->conf;
	struct occupant occupant = { .id = -1 };
	char *kept = kept_name(farm, account);
	struct printer *printer;
	int error = kept == NULL ? -ENOMEM : 0;

	if (error == 0)
		error = account_server_library_new(account->server, &printer);
	if (error == 0)
		error = farm_make_mounted(farm, &conf->options, conf->name,
		    kept, printer, &occupant.mounted);
	free(kept);
	if (error != 0)
		return error == -EOPNOTSUPP ? 0 : error;
	occupant.account = account_hold(account);
	pthread_mutex_lock(&farm->lock);
	error = farm_add_member(farm, &occupant, true);
	pthread_mutex_unlock(&farm->lock);
	farm_occupant_free(&occupant);
	return error;
}

int
cloud_folder_lookup(const struct caller *caller, struct place *root,
    const char *name, struct place **out)
{
	struct printers printers;
	struct place *whole;
	int error = farm_printers(root->group, FARM_LIBRARIES, &printers);

	if (error == 0 && printers.count == 0)
		error = -ESTALE;
	if (error == 0)
		error = place_new(printers.all[0], node_root(), "", "", NULL,
		    &whole);
	if (error == 0) {
		error = kind_directory.lookup(caller, whole, name, out);
		place_release(whole);
	}
	farm_printers_free(&printers);
	return error;
}

int
cloud_folder_list(const struct place *root, const struct lister *lister)
{
	const struct node *node;
	struct printers printers;
	size_t i;
	int error = farm_printers(root->group, FARM_LIBRARIES, &printers);

	for (i = 0; i < ROWS && error == 0 && printers.count > 0; i++) {
		node = node_child(printers.all[0], node_root(), rows[i]);
		error = lister->add(lister->arg, rows[i],
		    place_row_number(printers.all[0], rows[i]), node->mode);
	}
	farm_printers_free(&printers);
	return error;
}

void
cloud_folder_refresh(const struct caller *caller, struct printer_group *group)
{
	struct printers printers;
	size_t i;

	if (farm_printers(group, FARM_LIBRARIES, &printers) != 0)
		return;
	for (i = 0; i < printers.count; i++) {
		(void)printer_command(printers.all[i]->printer, &caller->wait,
		    VERB_REFRESH, NULL);
		content_forget(printers.all[i]->content);
	}
	farm_printers_free(&printers);
}
