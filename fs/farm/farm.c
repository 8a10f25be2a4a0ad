/*
 * The printers of a mount.  farm.lock guards the list of members and is a
 * leaf; farm.turn is the right to change it.  A printer that leaves the list
 * lives on until the last call about it has ended; a thread of the workers then
 * ends it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/unsent.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/workers.h"
#include "client/obico/obico.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/rendering.h"
#include "fs/core/space.h"
#include "fs/core/upload_list.h"
#include "fs/farm/account.h"
#include "fs/farm/cloud.h"
#include "fs/farm/control.h"
#include "fs/farm/farm.h"
#include "fs/farm/farm_internal.h"
#include "fs/farm/first_contact.h"
#include "fs/farm/mounted_new.h"
#include "fs/farm/statuses.h"
#include "fs/setup/printer_config.h"

void
farm_member_free(struct member *member)
{
	if (member == NULL)
		return;
	mounted_free(member->mounted);
	mounted_free(member->next_mounted);
	printer_config_free(member->conf);
	printer_config_free(member->next_conf);
	account_release(member->account);
	account_release(member->next_account);
	free(member);
}

void
farm_member_drop_next(struct member *member)
{
	printer_config_free(member->next_conf);
	mounted_free(member->next_mounted);
	account_release(member->next_account);
	member->next_conf = NULL;
	member->next_mounted = NULL;
	member->next_account = NULL;
}

struct member *
farm_member_at(struct farm *farm, const char *folder)
{
	struct member *member;

	TAILQ_FOREACH (member, &farm->members, link) {
		const char *name = member->mounted->folder;

		if (name != NULL && !member->is_library &&
		    strcmp(name, folder) == 0)
			return member;
	}
	return NULL;
}

/* Two of them may be one printer, under its former name and its new one. */
struct unsent *
farm_unsent(struct farm *farm, const char *kept)
{
	const struct member *member;
	struct unsent *unsent = NULL;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (member, &farm->members, link) {
		if (unsent == NULL && strcmp(member->mounted->kept, kept) == 0)
			unsent = unsent_hold(member->mounted->unsent);
	}
	pthread_mutex_unlock(&farm->lock);
	return unsent;
}

/* A printer that was in use may go now. */
static void
on_idle(void *arg)
{
	struct farm *farm = arg;

	pthread_mutex_lock(&farm->lock);
	farm_replace_unused(farm);
	pthread_mutex_unlock(&farm->lock);
}

void
farm_adopt(struct farm *farm, struct mounted *mounted)
{
	mounted->idle = on_idle;
	mounted->idle_arg = farm;
}

/* The client of the account that watches a printer (caller: release). */
static struct obico *
find_watch(struct farm *farm, const struct printer_config *conf)
{
	const struct holding *first;
	struct obico *obico = NULL;

	if (conf->options.obico == 0)
		return NULL;
	pthread_mutex_lock(&farm->lock);
	first = TAILQ_FIRST(&farm->holdings);
	if (first != NULL)
		obico = obico_hold(first->account->obico);
	pthread_mutex_unlock(&farm->lock);
	return obico;
}

int
farm_member_new(struct farm *farm, const struct printer_config *conf,
    struct mounted **out)
{
	struct first_contact_with with = { .settings = farm->config.settings,
		.paths = farm->config.paths };
	int error;

	with.watch = find_watch(farm, conf);
	with.unsent = farm_unsent(farm, conf->kept);
	error = first_contact_mounted(conf, &with, out);
	unsent_close(with.unsent);
	obico_release(with.watch);
	if (error != 0)
		return error;
	(*out)->glance.late = printer_config_is_away(conf);
	farm_adopt(farm, *out);
	return 0;
}

