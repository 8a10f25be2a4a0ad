/*
 * Requests that are only there to be found: public links, tunnels, pairing,
 * and what an agent asks.
 */
#include <cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

#define TWO_HOURS (7200LL * 1000000)

void
obico_empty_list(struct obico_call *call)
{
	text_puts(&call->out, "[]");
}

void
obico_plugins(struct obico_call *call)
{
	text_puts(&call->out, "{\"plugins\":{}}");
}

void
obico_usage(struct obico_call *call)
{
	text_puts(&call->out, "{\"total\":0,\"monthly_cap\":-1}");
}

static void
render_code(struct obico_call *call)
{
	text_printf(&call->out,
	    "{\"id\":1,\"printer\":null,\"code\":\"%06ld\",\"expired_at\":",
	    call->obico->last_code);
	obico_date(&call->out, obico_now() + TWO_HOURS);
	text_puts(&call->out, ",\"verified_at\":null}");
}

/* A code to pair a printer with: asking makes one. */
void
obico_code(struct obico_call *call)
{
	if (call->obico->last_code == 0)
		call->obico->last_code = 1 + arc4random() % 999999;
	render_code(call);
}

void
obico_code_get(struct obico_call *call)
{
	long id;

	if (obico_int(call->arg, &id) != 0)
		obico_page(call, 500);
	else if (id == 1 && call->obico->last_code != 0)
		render_code(call);
	else
		obico_missing(call, "OneTimeVerificationCode");
}

/* The printer that an agent's token belongs to. */
static const struct obico_printer_row *
own_printer(const struct obico_call *call)
{
	const char *at = exchange_header(call->ex, HEADER_AUTHORIZATION);
	const struct obico_printer_row *printer;

	at += strcspn(at, " ");
	at += strspn(at, " ");
	TAILQ_FOREACH (printer, &call->obico->printers, entry) {
		if (strcmp(printer->auth_token, at) == 0)
			return printer;
	}
	return NULL;
}

/* Whoever has got no token of a printer's is no agent. */
void
obico_no_agent(struct obico_call *call)
{
	const char *at = exchange_header(call->ex, HEADER_AUTHORIZATION);

	obico_detail(call, 401,
	    "Authentication credentials were not provided.");
	text_puts(&call->extra, "WWW-Authenticate: Token\r\n");
	if (strncasecmp(at, "Token ", 6) != 0)
		return;
	text_free(&call->out);
	text_puts(&call->out,
	    "{\"error\":\"Invalid or Inactive Token\","
	    "\"is_authenticated\":\"False\"}");
}

void
obico_agent_printer(struct obico_call *call)
{
	const struct obico_printer_row *printer = own_printer(call);

	if (printer == NULL)
		return;
	text_printf(&call->out,
	    "{\"user\":{\"is_pro\":true},\"printer\":{\"is_pro\":true,"
	    "\"id\":%ld,\"name\":",
	    printer->id);
	text_json(&call->out, printer->name);
	text_puts(&call->out, ",\"retract_on_pause\":");
	obico_float(&call->out, printer->retract_on_pause);
	text_puts(&call->out, "}}");
}

void
obico_agent_ok(struct obico_call *call)
{
	text_puts(&call->out, "{\"result\":\"ok\"}");
}

void
obico_absent(struct obico_call *call)
{
	obico_detail(call, 404, "Not found.");
}

/* The printer that the query names, or NULL: it has been answered. */
static struct obico_printer_row *
asked_printer(struct obico_call *call)
{
	const char *text = obico_param(call, "printer_id");
	struct obico_printer_row *printer;
	long id = 0;

	if (text != NULL && obico_int(text, &id) != 0) {
		obico_page(call, 500);
		return NULL;
	}
	printer = obico_find_printer(call->obico, id);
	if (printer != NULL && printer->user_id == call->account->id &&
	    printer->deleted == 0 && printer->archived_at == 0)
		return printer;
	obico_missing(call, "Printer");
	return NULL;
}

static void
render_share(struct obico_call *call, const struct obico_printer_row *printer)
{
	text_puts(&call->out, "[");
	if (printer->share_token[0] != '\0')
		text_printf(&call->out,
		    "{\"id\":%ld,\"printer_id\":%ld,\"share_token\":\"%s\"}",
		    printer->id, printer->id, printer->share_token);
	text_puts(&call->out, "]");
}

void
obico_shares(struct obico_call *call)
{
	const struct obico_printer_row *printer = asked_printer(call);

	if (printer != NULL)
		render_share(call, printer);
}

void
obico_share(struct obico_call *call)
{
	struct obico_printer_row *printer = asked_printer(call);

	if (printer == NULL)
		return;
	if (printer->share_token[0] == '\0')
		obico_random(printer->share_token, 36);
	render_share(call, printer);
}

void
obico_share_end(struct obico_call *call)
{
	struct obico_printer_row *printer;
	long id;

	if (obico_int(call->arg, &id) != 0) {
		obico_page(call, 500);
		return;
	}
	printer = obico_find_printer(call->obico, id);
	if (printer == NULL || printer->user_id != call->account->id ||
	    printer->share_token[0] == '\0') {
		obico_missing(call, "SharedResource");
		return;
	}
	printer->share_token[0] = '\0';
	obico_nothing(call);
}

/* The id of a printer, as a number or as its digits. */
static bool
read_target(const cJSON *json, long *id)
{
	const char *text = cJSON_GetStringValue(json);

	*id = cJSON_IsNumber(json) ? json->valueint : 0;
	return cJSON_IsNumber(json) ||
	    (text != NULL && obico_int(text, id) == 0);
}

/* The password is told once; nothing listens there. */
void
obico_tunnel(struct obico_call *call)
{
	const cJSON *target = obico_member(call, "target_printer_id");
	const char *name = cJSON_GetStringValue(obico_member(call, "app_name"));
	const struct obico_printer_row *printer;
	char user[65], password[65];
	struct text wrong = { 0 };
	long id;

	if (!read_target(target, &id))
		table_complain(&wrong, "target_printer_id",
		    target == NULL ? "This field is required." :
				     "A valid integer is required.");
	if (name == NULL)
		table_complain(&wrong, "app_name", "This field is required.");
	if (obico_refused(call, &wrong))
		return;
	printer = obico_find_printer(call->obico, id);
	if (printer == NULL || printer->user_id != call->account->id) {
		obico_missing(call, "Printer");
		return;
	}
	obico_random(user, 64);
	obico_random(password, 64);
	call->status = 201;
	text_printf(&call->out, "{\"tunnel_endpoint\":\"http://%s:%s@%s\"}",
	    user, password, call->obico->site);
}
