/*
 * The accounts of a printers file that is read again.  Who does that has
 * farm.turn; farm.lock guards the list of accounts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/workers.h"
#include "fs/farm/account.h"
#include "fs/farm/farm_internal.h"
#include "fs/farm/first_contact.h"
#include "fs/setup/printer_config.h"

/* With the lock: the account that is just what the section says, or NULL. */
static struct holding *
find_same(struct farm *farm, const struct printer_config *conf)
{
	struct holding *holding;

	TAILQ_FOREACH (holding, &farm->holdings, link) {
		const struct printer_config *its = holding->account->conf;

		if (strcmp(its->name, conf->name) == 0 &&
		    printer_config_is_same(its, conf))
			return holding;
	}
	return NULL;
}

/* Is it in the mount already?  Then it stays. */
static bool
stays(struct farm *farm, const struct printer_config *conf)
{
	struct holding *holding;

	pthread_mutex_lock(&farm->lock);
	holding = find_same(farm, conf);
	if (holding != NULL)
		holding->seen = true;
	pthread_mutex_unlock(&farm->lock);
	return holding != NULL;
}

static void
forget_seen(struct farm *farm)
{
	struct holding *holding;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (holding, &farm->holdings, link)
		holding->seen = false;
	pthread_mutex_unlock(&farm->lock);
}

int
farm_accounts_prepare(struct farm *farm, struct printer_configs *confs,
    const struct wait *wait, struct printer_configs *fresh)
{
	struct printer_config *conf, *next;
	int error;

	forget_seen(farm);
	TAILQ_FOREACH_SAFE(conf, confs, link, next)
	{
		if (!printer_config_is_account(conf))
			continue;
		TAILQ_REMOVE(confs, conf, link);
		if (stays(farm, conf))
			printer_config_free(conf);
		else
			TAILQ_INSERT_TAIL(fresh, conf, link);
	}
	error = farm_meet(fresh, farm->config.paths, wait);
	TAILQ_FOREACH (conf, fresh, link) {
		if (conf->error != 0)
			(void)first_contact_explain(conf);
		if (conf->error == -EINVAL)
			error = -EINVAL;
	}
	return error;
}

/* In any thread that the kernel does not wait for. */
static void
forget(void *arg)
{
	struct account *account = arg;
	const struct farm *farm = account->farm;

	if (farm->forget != NULL)
		farm->forget(farm->forget_arg, account->group.folder);
	account_release(account);
}

/* With the lock: it goes, and so do its printers when they are unused. */
static void
drop(struct farm *farm, struct holding *holding)
{
	struct member *member;

	TAILQ_FOREACH (member, &farm->members, link) {
		if (member->account != holding->account)
			continue;
		farm_member_drop_next(member);
		member->leaving = farm->pending = true;
	}
	atomic_store(&holding->account->group.gone, true);
	TAILQ_REMOVE(&farm->holdings, holding, link);
	if (workers_start(farm->workers, forget, holding->account) != 0)
		account_release(holding->account);
	free(holding);
}

int
farm_accounts_commit(struct farm *farm, struct printer_configs *fresh,
    size_t *added, size_t *gone)
{
	struct holding *holding, *next;
	struct printer_config *conf;
	int error = 0;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH_SAFE(holding, &farm->holdings, link, next)
	{
		if (holding->seen)
			continue;
		drop(farm, holding);
		++*gone;
	}
	pthread_mutex_unlock(&farm->lock);
	while (error == 0 && (conf = TAILQ_FIRST(fresh)) != NULL) {
		TAILQ_REMOVE(fresh, conf, link);
		error = farm_add_account(farm, conf);
		++*added;
	}
	return error;
}
