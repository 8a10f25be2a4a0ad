/*
 * The firmware's commands: starting, pausing, resuming and stopping prints in
 * both APIs, transfers, and the older API's files.
 */
#include <cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/buddy.h"
#include "tests/sim/gcode.h"

enum {
	JOB_BODY = 100,
	FILE_BODY = 25,
	LEGACY_URL = 114
};

int
buddy_start_print(struct buddy_call *call)
{
	struct sim *sim = call->sim;
	char path[TARGET_SIZE];
	struct fat_place place;
	struct machine_view view;
	struct gcode gcode;
	int error = -ENOENT;

	pthread_mutex_lock(&sim->lock);
	buddy_find(call, &place);
	machine_look(sim, &view);
	if (place.exists && buddy_fits(call->path, &place)) {
		error = view.has_job || view.attention ||
			!S_ISREG(place.st.st_mode) ||
			!buddy_is_printable(place.real) ?
		    -EBUSY :
		    0;
	}
	if (error == 0) {
		gcode_read(place.real, &gcode);
		buddy_job_path(&call->buddy->fat, path, sizeof(path),
		    call->path);
		call->buddy->preview[0] = '\0';
		machine_start(sim, path, place.real, gcode.duration_s);
	}
	fat_release(&place);
	pthread_mutex_unlock(&sim->lock);
	return error;
}

/* The work that a job's path asks for, the id being right. */
static int
run_word(struct buddy_call *call, const char *word)
{
	struct sim *sim = call->sim;
	const char *method = call->ex->method;
	int error = -EINVAL;

	if (strcmp(method, "DELETE") == 0)
		error = machine_stop(sim);
	else if (strcmp(method, "PUT") != 0)
		return 405;
	else if (strcmp(word, "/pause") == 0)
		error = machine_pause(sim, false);
	else if (strcmp(word, "/resume") == 0)
		error = machine_resume(sim, false);
	return error == 0 ? 204 : error == -EBUSY ? 409 : 400;
}

void
buddy_job_command(struct buddy_call *call)
{
	const char *id = call->ex->target + strlen("/api/v1/job/");
	const char *word = strchr(id, '/');
	long number = strtol(id, NULL, 10);
	int status;

	pthread_mutex_lock(&call->sim->lock);
	if (!isdigit((unsigned char)id[id[0] == '-']) ||
	    number != (long)(int)number)
		status = 400;
	else if (number != call->sim->machine.job)
		status = 404;
	else
		status = run_word(call, word == NULL ? "" : word);
	pthread_mutex_unlock(&call->sim->lock);
	buddy_page(call, status, "");
}

/* The body of a command has ended too early. */
static void
give_up(struct buddy_call *call, ssize_t got)
{
	if (got == 0)
		buddy_page_close(call, 400, "Truncated request");
	else if (got == -ETIMEDOUT)
		buddy_time_out(call);
	else
		call->conn->dead = true;
}

/*
 * Read a small JSON body of a command.  Returns NULL when it has been
 * answered, else the JSON, to be deleted by the caller.
 */
static cJSON *
read_command(struct buddy_call *call, long most)
{
	const char *length = call->ex->header[HEADER_CONTENT_LENGTH];
	char body[JOB_BODY + 1];
	long len = length == NULL ? -1 : (long)buddy_length(length);
	long used = 0;
	cJSON *json;

	if (len < 0 || len > most) {
		buddy_page_close(call, len < 0 ? 411 : 413, "");
		return NULL;
	}
	while (used < len) {
		ssize_t got = exchange_receive(call->ex, call->conn,
		    body + used, (size_t)(len - used), BUDDY_STALL_S);

		if (got <= 0) {
			give_up(call, got);
			return NULL;
		}
		used += got;
	}
	json = cJSON_ParseWithLength(body, (size_t)used);
	if (json == NULL)
		buddy_page_keep(call, 400, "Couldn't parse JSON");
	return json;
}

static const char *
string_of(const cJSON *json, const char *name)
{
	const char *value =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return value == NULL ? "" : value;
}

