/*
 * Control verbs: what happens at the printers, to their agents and on the
 * server.  They mean the printer that prints, unless an id follows:
 *
 *	print [FILE] [ID]	the agent is there, obeys, and prints
 *	finish, idle [ID]	the print is at its end, or cancelled
 *	pause, resume from screen [ID]
 *	agent drop, back [ID]	its connection
 *	agent ignore, obey [ID]	whether it does what it hears
 *	agent silent [ID]	it acts and tells nothing, until back
 *	agent freeze [ID]	it stands still until back, 50 s at most
 *	agent says [TEXT] [ID]	the text of its state; none: the usual one
 *	agent error [off] [ID]	the printer is in error
 *	agent report [ID]	it tells its state now
 *	alert [pause] [ID]	a failure was seen, and the print is paused
 *	state [ID]		say what the server knows
 *	library [clear|tree]	say what is in the G-code library; or empty it,
 *				or make a tree of files of it
 *	copy PATH SIZE		somebody puts a file there
 *	site HOST		the host in URLs of pictures and files
 *	token TOKEN		the account's from now on
 *	pro [off]		whether the account may store large files
 *	restart			all connections are cut
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/obico.h"

#define LONG_PRINT 14830.0

/* An order and what it is about. */
struct instruction {
	struct sim *sim;
	struct obico_server *obico;
	struct obico_printer_row *printer;
	int count; /* of the words, without the id at the end */
	char **words;
	struct text *answer;
};

static int
run_idle(const struct instruction *order)
{
	obico_agent_end(order->sim, order->printer, true);
	obico_end_print(order->sim, order->printer);
	obico_agent_report(order->sim, order->printer);
	return 0;
}

static int
run_print(const struct instruction *order)
{
	struct obico_printer_row *printer = order->printer;
	struct agent *agent = &printer->agent;
	bool goes_on = agent->print != NULL && agent->print == printer->current;

	agent->ignores = false;
	agent->error = false;
	agent->text[0] = '\0';
	agent->pending_count = 0;
	obico_agent_connect(order->sim, printer, true);
	if (!goes_on || agent->state == AGENT_OPERATIONAL)
		obico_agent_print(order->sim, printer,
		    order->count > 1 ? order->words[1] : "long-print.gcode",
		    LONG_PRINT);
	else
		obico_agent_command(order->sim, printer, COMMAND_RESUME);
	return 0;
}

static int
run_finish(const struct instruction *order)
{
	return obico_agent_end(order->sim, order->printer, false);
}

/* It may have been done before. */
static int
do_at_screen(const struct instruction *order, enum command command,
    enum agent_state state)
{
	if (order->printer->agent.state == state)
		return 0;
	return obico_agent_command(order->sim, order->printer, command);
}

static int
run_pause(const struct instruction *order)
{
	return do_at_screen(order, COMMAND_PAUSE, AGENT_PAUSED);
}

static int
run_resume(const struct instruction *order)
{
	return do_at_screen(order, COMMAND_RESUME, AGENT_PRINTING);
}

static int
run_drop(const struct instruction *order)
{
	obico_agent_connect(order->sim, order->printer, false);
	return 0;
}

static int
run_back(const struct instruction *order)
{
	obico_agent_connect(order->sim, order->printer, true);
	return 0;
}

static int
run_silent(const struct instruction *order)
{
	order->printer->agent.silent = true;
	return 0;
}

/* It stands still; what it is told, it does when it is back. */
static int
run_freeze(const struct instruction *order)
{
	order->printer->agent.frozen = true;
	order->printer->agent.frozen_at = sim_now(order->sim);
	return 0;
}

static int
run_ignore(const struct instruction *order)
{
	order->printer->agent.ignores = true;
	return 0;
}

static int
run_obey(const struct instruction *order)
{
	order->printer->agent.ignores = false;
	return 0;
}

static int
run_report(const struct instruction *order)
{
	obico_agent_report(order->sim, order->printer);
	return 0;
}

/* The state is told in these words; without any, in the usual ones. */
static int
run_says(const struct instruction *order)
{
	struct agent *agent = &order->printer->agent;

	agent->text[0] = '\0';
	for (int i = 2; i < order->count; i++) {
		if (i > 2)
			strlcat(agent->text, " ", sizeof(agent->text));
		strlcat(agent->text, order->words[i], sizeof(agent->text));
	}
	return run_report(order);
}

/* Each file was printed so often before. */
static int
run_prints(const struct instruction *order)
{
	if (order->count != 2)
		return -EINVAL;
	order->obico->former_prints = strtol(order->words[1], NULL, 10);
	return 0;
}

static int
run_closed(const struct instruction *order)
{
	order->printer->agent.closed = true;
	return run_report(order);
}

static int
run_error(const struct instruction *order)
{
	order->printer->agent.error = order->count < 3 ||
	    strcmp(order->words[2], "off") != 0;
	return run_report(order);
}

