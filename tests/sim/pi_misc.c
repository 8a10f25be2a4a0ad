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
send_and_free(struct pi_call *call, struct text *json)
{
	pi_json(call, 200, "", json);
	text_free(json);
}

static const char *
truth(bool value)
{
	return value ? "true" : "false";
}

/* The state as OctoPrint would call it. */
static const char *
octo_state(const char *state)
{
	static const char *const names[][2] = { { "PRINTING", "Printing" },
		{ "PAUSED", "Paused" }, { "ATTENTION", "Error" },
		{ "BUSY", "Busy" }, { "STOPPED", "Cancelling" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], state) == 0)
			return names[i][1];
	}
	return "Operational";
}

static void
add_flags(struct text *json, const struct machine_view *view, bool card)
{
	bool paused = strcmp(view->state, "PAUSED") == 0;
	bool idle = strcmp(view->state, "IDLE") == 0;
	bool finished = strcmp(view->state, "FINISHED") == 0;
	bool stopped = strcmp(view->state, "STOPPED") == 0;

	text_printf(json,
	    "\"state\": {\"text\": \"%s\", \"flags\": {\"operational\": %s, "
	    "\"paused\": %s, \"printing\": %s, \"cancelling\": %s, "
	    "\"pausing\": %s, \"sdReady\": %s, \"error\": false, "
	    "\"ready\": %s, \"closedOrError\": false, \"finished\": %s, "
	    "\"prepared\": %s, \"link_state\": \"%s\"}}, ",
	    octo_state(view->state), truth(idle || finished || stopped),
	    truth(paused), truth(strcmp(view->state, "PRINTING") == 0),
	    truth(stopped), truth(paused), truth(card), truth(idle),
	    truth(finished), truth(strcmp(view->state, "READY") == 0),
	    view->state);
}

void
pi_legacy_printer(struct pi_call *call)
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

static void
add_job(struct text *json, const struct machine_view *view,
    const struct pi_place *place)
{
	const char *name = strrchr(place->path, '/');

	name = name == NULL ? "" : name + 1;
	text_printf(json,
	    "\"job\": {\"estimatedPrintTime\": %ld, "
	    "\"averagePrintTime\": null, \"lastPrintTime\": null, "
	    "\"filament\": null, \"file\": {\"name\": ",
	    view->time_printing + view->time_remaining);
	text_json(json, name);
	text_puts(json, ", \"path\": ");
	text_json(json, place->path);
	text_printf(json,
	    ", \"size\": %lld, \"origin\": \"%s\", \"date\": %lld, "
	    "\"display\": ",
	    (long long)place->st.st_size, place->card ? "sdcard" : "local",
	    (long long)place->st.st_mtim.tv_sec);
	text_json(json, name);
	text_printf(json,
	    "}, \"user\": \"_api\"}, "
	    "\"progress\": {\"completion\": %.4f, \"filepos\": 0, "
	    "\"printTime\": %ld, \"printTimeLeft\": %ld, ",
	    view->progress / 100, view->time_printing, view->time_remaining);
}

void
pi_legacy_job(struct pi_call *call)
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
		    "\"job\": {\"estimatedPrintTime\": 0, "
		    "\"averagePrintTime\": null, \"lastPrintTime\": null, "
		    "\"filament\": null, \"file\": {\"name\": null, "
		    "\"path\": null, \"date\": null, \"size\": null, "
		    "\"origin\": null, \"display\": null}, "
		    "\"user\": \"_api\"}, "
		    "\"progress\": {\"completion\": null, \"filepos\": 0, "
		    "\"printTime\": null, \"printTimeLeft\": null, ");
	}
	text_printf(&json,
	    "\"printTimeLeftOrigin\": \"estimate\", \"pos_z_mm\": %.2f, "
	    "\"printSpeed\": 100, \"flow_factor\": 100}}",
	    view.z);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	send_and_free(call, &json);
}

