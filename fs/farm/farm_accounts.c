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
#include "fs/farm/section.h"

/* With the lock: the account that is just what the section says, or NULL. */
static struct holding *
find_same(struct farm *farm, const struct section *section)
{
	struct holding *holding;

	TAILQ_FOREACH (holding, &farm->holdings, link) {
		const struct section *its = account_section(holding->account);

		if (strcmp(its->name, section->name) == 0 &&
		    section_is_same(its, section))
			return holding;
	}
	return NULL;
}

/* Is it in the mount already?  Then it stays. */
static bool
stays(struct farm *farm, const struct section *section)
{
	struct holding *holding;

	pthread_mutex_lock(&farm->lock);
	holding = find_same(farm, section);
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
farm_accounts_prepare(struct farm *farm, struct sections *sections,
    const struct wait *wait, struct sections *fresh)
{
	struct section *section, *next;
	int error;

	forget_seen(farm);
	TAILQ_FOREACH_SAFE(section, sections, link, next)
	{
		if (!section_is_account(section))
			continue;
		TAILQ_REMOVE(sections, section, link);
		if (stays(farm, section))
			section_free(section);
		else
			TAILQ_INSERT_TAIL(fresh, section, link);
	}
	error = farm_meet(fresh, farm->config.paths, wait);
	TAILQ_FOREACH (section, fresh, link) {
		if (section->error != 0)
			(void)section_explain(section);
		if (section->error == -EINVAL)
			error = -EINVAL;
	}
	return error;
}

/* In any thread that the kernel does not wait for. */
static void
forget(void *arg)
{
	struct account *account = arg;
	const struct farm *farm = account_farm(account);

	if (farm->forget != NULL)
		farm->forget(farm->forget_arg, account_folder(account));
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
	account_leave(holding->account);
	TAILQ_REMOVE(&farm->holdings, holding, link);
	if (workers_start(farm->workers, forget, holding->account) != 0)
		account_release(holding->account);
	free(holding);
}

int
farm_accounts_commit(struct farm *farm, struct sections *fresh, size_t *added,
    size_t *gone)
{
	struct holding *holding, *next;
	struct section *section;
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
	while (error == 0 && (section = TAILQ_FIRST(fresh)) != NULL) {
		TAILQ_REMOVE(fresh, section, link);
		error = farm_add_account(farm, section);
		++*added;
	}
	return error;
}
