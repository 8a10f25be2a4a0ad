/*
 * PrusaLink's v1 status: version, info, status, job and its commands,
 * storage, transfer.  JSON has a blank after its separators.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/pi.h"
#include "tests/sim/stamp.h"

static void
send_and_free(struct pi_call *call, struct text *json)
{
	pi_json(call, 200, "", json);
	text_free(json);
}

void
pi_version(struct pi_call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"api\": \"2.0.0\", \"server\": \"0.8.1\", "
	    "\"original\": \"PrusaLink I3MK3S\", "
	    "\"text\": \"PrusaLink 0.8.1\", \"firmware\": \"3.14.0\", "
	    "\"sdk\": \"0.8.1\", "
	    "\"capabilities\": {\"upload-by-put\": true}, "
	    "\"hostname\": \"prusalink\"");
	if (strncmp(call->query, "system=", 7) == 0 &&
	    strtol(call->query + 7, NULL, 10) != 0)
		text_puts(&json,
		    ", \"python\": [], \"system\": {\"os\": \"simulated\"}");
	text_puts(&json, "}");
	send_and_free(call, &json);
}

void
pi_info(struct pi_call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"name\": \"Simulated MK3S\", \"location\": \"bench\", "
	    "\"farm_mode\": false, \"network_error_chime\": true, "
	    "\"nozzle_diameter\": 0.4, \"min_extrusion_temp\": 170, "
	    "\"serial\": \"CZPX4720X004XC34242\", "
	    "\"hostname\": \"connect.prusa3d.com\", \"port\": 0}");
	send_and_free(call, &json);
}

static void
add_printer(struct text *json, struct sim *sim, const struct machine_view *view)
{
	double tick = 0;

	if (sim->tick_status)
		tick = (double)(++sim->ticks % 1000) / 10;
	text_printf(json,
	    "\"printer\": {\"state\": \"%s\", \"temp_nozzle\": %.1f, "
	    "\"temp_bed\": %.1f, \"axis_z\": %.2f, \"flow\": 100, "
	    "\"speed\": 100, \"fan_hotend\": %d, \"fan_print\": %d, ",
	    view->state, view->nozzle + tick, view->bed, view->z,
	    view->fan_hotend, view->fan_print);
	text_printf(json,
	    "\"status_connect\": {\"ok\": true, \"message\": \"OK\"}, "
	    "\"status_printer\": {\"ok\": true, \"message\": \"OK\"}, "
	    "\"target_nozzle\": %.1f, \"target_bed\": %.1f",
	    view->nozzle_target, view->bed_target);
	if (strcmp(view->state, "PRINTING") != 0)
		text_puts(json, ", \"axis_x\": 0.0, \"axis_y\": 0.0");
	text_puts(json, "}");
}

static double
percent(const struct transfer *transfer)
{
	return nearbyint(10000 * (double)transfer->transferred /
		   (double)transfer->size) /
	    100;
}

static void
add_transfer(struct text *json, struct sim *sim)
{
	const struct transfer *transfer = transfer_look(sim);

	if (transfer->active)
		text_printf(json,
		    ", \"transfer\": {\"id\": %ld, "
		    "\"time_transferring\": %ld, \"progress\": %.2f, "
		    "\"data_transferred\": %lld}",
		    transfer->id, (long)(sim_now(sim) - transfer->started),
		    percent(transfer), transfer->transferred);
}

void
pi_status(struct pi_call *call)
{
	struct sim *sim = call->sim;
	struct machine_view view;
	struct text json = { 0 };
	long long free_space, total;

	pi_space(sim, &free_space, &total);
	pthread_mutex_lock(&sim->lock);
	machine_look(sim, &view);
	text_printf(&json,
	    "{\"storage\": [{\"path\": \"/local\", \"read_only\": false, "
	    "\"free_space\": %lld, \"name\": \"" PI_STORAGE "\"}, "
	    "{\"path\": \"/sdcard\", \"read_only\": true%s}], ",
	    free_space,
	    call->pi->card_out ? "" : ", \"name\": \"" PI_CARD "\"");
	add_printer(&json, sim, &view);
	text_printf(&json, ", \"camera\": {\"id\": \"%s\"}", pi_camera_id());
	if (view.has_job)
		text_printf(&json,
		    ", \"job\": {\"id\": %ld, \"progress\": %.1f, "
		    "\"time_remaining\": %ld, \"time_printing\": %ld}",
		    sim->machine.job, view.progress, view.time_remaining,
		    view.time_printing);
	add_transfer(&json, sim);
	text_puts(&json, "}");
	pthread_mutex_unlock(&sim->lock);
	send_and_free(call, &json);
}

static void
add_file(struct pi_call *call, struct text *json, const struct pi_place *place)
{
	const char *name = strrchr(place->path, '/') + 1;

	text_puts(json, "{\"file\": {\"name\": ");
	text_json(json, name);
	text_puts(json, ", \"display_name\": ");
	text_json(json, name);
	text_puts(json, ", \"path\": ");
	text_json(json, place->path);
	text_puts(json, ", \"display_path\": ");
	text_json(json, place->path);
	text_printf(json, ", \"size\": %lld, ", (long long)place->st.st_size);
	stamp_put(call->sim, json,
	    "\"m_timestamp\": ", (long long)place->st.st_mtim.tv_sec, ", ");
	pi_render_refs(call->pi, json, place, true);
	text_puts(json, ", ");
	pi_render_meta(call->pi, json, place);
	text_puts(json, "}, ");
}

void
pi_job(struct pi_call *call)
{
	struct sim *sim = call->sim;
	struct machine_view view;
	struct pi_place place = { 0 };
	struct text json = { 0 };

	pthread_mutex_lock(&sim->lock);
	machine_look(sim, &view);
	if (view.has_job)
		pi_find_display(call, sim->machine.path + 1, &place);
	if (view.has_job && place.exists) {
		add_file(call, &json, &place);
		text_printf(&json,
		    "\"id\": %ld, \"state\": \"%s\", \"progress\": %.1f, "
		    "\"time_remaining\": %ld, \"time_printing\": %ld, "
		    "\"inaccurate_estimates\": false}",
		    sim->machine.job, view.state, view.progress,
		    view.time_remaining, view.time_printing);
	}
	pi_release(&place);
	pthread_mutex_unlock(&sim->lock);
	if (!view.has_job)
		pi_empty(call, 204);
	else if (json.len == 0)
		pi_crash(call); /* the file has left the tree */
	else
		pi_json(call, 200, "", &json);
	text_free(&json);
}