static void
run_pause(struct pi_call *call, const char *action, const char *state)
{
	bool printing = strcmp(state, "PRINTING") == 0 && !call->pi->stuck;
	bool paused = strcmp(state, "PAUSED") == 0;
	bool toggle = strcmp(action, "toogle") == 0; /* it is spelt so */

	if (printing && (toggle || strcmp(action, "pause") == 0))
		machine_pause(call->sim, false);
	else if (paused && (toggle || strcmp(action, "resume") == 0))
		machine_resume(call->sim, false);
}

/* Start the print of the selected file, if there is one.  Locked. */
static enum pi_error
start_selected(struct pi_call *call)
{
	struct pi_place place;
	enum pi_error wrong = PI_NOT_FOUND;

	if (call->pi->selected[0] == '\0')
		return wrong;
	pi_find_display(call, call->pi->selected + 1, &place);
	if (place.exists && pi_start_print(call->sim, &place) != 0)
		wrong = PI_NOT_ABLE;
	pi_release(&place);
	return wrong;
}

/*
 * Run a command of the older API.  Returns PI_NOT_FOUND when that is all
 * right; an unknown one is.  Locked.
 */
static enum pi_error
run_command(struct pi_call *call, const cJSON *json)
{
	const char *command = pi_string_of(json, "command");
	struct machine_view view;
	bool ending, running;

	machine_look(call->sim, &view);
	ending = view.phase == PHASE_STOPPING;
	running = view.has_job && !ending;
	if (strcmp(command, "pause") == 0) {
		if (!running)
			return PI_NOT_PRINTING;
		run_pause(call, pi_string_of(json, "action"), view.state);
	} else if (strcmp(command, "cancel") == 0) {
		if (ending)
			return PI_NOT_PRINTING;
		if (running && !call->pi->stuck)
			machine_stop(call->sim);
		call->pi->selected[0] = '\0';
	} else if (strcmp(command, "start") == 0) {
		return view.has_job ? PI_PRINTING : start_selected(call);
	}
	return PI_NOT_FOUND;
}

void
pi_legacy_job_command(struct pi_call *call)
{
	cJSON *json = pi_read_json(call);
	enum pi_error wrong;

	if (json == NULL)
		return;
	pthread_mutex_lock(&call->sim->lock);
	wrong = run_command(call, json);
	pthread_mutex_unlock(&call->sim->lock);
	cJSON_Delete(json);
	if (wrong == PI_NOT_FOUND)
		pi_empty(call, 204);
	else if (wrong == PI_NOT_ABLE)
		pi_json_string(call, 500,
		    "{\"title\": \"COMMAND FAILED\", "
		    "\"message\": \"Already printing\", "
		    "\"text\": \"Already printing\"}");
	else
		pi_error(call, wrong);
}

void
pi_page(struct pi_call *call)
{
	static const char page[] =
	    "<!DOCTYPE html>\n<title>PrusaLink</title>\n";

	pi_send(call, 200, "text/html; charset=utf-8", "", page, strlen(page));
}

void
pi_page_head(struct pi_call *call)
{
	pi_send(call, 200, "text/html; charset=utf-8",
	    "Instance-ID: 2f0c8f1e-6d7b-4b1c-9c3e-0a1b2c3d4e5f\r\n", "", 0);
}

void
pi_ports(struct pi_call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"ports\": [{\"path\": \"/dev/ttyAMA0\", "
	    "\"baudrate\": 115200, \"timeout\": 2, \"selected\": true}]}");
	send_and_free(call, &json);
}

void
pi_card_ready(struct pi_call *call)
{
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	text_printf(&json, "{\"ready\": %s}", truth(!call->pi->card_out));
	pthread_mutex_unlock(&call->sim->lock);
	send_and_free(call, &json);
}

