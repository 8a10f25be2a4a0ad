/*
 * Commands.  The server sends them to the agent and answers at once; whether
 * it thinks that there is a print is all that it tells.
 */
#include <cJSON.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

/* An open alert is taken for seen. */
static void
acknowledge(struct obico_print *print, const char *overwrite)
{
	if (print->alerted_at == 0)
		return;
	print->alert_acknowledged_at = obico_now();
	obico_set(&print->alert_overwrite, overwrite);
}

/* The answer shows the state before: the agent acts later. */
static void
command(struct obico_call *call, enum command which, const char *overwrite)
{
	struct obico_printer_row *printer = obico_command_printer(call);

	if (printer == NULL)
		return;
	if (printer->current != NULL) {
		if (overwrite != NULL)
			acknowledge(printer->current, overwrite);
		obico_send_command(call->sim, printer, which);
	}
	obico_answer_command(call, printer, printer->current != NULL);
}

void
obico_printer_cancel(struct obico_call *call)
{
	command(call, COMMAND_CANCEL, "FAILED");
}

void
obico_printer_pause(struct obico_call *call)
{
	command(call, COMMAND_PAUSE, NULL);
}

void
obico_printer_resume(struct obico_call *call)
{
	command(call, COMMAND_RESUME, "NOT_FAILED");
}

void
obico_printer_mute(struct obico_call *call)
{
	const char *value = obico_param(call, "mute_alert");
	bool mute = value != NULL && strcasecmp(value, "true") == 0;
	struct obico_printer_row *printer = obico_command_printer(call);

	if (printer == NULL)
		return;
	if (printer->current == NULL) {
		obico_page(call, 500);
		return;
	}
	printer->current->alert_muted_at = mute ? obico_now() : 0;
	obico_log_event(call->sim, printer,
	    mute ? "ALERT_MUTED" : "ALERT_UNMUTED");
	obico_answer_command(call, printer, true);
}

void
obico_printer_acknowledge(struct obico_call *call)
{
	struct obico_printer_row *printer = obico_command_printer(call);

	if (printer == NULL)
		return;
	if (printer->current == NULL) {
		obico_detail(call, 404, "Not currently printing");
		return;
	}
	acknowledge(printer->current, obico_param(call, "alert_overwrite"));
	obico_answer_command(call, printer, true);
}

/* Is it what Python takes for true? */
static bool
is_something(const cJSON *json)
{
	if (json == NULL || cJSON_IsNull(json) || cJSON_IsFalse(json))
		return false;
	if (cJSON_IsString(json))
		return json->valuestring[0] != '\0';
	if (cJSON_IsNumber(json))
		return json->valuedouble < 0 || json->valuedouble > 0;
	return cJSON_IsTrue(json) || json->child != NULL;
}

/*
 * Prints are told apart by the second in which they began: another one in
 * the same second is taken for a late word of the one that has just ended.
 */
static bool
begin(struct obico_call *call, struct obico_printer_row *printer,
    const char *name)
{
	const struct obico_print *print;
	date second = obico_now() / 1000000;

	TAILQ_FOREACH (print, &call->obico->prints, entry) {
		if (print->printer == printer &&
		    print->started_at / 1000000 == second)
			return print->deleted == 0;
	}
	return obico_begin_print(call->sim, printer, name) != NULL;
}

void
obico_printer_start(struct obico_call *call)
{
	struct obico_printer_row *printer = obico_command_printer(call);
	const cJSON *name = obico_member(call, "filename");

	if (printer == NULL)
		return;
	if (!cJSON_IsObject(call->data)) {
		obico_page(call, 500);
		return;
	}
	if (!is_something(name)) {
		call->status = 400;
		text_puts(&call->out,
		    "{\"filename\":\"This field is required.\"}");
		return;
	}
	obico_end_print(call->sim, printer);
	if (!cJSON_IsString(name) || !begin(call, printer, name->valuestring))
		obico_page(call, 500);
	else
		obico_answer_command(call, printer, true);
}

void
obico_printer_finish(struct obico_call *call)
{
	struct obico_printer_row *printer = obico_command_printer(call);
	const char *status;

	if (printer == NULL)
		return;
	if (printer->current == NULL) {
		obico_detail(call, 404, "Printer is not currently printing.");
		return;
	}
	if (!cJSON_IsObject(call->data)) {
		obico_page(call, 500);
		return;
	}
	status = cJSON_GetStringValue(obico_member(call, "status"));
	if (status != NULL && strcmp(status, "cancelled") == 0)
		printer->current->cancelled_at = obico_now();
	obico_end_print(call->sim, printer);
	obico_answer_command(call, printer, true);
}

void
obico_printer_predict(struct obico_call *call)
{
	const struct obico_printer_row *printer = obico_command_printer(call);

	if (printer == NULL)
		return;
	if (printer->current == NULL) {
		obico_detail(call, 404, "Printer is not currently printing.");
		return;
	}
	if (!call->has_file || strcmp(call->file_field, "img") != 0) {
		call->status = 400;
		text_puts(&call->out, "{\"img\":\"This field is required.\"}");
		return;
	}
	text_puts(&call->out, "{\"result\":{\"p\":");
	obico_float(&call->out, printer->normalized_p);
	text_puts(&call->out,
	    ",\"temporal_stats\":{\"ewm_mean\":0.0,"
	    "\"rolling_mean_short\":0.0,\"rolling_mean_long\":0.0,"
	    "\"prediction_num\":1,\"prediction_num_lifetime\":1},"
	    "\"detections\":[]}}");
}
