/*
 * The file "control" beside the directories of many printers.  No state, any
 * thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/buf.h"
#include "client/log.h"
#include "client/wait.h"
#include "fs/control.h"
#include "fs/fan.h"
#include "fs/farm.h"
#include "fs/kind.h"
#include "fs/root_control.h"
#include "fs/unit.h"

#define BLANKS "\t "

/* What one printer has to do. */
struct job {
	struct unit *unit;
	const struct caller *caller;
	const struct order **orders;
	size_t count;
	bool named; /* in the line that is read */
	int error;
};

/* What was written. */
struct script {
	struct units units;
	struct job *jobs; /* one for each unit */
	struct order *orders;
	size_t count;
	bool rereads; /* the printers file */
};

int
root_control_help(struct buf *out)
{
	int error = buf_printf(out,
	    "# Write NAME COMMAND, a line each; NAME is a printer, or several, "
	    "or all.\nrefresh   read the printers file again\n");

	return error != 0 ? error : control_help(NULL, out);
}

/* How much of the line is this name and the blanks behind it? */
static size_t
match(const char *line, const char *name)
{
	size_t len = strlen(name), blanks;

	if (strncmp(line, name, len) != 0)
		return 0;
	blanks = strspn(line + len, BLANKS);
	return blanks == 0 || line[len + blanks] == '\0' ||
		line[len + blanks] == '\r' ?
	    0 :
	    len + blanks;
}

/* Mark the printers whose name begins the line.  Returns its length, or 0. */
static size_t
take_name(struct script *script, const char *line)
{
	size_t i, len, best = match(line, CONTROL_ALL);
	bool all = best > 0;
	struct job *job = NULL;

	for (i = 0; i < script->units.count; i++) {
		len = match(line, script->jobs[i].unit->folder);
		if (len <= best)
			continue;
		best = len;
		job = &script->jobs[i];
		all = false;
	}
	if (job != NULL)
		job->named = true;
	for (i = 0; i < script->units.count && all; i++)
		script->jobs[i].named = true;
	return best;
}

/* The printers that were named have this to do. */
static int
assign(struct script *script, const struct order *order)
{
	size_t i;

	for (i = 0; i < script->units.count; i++) {
		struct job *job = &script->jobs[i];
		const struct order **more;

		if (!job->named)
			continue;
		more = reallocarray(job->orders, job->count + 1,
		    sizeof(const struct order *));
		if (more == NULL)
			return -ENOMEM;
		job->orders = more;
		job->orders[job->count++] = order;
	}
	return 0;
}

static int
refuse_nameless(const char *line)
{
	size_t len = strcspn(line, BLANKS "\r");
	char word[64];

	len = len < sizeof(word) ? len : sizeof(word) - 1;
	memcpy(word, line, len);
	word[len] = '\0';
	if (control_knows(word))
		log_say(LOG_LEVEL_NOTE,
		    "control: which printer shall %s? write NAME %s, "
		    "or all %s",
		    word, word, word);
	else
		log_say(LOG_LEVEL_NOTE, "control: \"%s\" is no printer here",
		    word);
	return -EINVAL;
}

static bool
is_reread(const char *line)
{
	const size_t len = strlen("refresh");

	return strncmp(line, "refresh", len) == 0 &&
	    line[len + strspn(line + len, BLANKS "\r")] == '\0';
}

static int
take_line(struct script *script, char *line, size_t number)
{
	struct order *order = &script->orders[script->count];
	size_t i, len;
	bool named = false;
	int error;

	for (i = 0; i < script->units.count; i++)
		script->jobs[i].named = false;
	line += strspn(line, BLANKS);
	if (*line == '\0' || *line == '#' || strcmp(line, "\r") == 0)
		return 0;
	if (is_reread(line)) {
		script->rereads = true;
		(void)take_name(script, CONTROL_ALL " refresh");
	} else {
		for (; (len = take_name(script, line)) > 0; line += len)
			named = true;
		if (!named)
			return refuse_nameless(line);
	}
	if (script->count == CONTROL_LINES)
		return -E2BIG;
	error = control_parse(NULL, line, order);
	if (error != 0)
		return error < 0 ? error : 0;
	order->line = number;
	script->count++;
	return assign(script, order);
}

static int
take_text(struct script *script, char *text)
{
	size_t number;
	int error = 0;
	char *line;

	for (number = 1; error == 0 && (line = strsep(&text, "\n")) != NULL;
	     number++)
		error = take_line(script, line, number);
	return error;
}

static void
run_job(void *item, const struct wait *wait)
{
	struct job *job = item;
	struct caller caller = *job->caller;
	struct log_subject *former = log_about(job->unit->subject);
	size_t i;

	caller.wait = *wait;
	for (i = 0; i < job->count && job->error == 0; i++) {
		const struct order *order = job->orders[i];
		const char *blank = *order->path == '\0' ? "" : " ";

		job->error = control_run(&caller, job->unit, order);
		if (job->error == 0)
			log_record("control: %s%s%s: done", control_word(order),
			    blank, order->path);
		else
			log_say(LOG_LEVEL_NOTE, "control: line %zu: %s%s%s: %s",
			    order->line, control_word(order), blank,
			    order->path, strerror(-job->error));
	}
	(void)log_about(former);
}

/* One verdict for all that were named. */
static int
run_jobs(struct script *script, const struct caller *caller)
{
	struct job *jobs = script->jobs;
	size_t i, count = 0;
	int error = 0;

	for (i = 0; i < script->units.count; i++) {
		const struct job job = jobs[i];

		if (job.count == 0)
			continue;
		jobs[i] = jobs[count]; /* each job's orders are freed once */
		jobs[count] = job;
		jobs[count++].caller = caller;
	}
	if (count == 1) {
		run_job(&jobs[0], &caller->wait);
		return jobs[0].error;
	}
	fan_out(&caller->wait, run_job, jobs, sizeof(*jobs), count);
	for (i = 0; i < count; i++) {
		if (jobs[i].error == -EINTR)
			return -EINTR;
		if (jobs[i].error != 0)
			error = -EIO;
	}
	return error;
}

static int
make_script(struct farm *farm, struct script *script)
{
	size_t i;
	int error;

	memset(script, 0, sizeof(*script));
	error = farm_units(farm, &script->units);
	if (error != 0)
		return error;
	script->jobs = calloc(script->units.count + 1, sizeof(struct job));
	script->orders = calloc(CONTROL_LINES + 1, sizeof(struct order));
	if (script->jobs == NULL || script->orders == NULL)
		return -ENOMEM;
	for (i = 0; i < script->units.count; i++)
		script->jobs[i].unit = script->units.all[i];
	return 0;
}

static void
free_script(struct script *script)
{
	size_t i;

	for (i = 0; i < script->units.count && script->jobs != NULL; i++)
		free(script->jobs[i].orders);
	free(script->jobs);
	free(script->orders);
	farm_units_free(&script->units);
}

int
root_control_run(const struct caller *caller, struct farm *farm, char *text)
{
	struct script script;
	bool rereads = false;
	int error = make_script(farm, &script);

	if (error == 0)
		error = take_text(&script, text);
	if (error == 0) {
		error = run_jobs(&script, caller);
		rereads = script.rereads;
	}
	free_script(&script);
	if (rereads) {
		int reread = farm_refresh(farm, &caller->wait);

		error = error != 0 ? error : reread;
	}
	return error;
}