int
farm_add_account(struct farm *farm, struct printer_config *conf)
{
	struct holding *holding = calloc(1, sizeof(*holding));
	int error;

	if (holding == NULL) {
		printer_config_free(conf);
		return -ENOMEM;
	}
	error = account_new(farm, conf, &holding->account);
	if (error != 0) {
		free(holding);
		return error;
	}
	error = cloud_add(farm, holding->account);
	if (error != 0) {
		account_release(holding->account);
		free(holding);
		return error;
	}
	holding->seen = true;
	pthread_mutex_lock(&farm->lock);
	TAILQ_INSERT_TAIL(&farm->holdings, holding, link);
	pthread_mutex_unlock(&farm->lock);
	return 0;
}

/* Accounts first: printers may be watched through them. */
static int
add_accounts(struct farm *farm, struct printer_configs *confs)
{
	struct printer_config *conf, *next;
	int error = 0;

	TAILQ_FOREACH_SAFE(conf, confs, link, next)
	{
		if (error != 0 || !printer_config_is_account(conf))
			continue;
		TAILQ_REMOVE(confs, conf, link);
		error = farm_add_account(farm, conf);
	}
	return error;
}

static int
add_all(struct farm *farm, struct printer_configs *confs)
{
	struct printer_config *conf;
	struct member *member;
	int error = add_accounts(farm, confs);

	while (error == 0 && (conf = TAILQ_FIRST(confs)) != NULL) {
		member = calloc(1, sizeof(*member));
		if (member == NULL)
			return -ENOMEM;
		TAILQ_REMOVE(confs, conf, link);
		member->conf = conf;
		error = farm_member_new(farm, conf, &member->mounted);
		if (farm->config.file == NULL) /* nothing to compare with */
			login_free(&conf->login);
		if (error == 0)
			TAILQ_INSERT_TAIL(&farm->members, member, link);
		else
			farm_member_free(member);
	}
	return error;
}

/* Who holds the root borrows it: it lives as long as the mount. */
static const struct printer_group_ops group_ops = {
	.control_help = farm_control_help,
	.control_run = farm_control_run,
	.space = farm_space,
};

int
farm_new(const struct farm_config *config, struct printer_configs *confs,
    struct farm **out)
{
	struct farm *farm = calloc(1, sizeof(*farm));
	int error;

	if (farm == NULL)
		return -ENOMEM;
	farm->config = *config;
	farm->group.ops = &group_ops;
	farm->group.settings = config->settings;
	atomic_init(&farm->group.holders, 1);
	pthread_mutex_init(&farm->lock, NULL);
	turn_init(&farm->turn);
	TAILQ_INIT(&farm->members);
	TAILQ_INIT(&farm->holdings);
	TAILQ_INIT(&farm->retired);
	error = workers_new(&farm->workers);
	if (error == 0)
		error = statuses_new(&farm->statuses);
	if (error == 0)
		error = renderings_new(&farm->group.renderings);
	if (error == 0)
		error = add_all(farm, confs);
	if (error != 0) {
		farm_free(farm);
		return error;
	}
	*out = farm;
	return 0;
}

/* All shall end before one is waited for. */
static void
end_all(struct farm *farm)
{
	struct member *member;
	struct mounted *mounted;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (member, &farm->members, link) {
		if (member->mounted != NULL)
			mounted_end(member->mounted);
	}
	TAILQ_FOREACH (mounted, &farm->retired, link)
		mounted_end(mounted);
	pthread_mutex_unlock(&farm->lock);
}

void
farm_free(struct farm *farm)
{
	struct holding *holding;
	struct member *member;
	struct mounted *mounted;

	if (farm == NULL)
		return;
	atomic_store(&farm->ending, true);
	end_all(farm);
	workers_free(farm->workers);
	while ((mounted = TAILQ_FIRST(&farm->retired)) != NULL) {
		TAILQ_REMOVE(&farm->retired, mounted, link);
		mounted_free(mounted);
	}
	while ((member = TAILQ_FIRST(&farm->members)) != NULL) {
		TAILQ_REMOVE(&farm->members, member, link);
		farm_member_free(member);
	}
	while ((holding = TAILQ_FIRST(&farm->holdings)) != NULL) {
		TAILQ_REMOVE(&farm->holdings, holding, link);
		account_release(holding->account);
		free(holding);
	}
	renderings_free(farm->group.renderings);
	statuses_free(farm->statuses);
	turn_destroy(&farm->turn);
	pthread_mutex_destroy(&farm->lock);
	free(farm);
}

