/*
 * What is told of many printers in one file, and which ones those are.  No
 * state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/obico/obico.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/rendering.h"
#include "fs/farm/account.h"
#include "fs/farm/documents.h"
#include "fs/farm/farm_internal.h"
#include "fs/farm/statuses.h"
#include "fs/setup/printer_config.h"
#include "fs/tree/metrics.h"

/*
 * Each list is asked for once; later those who look at its printers do.  A
 * server that hangs keeps the other printers waiting no longer than one of
 * them would.
 */
static void
follow(void *arg, struct account *account)
{
	(void)account_follow(account, arg, account_is_known(account));
}

int
farm_directory_printers(const struct caller *caller, const struct place *root,
    struct printers *out)
{
	struct deadline deadline;
	struct wait limited = time_limit(&deadline, &caller->wait, STATUSES_MS);
	int error = 0;

	memset(out, 0, sizeof(*out));
	if (account_of(root->group) == NULL)
		farm_each_account(farm_of(root->group), follow, &limited);
	else
		error = account_follow(account_of(root->group), &caller->wait,
		    false);
	if (error == -EINTR || error == -ENOMEM || error == -EACCES)
		return error;
	return farm_printers(root->group, FARM_PRINTERS, out);
}

size_t
farm_directory_skip(const struct place *root)
{
	const char *folder = root->group->folder;

	return folder == NULL ? 0 : strlen(folder) + 1;
}

static int
produce_status(const struct caller *caller, const struct place *root,
    struct buf *out)
{
	struct printers printers;
	int error = farm_directory_printers(caller, root, &printers);

	if (error == 0)
		error = statuses_text(farm_of(root->group)->statuses,
		    &caller->wait, printers.all, printers.count,
		    farm_directory_skip(root), out);
	farm_printers_free(&printers);
	return error;
}

/* The accounts' requests, for their printers have none of their own. */
struct servers {
	struct metrics_server *all;
	size_t count;
	int error;
};

static void
add_server(void *arg, struct account *account)
{
	const struct printer_config *conf = account->conf;
	struct servers *servers = arg;
	struct metrics_server *all;

	all = recallocarray(servers->all, servers->count, servers->count + 1,
	    sizeof(*all));
	if (all == NULL) {
		servers->error = -ENOMEM;
		return;
	}
	servers->all = all;
	all += servers->count++;
	all->name = strdup(conf->name != NULL ? conf->name : conf->kept);
	if (all->name == NULL)
		servers->error = -ENOMEM;
	obico_count(account->obico, &all->counts);
}

/* Those that do not answer are left out. */
static int
write_metrics(const struct caller *caller, const struct place *root,
    const struct printers *printers, struct buf *out)
{
	struct mounted **answering = calloc(printers->count + 1,
	    sizeof(struct mounted *));
	struct servers servers = { .error = answering == NULL ? -ENOMEM : 0 };
	struct metrics metrics = { .printers = answering };
	size_t i;
	int error;

	for (i = 0; i < printers->count && answering != NULL; i++) {
		if (!statuses_is_waiting(farm_of(root->group)->statuses,
			printers->all[i]))
			answering[metrics.count++] = printers->all[i];
	}
	if (account_of(root->group) != NULL)
		add_server(&servers, account_of(root->group));
	else
		farm_each_account(farm_of(root->group), add_server, &servers);
	metrics.servers = servers.all;
	metrics.server_count = servers.count;
	error = servers.error;
	if (error == 0)
		error = metrics_text(&metrics, caller, out);
	for (i = 0; i < servers.count; i++)
		free(servers.all[i].name);
	free(servers.all);
	free(answering);
	return error;
}

/* All are asked at once. */
static int
produce_metrics(const struct caller *caller, const struct place *root,
    struct buf *out)
{
	struct buf status = { 0 };
	struct printers printers;
	int error = farm_directory_printers(caller, root, &printers);

	if (error == 0)
		error = statuses_text(farm_of(root->group)->statuses,
		    &caller->wait, printers.all, printers.count, 0, &status);
	buf_free(&status);
	if (error == 0)
		error = write_metrics(caller, root, &printers, out);
	farm_printers_free(&printers);
	return error;
}

static int
produce_log(const struct caller *caller, const struct place *root,
    struct buf *out)
{
	(void)caller;
	(void)root;
	return log_text(out);
}

int
farm_document(const struct caller *caller, const struct place *root,
    const struct node *row, struct place **out)
{
	static int (*const produce[])(const struct caller *,
	    const struct place *, struct buf *) = {
		[FARM_STATUS] = produce_status,
		[FARM_METRICS] = produce_metrics,
		[FARM_LOG] = produce_log,
	};
	struct rendering *rendering;
	struct buf text = { 0 };
	int error = produce[row->topic](caller, root, &text);

	error = rendering_make(root->group->renderings, row->path, error, &text,
	    &rendering);
	return error != 0 ?
	    error :
	    place_new_of_group(root->group, row, rendering, out);
}
