/*
 * First contact with the printers of a file, and the file read again while it
 * is mounted.  Who refreshes has farm.turn, and farm.lock only while he looks
 * at the list: printers are met and printers are made without it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"
#include "client/printer.h"
#include "fs/core/mounted.h"
#include "fs/farm/account.h"
#include "fs/farm/directory.h"
#include "fs/farm/farm_internal.h"
#include "fs/farm/first_contact.h"
#include "fs/farm/run_parallel.h"
#include "fs/setup/printer_config.h"
#include "fs/setup/printers_file.h"

struct meeting {
	struct printer_config *conf;
	const struct mount_paths *paths;
};

/* The time for a connection is all that a printer has to answer. */
static void
meet(void *item, const struct wait *wait)
{
	const struct meeting *meeting = item;
	struct deadline deadline;
	const struct wait limited = time_limit(&deadline, wait,
	    meeting->conf->options.connect_ms);

	(void)first_contact_meet(meeting->conf, meeting->paths, &limited);
}

/* The fate of a section of the file. */
enum action {
	KEEP,
	LOOK_AGAIN, /* keep, but it did not answer yet */
	CHANGE,
	ADD
};

struct step {
	struct occupant wanted; /* of the section; made for it, or not */
	enum action action;
};

struct plan {
	struct farm *farm;
	struct printer_configs fresh; /* accounts */
	struct step *steps;
	size_t count;
	struct farm_changes changes;
};

/* All that are not kept as they are, at once.  Returns 0 or -ENOMEM. */
static int
meet_all(struct step *steps, size_t count, const struct mount_paths *paths,
    const struct wait *wait)
{
	struct meeting *meetings = calloc(count + 1, sizeof(*meetings));
	size_t i, used = 0;

	if (meetings == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (steps[i].action == KEEP)
			continue;
		meetings[used].conf = steps[i].wanted.conf;
		meetings[used++].paths = paths;
	}
	run_parallel(wait, meet, meetings, sizeof(*meetings), used);
	free(meetings);
	return 0;
}

/* Take the sections, a step for each.  Returns 0 or -ENOMEM. */
static int
make_steps(struct printer_configs *confs, struct step **out, size_t *count)
{
	struct printer_config *conf;
	struct step *steps;
	size_t i = 0;

	TAILQ_FOREACH (conf, confs, link)
		i++;
	steps = calloc(i + 1, sizeof(*steps));
	if (steps == NULL)
		return -ENOMEM;
	for (i = 0; (conf = TAILQ_FIRST(confs)) != NULL; i++) {
		TAILQ_REMOVE(confs, conf, link);
		steps[i].wanted.conf = conf;
		steps[i].action = ADD;
	}
	*out = steps;
	*count = i;
	return 0;
}

int
farm_meet(struct printer_configs *confs, const struct mount_paths *paths,
    const struct wait *wait)
{
	struct step *steps;
	size_t i, count;
	int error = make_steps(confs, &steps, &count);

	if (error != 0)
		return error;
	error = meet_all(steps, count, paths, wait);
	for (i = 0; i < count; i++)
		TAILQ_INSERT_TAIL(confs, steps[i].wanted.conf, link);
	free(steps);
	return error;
}

/* With the lock: is it in the mount already?  Then it stays. */
static bool
stays(struct farm *farm, const struct printer_config *conf)
{
	struct account *account;

	TAILQ_FOREACH (account, &farm->accounts, link) {
		if (strcmp(account->conf->name, conf->name) == 0 &&
		    printer_config_is_same(account->conf, conf)) {
			account->seen = true;
			return true;
		}
	}
	return false;
}

/* Take the accounts that are others than before out of the sections. */
static void
choose_accounts(struct farm *farm, struct printer_configs *confs,
    struct printer_configs *fresh)
{
	struct printer_config *conf, *next;
	struct account *account;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (account, &farm->accounts, link)
		account->seen = false;
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
	pthread_mutex_unlock(&farm->lock);
}

/*
 * Take the accounts out of the sections; those that are new or others than
 * before are met and become fresh ones.  Returns 0, -EINVAL: an address is
 * none, or -ENOMEM.
 */
