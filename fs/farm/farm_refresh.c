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
#include "fs/farm/farm_internal.h"
#include "fs/farm/run_parallel.h"
#include "fs/setup/printers_file.h"

struct meeting {
	struct section *section;
	const struct local_paths *paths;
	const struct wait *outer;
	int64_t until_ms;
};

static bool
is_over(void *arg)
{
	const struct meeting *meeting = arg;

	return wait_given_up(meeting->outer) ||
	    time_now_ms() >= meeting->until_ms;
}

/* The time for a connection is all that a printer has to answer. */
static void
meet(void *item, const struct wait *wait)
{
	struct meeting *meeting = item;
	const struct wait limited = { .given_up = is_over, .arg = meeting };

	meeting->outer = wait;
	meeting->until_ms = time_now_ms() +
	    meeting->section->options.connect_ms;
	(void)section_meet(meeting->section, meeting->paths, &limited);
}

/* What becomes of a section of the file. */
enum action {
	KEEP,
	LOOK_AGAIN, /* keep, but it did not answer yet */
	CHANGE,
	ADD
};

struct step {
	struct section *section; /* owned */
	enum action action;
	struct mounted *mounted; /* made for it, or NULL */
};

struct plan {
	struct farm *farm;
	struct sections fresh; /* accounts */
	struct step *steps;
	size_t count;
	size_t added, changed, gone;
};

/* All that are not kept as they are, at once.  Returns 0 or -ENOMEM. */
static int
meet_all(struct step *steps, size_t count, const struct local_paths *paths,
    const struct wait *wait)
{
	struct meeting *meetings = calloc(count + 1, sizeof(*meetings));
	size_t i, used = 0;

	if (meetings == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (steps[i].action == KEEP)
			continue;
		meetings[used].section = steps[i].section;
		meetings[used++].paths = paths;
	}
	run_parallel(wait, meet, meetings, sizeof(*meetings), used);
	free(meetings);
	return 0;
}

/* Take the sections, a step for each.  Returns 0 or -ENOMEM. */
static int
make_steps(struct sections *sections, struct step **out, size_t *count)
{
	struct section *section;
	struct step *steps;
	size_t i = 0;

	TAILQ_FOREACH (section, sections, link)
		i++;
	steps = calloc(i + 1, sizeof(*steps));
	if (steps == NULL)
		return -ENOMEM;
	for (i = 0; (section = TAILQ_FIRST(sections)) != NULL; i++) {
		TAILQ_REMOVE(sections, section, link);
		steps[i].section = section;
		steps[i].action = ADD;
	}
	*out = steps;
	*count = i;
	return 0;
}

int
farm_meet(struct sections *sections, const struct local_paths *paths,
    const struct wait *wait)
{
	struct step *steps;
	size_t i, count;
	int error = make_steps(sections, &steps, &count);

	if (error != 0)
		return error;
	error = meet_all(steps, count, paths, wait);
	for (i = 0; i < count; i++)
		TAILQ_INSERT_TAIL(sections, steps[i].section, link);
	free(steps);
	return error;
}

/*
 * What the file wants of a printer that is in the list.  Who is watched holds
 * the account: with another token it is another one.
 */
static enum action
compare(const struct plan *plan, const struct member *member,
    const struct section *section)
{
	const struct section *now = member->next_section != NULL ?
	    member->next_section :
	    member->section;

	if (member->leaving || !section_is_same(now, section))
		return CHANGE;
	if (section->options.obico != 0 && !TAILQ_EMPTY(&plan->fresh))
		return CHANGE;
	return section_is_away(now) ? LOOK_AGAIN : KEEP;
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

		member = farm_member_at(farm, step->section->name);
		if (member != NULL)
			step->action = compare(plan, member, step->section);
	}
	pthread_mutex_unlock(&farm->lock);
}

/* Was a printer that now answers taken for one of another kind? */
static bool
is_of_other_kind(struct farm *farm, const struct section *section)
{
	const struct member *member;
	bool is;

	pthread_mutex_lock(&farm->lock);
	member = farm_member_at(farm, section->name);
	is = member != NULL && section->error == 0 &&
	    member->mounted->printer->traits != section->probe.traits;
	pthread_mutex_unlock(&farm->lock);
	return is;
}

