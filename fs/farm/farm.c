/*
 * The printers of a mount.  farm.lock guards the list of members; farm.turn is
 * the right to read the printers file again, an account's turn that to follow
 * its list.  A printer that leaves the list lives on until the last call about
 * it has ended; a thread of the workers then ends it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/unsent.h"
#include "client/account_server.h"
#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/workers.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/rendering.h"
#include "fs/core/space.h"
#include "fs/core/upload_list.h"
#include "fs/farm/account.h"
#include "fs/farm/control.h"
#include "fs/farm/farm.h"
#include "fs/farm/farm_internal.h"
#include "fs/farm/first_contact.h"
#include "fs/farm/mounted_new.h"
#include "fs/farm/statuses.h"
#include "fs/setup/mount_paths.h"
#include "fs/setup/printer_config.h"
#include "fs/tree/events.h"

void
farm_occupant_free(struct occupant *occupant)
{
	mounted_free(occupant->mounted);
	printer_config_free(occupant->conf);
	account_release(occupant->account);
	memset(occupant, 0, sizeof(*occupant));
}

static void
free_member(struct member *member)
{
	farm_occupant_free(&member->now);
	farm_occupant_free(&member->next);
	free(member);
}

struct member *
farm_member_at(struct farm *farm, const char *folder)
{
	struct member *member;

	TAILQ_FOREACH (member, &farm->members, link) {
		const char *name = member->now.mounted->folder;

		if (name != NULL && !member->is_library &&
		    strcmp(name, folder) == 0)
			return member;
	}
	return NULL;
}

int
farm_add_member(struct farm *farm, struct occupant *occupant, bool is_library)
{
	struct member *member = calloc(1, sizeof(*member));

	if (member == NULL)
		return -ENOMEM;
	member->now = *occupant;
	memset(occupant, 0, sizeof(*occupant));
	member->is_library = is_library;
	member->seen = true;
	TAILQ_INSERT_TAIL(&farm->members, member, link);
	return 0;
}

void
farm_mark(struct farm *farm, const struct account *account)
{
	struct member *member;

	TAILQ_FOREACH (member, &farm->members, link)
		member->seen = member->now.account != account ||
		    member->is_library;
}

/* Who hears the events of an account's printer hears their end at once. */
static void
end_events(const struct member *member)
{
	if (member->now.account != NULL)
		events_end(member->now.mounted->events);
}

int
farm_put(struct farm *farm, const char *folder, struct occupant *occupant,
    struct farm_changes *changes)
{
	struct member *member = farm_member_at(farm, folder);

	if (member == NULL) {
		changes->added++;
		return farm_add_member(farm, occupant, false);
	}
	farm_occupant_free(&member->next);
	end_events(member);
	member->leaving = false;
	member->seen = true;
	member->next = *occupant;
	memset(occupant, 0, sizeof(*occupant));
	farm->pending = true;
	changes->changed++;
	return 0;
}

void
farm_drop_unseen(struct farm *farm, struct farm_changes *changes)
{
	struct member *member;

	TAILQ_FOREACH (member, &farm->members, link) {
		if (member->seen || member->leaving)
			continue;
		farm_occupant_free(&member->next);
		end_events(member);
		member->leaving = farm->pending = true;
		changes->gone++;
	}
	farm_replace_unused(farm);
}

/*
 * The unsent files of a printer that has that name in the cache directory
 * (caller: unsent_close), or NULL.  Two of them may be one printer, under its
 * former name and its new one.
 */