/* "alert pause": the server pauses the print by itself. */
static int
run_alert(const struct instruction *order)
{
	struct obico_printer_row *printer = order->printer;

	if (printer->current == NULL)
		return -EBUSY;
	printer->current->alerted_at = obico_now();
	printer->normalized_p = 0.85;
	obico_log_event(order->sim, printer, "FAILURE_ALERTED");
	if (order->count > 1 && strcmp(order->words[1], "pause") == 0) {
		printer->current->paused_at = obico_now();
		obico_send_command(order->sim, printer, COMMAND_PAUSE);
	}
	return 0;
}

static int
run_restart(const struct instruction *order)
{
	order->sim->boot++;
	server_cut(order->sim);
	return 0;
}

static int
run_copy(const struct instruction *order)
{
	if (order->count != 3)
		return -EINVAL;
	return obico_put_file(order->sim, order->words[1],
	    strtol(order->words[2], NULL, 10));
}

static int
run_library(const struct instruction *order)
{
	const char *word = order->count > 1 ? order->words[1] : "";

	if (strcmp(word, "tree") == 0)
		return obico_plant_library(order->sim);
	if (strcmp(word, "clear") == 0)
		obico_clear_library(order->sim);
	else
		obico_tell_library(order->sim, order->answer);
	return 0;
}

/* The host that URLs of media have. */
static int
run_site(const struct instruction *order)
{
	if (order->count != 2)
		return -EINVAL;
	strlcpy(order->obico->site, order->words[1],
	    sizeof(order->obico->site));
	return 0;
}

/* Another token logs in from now on; the old one was revoked. */
static int
run_token(const struct instruction *order)
{
	struct obico_account *account = &order->obico->accounts[0];

	if (order->count != 2)
		return -EINVAL;
	strlcpy(account->token, order->words[1], sizeof(account->token));
	return 0;
}

static int
run_pro(const struct instruction *order)
{
	order->obico->accounts[0].is_pro = order->count < 2 ||
	    strcmp(order->words[1], "off") != 0;
	return 0;
}

/* The server's last news. */
static int
run_state(const struct instruction *order)
{
	static const char *const states[] = {
		[AGENT_OPERATIONAL] = "OPERATIONAL",
		[AGENT_PRINTING] = "PRINTING",
		[AGENT_PAUSED] = "PAUSED",
	};
	const struct report *report = obico_report(order->sim, order->printer);

	text_puts(order->answer,
	    report == NULL ? "OFFLINE" : states[report->state]);
	return 0;
}

/* clang-format off */
static const struct {
	const char *word, *second; /* NULL: any */
	bool with_id;
	int (*run)(const struct instruction *);
} verbs[] = {
	{ "agent",   "back",   true,  run_back },
	{ "agent",   "closed", true,  run_closed },
	{ "agent",   "drop",   true,  run_drop },
	{ "agent",   "error",  true,  run_error },
	{ "agent",   "freeze", true,  run_freeze },
	{ "agent",   "ignore", true,  run_ignore },
	{ "agent",   "obey",   true,  run_obey },
	{ "agent",   "report", true,  run_report },
	{ "agent",   "says",   true,  run_says },
	{ "agent",   "silent", true,  run_silent },
	{ "alert",   NULL,     true,  run_alert },
	{ "copy",    NULL,     false, run_copy },
	{ "finish",  NULL,     true,  run_finish },
	{ "idle",    NULL,     true,  run_idle },
	{ "library", NULL,     false, run_library },
	{ "pause",   "from",   true,  run_pause },
	{ "print",   NULL,     true,  run_print },
	{ "prints",  NULL,     false, run_prints },
	{ "pro",     NULL,     false, run_pro },
	{ "restart", NULL,     false, run_restart },
	{ "resume",  "from",   true,  run_resume },
	{ "site",    NULL,     false, run_site },
	{ "state",   NULL,     true,  run_state },
	{ "token",   NULL,     false, run_token },
};
/* clang-format on */

/* The id at the end, which is no other word. */
static int
find_printer(struct instruction *order)
{
	long id = OBICO_PRINTING;

	if (order->count > 1 &&
	    obico_int(order->words[order->count - 1], &id) == 0)
		order->count--;
	order->printer = obico_find_printer(order->obico, id);
	return order->printer == NULL ? -ENOENT : 0;
}

int
obico_control(struct sim *sim, int count, char **words, struct text *answer)
{
	struct instruction order = { sim, sim->own, NULL, count, words,
		answer };
	int error;

	obico_update(sim);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].word, words[0]) != 0 ||
		    (verbs[i].second != NULL &&
			(count < 2 || strcmp(verbs[i].second, words[1]) != 0)))
			continue;
		error = verbs[i].with_id ? find_printer(&order) : 0;
		return error != 0 ? error : verbs[i].run(&order);
	}
	return -EOPNOTSUPP;
}
