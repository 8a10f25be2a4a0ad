/*
 * The firmware's GET-only routes: compact JSON with the members in a fixed
 * order.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/buddy.h"
#include "tests/sim/stamp.h"

void
buddy_version(struct buddy_call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"api\":\"2.0.0\",\"server\":\"2.1.2\","
	    "\"nozzle_diameter\":0.40,\"text\":\"PrusaLink\","
	    "\"hostname\":\"prusa-mk4\",");
	if (call->sim->options.firmware >= 5)
		text_printf(&json,
		    "\"firmware\":\"6.%ld.2+12780\","
		    "\"printer\":\"1.4.0\",",
		    call->sim->options.firmware);
	text_puts(&json, "\"capabilities\":{\"upload-by-put\":true}}");
	buddy_json(call, &json);
	text_free(&json);
}

void
buddy_info(struct buddy_call *call)
{
	struct text json = { 0 };

	text_puts(&json,
	    "{\"nozzle_diameter\":0.40,\"mmu\":false,"
	    "\"serial\":\"10589-3742441632212\",\"hostname\":\"prusa-mk4\","
	    "\"min_extrusion_temp\":170}");
	buddy_json(call, &json);
	text_free(&json);
}

void
buddy_storage(struct buddy_call *call)
{
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	text_printf(&json,
	    "{\"storage_list\":[{\"path\":\"/usb/\",\"name\":\"usb\","
	    "\"type\":\"USB\",\"read_only\":false,\"available\":%s}]}",
	    call->buddy->stick_out ? "false" : "true");
	pthread_mutex_unlock(&call->sim->lock);
	buddy_json(call, &json);
	text_free(&json);
}

void
buddy_settings(struct buddy_call *call)
{
	static const char body[] = "{\"printer\": {}}";
	struct text head = { 0 };

	buddy_head(call, &head, 200, "application/json", "", strlen(body));
	exchange_answer(call->ex, call->conn, 200, &head, body, strlen(body));
	text_free(&head);
}

/* The job's numbers, without the braces. */
static void
add_job(struct text *json, const struct sim *sim,
    const struct machine_view *view, bool with_state)
{
	text_printf(json, "\"id\":%ld,", sim->machine.job);
	if (with_state)
		text_printf(json, "\"state\":\"%s\",",
		    strcmp(view->state, "PRINTING") == 0 ? "PRINTING" :
							   "PAUSED");
	text_printf(json,
	    "\"progress\":%.2f,\"time_remaining\":%ld,"
	    "\"time_printing\":%ld",
	    view->progress, view->time_remaining, view->time_printing);
}

static void
add_transfer(struct text *json, struct sim *sim)
{
	const struct transfer *transfer = transfer_look(sim);

	if (!transfer->active)
		return;
	text_printf(json,
	    "\"transfer\":{\"id\":%ld,\"time_transferring\":%ld,"
	    "\"progress\":%.2f,\"transferred\":%lld},",
	    transfer->id, (long)(sim_now(sim) - transfer->started),
	    (double)transfer->transferred / (double)transfer->size,
	    transfer->transferred);
}

static void
add_printer(struct text *json, struct sim *sim, const struct machine_view *view)
{
	double tick = 0;

	if (sim->tick_status)
		tick = (double)(++sim->ticks % 1000) / 10;
	text_printf(json,
	    "\"printer\":{\"state\":\"%s\",\"temp_bed\":%.1f,"
	    "\"target_bed\":%.1f,\"temp_nozzle\":%.1f,"
	    "\"target_nozzle\":%.1f,\"axis_z\":%.1f,",
	    view->state, view->bed, view->bed_target, view->nozzle + tick,
	    view->nozzle_target, view->z);
	if (!view->has_job || strcmp(view->state, "PRINTING") != 0)
		text_puts(json, "\"axis_x\":0.0,\"axis_y\":0.0,");
	text_printf(json,
	    "\"flow\":100,\"speed\":100,\"fan_hotend\":%d,"
	    "\"fan_print\":%d}",
	    view->fan_hotend, view->fan_print);
}

void
buddy_status(struct buddy_call *call)
{
	struct sim *sim = call->sim;
	struct machine_view view;
	struct text json = { 0 };

	pthread_mutex_lock(&sim->lock);
	machine_look(sim, &view);
	text_puts(&json, "{");
	if (view.has_job) {
		text_puts(&json, "\"job\":{");
		add_job(&json, sim, &view, false);
		text_puts(&json, "},");
	}
	text_puts(&json,
	    "\"storage\":{\"path\":\"/usb/\",\"name\":\"usb\","
	    "\"read_only\":false},");
	add_transfer(&json, sim);
	add_printer(&json, sim, &view);
	text_puts(&json, "}");
	pthread_mutex_unlock(&sim->lock);
	buddy_json(call, &json);
	text_free(&json);
}

static void
add_file(struct buddy_call *call, struct text *json)
{
	const char *path = call->sim->machine.path;
	const char *name = strrchr(path, '/');
	struct fat_place place;
	struct text folder = { 0 };

	if (name == NULL)
		return;
	strlcpy(call->path, path, sizeof(call->path));
	buddy_find(call, &place);
	text_add(&folder, path, (size_t)(name - path));
	text_printf(json,
	    ",\"file\":{\"refs\":{\"icon\":\"/thumb/s%s\","
	    "\"thumbnail\":\"/thumb/l%s\",\"download\":\"%s\"},\"name\":",
	    path, path, path);
	text_json(json, name + 1);
	text_puts(json, ",\"display_name\":");
	text_json(json,
	    place.found != NULL ? fat_long_name(place.found) : name + 1);
	text_puts(json, ",\"path\":");
	text_json(json, text_string(&folder));
	if (place.exists) {
		text_printf(json, ",\"size\":%lld",
		    (long long)place.st.st_size);
		stamp_put(call->sim, json, ",\"m_timestamp\":",
		    buddy_timestamp(place.st.st_mtim.tv_sec), "");
	}
	text_puts(json, "}");
	text_free(&folder);
	fat_release(&place);
}

