/*
 * The file "control" beside the directories of many printers.  No state, any
 * thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/account_server.h"
#include "client/backends.h"
#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/wait.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/farm/account.h"
#include "fs/farm/cloud_folder.h"
#include "fs/farm/control.h"
#include "fs/farm/documents.h"
#include "fs/farm/farm_internal.h"
#include "fs/farm/run_parallel.h"
#include "fs/tree/control.h"

#define BLANKS "\t "
#define DELETE "delete"

/* One printer, and the orders that it has. */
struct job {
	struct mounted *mounted;
	const struct caller *caller;
	const struct control_order **orders;
	size_t count;
	bool named; /* in the line that is read */
	int error;
};

/* A printer of an account that shall be no more. */
struct deletion {
	int64_t id;
	const char *name; /* in the text */
	size_t line;
};

/* The lines that were written. */
struct script {
	const struct place *root;
	size_t skip; /* bytes of folders that are not written in names */
	struct printers printers;
	struct job *jobs; /* one for each printer */
	bool rereads;	  /* the printers file, or the account's list */
	size_t count;
	size_t deletion_count;
	struct control_order orders[CONTROL_LINES];
	struct deletion deletions[CONTROL_LINES];
};

#define KINDS 8 /* of printers that accounts may have */

#define HELP                                                                 \
	"# Write NAME COMMAND, a line each; NAME is a printer, or several, " \
	"or all.\n"

int
farm_control_help(struct buf *out)
{
	int error = buf_printf(out,
	    HELP "refresh       read the printers file again\n");

	return error != 0 ? error : control_help(NULL, 0, out);
}

/* What printers of accounts may have, whichever there are now. */
int
account_control_help(struct buf *out)
{
	const struct backend *const *backend = backends;
	const struct traits *const *traits;
	struct printer printers[KINDS];
	struct mounted kinds[KINDS], *all[KINDS];
	size_t count = 0;
	int error = buf_printf(out,
	    HELP "refresh       ask for the list of printers again\n" DELETE
		 "        delete ID NAME: delete a printer for good\n");

	for (; *backend != NULL; backend++) {
		traits = (*backend)->traits;
		if ((*backend)->account_new == NULL)
			continue;
		for (; *traits != NULL && count < KINDS; traits++, count++) {
			printers[count] = (struct printer){ .traits = *traits,
				.has_pictures = !(*traits)->is_archived,
				.is_watched = !(*traits)->is_archived };
			kinds[count] = (struct mounted){
				.printer = &printers[count]
			};
			all[count] = &kinds[count];
		}
	}
	return error != 0 ? error : control_help(all, count, out);
}

/* How much of the line is this name and the blanks behind it? */
static size_t
match(const char *line, const char *name)
{
	size_t len = strlen(name), blanks;

	if (strncmp(line, name, len) != 0)
		return 0;
	blanks = strspn(line + len, BLANKS);
	return blanks == 0 || line[len + blanks] == '\0' ? 0 : len + blanks;
}

/* Mark the printers whose name begins the line.  Returns its length, or 0. */
static size_t
take_name(struct script *script, const char *line)
{
	size_t i, len, best = match(line, CONTROL_ALL);
	bool all = best > 0;
	struct job *job = NULL;

	for (i = 0; i < script->printers.count; i++) {
		len = match(line,
		    script->jobs[i].mounted->folder + script->skip);
		if (len <= best)
			continue;
		best = len;
		job = &script->jobs[i];
		all = false;
	}
	if (job != NULL)
		job->named = true;
	for (i = 0; i < script->printers.count && all; i++)
		script->jobs[i].named = true;
	return best;
}

/* The printers that were named have this to do. */
static int
assign(struct script *script, const struct control_order *order)
{
	size_t i;

	for (i = 0; i < script->printers.count; i++) {
		struct job *job = &script->jobs[i];
		const struct control_order **more;

		if (!job->named)
			continue;
		more = reallocarray(job->orders, job->count + 1,
		    sizeof(const struct control_order *));
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
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(line, BLANKS), line);
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
	    line[len + strspn(line + len, BLANKS)] == '\0';
}

/* "delete ID NAME": what is behind the word, or NULL. */
static char *
behind_delete(const struct script *script, char *line)
{
	size_t len = strlen(DELETE);

	if (account_of(script->root->group) == NULL ||
	    strncmp(line, DELETE, len) != 0 || strspn(line + len, BLANKS) == 0)
		return NULL;
	return line + len + strspn(line + len, BLANKS);
}

