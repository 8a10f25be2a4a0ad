/*
 * The agents: what they do about commands a second after them, what they tell
 * the server, and what the server makes of it.  Time moves them on whenever
 * somebody looks; there is no thread.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/sim/obico.h"

#define COMMAND_SECONDS 1.0
#define REPORT_SECONDS	30.0
#define PING_SECONDS	50.0 /* without an answer: it is gone */

struct obico_print *
obico_begin_print(struct sim *sim, struct obico_printer_row *printer,
    const char *filename)
{
	struct obico_print *print = obico_new_print(sim->own, printer,
	    filename);

	if (print == NULL)
		return NULL;
	printer->current = print;
	printer->normalized_p = 0;
	obico_log_event(sim, printer, "STARTED");
	return print;
}

void
obico_end_print(struct sim *sim, struct obico_printer_row *printer)
{
	struct obico_print *print = printer->current;

	if (print == NULL)
		return;
	if (print->cancelled_at == 0)
		print->finished_at = obico_now();
	printer->normalized_p = 0;
	obico_log_event(sim, printer, "ENDED");
	printer->current = NULL;
}

/* Seconds of the job that are done. */
static double
done_now(struct sim *sim, const struct agent *agent)
{
	double done = agent->done;

	if (agent->state == AGENT_PRINTING)
		done += sim_now(sim) - agent->since;
	return done < agent->duration ? done : agent->duration;
}

static void
enter(struct sim *sim, struct agent *agent, enum agent_state state)
{
	agent->done = done_now(sim, agent);
	agent->since = sim_now(sim);
	agent->state = state;
}

/* The server compares its own notion of the print with the agent's. */
static void
compare_prints(struct sim *sim, struct obico_printer_row *printer)
{
	struct obico_print *print = printer->agent.print;

	if (printer->current == print)
		return;
	obico_end_print(sim, printer);
	if (print != NULL && print->finished_at == 0 &&
	    print->cancelled_at == 0)
		printer->current = print;
}

/* Does what the agent says reach the server? */
static bool
is_heard(const struct agent *agent)
{
	return agent->connected && !agent->silent && !agent->frozen;
}

void
obico_agent_report(struct sim *sim, struct obico_printer_row *printer)
{
	struct agent *agent = &printer->agent;
	struct report *report = &agent->report;

	if (!is_heard(agent))
		return;
	report->there = true;
	report->at = sim_now(sim);
	report->when = obico_now();
	report->state = agent->state;
	report->error = agent->error;
	report->closed = agent->closed;
	memcpy(report->text, agent->text, sizeof(report->text));
	memcpy(report->file, agent->file, sizeof(report->file));
	report->done = done_now(sim, agent);
	report->duration = agent->duration > 0 ? agent->duration : 1;
	compare_prints(sim, printer);
}

void
obico_agent_print(struct sim *sim, struct obico_printer_row *printer,
    const char *file, double duration)
{
	struct agent *agent = &printer->agent;

	obico_end_print(sim, printer);
	agent->pending_count = 0;
	agent->duration = duration;
	agent->done = 0;
	agent->since = sim_now(sim);
	agent->state = AGENT_PRINTING;
	strlcpy(agent->file, file, sizeof(agent->file));
	agent->print = obico_begin_print(sim, printer, file);
	obico_agent_report(sim, printer);
}

int
obico_agent_end(struct sim *sim, struct obico_printer_row *printer,
    bool cancelled)
{
	struct agent *agent = &printer->agent;

	if (agent->state == AGENT_OPERATIONAL)
		return -EBUSY;
	if (is_heard(agent) && agent->print != NULL &&
	    agent->print == printer->current) {
		if (cancelled)
			agent->print->cancelled_at = obico_now();
		if (isnan(agent->print->print_time))
			agent->print->print_time = floor(done_now(sim, agent));
		obico_end_print(sim, printer);
	}
	enter(sim, agent, AGENT_OPERATIONAL);
	agent->print = NULL;
	agent->pending_count = 0;
	obico_agent_report(sim, printer);
	return 0;
}

int
obico_agent_command(struct sim *sim, struct obico_printer_row *printer,
    enum command command)
{
	static const struct {
		enum agent_state from, to;
		const char *event;
	} steps[] = {
		[COMMAND_PAUSE] = { AGENT_PRINTING, AGENT_PAUSED, "PAUSED" },
		[COMMAND_RESUME] = { AGENT_PAUSED, AGENT_PRINTING, "RESUMED" },
	};
	struct agent *agent = &printer->agent;

	if (command == COMMAND_CANCEL)
		return obico_agent_end(sim, printer, true);
	if (agent->state != steps[command].from)
		return -EBUSY;
	enter(sim, agent, steps[command].to);
	obico_agent_report(sim, printer);
	if (is_heard(agent) && printer->current != NULL)
		obico_log_event(sim, printer, steps[command].event);
	return 0;
}

void
obico_send_command(struct sim *sim, struct obico_printer_row *printer,
    enum command command)
{
	struct agent *agent = &printer->agent;
	size_t count = agent->pending_count;

	if (!agent->connected || agent->ignores || count == OBICO_PENDING)
		return;
	agent->pending[count].command = command;
	agent->pending[count].due = sim_now(sim) + COMMAND_SECONDS;
	agent->pending_count++;
}

void
obico_agent_connect(struct sim *sim, struct obico_printer_row *printer,
    bool there)
{
	struct agent *agent = &printer->agent;

	if (agent->connected == there) {
		agent->silent = agent->silent && !there;
		agent->frozen = agent->frozen && !there;
		obico_agent_report(sim, printer);
		return;
	}
	agent->connected = there;
	agent->silent = agent->frozen = false;
	if (there) {
		agent->exists = true;
		if (printer->agent_name == NULL)
			obico_set(&printer->agent_name, "moonraker_obico");
		if (printer->agent_version == NULL)
			obico_set(&printer->agent_version, "2.1.0");
		obico_agent_report(sim, printer);
		return;
	}
	agent->gone_at = sim_now(sim);
	agent->pending_count = 0; /* lost with the connection */
	agent->report.there = false;
}

static void
obey(struct sim *sim, struct obico_printer_row *printer)
{
	struct agent *agent = &printer->agent;

	while (agent->pending_count > 0 &&
	    agent->pending[0].due <= sim_now(sim)) {
		enum command command = agent->pending[0].command;

		agent->pending_count--;
		memmove(agent->pending, agent->pending + 1,
		    agent->pending_count * sizeof(agent->pending[0]));
		obico_agent_command(sim, printer, command);
	}
}

static void
update_agent(struct sim *sim, struct obico_printer_row *printer)
{
	struct agent *agent = &printer->agent;

	if (!agent->exists || !agent->connected)
		return;
	if (agent->frozen) {
		if (sim_now(sim) >= agent->frozen_at + PING_SECONDS)
			obico_agent_connect(sim, printer, false);
		return;
	}
	obey(sim, printer);
	if (agent->state == AGENT_PRINTING &&
	    done_now(sim, agent) >= agent->duration)
		obico_agent_end(sim, printer, false);
	if (sim_now(sim) >= agent->report.at + REPORT_SECONDS)
		obico_agent_report(sim, printer);
}

void
obico_update(struct sim *sim)
{
	struct obico_server *obico = sim->own;
	struct obico_printer_row *printer;

	TAILQ_FOREACH (printer, &obico->printers, entry)
		update_agent(sim, printer);
}