static int
prepare_accounts(struct farm *farm, struct printer_configs *confs,
    const struct wait *wait, struct printer_configs *fresh)
{
	const struct printer_config *conf;
	int error;

	choose_accounts(farm, confs, fresh);
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
	const struct farm_config *config = &account->farm->config;

	config->forget(config->forget_arg, account->group.folder);
	account_release(account);
}

/* With the lock: it goes, and so do its printers when they are unused. */
static void
drop(struct farm *farm, struct account *account)
{
	struct member *member;

	TAILQ_FOREACH (member, &farm->members, link) {
		if (member->now.account != account)
			continue;
		farm_occupant_free(&member->next);
		member->leaving = farm->pending = true;
	}
	atomic_store(&account->group.gone, true);
	TAILQ_REMOVE(&farm->accounts, account, link);
	if (workers_start(farm->workers, forget, account) != 0)
		account_release(account);
}

/* Those take the place of what is no more in the file.  As farm_new. */
static int
commit_accounts(struct farm *farm, struct printer_configs *fresh,
    struct farm_changes *changes)
{
	struct account *account, *next;
	struct printer_config *conf;
	int error = 0;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH_SAFE(account, &farm->accounts, link, next)
	{
		if (account->seen)
			continue;
		drop(farm, account);
		changes->gone++;
	}
	pthread_mutex_unlock(&farm->lock);
	while (error == 0 && (conf = TAILQ_FIRST(fresh)) != NULL) {
		TAILQ_REMOVE(fresh, conf, link);
		error = account_add(farm, conf);
		changes->added++;
	}
	return error;
}

/*
 * What the file wants of a printer that is in the list.  Who is watched holds
 * the account: with another token it is another one.
 */
static enum action
compare(const struct plan *plan, const struct member *member,
    const struct printer_config *conf)
{
	const struct printer_config *now = member->next.conf != NULL ?
	    member->next.conf :
	    member->now.conf;

	if (member->leaving || !printer_config_is_same(now, conf))
		return CHANGE;
	if (conf->options.watched != 0 && !TAILQ_EMPTY(&plan->fresh))
		return CHANGE;
	return printer_config_is_away(now) ? LOOK_AGAIN : KEEP;
}

static void
compare_all(struct plan *plan)
{
	struct farm *farm = plan->farm;
	const struct member *member;
	size_t i;

	pthread_mutex_lock(&farm->lock);
	for (i = 0; i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		member = farm_member_at(farm, step->wanted.conf->name);
		if (member != NULL)
			step->action = compare(plan, member, step->wanted.conf);
	}
	pthread_mutex_unlock(&farm->lock);
}

/* Was a printer that now answers taken for one of another kind? */
static bool
is_of_other_kind(struct farm *farm, const struct printer_config *conf)
{
	const struct member *member;
	bool is;

	pthread_mutex_lock(&farm->lock);
	member = farm_member_at(farm, conf->name);
	is = member != NULL && conf->error == 0 &&
	    member->now.mounted->printer->traits != conf->probe.traits;
	pthread_mutex_unlock(&farm->lock);
	return is;
}

static int
make_printers(struct plan *plan)
{
	struct farm *farm = plan->farm;
	size_t i;
	int error = 0;

	for (i = 0; i < plan->count && error == 0; i++) {
		struct step *step = &plan->steps[i];
		struct printer_config *conf = step->wanted.conf;

		if (step->action == LOOK_AGAIN)
			step->action = is_of_other_kind(farm, conf) ? CHANGE :
								      KEEP;
		if (step->action == KEEP)
			continue;
		if (conf->error != 0 && conf->error != -EINVAL)
			(void)first_contact_explain(conf);
		error = farm_make_printer(farm, conf, &step->wanted.mounted);
	}
	return error;
}

