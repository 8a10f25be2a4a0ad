/*
 * The file "control": a write runs its lines and returns the printer's
 * answer.  All lines are understood before the first one is run.  No state,
 * any thread.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/printer_group.h"
#include "fs/tree/control.h"
#include "fs/tree/events.h"
#include "fs/tree/node.h"

struct verb_row {
	const char *word;
	bool takes_path; /* or another word behind it */
	enum verb verb;
	unsigned needs; /* HAS_…: without that there is no such command */
	const char *help;
};

/* clang-format off */
static const struct verb_row verbs[] = {
	{ "print",   true,  VERB_PRINT,   HAS_PRINT, "print [FILE]: start FILE, or the file uploaded last" },
	{ "pause",   false, VERB_PAUSE,   HAS_JOBS, "pause the current job" },
	{ "resume",  false, VERB_RESUME,  HAS_JOBS, "resume the current job" },
	{ "stop",    false, VERB_STOP,    HAS_JOBS, "stop the current job" },
	{ "cancel",  false, VERB_STOP,    HAS_JOBS, "the same as stop" },
	{ "stop-transfer", false, VERB_STOP_TRANSFER, HAS_TRANSFERS, "stop what the printer is receiving" },
	{ "ready",   false, VERB_READY,   HAS_READY, "declare the printer ready for a print" },
	{ "unready", false, VERB_UNREADY, HAS_READY, "take that back" },
	{ "snap",    true,  VERB_SNAP,    HAS_SNAP | HAS_PICTURES, "snap [CAMERA]: take a picture now" },
	{ "reboot",  false, VERB_REBOOT,  HAS_REBOOT, "restart the printer's computer, if its server can" },
	{ "restart", false, VERB_RESTART, HAS_REBOOT, "restart the printer's server, if it can" },
	{ "mute",    false, VERB_MUTE,    HAS_WATCHER, "raise no alarm during the current print" },
	{ "unmute",  false, VERB_UNMUTE,  HAS_WATCHER, "take that back" },
	{ "acknowledge", true, VERB_ACKNOWLEDGE, HAS_WATCHER, "acknowledge failed|not_failed: say what an alarm was" },
	{ "archive", false, VERB_ARCHIVE, HAS_ARCHIVE, "put the printer away, into the archive of its account" },
	{ "unarchive", false, VERB_UNARCHIVE, HAS_RETURN, "take it out again" },
	{ "refresh", false, VERB_REFRESH, 0, "forget everything remembered about the printer" },
};
/* clang-format on */

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static bool
is_there(const struct mounted *mounted, const struct verb_row *row)
{
	return mounted == NULL || printer_has(mounted->printer, row->needs);
}

/* Has one of them the command?  No printers: any printer might. */
static bool
is_anywhere(struct mounted *const *printers, size_t count,
    const struct verb_row *row)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (is_there(printers[i], row))
			return true;
	}
	return count == 0;
}

int
control_help(struct mounted *const *printers, size_t count, struct buf *out)
{
	size_t i;
	int error;

	error = buf_printf(out,
	    "# Write one of these words, a line each. "
	    "The write returns the printer's answer.\n");
	for (i = 0; i < VERBS && error == 0; i++) {
		if (is_anywhere(printers, count, &verbs[i]))
			error = buf_printf(out, "%-13s %s\n", verbs[i].word,
			    verbs[i].help);
	}
	return error;
}

const char *
control_word(const struct control_order *order)
{
	return order->row->word;
}

static const struct verb_row *
find(const char *word)
{
	size_t i;

	for (i = 0; i < VERBS; i++) {
		if (strcmp(verbs[i].word, word) == 0)
			return &verbs[i];
	}
	return NULL;
}

bool
control_knows(const char *word)
{
	return find(word) != NULL;
}

static void
complain(const struct mounted *mounted, const char *word)
{
	struct buf known = { 0 };
	size_t i;

	for (i = 0; i < VERBS; i++) {
		if (is_there(mounted, &verbs[i]))
			(void)buf_printf(&known, " %s", verbs[i].word);
	}
	log_say(LOG_LEVEL_NOTE,
	    "control: no such command: \"%s\"; there are:%s", word,
	    buf_text(&known));
	buf_free(&known);
}

int
control_parse(const struct mounted *mounted, char *line, size_t number,
    struct control_order *out)
{
	const struct verb_row *row;
	char *rest;

	line += strspn(line, " \t");
	if (*line == '#' || *line == '\0')
		return 1;
	rest = line + strcspn(line, " \t");
	if (*rest != '\0')
		*rest++ = '\0';
	row = find(line);
	if (row == NULL) {
		complain(mounted, line);
		return -EINVAL;
	}
	if (!is_there(mounted, row)) {
		log_say(LOG_LEVEL_NOTE,
		    "control: the server of this printer has no %s", line);
		return -EOPNOTSUPP;
	}
	out->row = row;
	out->line = number;
	out->path = rest[strspn(rest, " \t")] == '\0' ? "" : rest;
	if (*out->path != '\0' && !row->takes_path) {
		log_say(LOG_LEVEL_NOTE, "control: %s takes nothing behind it",
		    row->word);
		return -EINVAL;
	}
	return 0;
}

/* Our own upload is called off here; the printer stops what others send. */
static int
stop_transfer(const struct caller *caller, struct mounted *mounted)
{
	int error = mounted->commands->stop_upload(caller, mounted);

	if (error != -ESRCH)
		return error;
	if (mounted->printer->traits->stops_transfers)
		return printer_command(mounted->printer, &caller->wait,
		    VERB_STOP_TRANSFER, NULL);
	log_say(LOG_LEVEL_NOTE,
	    "control: nothing is being sent by this mount, and the server of "
	    "this printer has no stop-transfer for others");
	return -EOPNOTSUPP;
}