/* The phases in which the older API takes a command. */
static const struct {
	const char *command; /* or action */
	enum phase phase;
	int (*run)(struct sim *, bool);
} legacy_commands[] = {
	{ "pause", PHASE_PRINTING, machine_pause },
	{ "pause", PHASE_HEATING, machine_pause },
	{ "resume", PHASE_PAUSED, machine_resume },
	{ "toggle", PHASE_PRINTING, machine_pause },
	{ "toggle", PHASE_HEATING, machine_pause },
	{ "toggle", PHASE_PAUSED, machine_resume },
};

/* Run the older API's command.  Returns a status; locked. */
static int
run_legacy(struct sim *sim, const cJSON *json)
{
	static const size_t count = sizeof(legacy_commands) /
	    sizeof(legacy_commands[0]);
	const char *command = string_of(json, "command");
	const char *action = string_of(json, "action");
	struct machine_view view;
	int status = 400;

	machine_look(sim, &view);
	if (strcmp(command, "cancel") == 0)
		return (view.attention || view.phase == PHASE_PRINTING ||
			   view.phase == PHASE_HEATING ||
			   view.phase == PHASE_PAUSED) &&
			machine_stop(sim) == 0 ?
		    204 :
		    409;
	for (size_t i = 0; strcmp(command, "pause") == 0 && i < count; i++) {
		if (strcmp(legacy_commands[i].command, action) != 0)
			continue;
		status = status == 400 ? 409 : status;
		if (legacy_commands[i].phase == view.phase)
			status = legacy_commands[i].run(sim, false) == 0 ? 204 :
									   409;
	}
	return status;
}

/* The page for an unknown command is JSON whatever the client accepts. */
static void
refuse_unknown(struct buddy_call *call)
{
	free(call->ex->header[HEADER_ACCEPT]);
	call->ex->header[HEADER_ACCEPT] = strdup("application/json");
	buddy_page_keep(call, 400, "");
}

void
buddy_legacy_job_command(struct buddy_call *call)
{
	cJSON *json;
	int status;

	if (strcmp(call->ex->method, "GET") == 0) {
		buddy_legacy_job(call);
		return;
	}
	if (strcmp(call->ex->method, "POST") != 0) {
		buddy_page_close(call, 405, "");
		return;
	}
	json = read_command(call, JOB_BODY);
	if (json == NULL)
		return;
	pthread_mutex_lock(&call->sim->lock);
	status = run_legacy(call->sim, json);
	pthread_mutex_unlock(&call->sim->lock);
	cJSON_Delete(json);
	if (status == 400)
		refuse_unknown(call);
	else
		buddy_page_keep(call, status, "");
}

/* Where the transfer goes, whole. */
static void
add_destination(struct text *json, const struct transfer *transfer)
{
	struct text path = { 0 };

	text_printf(&path, "%s/%s",
	    transfer->foreign ? "/usb" : transfer->folder, transfer->name);
	text_json(json, text_string(&path));
	text_free(&path);
}

static long
seconds_left(const struct transfer *transfer, double spent)
{
	if (transfer->transferred <= 0)
		return -1;
	return (long)(spent * (double)(transfer->size - transfer->transferred) /
	    (double)transfer->transferred);
}

static void
render_transfer(struct sim *sim, struct text *json, bool legacy)
{
	const struct transfer *transfer = transfer_look(sim);
	double spent = sim_now(sim) - transfer->started;
	double progress = (double)transfer->transferred /
	    (double)transfer->size;
	long left = seconds_left(transfer, spent);
	const char *type = transfer->foreign ? "FROM_CONNECT" : "FROM_CLIENT";

	if (legacy) {
		text_printf(json,
		    "{\"target\":\"usb\",\"type\":\"%s\",\"size\":\"%lld\","
		    "\"start_time\":\"%lld\",\"to_print\":%s,"
		    "\"destination\":",
		    type, transfer->size, (long long)transfer->started_at,
		    transfer->to_print ? "true" : "false");
		add_destination(json, transfer);
		text_printf(json, ",\"progress\":%.2f", progress);
		if (left >= 0)
			text_printf(json, ",\"remaining_time\":%ld", left);
		text_puts(json, "}");
		return;
	}
	text_printf(json, "{\"type\":\"%s\",\"display_name\":", type);
	text_json(json, transfer->name);
	text_puts(json, ",\"path\":");
	text_json(json, transfer->foreign ? "/usb" : transfer->folder);
	text_printf(json,
	    ",\"size\":\"%lld\",\"progress\":%.2f,\"transferred\":%lld,",
	    transfer->size, progress, transfer->transferred);
	if (left >= 0)
		text_printf(json, "\"time_remaining\":%ld,", left);
	text_printf(json, "\"time_transferring\":%ld,\"to_print\":%s}",
	    (long)spent, transfer->to_print ? "true" : "false");
}