void
pi_connection(struct pi_call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"current\": {\"baudrate\": 115200, "
	    "\"port\": \"/dev/ttyAMA0\", \"printerProfile\": \"_default\", "
	    "\"state\": \"Operational\"}, \"options\": {\"ports\": "
	    "[\"/dev/ttyAMA0\"], \"baudrates\": [115200], "
	    "\"printerProfiles\": [{\"id\": \"_default\", "
	    "\"name\": \"Prusa MK3S\"}], \"autoconnect\": true}, "
	    "\"connect\": {\"hostname\": \"connect.prusa3d.com\", "
	    "\"port\": 0, \"tls\": true, "
	    "\"registration\": \"NO_REGISTRATION\", \"code\": null}, "
	    "\"states\": {\"printer\": {\"ok\": true, \"message\": \"OK\"}, "
	    "\"connect\": {\"ok\": true, \"message\": \"OK\"}}}");
	send_and_free(call, &json);
}

void
pi_logs(struct pi_call *call)
{
	struct text json = { 0 };

	text_printf(&json,
	    "{\"files\": [{\"name\": \"syslog\", \"size\": %zu, "
	    "\"date\": %lld}]}",
	    strlen(log_text), (long long)time(NULL));
	send_and_free(call, &json);
}

void
pi_log(struct pi_call *call)
{
	if (strcmp(call->arg[0], "syslog") != 0) {
		pi_empty(call, 404);
		return;
	}
	pi_send(call, 200, "text/plain", "", log_text, strlen(log_text));
}

void
pi_update(struct pi_call *call)
{
	if (strcmp(call->arg[0], "prusalink") == 0 &&
	    strcmp(call->ex->method, "POST") == 0)
		pi_empty(call, 204);
	else if (strcmp(call->arg[0], "prusalink") == 0)
		pi_send(call, 204, "text/html; charset=utf-8",
		    "Update-Available: False\r\n", "", 0);
	else
		pi_empty(call, strcmp(call->arg[0], "system") == 0 ? 501 : 400);
}

void
pi_ready(struct pi_call *call)
{
	bool on = strcmp(call->ex->method, "POST") == 0, ready, can;
	struct machine_view view;

	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, &view);
	ready = strcmp(view.state, "READY") == 0;
	can = on ? view.phase == PHASE_IDLE && !view.attention : ready;
	if (can) {
		machine_idle(call->sim);
		call->sim->machine.ready = on;
	}
	pthread_mutex_unlock(&call->sim->lock);
	pi_empty(call, can ? 200 : 409);
}

void
pi_serial(struct pi_call *call)
{
	struct text json = { 0 };

	text_puts(&json, "{\"serial\": \"CZPX4720X004XC34242\"}");
	send_and_free(call, &json);
}

void
pi_timelapse(struct pi_call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"config\": {\"type\": \"off\"}, \"enabled\": false, "
	    "\"files\": [], \"unrendered\": []}");
	send_and_free(call, &json);
}

void
pi_done(struct pi_call *call)
{
	pi_json_string(call, 200, "{}");
}

void
pi_serial_change(struct pi_call *call)
{
	pi_message(call, 409, "Printer already has a valid S/N");
}

/* There is no way out to Connect. */
void
pi_connect(struct pi_call *call)
{
	cJSON *json = pi_read_json(call);

	if (json == NULL)
		return;
	if (cJSON_HasObjectItem(json, "connect"))
		pi_error(call, PI_NO_HOST);
	else
		pi_crash(call);
	cJSON_Delete(json);
}

/* Fetching a file: it is said to begin, and nothing comes. */
void
pi_fetch(struct pi_call *call)
{
	const char *url;
	cJSON *json;

	if (!pi_check_storage(call, true))
		return;
	json = pi_read_json(call);
	if (json == NULL)
		return;
	url = pi_string_of(json, "url");
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		pi_json_string(call, 400,
		    "{\"title\": \"Invalid URL\", "
		    "\"message\": \"Inserted URL is not valid\"}");
	else if (strcmp(pi_type(url), "PRINT_FILE") != 0)
		pi_error(call, PI_NOT_SUPPORTED);
	else if (!cJSON_HasObjectItem(json, "rename") ||
	    (!cJSON_HasObjectItem(json, "path") &&
		!cJSON_HasObjectItem(json, "destination")))
		pi_crash(call);
	else
		pi_empty(call, 201);
	cJSON_Delete(json);
}