static int
command(const struct caller *caller, struct mounted *mounted,
    const struct control_order *order)
{
	const char *word = order->path + strspn(order->path, " \t");
	enum verb verb = order->row->verb;

	if (verb == VERB_STOP_TRANSFER)
		return stop_transfer(caller, mounted);
	if (verb == VERB_PRINT) /* to a path its blanks belong */
		return mounted->commands->print(caller, mounted, order->path);
	return printer_command(mounted->printer, &caller->wait, verb,
	    *word == '\0' ? NULL : word);
}

/* Does it change the printer's state? */
static bool
is_of_job(enum verb verb)
{
	return verb == VERB_PRINT || verb == VERB_PAUSE ||
	    verb == VERB_RESUME || verb == VERB_STOP;
}

static int
carry_out(const struct caller *caller, struct mounted *mounted,
    const struct control_order *order)
{
	enum verb verb = order->row->verb;
	int error;

	if (is_of_job(verb))
		events_catch_up(mounted->events, &caller->wait);
	error = command(caller, mounted, order);
	if (error == 0 && is_of_job(verb))
		events_note_command(mounted->events);
	if (error == 0 && verb == VERB_REFRESH)
		content_forget(mounted->content);
	return error;
}

int
control_run(const struct caller *caller, struct mounted *mounted,
    const struct control_order *order)
{
	int error = is_there(mounted, order->row) ?
	    carry_out(caller, mounted, order) :
	    -EOPNOTSUPP;

	if (error != 0)
		log_say(LOG_LEVEL_NOTE, "control: line %zu: %s%s%s: %s",
		    order->line, order->row->word, *order->path ? " " : "",
		    order->path, strerror(-error));
	return error;
}

int
control_each_line(char *text, size_t before,
    int (*take)(void *arg, char *line, size_t number), void *arg)
{
	size_t number = before, len;
	int error = 0;
	char *line;

	while (error == 0 && (line = strsep(&text, "\n")) != NULL) {
		len = strlen(line);
		if (len > 0 && line[len - 1] == '\r')
			line[len - 1] = '\0';
		error = take(arg, line, ++number);
	}
	if (error != 0)
		log_say(LOG_LEVEL_NOTE, "control: line %zu: nothing was done",
		    number);
	return error;
}

struct orders {
	const struct mounted *mounted;
	struct control_order all[CONTROL_LINES];
	size_t count;
};

static int
take_line(void *arg, char *line, size_t number)
{
	struct orders *orders = arg;
	int error;

	if (orders->count == CONTROL_LINES)
		return -E2BIG;
	error = control_parse(orders->mounted, line, number,
	    &orders->all[orders->count]);
	orders->count += error == 0;
	return error < 0 ? error : 0;
}

static int
run_lines(const struct caller *caller, struct mounted *mounted, char *text,
    size_t before)
{
	struct orders orders = { .mounted = mounted };
	int error = control_each_line(text, before, take_line, &orders);
	size_t i;

	for (i = 0; i < orders.count && error == 0; i++)
		error = control_run(caller, mounted, &orders.all[i]);
	return error;
}

/* A file of one printer, or one of many. */
static int
help_of(const struct place *place, struct buf *out)
{
	return place->mounted == NULL ? place->group->ops->control_help(out) :
					control_help(&place->mounted, 1, out);
}

/* A shell writes each line of what it prints by itself. */
struct control_file {
	struct file file;
	atomic_size_t lines; /* that were written so far */
};

static size_t
count_lines(struct control_file *file, const char *data, size_t len)
{
	size_t i, count = 0;

	for (i = 0; i < len; i++)
		count += data[i] == '\n';
	return atomic_fetch_add(&file->lines, count);
}

static ssize_t
control_write(struct file *file, const struct caller *caller, const void *data,
    size_t len, off_t offset)
{
	size_t before;
	char *text;
	int error;

	(void)offset;
	if (len > CONTROL_BYTES)
		return -E2BIG;
	if (memchr(data, '\0', len) != NULL)
		return -EINVAL;
	text = strndup(data, len);
	if (text == NULL)
		return -ENOMEM;
	before = count_lines((struct control_file *)file, data, len);
	error = file->place->mounted == NULL ?
	    file->place->group->ops->control_run(caller, file->place, text,
		before) :
	    run_lines(caller, file->place->mounted, text, before);
	free(text);
	return error != 0 ? error : (ssize_t)len;
}

static ssize_t
control_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	struct buf help = { 0 };
	ssize_t count = help_of(file->place, &help);

	(void)caller;
	if (count == 0)
		count = file_copy(&help, out, len, offset);
	buf_free(&help);
	return count;
}

static int
control_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	static const struct file_ops ops = {
		.read = control_read,
		.write = control_write,
		.close = file_close,
	};
	struct file *file = file_new(sizeof(struct control_file), &ops, place);

	(void)caller;
	(void)flags;
	if (file == NULL)
		return -ENOMEM;
	file->direct = true;
	*out = file;
	return 0;
}

static int
control_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	struct buf help = { 0 };
	int error = help_of(place, &help);

	(void)caller;
	node_attributes(place, out);
	out->st_mode = S_IFREG | place->settings->control_mode;
	out->st_size = (off_t)help.len;
	buf_free(&help);
	return error;
}

const struct kind kind_control = {
	.attributes = control_attributes,
	.change = kind_ignore_changes,
	.open = control_open,
	.entry_s = 60,
	.attr_s = 0,
};
