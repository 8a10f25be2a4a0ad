/*
 * The firmware's commands: starting, pausing, resuming and stopping prints in
 * both APIs, transfers, and the older API's files.
 */
#include <cJSON.h>
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
buddy_start_print(struct call *call)
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
	if (place.exists && S_ISREG(place.st.st_mode)) {
		error = view.has_job || view.attention ||
			!buddy_is_printable(place.real) ?
		    -EBUSY :
		    0;
	}
	if (error == 0) {
		gcode_read(place.real, &gcode);
		buddy_short_path(path, sizeof(path), call->path, &place);
		call->buddy->preview[0] = '\0';
		machine_start(sim, path, place.real, gcode.duration_s);
	}
	fat_release(&place);
	pthread_mutex_unlock(&sim->lock);
	return error;
}

/* What a job's path asks for, the id being right. */
static int
run_word(struct call *call, const char *word)
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
buddy_job_command(struct call *call)
{
	const char *id = call->ex->target + strlen("/api/v1/job/");
	char *rest;
	long number = strtol(id, &rest, 10);
	int status;

	pthread_mutex_lock(&call->sim->lock);
	if (rest == id || (*rest != '\0' && *rest != '/'))
		status = 400;
	else if (number != call->sim->machine.job)
		status = 404;
	else
		status = run_word(call, rest);
	pthread_mutex_unlock(&call->sim->lock);
	buddy_page(call, status, "");
}

/*
 * Read a small JSON body of a command.  Returns NULL when it has been
 * answered, else the JSON, to be deleted by the caller.
 */
static cJSON *
read_command(struct call *call, long most)
{
	const char *length = call->ex->header[HEADER_CONTENT_LENGTH];
	char body[JOB_BODY + 1];
	long len = length == NULL ? -1 : strtol(length, NULL, 10);
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
			call->conn->dead = true;
			return NULL;
		}
		used += got;
	}
	json = cJSON_ParseWithLength(body, (size_t)used);
	if (json == NULL)
		buddy_page_close(call, 400, "");
	return json;
}

static const char *
string_of(const cJSON *json, const char *name)
{
	const char *value =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return value == NULL ? "" : value;
}

/* Run the older API's command.  Returns a status; locked. */
static int
run_legacy(struct sim *sim, const cJSON *json)
{
	const char *command = string_of(json, "command");
	const char *action = string_of(json, "action");
	struct machine_view view;
	int error = -EINVAL;

	machine_look(sim, &view);
	if (strcmp(command, "pause") == 0 && strcmp(action, "toggle") == 0)
		action = view.phase == PHASE_PAUSED ? "resume" : "pause";
	if (strcmp(command, "cancel") == 0)
		error = machine_stop(sim);
	else if (strcmp(command, "pause") != 0)
		return 400;
	else if (view.phase == PHASE_PAUSING || view.phase == PHASE_RESUMING)
		error = -EBUSY;
	else if (strcmp(action, "resume") == 0)
		error = machine_resume(sim, false);
	else if (strcmp(action, "pause") == 0 || action[0] == '\0')
		error = machine_pause(sim, false);
	return error == 0 ? 204 : error == -EBUSY ? 409 : 400;
}

/* The page for an unknown command is JSON whatever the client accepts. */
static void
refuse_unknown(struct call *call)
{
	free(call->ex->header[HEADER_ACCEPT]);
	call->ex->header[HEADER_ACCEPT] = strdup("application/json");
	buddy_page_close(call, 400, "");
}

void
buddy_legacy_job_command(struct call *call)
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
		buddy_page(call, status, "");
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
serve_transfer(struct call *call, bool legacy)
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
buddy_transfer(struct call *call)
{
	serve_transfer(call, false);
}

void
buddy_legacy_transfer(struct call *call)
{
	serve_transfer(call, true);
}

static bool
has_boundary(const struct call *call)
{
	return strstr(exchange_header(call->ex, HEADER_CONTENT_TYPE),
		   "boundary=") != NULL;
}

static void
legacy_post(struct call *call)
{
	cJSON *json;
	int error = -EINVAL;

	json = read_command(call, FILE_BODY);
	if (json == NULL)
		return;
	if (strcmp(string_of(json, "command"), "start") == 0)
		error = buddy_start_print(call);
	cJSON_Delete(json);
	buddy_page_close(call,
	    error == 0		 ? 204 :
		error == -EINVAL ? 400 :
		error == -ENOENT ? 404 :
				   409,
	    "");
}

