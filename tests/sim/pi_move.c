/*
 * PrusaLink's older API for the printer's parts: moves, temperatures.  What
 * is asked is looked at and answered; nothing moves.
 */
#include <cJSON.h>
#include <string.h>

#include "tests/sim/pi.h"

/* Degrees Celsius. */
enum {
	NOZZLE_MOST = 305,
	BED_MOST = 125,
	EXTRUDES_FROM = 170
};

/* The command in the body; *json is to be deleted, NULL if answered. */
static const char *
read_command(struct pi_call *call, cJSON **json, struct machine_view *view)
{
	*json = pi_read_json(call);
	pthread_mutex_lock(&call->sim->lock);
	machine_look(call->sim, view);
	pthread_mutex_unlock(&call->sim->lock);
	return *json == NULL ? "" : pi_string_of(*json, "command");
}

/* Set a temperature: too low, too high or obeyed. */
static void
heat(struct pi_call *call, const cJSON *target, double most)
{
	if (!cJSON_IsNumber(target))
		pi_crash(call);
	else if (target->valuedouble < 0)
		pi_error(call, PI_TOO_COLD);
	else if (target->valuedouble > most)
		pi_error(call, PI_TOO_HOT);
	else
		pi_json_string(call, 204, "{}");
}

void
pi_printhead(struct pi_call *call)
{
	struct machine_view view;
	cJSON *json;
	const char *command = read_command(call, &json, &view);
	bool moves = strcmp(command, "jog") == 0 ||
	    strcmp(command, "home") == 0;

	if (json == NULL)
		return;
	pi_json_string(call,
	    moves && (view.has_job || view.attention) ? 409 : 204, "{}");
	cJSON_Delete(json);
}

void
pi_tool(struct pi_call *call)
{
	struct machine_view view;
	cJSON *json;
	const char *command = read_command(call, &json, &view);

	if (json == NULL)
		return;
	if (strcmp(command, "target") == 0)
		heat(call,
		    cJSON_GetObjectItemCaseSensitive(
			cJSON_GetObjectItemCaseSensitive(json, "targets"),
			"tool0"),
		    NOZZLE_MOST);
	else if (strcmp(command, "extrude") == 0 && view.nozzle < EXTRUDES_FROM)
		pi_error(call, PI_TOO_COLD);
	else if (strcmp(command, "extrude") == 0 &&
	    strcmp(view.state, "PRINTING") == 0)
		pi_error(call, PI_PRINTING);
	else
		pi_json_string(call, 204, "{}");
	cJSON_Delete(json);
}

void
pi_bed(struct pi_call *call)
{
	struct machine_view view;
	cJSON *json;
	const char *command = read_command(call, &json, &view);

	if (json == NULL)
		return;
	if (strcmp(command, "target") == 0)
		heat(call, cJSON_GetObjectItemCaseSensitive(json, "target"),
		    BED_MOST);
	else
		pi_json_string(call, 204, "{}");
	cJSON_Delete(json);
}
