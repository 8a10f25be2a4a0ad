/*
 * Files that tell about many printers, and which printers those are.  No
 * state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/account_server.h"
#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
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
follow_all(struct farm *farm, const struct wait *wait)
{
	struct deadline deadline;
	const struct wait limited = time_limit(&deadline, wait, STATUSES_MS);
	struct account *account;
	size_t i;

	for (i = 0; (account = farm_account_at(farm, i)) != NULL; i++) {
		(void)account_follow(account, &limited,
		    account_is_known(account));
		account_release(account);
	}
}

int
farm_directory_printers(const struct caller *caller, const struct place *root,
    struct printers *out)
{
	struct account *account = account_of(root->group);
	int error = 0;

	memset(out, 0, sizeof(*out));
	if (account == NULL)
		follow_all(farm_of(root->group), &caller->wait);
	else
		error = account_follow(account, &caller->wait, false);
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

/* An account's requests, for its printers have none of their own. */
static int
add_server(struct account *account, struct metrics *metrics,
    struct metrics_server **servers)
{
	const struct printer_config *conf = account->conf;
	size_t count = metrics->server_count;
	struct metrics_server *all = recallocarray(*servers, count, count + 1,
	    sizeof(*all));

	if (all == NULL)
		return -ENOMEM;
	*servers = all;
	metrics->servers = all;
	metrics->server_count++;
	all[count].name = strdup(conf->name != NULL ? conf->name : conf->kept);
	account_server_count(account->server, &all[count].counts);
	return all[count].name == NULL ? -ENOMEM : 0;
}

/* Of the root's account, or of all. */
static int
add_servers(struct printer_group *group, struct metrics *metrics,
    struct metrics_server **servers)
{
	struct farm *farm = farm_of(group);
	struct account *account = account_of(group);
	size_t i;
	int error = 0;

	if (account != NULL)
		return add_server(account, metrics, servers);
	for (i = 0; error == 0 && (account = farm_account_at(farm, i)) != NULL;
	     i++) {
		error = add_server(account, metrics, servers);
		account_release(account);
	}
	return error;
}

/* Those that do not answer are left out. */
static int
write_metrics(const struct caller *caller, const struct place *root,
    const struct printers *printers, struct buf *out)
{
	struct statuses *statuses = farm_of(root->group)->statuses;
	struct mounted **answering = calloc(printers->count + 1,
	    sizeof(struct mounted *));
	struct metrics_server *servers = NULL;
	struct metrics metrics = { .printers = answering };
	size_t i;
	int error = answering == NULL ? -ENOMEM : 0;

	for (i = 0; i < printers->count && error == 0; i++) {
		if (!statuses_is_waiting(statuses, printers->all[i]))
			answering[metrics.count++] = printers->all[i];
	}
	if (error == 0)
		error = add_servers(root->group, &metrics, &servers);
	if (error == 0)
		error = metrics_text(&metrics, caller, out);
	for (i = 0; servers != NULL && i < metrics.server_count; i++)
		free(servers[i].name);
	free(servers);
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
	return log_text(NULL, out);
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
	    NULL, &rendering);
	return error != 0 ?
	    error :
	    place_new_of_group(root->group, row, rendering, out);
}