/* One printable file of the older API's listing. */
static void
legacy_child(struct text *json, const struct fat_entry *entry,
    const char *folder, bool *first)
{
	const char *last = strrchr(folder, '/') + 1;

	if (!buddy_is_printable(entry->short_name) || entry->name[0] == '.')
		return;
	text_puts(json, *first ? "{\"name\":" : ",{\"name\":");
	*first = false;
	text_json(json, entry->short_name);
	text_puts(json, ",\"display\":");
	text_json(json, entry->name);
	text_printf(json,
	    ",\"path\":\"%s/%s\",\"origin\":\"usb\",\"refs\":{"
	    "\"resource\":\"/api/files%s/%s\","
	    "\"thumbnailSmall\":\"/thumb/s%s/%s\","
	    "\"thumbnailBig\":\"/thumb/l%s/%s\",\"download\":\"%s/%s\"}}",
	    last, entry->short_name, folder, entry->short_name, folder,
	    entry->short_name, folder, entry->short_name, last,
	    entry->short_name);
}

static void
legacy_folder(struct call *call, struct text *json,
    const struct fat_place *place)
{
	struct fat_dir *dir = fat_open(&call->buddy->fat, place->real);
	const struct fat_entry *entry;
	char folder[TARGET_SIZE];
	bool first = true;

	buddy_short_path(folder, sizeof(folder), call->path, place);
	text_puts(json,
	    "{\"files\":[{\"name\":\"USB\",\"path\":\"/usb\","
	    "\"display\":\"USB\",\"type\":\"folder\",\"origin\":\"usb\","
	    "\"children\":[");
	if (dir != NULL) {
		TAILQ_FOREACH (entry, &dir->entries, entry)
			legacy_child(json, entry, folder, &first);
	}
	text_puts(json, "]}]}");
}

static void
legacy_file(struct text *json, const char *path, const struct fat_place *place)
{
	char spelt[TARGET_SIZE];

	buddy_short_path(spelt, sizeof(spelt), path, place);
	text_puts(json, "{\"name\":");
	text_json(json, place->found->name);
	text_printf(json,
	    ",\"origin\":\"local\",\"size\":%lld,\"refs\":{"
	    "\"resource\":\"/api/files%s\",\"thumbnailSmall\":\"/thumb/s%s\","
	    "\"thumbnailBig\":\"/thumb/l%s\",\"download\":\"%s\"}}",
	    (long long)place->st.st_size, spelt, spelt, spelt, spelt);
}

static void
legacy_get(struct call *call)
{
	struct fat_place place;
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	buddy_find(call, &place);
	if (place.exists && S_ISDIR(place.st.st_mode))
		legacy_folder(call, &json, &place);
	else if (place.exists && place.found != NULL)
		legacy_file(&json, call->path, &place);
	fat_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (json.len > 0)
		buddy_json(call, &json);
	else
		buddy_page(call, 404, "");
	text_free(&json);
}

/* Which storage the older API means by a path. */
static int
legacy_decode(struct call *call)
{
	static const char *const roots[] = { "", "/", "/local", "/local/",
		"/sdcard", "/sdcard/" };
	const char *path = call->ex->target + strlen("/api/files");

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (strcmp(path, roots[i]) == 0)
			path = "/usb";
	}
	return buddy_decode(call, path);
}

void
buddy_legacy_files(struct call *call)
{
	const char *method = call->ex->method;
	int status = legacy_decode(call);

	if (strcmp(method, "POST") == 0 && has_boundary(call))
		buddy_page_close(call, 410, "");
	else if (strcspn(call->ex->target, "?") > LEGACY_URL)
		buddy_page(call, 404, "");
	else if (strcmp(method, "POST") == 0 && status == 0)
		legacy_post(call);
	else if (status != 0)
		buddy_page(call, status, "");
	else if (strcmp(method, "GET") == 0)
		legacy_get(call);
	else if (strcmp(method, "DELETE") == 0) {
		struct text target = { 0 };

		text_printf(&target, "/api/v1/files%s",
		    call->ex->target + strlen("/api/files"));
		strlcpy(call->ex->target, text_string(&target),
		    sizeof(call->ex->target));
		text_free(&target);
		buddy_files(call);
	} else
		buddy_page_close(call, 405, "");
}