void
farm_on_change(struct farm *farm, void (*forget)(void *, const char *),
    void *arg)
{
	farm->forget = forget;
	farm->forget_arg = arg;
}

const struct farm_config *
farm_config(const struct farm *farm)
{
	return &farm->config;
}

struct farm *
farm_of(struct printer_group *group)
{
	struct account *account = account_of(group);

	return account != NULL ? account->farm : (struct farm *)group;
}

/* In a thread of the workers: nobody has it any more. */
static void
bury(void *arg)
{
	struct mounted *mounted = arg;
	struct farm *farm = mounted->unused_arg;

	pthread_mutex_lock(&farm->lock);
	TAILQ_REMOVE(&farm->retired, mounted, link);
	pthread_mutex_unlock(&farm->lock);
	mounted_free(mounted);
}

/* Without a thread it waits for the end of the farm. */
static void
on_unused(struct mounted *mounted, void *arg)
{
	struct farm *farm = arg;
	struct log_subject *former = log_about(NULL);

	(void)workers_start(farm->workers, bury, mounted);
	(void)log_about(former);
}

/* In any thread that the kernel does not wait for. */
static void
retire(void *arg)
{
	struct mounted *mounted = arg;
	struct farm *farm = mounted->unused_arg;

	if (farm->forget != NULL)
		farm->forget(farm->forget_arg, mounted->folder);
	mounted_release(mounted);
}

/* With the lock: take over from the printer, which is taken off. */
static void
hand_over(struct farm *farm, struct member *member)
{
	struct mounted *mounted = member->mounted;

	atomic_store(&mounted->gone, true);
	mounted->unused = on_unused;
	mounted->unused_arg = farm;
	TAILQ_INSERT_TAIL(&farm->retired, mounted, link);
	member->mounted = member->next_mounted;
	member->next_mounted = NULL;
	if (member->next_account != NULL) {
		account_release(member->account);
		member->account = member->next_account;
		member->id = member->next_id;
		member->next_account = NULL;
	}
	if (member->next_conf != NULL) {
		printer_config_free(member->conf);
		member->conf = member->next_conf;
		member->next_conf = NULL;
	}
	member->leaving = false;
}

/*
 * With the lock: those whose turn to go has come.  The kernel is told by
 * another thread, for this one may answer a look at the root, which the
 * kernel's own bookkeeping of the root waits for.
 */
void
farm_replace_unused(struct farm *farm)
{
	struct member *member, *next;
	bool pending = false;

	if (!farm->pending)
		return;
	TAILQ_FOREACH_SAFE(member, &farm->members, link, next)
	{
		struct mounted *mounted = member->mounted;

		if (!member->leaving && member->next_mounted == NULL)
			continue;
		if (mounted_is_in_use(mounted)) {
			pending = true;
			continue;
		}
		hand_over(farm, member);
		if (member->mounted == NULL) {
			TAILQ_REMOVE(&farm->members, member, link);
			farm_member_free(member);
		}
		if (workers_start(farm->workers, retire, mounted) != 0)
			mounted_release(mounted);
	}
	farm->pending = pending;
}

static void
settle(struct farm *farm, int64_t until,
    int (*choose)(struct farm *, const struct account *, struct printers *out))
{
	struct printers printers;
	int64_t left;
	size_t i;

	if (choose(farm, NULL, &printers) != 0)
		return;
	for (i = 0; i < printers.count; i++) {
		left = until - time_now_ms();
		upload_list_settle(printers.all[i]->uploads,
		    left > 0 ? left : 0);
	}
	farm_printers_free(&printers);
}

void
farm_settle(struct farm *farm, int64_t ms)
{
	int64_t until = time_now_ms() + ms;

	settle(farm, until, farm_printers);
	settle(farm, until, farm_libraries);
}

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
