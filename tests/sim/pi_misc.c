/*
 * PrusaLink's older API, what is not about files: the printer's and the
 * job's state, job commands, settings, logs, the web page.
 */
#include <cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/pi.h"

static const char log_text[] =
    "prusalink: simulated printer connected\nprusalink: ready\n";

static void
send_and_free(struct call *call, struct text *json)
{
	pi_json(call, 200, "", json);
	text_free(json);
}

static const char *
truth(bool value)
{
	return value ? "true" : "false";
}

static void
add_flags(struct text *json, const struct machine_view *view, bool card)
{
	bool printing = strcmp(view->state, "PRINTING") == 0;
	bool idle = strcmp(view->state, "IDLE") == 0;

	text_printf(json,
	    "\"state\": {\"text\": \"%s\", \"flags\": {\"operational\": %s, "
	    "\"paused\": %s, \"printing\": %s, \"cancelling\": %s, "
	    "\"pausing\": false, \"sdReady\": %s, \"error\": false, "
	    "\"ready\": %s, \"closedOrError\": false, \"finished\": %s, "
	    "\"prepared\": false, \"link_state\": \"%s\"}}, ",
	    printing ? "Printing" : "Operational", truth(idle),
	    truth(strcmp(view->state, "PAUSED") == 0), truth(printing),
	    truth(strcmp(view->state, "STOPPED") == 0), truth(card),
	    truth(idle), truth(strcmp(view->state, "FINISHED") == 0),
	    view->state);
}

void
pi_legacy_printer(struct call *call)
{
	struct machine_view view;
	struct text json = { 0 };
	long long free_space, total;
	bool card;

	pi_space(call->sim, &free_space, &total);
	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, &view);
	card = !call->pi->card_out;
	pthread_mutex_unlock(&call->sim->lock);
	text_printf(&json,
	    "{\"temperature\": {\"tool0\": {\"actual\": %.1f, "
	    "\"target\": %.1f}, \"bed\": {\"actual\": %.1f, "
	    "\"target\": %.1f}}, \"sd\": {\"ready\": %s}, ",
	    view.nozzle, view.nozzle_target, view.bed, view.bed_target,
	    truth(card));
	add_flags(&json, &view, card);
	text_printf(&json,
	    "\"telemetry\": {\"temp-bed\": %.1f, \"temp-nozzle\": %.1f, "
	    "\"material\": \" - \", \"z-height\": %.2f, "
	    "\"print-speed\": 100, \"axis_x\": 0.0, \"axis_y\": 0.0, "
	    "\"axis_z\": %.2f}, \"storage\": {\"local\": "
	    "{\"free_space\": %lld, \"total_space\": %lld}, "
	    "\"sd_card\": null}}",
	    view.bed, view.nozzle, view.z, view.z, free_space, total);
	send_and_free(call, &json);
}

/* The state as OctoPrint would call it. */
static const char *
octo_state(const char *state)
{
	static const char *const names[][2] = { { "PRINTING", "Printing" },
		{ "PAUSED", "Paused" }, { "ATTENTION", "Error" },
		{ "STOPPED", "Cancelling" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], state) == 0)
			return names[i][1];
	}
	return "Operational";
}

static void
add_job(struct text *json, const struct machine_view *view,
    const struct pi_place *place)
{
	const char *slash = strrchr(place->path, '/');

	text_printf(json,
	    "\"job\": {\"estimatedPrintTime\": %ld, "
	    "\"averagePrintTime\": null, \"lastPrintTime\": null, "
	    "\"filament\": null, \"file\": {\"name\": ",
	    view->time_printing + view->time_remaining);
	text_json(json, slash == NULL ? "" : slash + 1);
	text_puts(json, ", \"path\": ");
	text_json(json, place->path);
	text_printf(json,
	    ", \"size\": %lld, \"origin\": \"%s\", \"date\": %lld}, "
	    "\"user\": \"_api\"}, ",
	    (long long)place->st.st_size, place->card ? "sdcard" : "local",
	    (long long)place->st.st_mtim.tv_sec);
	text_printf(json,
	    "\"progress\": {\"completion\": %.4f, \"filepos\": 0, "
	    "\"printTime\": %ld, \"printTimeLeft\": %ld, "
	    "\"printTimeLeftOrigin\": \"estimate\", \"pos_z_mm\": %.2f, "
	    "\"printSpeed\": 100, \"flow_factor\": 100}}",
	    view->progress / 100, view->time_printing, view->time_remaining,
	    view->z);
}