static void
serve_transfer(struct buddy_call *call, bool legacy)
{
	bool get = strcmp(call->ex->method, "GET") == 0;
	struct text json = { 0 };
	bool active;

	pthread_mutex_lock(&call->sim->lock);
	active = call->sim->transfer.active;
	if (get && active)
		render_transfer(call->sim, &json, legacy);
	pthread_mutex_unlock(&call->sim->lock);
	if (!active)
		buddy_page(call, 204, "");
	else if (!get)
		buddy_page_close(call, 405, "");
	else
		buddy_json(call, &json);
	text_free(&json);
}

void
buddy_transfer(struct buddy_call *call)
{
	serve_transfer(call, false);
}

void
buddy_legacy_transfer(struct buddy_call *call)
{
	serve_transfer(call, true);
}

static void
legacy_post(struct buddy_call *call)
{
	cJSON *json;
	int error = -EINVAL;

	json = read_command(call, FILE_BODY);
	if (json == NULL)
		return;
	if (strcmp(string_of(json, "command"), "start") == 0)
		error = buddy_start_print(call);
	cJSON_Delete(json);
	if (error == 0)
		buddy_page_keep(call, 204, "");
	else if (error == -ENOENT)
		buddy_page_keep(call, 404, "Gcode doesn't exist");
	else if (error == -EBUSY)
		buddy_page_keep(call, 409, "Can't start print now");
	else
		buddy_page_keep(call, 400, "Unknown file command");
}

static void
legacy_get(struct buddy_call *call)
{
	struct fat_place place;
	struct text json = { 0 };
	char etag[32] = "", extra[128];
	bool printing = false;

	pthread_mutex_lock(&call->sim->lock);
	buddy_find(call, &place);
	if ((place.exists && S_ISDIR(place.st.st_mode)) ||
	    (call->buddy->stick_out &&
		call->path[4 + strspn(call->path + 4, "/")] == '\0')) {
		buddy_render_legacy_folder(call, &json, &place);
		buddy_etag(call, etag);
	} else if (place.exists && place.found != NULL) {
		buddy_render_legacy_file(&json, call->path, &place);
		printing = machine_prints(call->sim, place.real);
	}
	fat_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	snprintf(extra, sizeof(extra),
	    "%s%s%sRead-Only: false\r\nCurrently-Printing: %s\r\n",
	    etag[0] == '\0' ? "" : "ETag: ", etag,
	    etag[0] == '\0' ? "" : "\r\n", printing ? "true" : "false");
	if (json.len > 0)
		buddy_send(call, 200, "application/json", extra, &json);
	else
		buddy_page(call, 404, "");
	text_free(&json);
}

/* Which storage the older API means by a path. */
static int
legacy_decode(struct buddy_call *call)
{
	static const char *const roots[] = { "", "/", "/local", "/local/",
		"/sdcard", "/sdcard/" };
	const char *path = call->ex->target + strlen("/api/files");
	size_t len = strcspn(path, "?");
	int status;

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (strncmp(path, roots[i], len) == 0 && roots[i][len] == '\0')
			path = "/usb/";
	}
	status = buddy_decode(call, path);
	buddy_merge_slashes(call->path, sizeof(call->path), call->path);
	return status;
}

void
buddy_legacy_files(struct buddy_call *call)
{
	const char *method = call->ex->method;
	int status = legacy_decode(call);

	if (strcmp(method, "POST") == 0 && buddy_boundary(call->ex) > 0)
		buddy_page_close(call, 410, "");
	else if (strcspn(call->ex->target, "?") > LEGACY_URL ||
	    (status == 0 && strlen(call->path) > BUDDY_PATH))
		buddy_page(call, 404, "");
	else if (strcmp(method, "POST") == 0 && status == 0)
		legacy_post(call);
	else if (status != 0)
		buddy_page(call, status, "");
	else if (strcmp(method, "GET") == 0)
		legacy_get(call);
	else if (strcmp(method, "DELETE") == 0)
		buddy_delete(call);
	else
		buddy_page_close(call, 405, "");
}