static int
take_deletion(struct script *script, char *text, size_t number)
{
	struct deletion *deletion;
	char *rest = text + strcspn(text, BLANKS), *end;
	const char *error;

	if (script->deletion_count == CONTROL_LINES)
		return -E2BIG;
	deletion = &script->deletions[script->deletion_count];
	end = rest;
	rest += strspn(rest, BLANKS);
	*end = '\0';
	deletion->id = strtonum(text, 0, INT64_MAX, &error);
	if (error != NULL || *rest == '\0') {
		log_say(LOG_LEVEL_NOTE,
		    "control: " DELETE " needs the printer's number and its "
		    "name");
		return -EINVAL;
	}
	deletion->name = rest;
	deletion->line = number;
	script->deletion_count++;
	return 0;
}

static int
take_line(void *arg, char *line, size_t number)
{
	struct script *script = arg;
	struct control_order *order;
	size_t i, len;
	bool named = false;
	int error;
	char *deletion;

	for (i = 0; i < script->printers.count; i++)
		script->jobs[i].named = false;
	line += strspn(line, BLANKS);
	if (*line == '\0')
		return 0;
	/* A printer of an account may be called "#1". */
	if (*line == '#' && take_name(script, line) == 0)
		return 0;
	deletion = behind_delete(script, line);
	if (deletion != NULL)
		return take_deletion(script, deletion, number);
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
	order = &script->orders[script->count];
	error = control_parse(NULL, line, number, order);
	if (error != 0)
		return error < 0 ? error : 0;
	script->count++;
	return assign(script, order);
}

static void
run_job(void *item, const struct wait *wait)
{
	struct job *job = item;
	struct caller caller = *job->caller;
	struct log_subject *former = log_about(job->mounted->subject);
	size_t i;

	caller.wait = *wait;
	for (i = 0; i < job->count && job->error == 0; i++) {
		const struct control_order *order = job->orders[i];

		job->error = control_run(&caller, job->mounted, order);
		if (job->error == 0)
			log_say(LOG_LEVEL_DETAIL, "control: %s%s%s: done",
			    control_word(order),
			    *order->path == '\0' ? "" : " ", order->path);
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

	for (i = 0; i < script->printers.count; i++) {
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
	run_parallel(&caller->wait, run_job, jobs, sizeof(*jobs), count);
	for (i = 0; i < count; i++) {
		if (jobs[i].error == -EINTR)
			return -EINTR;
		if (jobs[i].error != 0)
			error = -EIO;
	}
	return error;
}

static int
make_script(const struct caller *caller, const struct place *root,
    struct script *script)
{
	size_t i;
	int error;

	memset(script, 0, sizeof(*script));
	script->root = root;
	script->skip = farm_directory_skip(root);
	error = farm_directory_printers(caller, root, &script->printers);
	if (error != 0)
		return error;
	script->jobs = calloc(script->printers.count + 1, sizeof(struct job));
	if (script->jobs == NULL)
		return -ENOMEM;
	for (i = 0; i < script->printers.count; i++)
		script->jobs[i].mounted = script->printers.all[i];
	return 0;
}

static void
free_script(struct script *script)
{
	size_t i;

	for (i = 0; i < script->printers.count && script->jobs != NULL; i++)
		free(script->jobs[i].orders);
	free(script->jobs);
	farm_printers_free(&script->printers);
}

/* In order, up to the first that fails. */
static int
run_deletions(const struct script *script, const struct caller *caller)
{
	size_t i;
	int error = 0;

	for (i = 0; i < script->deletion_count && error == 0; i++) {
		const struct deletion *deletion = &script->deletions[i];

		error = account_delete(account_of(script->root->group),
		    &caller->wait, deletion->id, deletion->name);
		if (error != 0)
			log_say(LOG_LEVEL_NOTE,
			    "control: line %zu: " DELETE ": %s", deletion->line,
			    strerror(-error));
	}
	return error;
}

static int
reread(const struct caller *caller, struct printer_group *group)
{
	struct account *account = account_of(group);

	cloud_folder_refresh(caller, group);
	if (account == NULL)
		return farm_refresh(farm_of(group), &caller->wait);
	account_server_forget(account->server);
	return account_follow(account, &caller->wait, false);
}

int
farm_control_run(const struct caller *caller, const struct place *root,
    char *text, size_t before)
{
	struct script script;
	int again, error = make_script(caller, root, &script);

	if (error == 0)
		error = control_each_line(text, before, take_line, &script);
	if (error == 0) {
		error = run_jobs(&script, caller);
		if (error == 0)
			error = run_deletions(&script, caller);
		again = script.rereads ? reread(caller, root->group) : 0;
		error = error != 0 ? error : again;
	}
	free_script(&script);
	return error;
}