/* Is it the id of the job?  If not, it has been answered. */
static bool
check_id(struct pi_call *call, struct machine_view *view)
{
	char *end;
	long id = strtol(call->arg[0], &end, 10);
	bool current;

	if (*end != '\0' || end == call->arg[0]) {
		pi_nothing(call);
		return false;
	}
	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, view);
	current = id == call->sim->machine.job;
	pthread_mutex_unlock(&call->sim->lock);
	if (!current)
		pi_error(call, PI_NOT_CURRENT_JOB);
	return current;
}

void
pi_job_stop(struct pi_call *call)
{
	struct machine_view view;

	if (!check_id(call, &view))
		return;
	if (strcmp(view.state, "PRINTING") != 0 &&
	    strcmp(view.state, "PAUSED") != 0) {
		pi_error(call, PI_NOT_PRINTING);
		return;
	}
	pthread_mutex_lock(&call->sim->lock);
	if (!call->pi->stuck)
		machine_stop(call->sim);
	pthread_mutex_unlock(&call->sim->lock);
	pi_empty(call, 204);
}

void
pi_job_word(struct pi_call *call)
{
	struct machine_view view;
	const char *word = call->arg[1];

	if (!check_id(call, &view))
		return;
	if (strcmp(word, "pause") == 0 && strcmp(view.state, "PRINTING") != 0) {
		pi_error(call, PI_NOT_PRINTING);
		return;
	}
	if (strcmp(word, "resume") == 0 && strcmp(view.state, "PAUSED") != 0) {
		pi_error(call, PI_NOT_PAUSED);
		return;
	}
	pthread_mutex_lock(&call->sim->lock);
	if (strcmp(word, "pause") == 0 && !call->pi->stuck)
		machine_pause(call->sim, false);
	else if (strcmp(word, "resume") == 0)
		machine_resume(call->sim, false);
	pthread_mutex_unlock(&call->sim->lock);
	pi_empty(call, 204);
}

/* Bytes of print files and of others at the top of a storage. */
static void
count_files(struct sim *sim, const char *real, long long *print,
    long long *other)
{
	struct dirent *item;
	DIR *dir = opendir(real);

	*print = 0;
	*other = 0;
	while (dir != NULL && (item = readdir(dir)) != NULL) {
		struct stat st;
		char *path;

		if (asprintf(&path, "%s/%s", real, item->d_name) < 0)
			break;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    pi_shows(sim, path, item->d_name))
			*(strcmp(pi_type(item->d_name), "PRINT_FILE") == 0 ?
				print :
				other) += st.st_size;
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
}