void
pi_legacy_job(struct call *call)
{
	struct machine_view view;
	struct pi_place place = { 0 };
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, &view);
	text_printf(&json, "{\"state\": \"%s\", ", octo_state(view.state));
	if (view.has_job) {
		pi_find_display(call, call->sim->machine.path + 1, &place);
		add_job(&json, &view, &place);
	} else {
		text_puts(&json,
		    "\"job\": {\"estimatedPrintTime\": null, "
		    "\"averagePrintTime\": null, \"lastPrintTime\": null, "
		    "\"filament\": null, \"file\": {\"name\": null, "
		    "\"path\": null, \"size\": null, \"origin\": null, "
		    "\"date\": null}, \"user\": \"_api\"}, "
		    "\"progress\": {\"completion\": null, \"filepos\": 0, "
		    "\"printTime\": null, \"printTimeLeft\": null}}");
	}
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	send_and_free(call, &json);
}

static const char *
string_of(const cJSON *json, const char *name)
{
	const char *value =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return value == NULL ? "" : value;
}

/* Run a command of the older API.  Locked. */
static void
run_command(struct call *call, const cJSON *json)
{
	const char *command = string_of(json, "command");
	const char *action = string_of(json, "action");
	struct machine_view view;

	machine_look(call->sim, &view);
	if (strcmp(action, "toogle") == 0) /* it is spelt so */
		action = view.phase == PHASE_PAUSED ? "resume" : "pause";
	if (strcmp(command, "cancel") == 0 && !call->pi->stuck)
		machine_stop(call->sim);
	else if (strcmp(command, "pause") == 0 && strcmp(action, "pause") == 0)
		machine_pause(call->sim, false);
	else if (strcmp(command, "pause") == 0 && strcmp(action, "resume") == 0)
		machine_resume(call->sim, false);
}

void
pi_legacy_job_command(struct call *call)
{
	cJSON *json = cJSON_ParseWithLength(text_string(&call->body),
	    call->body.len);
	struct machine_view view;

	if (!cJSON_IsObject(json)) {
		cJSON_Delete(json);
		pi_html(call, 400, "");
		return;
	}
	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, &view);
	if (view.has_job)
		run_command(call, json);
	pthread_mutex_unlock(&call->sim->lock);
	cJSON_Delete(json);
	if (view.has_job)
		pi_empty(call, 204);
	else
		pi_error(call, PI_NOT_PRINTING);
}

void
pi_settings(struct call *call)
{
	struct text json = { 0 };

	text_puts(&json, "{\"api-key\": ");
	pthread_mutex_lock(&call->sim->lock);
	text_json(&json, call->pi->key);
	pthread_mutex_unlock(&call->sim->lock);
	text_puts(&json, ", \"username\": ");
	text_json(&json, call->sim->options.user);
	text_puts(&json,
	    ", \"printer\": {\"name\": \"Simulated MK3S\", "
	    "\"location\": \"bench\", \"farm_mode\": false, "
	    "\"network_error_chime\": true}}");
	send_and_free(call, &json);
}

void
pi_page(struct call *call)
{
	static const char page[] =
	    "<!DOCTYPE html>\n<title>PrusaLink</title>\n";

	pi_send(call, 200, "text/html; charset=utf-8", "", page, strlen(page));
}

