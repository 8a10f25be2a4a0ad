/*
 * The event log: what is written there, and how it is read.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

static void
drop_event(struct obico_server *obico, struct obico_event *event)
{
	TAILQ_REMOVE(&obico->events, event, entry);
	obico->event_count--;
	free(event->type);
	free(event->class);
	free(event->title);
	free(event->text);
	free(event->image_url);
	free(event->info_url);
	free(event);
}

void
obico_forget_events(struct obico_server *obico)
{
	while (!TAILQ_EMPTY(&obico->events))
		drop_event(obico, TAILQ_FIRST(&obico->events));
}

/* Class and title go by the type; unmuting has got neither. */
static void
describe(struct obico_event *event, const char *type)
{
	static const struct {
		const char *type, *class, *title;
	} rows[] = {
		{ "STARTED", "INFO", "Print Job Started" },
		{ "PAUSED", "INFO", "Print Job Paused" },
		{ "RESUMED", "INFO", "Print Job Resumed" },
		{ "ENDED", "SUCCESS", "Print Job Finished" },
		{ "FAILURE_ALERTED", "ERROR", "Possible Failure Detected" },
		{ "ALERT_MUTED", "WARNING", "Watching Turned Off" },
	};

	obico_set(&event->type, type);
	obico_set(&event->class, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].type, type) == 0) {
			obico_set(&event->class, rows[i].class);
			obico_set(&event->title, rows[i].title);
		}
	}
	if (strcmp(type, "ENDED") == 0 && event->print->cancelled_at != 0) {
		obico_set(&event->class, "WARNING");
		obico_set(&event->title, "Print Job Canceled");
	}
}

/* The event's words; every text in it is HTML, though nothing is quoted. */
static void
illustrate(struct sim *sim, struct obico_event *event)
{
	struct obico_call call = { .sim = sim, .obico = sim->own };
	struct text text = { 0 };

	if (event->title != NULL) {
		text_printf(&text,
		    "<div><i>Printer:</i> %s</div><div><i>G-Code:</i> "
		    "%s</div>",
		    event->printer->name, event->print->filename);
		event->text = text.data;
		memset(&text, 0, sizeof(text));
	}
	obico_picture_url(&call, &text, event->printer);
	event->image_url = text.data;
}

void
obico_log_event(struct sim *sim, struct obico_printer_row *printer,
    const char *type)
{
	struct obico_server *obico = sim->own;
	struct obico_account *account = obico_find_account(obico,
	    printer->user_id);
	struct obico_event *event = calloc(1, sizeof(*event));

	if (event == NULL || printer->current == NULL) {
		free(event);
		return;
	}
	event->id = ++obico->last_event;
	event->printer = printer;
	event->print = printer->current;
	event->created_at = obico_now();
	describe(event, type);
	illustrate(sim, event);
	TAILQ_INSERT_HEAD(&obico->events, event, entry);
	if (++obico->event_count > OBICO_EVENTS)
		drop_event(obico, TAILQ_LAST(&obico->events, obico_events));
	if (account != NULL)
		account->unseen_printer_events++;
}

static void
render_event(struct text *out, const struct obico_event *event)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "event_type", event->type },
		{ "event_class", event->class },
		{ "event_title", event->title },
		{ "event_text", event->text },
		{ "image_url", event->image_url },
		{ "info_url", event->info_url },
	};

	text_printf(out, "{\"id\":%ld", event->id);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		text_puts(out, ",");
		obico_key(out, members[i].name);
		text_json(out, members[i].value);
	}
	text_puts(out, ",\"created_at\":");
	obico_date(out, event->created_at);
	text_printf(out, ",\"print\":%ld,\"printer\":%ld}", event->print->id,
	    event->printer->id);
}

/* Do the filters name the type, or the group it is in? */
static bool
wanted_type(const struct obico_call *call, const char *type)
{
	static const struct {
		const char *type, *group;
	} groups[] = {
		{ "FAILURE_ALERTED", "ALERT" },
		{ "ALERT_MUTED", "ALERT" },
		{ "ALERT_UNMUTED", "ALERT" },
		{ "PAUSED", "PAUSE_RESUME" },
		{ "RESUMED", "PAUSE_RESUME" },
	};
	static const char name[] = "filter_by_types[]";

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strcmp(groups[i].type, type) == 0 &&
		    obico_param_has(call, name, groups[i].group))
			return true;
	}
	return obico_param_has(call, name, type);
}

static bool
is_wanted(const struct obico_call *call, const struct obico_event *event)
{
	return event->printer->user_id == call->account->id &&
	    obico_param_has(call, "filter_by_classes[]", event->class) &&
	    wanted_type(call, event->type);
}

void
obico_events_list(struct obico_call *call)
{
	const struct obico_event *event;
	long count = 0, position = 0, start, limit;
	const char *comma = "";

	if (!obico_slice(call, &start, &limit))
		return;
	TAILQ_FOREACH (event, &call->obico->events, entry)
		count += is_wanted(call, event);
	text_puts(&call->out, "[");
	TAILQ_FOREACH (event, &call->obico->events, entry) {
		if (!is_wanted(call, event) ||
		    !obico_in_slice(position++, count, start, limit))
			continue;
		text_puts(&call->out, comma);
		render_event(&call->out, event);
		comma = ",";
	}
	text_puts(&call->out, "]");
}

void
obico_event_get(struct obico_call *call)
{
	const struct obico_event *event;
	long id;

	if (!obico_read_id(call, &id, "PrinterEvent"))
		return;
	TAILQ_FOREACH (event, &call->obico->events, entry) {
		if (event->id == id &&
		    event->printer->user_id == call->account->id) {
			render_event(&call->out, event);
			return;
		}
	}
	obico_missing(call, "PrinterEvent");
}