void
pi_storage(struct pi_call *call)
{
	struct text json = { 0 };
	long long free_space, total, print, other;

	pi_space(call->sim, &free_space, &total);
	pthread_mutex_lock(&call->sim->lock);
	count_files(call->sim, call->pi->local, &print, &other);
	text_printf(&json,
	    "{\"storage_list\": [{\"type\": \"LOCAL\", \"path\": \"/local\", "
	    "\"available\": true, \"free_space\": %lld, "
	    "\"total_space\": %lld, \"read_only\": false, "
	    "\"name\": \"" PI_STORAGE "\", \"print_files\": %lld, "
	    "\"system_files\": %lld}, {\"type\": \"SDCARD\", "
	    "\"path\": \"/sdcard\", \"available\": %s",
	    free_space, total, print, other,
	    call->pi->card_out ? "false" : "true");
	if (!call->pi->card_out) {
		count_files(call->sim, call->pi->card, &print, &other);
		text_printf(&json,
		    ", \"read_only\": true, \"name\": \"" PI_CARD "\", "
		    "\"print_files\": %lld, \"system_files\": %lld",
		    print, other);
	}
	text_puts(&json, "}]}");
	pthread_mutex_unlock(&call->sim->lock);
	send_and_free(call, &json);
}

/* Two clocks are mixed in it. */
static long long
senseless_rest(const struct transfer *transfer)
{
	return transfer->transferred == 0 ?
	    -1 :
	    6655433266LL + transfer->transferred;
}

static void
render_transfer(struct sim *sim, struct text *json)
{
	const struct transfer *transfer = transfer_look(sim);

	text_printf(json, "{\"type\": \"%s\", \"display_name\": ",
	    transfer->foreign ? "FROM_CONNECT" : "FROM_CLIENT");
	text_json(json, transfer->name);
	text_printf(json,
	    ", \"path\": \"/local\", \"url\": null, \"size\": %lld, "
	    "\"progress\": %.2f, \"transferred\": %lld, "
	    "\"time_remaining\": %lld, \"time_transferring\": %ld, "
	    "\"to_print\": %s}",
	    transfer->size, percent(transfer), transfer->transferred,
	    senseless_rest(transfer), (long)(sim_now(sim) - transfer->started),
	    transfer->to_print ? "true" : "false");
}

static void
render_legacy_transfer(struct sim *sim, struct text *json)
{
	const struct transfer *transfer = transfer_look(sim);

	text_printf(json,
	    "{\"type\": \"%s\", \"url\": null, \"target\": \"local\", "
	    "\"destination\": ",
	    transfer->foreign ? "FROM_CONNECT" : "FROM_CLIENT");
	text_json(json, transfer->name);
	text_puts(json, ", \"path\": ");
	text_json(json, transfer->name);
	text_printf(json,
	    ", \"size\": %lld, \"start_time\": %lld, \"progress\": %.4f, "
	    "\"remaining_time\": %lld, \"to_select\": false, "
	    "\"to_print\": %s}",
	    transfer->size, (long long)transfer->started_at,
	    percent(transfer) / 100, senseless_rest(transfer),
	    transfer->to_print ? "true" : "false");
}

static void
serve_transfer(struct pi_call *call,
    void (*render)(struct sim *, struct text *))
{
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	if (call->sim->transfer.active)
		render(call->sim, &json);
	pthread_mutex_unlock(&call->sim->lock);
	if (json.len == 0)
		pi_empty(call, 204);
	else
		pi_json(call, 200, "", &json);
	text_free(&json);
}

void
pi_transfer(struct pi_call *call)
{
	serve_transfer(call, render_transfer);
}

void
pi_legacy_transfer(struct pi_call *call)
{
	serve_transfer(call, render_legacy_transfer);
}

void
pi_transfer_stop(struct pi_call *call)
{
	bool active;

	pthread_mutex_lock(&call->sim->lock);
	active = call->sim->transfer.active;
	call->sim->transfer.stop = true;
	transfer_elsewhere(call->sim, false, 0);
	pthread_mutex_unlock(&call->sim->lock);
	pi_empty(call,
	    active && strncmp(call->path, "/api/v1/", 8) == 0 ? 200 : 204);
}