void
pi_page_head(struct call *call)
{
	pi_send(call, 200, "text/html; charset=utf-8",
	    "Instance-ID: 2f0c8f1e-6d7b-4b1c-9c3e-0a1b2c3d4e5f\r\n", "", 0);
}

void
pi_ports(struct call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"ports\": [{\"path\": \"/dev/ttyAMA0\", "
	    "\"baudrate\": 115200, \"timeout\": 2, \"selected\": true}]}");
	send_and_free(call, &json);
}

void
pi_card_ready(struct call *call)
{
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	text_printf(&json, "{\"ready\": %s}", truth(!call->pi->card_out));
	pthread_mutex_unlock(&call->sim->lock);
	send_and_free(call, &json);
}

void
pi_connection(struct call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"current\": {\"baudrate\": 115200, "
	    "\"port\": \"/dev/ttyAMA0\", \"printerProfile\": \"_default\", "
	    "\"state\": \"Operational\"}, \"options\": {\"ports\": "
	    "[\"/dev/ttyAMA0\"], \"baudrates\": [115200]}, "
	    "\"connect\": {\"hostname\": \"connect.prusa3d.com\", "
	    "\"port\": 0, \"tls\": 1, \"registration\": \"NO_REGISTRATION\", "
	    "\"code\": null}, \"states\": {}}");
	send_and_free(call, &json);
}

void
pi_logs(struct call *call)
{
	struct text json = { 0 };

	text_printf(&json,
	    "{\"files\": [{\"name\": \"syslog\", \"size\": %zu, "
	    "\"date\": %lld}]}",
	    strlen(log_text), (long long)time(NULL));
	send_and_free(call, &json);
}

void
pi_log(struct call *call)
{
	if (strcmp(call->arg[0], "syslog") != 0) {
		pi_error(call, PI_FILE_NOT_FOUND);
		return;
	}
	pi_send(call, 200, "text/plain; charset=utf-8",
	    "Content-Disposition: attachment;filename=\"syslog\"\r\n", log_text,
	    strlen(log_text));
}

void
pi_update(struct call *call)
{
	if (strcmp(call->arg[0], "prusalink") == 0)
		pi_send(call, 204, "text/html; charset=utf-8",
		    "Update-Available: False\r\n", "", 0);
	else
		pi_empty(call, strcmp(call->arg[0], "system") == 0 ? 501 : 400);
}

void
pi_ready(struct call *call)
{
	struct machine_view view;

	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, &view);
	if (view.phase == PHASE_IDLE)
		call->sim->machine.ready = strcmp(call->ex->method, "POST") ==
		    0;
	pthread_mutex_unlock(&call->sim->lock);
	pi_empty(call, view.phase == PHASE_IDLE ? 200 : 409);
}

void
pi_key(struct call *call)
{
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	if (strcmp(call->ex->method, "DELETE") == 0)
		call->pi->key[0] = '\0';
	else
		snprintf(call->pi->key, sizeof(call->pi->key), "%08x%08x",
		    (unsigned)arc4random(), (unsigned)arc4random());
	text_puts(&json, "{\"api-key\": ");
	text_json(&json, call->pi->key);
	text_puts(&json, "}");
	pthread_mutex_unlock(&call->sim->lock);
	send_and_free(call, &json);
}

void
pi_serial(struct call *call)
{
	struct text json = { 0 };

	text_puts(&json, "{\"serial\": \"CZPX4720X004XC34242\"}");
	send_and_free(call, &json);
}

void
pi_timelapse(struct call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"config\": {\"type\": \"off\"}, \"enabled\": false, "
	    "\"files\": [], \"unrendered\": []}");
	send_and_free(call, &json);
}

void
pi_done(struct call *call)
{
	pi_empty(call, 200);
}

void
pi_obeyed(struct call *call)
{
	pi_empty(call, 204);
}