static int
make_units(struct plan *plan)
{
	struct farm *farm = plan->farm;
	size_t i;
	int error = 0;

	for (i = 0; i < plan->count && error == 0; i++) {
		struct step *step = &plan->steps[i];
		struct section *section = step->section;

		if (step->action == LOOK_AGAIN)
			step->action = is_of_other_kind(farm, section) ?
			    CHANGE :
			    KEEP;
		if (step->action == KEEP)
			continue;
		if (section->error != 0 && section->error != -EINVAL)
			(void)section_explain(section);
		error = farm_member_new(farm, section, &step->mounted);
	}
	return error;
}

/* With the farm's lock: put the printer where the file has it. */
static void
put(struct plan *plan, struct step *step)
{
	struct farm *farm = plan->farm;
	struct member *member = farm_member_at(farm, step->section->name);

	if (member == NULL && step->mounted != NULL)
		member = calloc(1, sizeof(*member));
	else if (member != NULL)
		TAILQ_REMOVE(&farm->members, member, link);
	if (member == NULL)
		return;
	member->seen = true;
	TAILQ_INSERT_TAIL(&farm->members, member, link);
	if (step->mounted == NULL && step->section->probe.traits != NULL &&
	    member->next_section == NULL)
		member->section->error = step->section->error;
	if (step->mounted == NULL)
		return;
	if (member->mounted == NULL) {
		member->mounted = step->mounted;
		member->section = step->section;
		plan->added++;
	} else {
		farm_member_drop_next(member);
		member->leaving = false;
		member->next_mounted = step->mounted;
		member->next_section = step->section;
		farm->pending = true;
		plan->changed++;
	}
	step->mounted = NULL;
	step->section = NULL;
}

static void
carry_out(struct plan *plan)
{
	struct farm *farm = plan->farm;
	struct member *member;
	size_t i;

	pthread_mutex_lock(&farm->lock);
	TAILQ_FOREACH (member, &farm->members, link)
		member->seen = member->account != NULL;
	for (i = 0; i < plan->count; i++)
		put(plan, &plan->steps[i]);
	TAILQ_FOREACH (member, &farm->members, link) {
		if (member->seen || member->leaving)
			continue;
		farm_member_drop_next(member);
		member->leaving = farm->pending = true;
		plan->gone++;
	}
	farm_replace_unused(farm);
	TAILQ_FOREACH (member, &farm->members, link) {
		if (member->leaving || member->next_mounted != NULL)
			log_say(LOG_LEVEL_NOTE,
			    "%s is in use: it stays as it is until that ends",
			    member->mounted->folder);
	}
	pthread_mutex_unlock(&farm->lock);
}

static int
check_addresses(const struct plan *plan)
{
	size_t i;
	int error = 0;

	for (i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->action == KEEP || step->section->error != -EINVAL)
			continue;
		(void)section_explain(step->section);
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
		error = farm_accounts_commit(plan->farm, &plan->fresh,
		    &plan->added, &plan->gone);
	if (error == 0)
		error = make_units(plan);
	if (error == 0)
		carry_out(plan);
	return error;
}

static void
free_steps(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		mounted_free(plan->steps[i].mounted);
		section_free(plan->steps[i].section);
	}
	free(plan->steps);
}

static int
refresh(struct farm *farm, const struct wait *wait)
{
	const struct farm_config *config = &farm->config;
	struct plan plan = { .farm = farm };
	struct sections sections;
	int error;

	if (printers_file_read(config->file, config->options, &sections) != 0)
		return -EINVAL;
	TAILQ_INIT(&plan.fresh);
	error = farm_accounts_prepare(farm, &sections, wait, &plan.fresh);
	if (error == 0)
		error = make_steps(&sections, &plan.steps, &plan.count);
	if (error == 0)
		error = follow(&plan, wait);
	free_steps(&plan);
	sections_free(&plan.fresh);
	sections_free(&sections);
	if (error == 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s was read again: %zu new, %zu changed, %zu gone",
		    config->file, plan.added, plan.changed, plan.gone);
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