static struct unsent *
find_unsent(struct farm *farm, const char *kept)
{
	const struct member *member;
	struct unsent *unsent = NULL;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (member, &farm->members, link) {
		if (unsent == NULL &&
		    strcmp(member->now.mounted->kept, kept) == 0)
			unsent = unsent_hold(member->now.mounted->unsent);
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

int
farm_make_mounted(struct farm *farm, const struct options *options,
    const char *folder, const char *kept, struct printer *printer,
    struct mounted **out)
{
	struct mounted_config config = { .settings = farm->config.settings,
		.folder = folder,
		.cache_dir = farm->config.paths->cache_dir,
		.name = kept,
		.unsent = find_unsent(farm, kept),
		.cache_size = options->cache_size,
		.ttl_ms = options->ttl_ms };
	int error = mounted_new(&config, printer, out);

	unsent_close(config.unsent);
	if (error != 0)
		return error;
	(*out)->idle = on_idle;
	(*out)->idle_arg = farm;
	return 0;
}

/* The client of the account that watches a printer (caller: release). */
static struct account_server *
find_watch(struct farm *farm, const struct printer_config *conf)
{
	const struct account *first;
	struct account_server *server = NULL;

	if (conf->options.watched == 0)
		return NULL;
	pthread_mutex_lock(&farm->lock);
	first = TAILQ_FIRST(&farm->accounts);
	if (first != NULL)
		server = account_server_hold(first->server);
	pthread_mutex_unlock(&farm->lock);
	return server;
}

int
farm_make_printer(struct farm *farm, const struct printer_config *conf,
    struct mounted **out)
{
	const struct buf *storage = &conf->probe.storage;
	struct account_server *watch = find_watch(farm, conf);
	struct printer *printer;
	int error = first_contact_printer(conf, watch, &printer);

	account_server_release(watch);
	if (error == 0)
		error = farm_make_mounted(farm, &conf->options, conf->name,
		    conf->kept, printer, out);
	if (error != 0)
		return error;
	space_note((*out)->space, storage->data, storage->len);
	(*out)->glance.late = printer_config_is_away(conf);
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
		error = account_add(farm, conf);
	}
	return error;
}

static int
add_all(struct farm *farm, struct printer_configs *confs)
{
	struct printer_config *conf;
	int error = add_accounts(farm, confs);

	while (error == 0 && (conf = TAILQ_FIRST(confs)) != NULL) {
		struct occupant occupant = { .conf = conf };

		TAILQ_REMOVE(confs, conf, link);
		error = farm_make_printer(farm, conf, &occupant.mounted);
		if (farm->config.file == NULL) /* nothing to compare with */
			login_free(&conf->login);
		if (error == 0)
			error = farm_add_member(farm, &occupant, false);
		farm_occupant_free(&occupant);
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
	TAILQ_INIT(&farm->accounts);
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
	TAILQ_FOREACH (member, &farm->members, link)
		mounted_end(member->now.mounted);
	TAILQ_FOREACH (mounted, &farm->retired, link)
		mounted_end(mounted);
	pthread_mutex_unlock(&farm->lock);
}

void
farm_free(struct farm *farm)
{
	struct account *account;
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
		free_member(member);
	}
	while ((account = TAILQ_FIRST(&farm->accounts)) != NULL) {
		TAILQ_REMOVE(&farm->accounts, account, link);
		account_release(account);
	}
	renderings_free(farm->group.renderings);
	statuses_free(farm->statuses);
	turn_destroy(&farm->turn);
	pthread_mutex_destroy(&farm->lock);
	free(farm);
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

	farm->config.forget(farm->config.forget_arg, mounted->folder);
	mounted_release(mounted);
}

/* With the lock: take over from the printer, which is taken off. */
static void
hand_over(struct farm *farm, struct member *member)
{
	struct mounted *mounted = member->now.mounted;

	atomic_store(&mounted->gone, true);
	mounted->unused = on_unused;
	mounted->unused_arg = farm;
	TAILQ_INSERT_TAIL(&farm->retired, mounted, link);
	member->now.mounted = NULL;
	farm_occupant_free(&member->now);
	member->now = member->next;
	memset(&member->next, 0, sizeof(member->next));
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
		struct mounted *mounted = member->now.mounted;

		if (!member->leaving && member->next.mounted == NULL)
			continue;
		if (mounted_is_in_use(mounted)) {
			pending = true;
			continue;
		}
		hand_over(farm, member);
		if (member->now.mounted == NULL) {
			TAILQ_REMOVE(&farm->members, member, link);
			free_member(member);
		}
		if (workers_start(farm->workers, retire, mounted) != 0)
			mounted_release(mounted);
	}
	farm->pending = pending;
}

static void
settle(struct farm *farm, int64_t until, enum farm_part part)
{
	struct printers printers;
	int64_t left;
	size_t i;

	if (farm_printers(&farm->group, part, &printers) != 0)
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

	settle(farm, until, FARM_PRINTERS);
	settle(farm, until, FARM_LIBRARIES);
}

struct mounted *
farm_find(struct farm *farm, const char *folder)
{
	struct member *member;
	struct mounted *mounted;

	pthread_mutex_lock(&farm->lock);
	farm_replace_unused(farm);
	member = farm_member_at(farm, folder);
	mounted = member == NULL ? NULL : mounted_hold(member->now.mounted);
	pthread_mutex_unlock(&farm->lock);
	return mounted;
}

struct account *
farm_account(struct farm *farm, const char *folder)
{
	struct account *account;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (account, &farm->accounts, link) {
		const char *name = account->group.folder;

		if (name == NULL || folder == NULL ? name == folder :
						     strcmp(name, folder) == 0)
			break;
	}
	if (account != NULL)
		account_hold(account);
	pthread_mutex_unlock(&farm->lock);
	return account;
}

struct account *
farm_account_at(struct farm *farm, size_t number)
{
	struct account *account;
	size_t i = 0;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (account, &farm->accounts, link) {
		if (i++ == number)
			break;
	}
	if (account != NULL)
		account_hold(account);
	pthread_mutex_unlock(&farm->lock);
	return account;
}

/* With the lock. */
static bool
is_of(const struct member *member, enum farm_part part)
{
	bool is_archived = member->now.mounted->printer->traits->is_archived;

	if (part == FARM_LIBRARIES || member->is_library)
		return part == FARM_LIBRARIES && member->is_library;
	if (part == FARM_ARCHIVED || is_archived)
		return part == FARM_ARCHIVED && is_archived;
	return !member->leaving || member->now.account == NULL;
}

int
farm_printers(struct printer_group *group, enum farm_part part,
    struct printers *out)
{
	const struct account *account = account_of(group);
	struct farm *farm = farm_of(group);
	struct member *member;
	size_t count = 0;

	pthread_mutex_lock(&farm->lock);
	farm_replace_unused(farm);
	TAILQ_FOREACH (member, &farm->members, link)
		count++;
	out->count = 0;
	out->all = calloc(count + 1, sizeof(struct mounted *));
	TAILQ_FOREACH (member, &farm->members, link) {
		if (out->all != NULL && is_of(member, part) &&
		    (account == NULL || member->now.account == account))
			out->all[out->count++] = mounted_hold(member->now
								  .mounted);
	}
	pthread_mutex_unlock(&farm->lock);
	return out->all == NULL ? -ENOMEM : 0;
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
	if (farm_printers(group, FARM_PRINTERS, &printers) != 0)
		return;
	for (i = 0; i < printers.count; i++) {
		space_recall(printers.all[i]->space, &one_total,
		    &one_available);
		*total += one_total;
		*available += one_available;
	}
	farm_printers_free(&printers);
}
