/*
 * What is in a farm: its printers and accounts, as they are at the moment.
 * farm.lock guards the lists; what is returned is held.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/space.h"
#include "fs/farm/account.h"
#include "fs/farm/farm_internal.h"

struct mounted *
farm_find(struct farm *farm, const char *folder)
{
	struct member *member;
	struct mounted *mounted;

	pthread_mutex_lock(&farm->lock);
	farm_replace_unused(farm);
	member = farm_member_at(farm, folder);
	mounted = member == NULL ? NULL : mounted_hold(member->mounted);
	pthread_mutex_unlock(&farm->lock);
	return mounted;
}

struct account *
farm_account(struct farm *farm, const char *folder)
{
	const struct holding *holding;
	struct account *account = NULL;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (holding, &farm->holdings, link) {
		const char *name = holding->account->group.folder;

		if (account == NULL &&
		    (name == NULL || folder == NULL ?
			    name == folder :
			    strcmp(name, folder) == 0))
			account = account_hold(holding->account);
	}
	pthread_mutex_unlock(&farm->lock);
	return account;
}

void
farm_each_account(struct farm *farm, void (*call)(void *, struct account *),
    void *arg)
{
	struct account *account;
	struct holding *holding;
	size_t i, at;

	for (at = 0;; at++) {
		account = NULL;
		i = 0;
		pthread_mutex_lock(&farm->lock);
		TAILQ_FOREACH (holding, &farm->holdings, link) {
			if (i++ == at)
				account = account_hold(holding->account);
		}
		pthread_mutex_unlock(&farm->lock);
		if (account == NULL)
			return;
		call(arg, account);
		account_release(account);
	}
}

/* With the lock. */
static bool
is_printer(const struct member *member, const struct account *account)
{
	return !member->is_library &&
	    !(member->leaving && member->account != NULL) &&
	    (account == NULL || member->account == account) &&
	    !member->mounted->printer->traits->is_archived;
}

/* The same. */
static bool
is_archived(const struct member *member, const struct account *account)
{
	return (account == NULL || member->account == account) &&
	    member->mounted->printer->traits->is_archived;
}

static int
choose(struct farm *farm, const struct account *account,
    bool (*is_wanted)(const struct member *, const struct account *),
    struct printers *out)
{
	struct member *member;
	size_t count = 0;

	pthread_mutex_lock(&farm->lock);
	farm_replace_unused(farm);
	TAILQ_FOREACH (member, &farm->members, link)
		count++;
	out->count = 0;
	out->all = calloc(count + 1, sizeof(struct mounted *));
	TAILQ_FOREACH (member, &farm->members, link) {
		if (out->all != NULL && is_wanted(member, account))
			out->all[out->count++] = mounted_hold(member->mounted);
	}
	pthread_mutex_unlock(&farm->lock);
	return out->all == NULL ? -ENOMEM : 0;
}

int
farm_printers(struct farm *farm, const struct account *account,
    struct printers *out)
{
	return choose(farm, account, is_printer, out);
}

int
farm_archived(struct farm *farm, const struct account *account,
    struct printers *out)
{
	return choose(farm, account, is_archived, out);
}

/* With the lock.  NULL: whatever account's. */
static bool
is_library(const struct member *member, const struct account *account)
{
	return member->is_library &&
	    (account == NULL || member->account == account);
}

int
farm_libraries(struct farm *farm, const struct account *account,
    struct printers *out)
{
	return choose(farm, account, is_library, out);
}

void
farm_printers_free(struct printers *printers)
{
	size_t i;

	for (i = 0; i < printers->count; i++)
		mounted_release(printers->all[i]);
	free(printers->all);
	memset(printers, 0, sizeof(*printers));
}

void
farm_space(struct printer_group *group, int64_t *total, int64_t *available)
{
	int64_t one_total, one_available;
	struct printers printers;
	size_t i;

	*total = *available = 0;
	if (farm_printers(farm_of(group), NULL, &printers) != 0)
		return;
	for (i = 0; i < printers.count; i++) {
		space_recall(printers.all[i]->space, &one_total,
		    &one_available);
		*total += one_total;
		*available += one_available;
	}
	farm_printers_free(&printers);
}