void
buddy_job(struct buddy_call *call)
{
	struct sim *sim = call->sim;
	struct machine_view view;
	struct text json = { 0 };

	pthread_mutex_lock(&sim->lock);
	machine_look(sim, &view);
	if (view.has_job) {
		text_puts(&json, "{");
		add_job(&json, sim, &view, true);
		add_file(call, &json);
		text_puts(&json, "}");
	}
	pthread_mutex_unlock(&sim->lock);
	if (json.len == 0)
		buddy_page(call, 204, "");
	else if (strcmp(call->ex->method, "GET") != 0)
		buddy_page_close(call, 405, "");
	else
		buddy_json(call, &json);
	text_free(&json);
}

/* The flags of the older API in each phase; idle ones have none. */
static const struct legacy_flags {
	const char *link_state;
	bool printing, paused, pausing, cancelling, busy;
} legacy_flags[PHASE_COUNT] = {
	[PHASE_HEATING] = { "PRINTING", .printing = true },
	[PHASE_PRINTING] = { "PRINTING", .printing = true },
	[PHASE_PAUSING] = { "PAUSED", .printing = true, .paused = true,
	    .pausing = true, .busy = true },
	[PHASE_PAUSED] = { "PAUSED", .printing = true, .paused = true },
	[PHASE_RESUMING] = { "PRINTING", .printing = true, .busy = true },
	[PHASE_STOPPING] = { "BUSY", .cancelling = true, .busy = true },
};

static const char *
truth(bool value)
{
	return value ? "true" : "false";
}

static void
add_state(struct text *json, const struct machine_view *view)
{
	struct legacy_flags flags = legacy_flags[view->phase];
	bool idle = flags.link_state == NULL;

	if (view->attention) {
		flags.link_state = "ATTENTION";
		flags.busy = true;
		flags.printing = true;
	}
	text_printf(json, "\"state\":{\"text\":\"%s\",\"flags\":{",
	    flags.printing ? "Printing" : "Operational");
	if (flags.link_state != NULL)
		text_printf(json, "\"link_state\":\"%s\",", flags.link_state);
	text_printf(json,
	    "\"operational\":%s,\"paused\":%s,\"printing\":%s,"
	    "\"cancelling\":%s,\"pausing\":%s,\"error\":%s,"
	    "\"sdReady\":false,\"closedOnError\":false,\"ready\":%s,"
	    "\"busy\":%s}}",
	    truth(idle), truth(flags.paused), truth(flags.printing),
	    truth(flags.cancelling), truth(flags.pausing),
	    truth(view->attention), truth(idle), truth(flags.busy));
}

void
buddy_legacy_printer(struct buddy_call *call)
{
	struct machine_view view;
	struct text json = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, &view);
	pthread_mutex_unlock(&call->sim->lock);
	text_printf(&json,
	    "{\"telemetry\":{\"temp-bed\":%.1f,\"temp-nozzle\":%.1f,"
	    "\"print-speed\":100,\"z-height\":%.1f,\"material\":\"---\"},",
	    view.bed, view.nozzle, view.z);
	text_printf(&json,
	    "\"temperature\":{\"tool0\":{\"actual\":%.1f,\"target\":%.1f,"
	    "\"display\":%.1f,\"offset\":0},\"bed\":{\"actual\":%.1f,"
	    "\"target\":%.1f,\"offset\":0}},",
	    view.nozzle, view.nozzle_target, view.nozzle_target, view.bed,
	    view.bed_target);
	add_state(&json, &view);
	text_puts(&json, "}");
	buddy_json(call, &json);
	text_free(&json);
}

void
buddy_legacy_job(struct buddy_call *call)
{
	struct sim *sim = call->sim;
	struct machine_view view;
	struct text json = { 0 };
	struct fat_place place;
	const char *name = "";

	pthread_mutex_lock(&sim->lock);
	machine_look(sim, &view);
	text_printf(&json, "{\"state\":\"%s\",",
	    view.attention ? "Error" : view.legacy);
	if (!view.has_job && !view.attention) {
		text_puts(&json, "\"job\": null,\"progress\": null}");
	} else {
		strlcpy(call->path, sim->machine.path, sizeof(call->path));
		buddy_find(call, &place);
		if (place.found != NULL)
			name = fat_long_name(place.found);
		text_printf(&json,
		    "\"job\":{\"estimatedPrintTime\":%ld,\"file\":{\"name\":",
		    view.time_printing + view.time_remaining);
		text_json(&json, name);
		text_puts(&json, ",\"path\":");
		text_json(&json, call->path);
		text_puts(&json, ",\"display\":");
		text_json(&json, name);
		text_printf(&json,
		    "}},\"progress\":{\"printTimeLeft\":%ld,"
		    "\"completion\":%.2f,\"printTime\":%ld}}",
		    view.time_remaining, view.progress / 100,
		    view.time_printing);
		fat_release(&place);
	}
	pthread_mutex_unlock(&sim->lock);
	buddy_json(call, &json);
	text_free(&json);
}