/* With the farm's lock: put the printer where the file has it. */
static int
put(struct plan *plan, struct step *step)
{
	struct farm *farm = plan->farm;
	const struct printer_config *conf = step->wanted.conf;
	struct member *member = farm_member_at(farm, conf->name);

	if (member != NULL) {
		member->seen = true;
		TAILQ_REMOVE(&farm->members, member, link);
		TAILQ_INSERT_TAIL(&farm->members, member, link);
	}
	if (step->wanted.mounted != NULL)
		return farm_put(farm, conf->name, &step->wanted,
		    &plan->changes);
	if (member != NULL && conf->probe.traits != NULL &&
	    member->next.conf == NULL)
		member->now.conf->error = conf->error;
	return 0;
}

static int
carry_out(struct plan *plan)
{
	struct farm *farm = plan->farm;
	const struct member *member;
	size_t i;
	int error = 0;

	pthread_mutex_lock(&farm->lock);
	farm_mark(farm, NULL);
	for (i = 0; i < plan->count && error == 0; i++)
		error = put(plan, &plan->steps[i]);
	if (error == 0)
		farm_drop_unseen(farm, &plan->changes);
	TAILQ_FOREACH (member, &farm->members, link) {
		if (member->leaving || member->next.mounted != NULL)
			log_say(LOG_LEVEL_NOTE,
			    "%s is in use: it stays as it is until that ends",
			    member->now.mounted->folder);
	}
	pthread_mutex_unlock(&farm->lock);
	return error;
}

static int
check_addresses(const struct plan *plan)
{
	size_t i;
	int error = 0;

	for (i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->action == KEEP || step->wanted.conf->error != -EINVAL)
			continue;
		(void)first_contact_explain(step->wanted.conf);
		error = -EINVAL;
	}
	return error;
}

static int
follow(struct plan *plan, const struct wait *wait)
{
	const struct farm_config *config = &plan->farm->config;
	int error;

	compare_all(plan);
	error = meet_all(plan->steps, plan->count, config->paths, wait);
	if (error == 0)
		error = check_addresses(plan);
	if (error == 0 && wait_given_up(wait))
		error = -EINTR;
	if (error == 0)
		error = commit_accounts(plan->farm, &plan->fresh,
		    &plan->changes);
	if (error == 0)
		error = make_printers(plan);
	return error != 0 ? error : carry_out(plan);
}

static void
free_steps(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		farm_occupant_free(&plan->steps[i].wanted);
	free(plan->steps);
}

static int
refresh(struct farm *farm, const struct wait *wait)
{
	const struct farm_config *config = &farm->config;
	struct plan plan = { .farm = farm };
	struct printer_configs confs;
	int error;

	if (printers_file_read(config->file, config->options,
		farm_directory_has_row, &confs) != 0)
		return -EINVAL;
	TAILQ_INIT(&plan.fresh);
	error = prepare_accounts(farm, &confs, wait, &plan.fresh);
	if (error == 0)
		error = make_steps(&confs, &plan.steps, &plan.count);
	if (error == 0)
		error = follow(&plan, wait);
	free_steps(&plan);
	printer_configs_free(&plan.fresh);
	printer_configs_free(&confs);
	if (error == 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s was read again: %zu new, %zu changed, %zu gone",
		    config->file, plan.changes.added, plan.changes.changed,
		    plan.changes.gone);
	return error;
}

int
farm_refresh(struct farm *farm, const struct wait *wait)
{
	int error;

	if (farm->config.file == NULL)
		return -EOPNOTSUPP;
	error = turn_take(&farm->turn, wait);
	if (error != 0)
		return error;
	error = refresh(farm, wait);
	turn_give(&farm->turn);
	if (error != 0)
		log_say(LOG_LEVEL_ERROR, "%s: nothing was changed: %s",
		    farm->config.file, strerror(-error));
	return error;
}

static bool
is_ending(void *arg)
{
	struct farm *farm = arg;

	return atomic_load(&farm->ending);
}

static void
refresh_alone(void *arg)
{
	struct farm *farm = arg;
	const struct wait wait = { .given_up = is_ending, .arg = farm };

	(void)farm_refresh(farm, &wait);
}

void
farm_refresh_later(struct farm *farm)
{
	if (workers_start(farm->workers, refresh_alone, farm) != 0)
		log_say(LOG_LEVEL_ERROR, "%s: no thread to read it again",
		    farm->config.file);
}
