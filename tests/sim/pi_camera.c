/*
 * PrusaLink's one camera.  It takes a picture every ten seconds; pictures are
 * drawn when somebody asks, from the number of the moment.  The last one is
 * kept under sim.lock.
 */
#include <cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/sim/pi.h"
#include "tests/sim/picture.h"

#define FIRST_S	 2.0
#define PERIOD_S 10

static const char camera_id[] = "Z2AMbC1TB6YW9zm";

const char *
pi_camera_id(void)
{
	return camera_id;
}

void
pi_cameras(struct pi_call *call)
{
	struct text json = { 0 };

	text_printf(&json,
	    "{\"camera_list\": [{\"camera_id\": \"%s\", "
	    "\"config\": {\"name\": \"Simulated camera\", "
	    "\"driver\": \"V4L2\", \"path\": \"/dev/video0\"}, "
	    "\"connected\": true, \"detected\": true, \"stored\": true, "
	    "\"registered\": false}]}",
	    camera_id);
	pi_json(call, 200, "", &json);
	text_free(&json);
}

static bool
is_ours(const struct pi_call *call)
{
	return strcmp(call->arg[0], camera_id) == 0;
}

void
pi_camera(struct pi_call *call)
{
	struct text json = { 0 };

	if (!is_ours(call)) {
		pi_message(call, 404, "Camera with id: %s is not configured",
		    call->arg[0]);
		return;
	}
	text_printf(&json,
	    "{\"name\": \"Simulated camera\", "
	    "\"trigger_scheme\": \"TEN_SEC\", "
	    "\"resolution\": {\"width\": %d, \"height\": %d}, "
	    "\"available_resolutions\": [{\"width\": %d, \"height\": %d}], "
	    "\"capabilities\": [\"TRIGGER_SCHEME\", \"IMAGING\", "
	    "\"RESOLUTION\"]}",
	    PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_WIDTH, PICTURE_HEIGHT);
	pi_json(call, 200, "", &json);
	text_free(&json);
}

/* A camera that exists cannot be added, one that does not is not seen. */
static void
add_camera(struct pi_call *call)
{
	cJSON *json = pi_read_json(call);

	if (json == NULL)
		return;
	if (!cJSON_HasObjectItem(json, "config"))
		pi_message(call, 400,
		    "Configuration is missing. Cannot add a camera by ID "
		    "alone.");
	else if (is_ours(call))
		pi_message(call, 409,
		    "Camera with id: %s is already running, modification is "
		    "not allowed. Delete it first",
		    call->arg[0]);
	else
		pi_message(call, 404,
		    "Camera could not be added using the supplied ID: %s",
		    call->arg[0]);
	cJSON_Delete(json);
}

static void
connect_camera(struct pi_call *call, bool off)
{
	if (off)
		pi_message(call, 409,
		    "Cannot unregister a non-registered camera: %s",
		    call->arg[0]);
	else
		pi_message(call, 408, "Timed out when registering camera: %s",
		    call->arg[0]);
}

void
pi_camera_change(struct pi_call *call)
{
	bool off = strcmp(call->ex->method, "DELETE") == 0;
	bool order = strcmp(call->path, "/api/v1/cameras") == 0;

	if (!order &&
	    call->path[strlen("/api/v1/cameras/") + strlen(call->arg[0])] ==
		'\0' &&
	    !off)
		add_camera(call);
	else if (!order && !is_ours(call))
		pi_message(call, 404,
		    text_ends_with(call->path, "/config") ||
			    text_ends_with(call->path, "/connection") ?
			"Camera with id: %s was not found among the "
			"connected cameras" :
			"Camera with id: %s is not configured",
		    call->arg[0]);
	else if (order || text_ends_with(call->path, "/config"))
		pi_empty(call, 200);
	else if (text_ends_with(call->path, "/connection"))
		connect_camera(call, off);
	else
		pi_message(call, 409, "Cannot remove an auto-detected camera");
}

/* Draw the picture of the moment if it is not there.  Locked. */
static int
take_picture(struct pi_call *call, long number)
{
	struct pi *pi = call->pi;
	struct machine_view view;

	if (pi->picture_number == number)
		return 0;
	machine_look(call->sim, &view);
	text_free(&pi->picture);
	pi->picture_number = number;
	return picture_draw(&pi->picture, number, view.progress / 100);
}

static void
picture_headers(struct text *extra, time_t taken)
{
	char date[32], expires[32];

	text_date(date, taken);
	text_date(expires, taken + PERIOD_S);
	text_printf(extra,
	    "Last-Modified: %s\r\nExpires: %s\r\n"
	    "Cache-Control: private, max-age=%d\r\n",
	    date, expires, PERIOD_S + 1);
}

static void
answer_picture(struct pi_call *call, long number, double age)
{
	const char *since = call->ex->header[HEADER_IF_MODIFIED_SINCE];
	time_t taken = time(NULL) - (time_t)age, when = 0;
	struct text extra = { 0 }, copy = { 0 };

	picture_headers(&extra, taken);
	pthread_mutex_lock(&call->sim->lock);
	if (take_picture(call, number) == 0)
		text_add(&copy, call->pi->picture.data, call->pi->picture.len);
	pthread_mutex_unlock(&call->sim->lock);
	if (copy.len == 0 ||
	    (since != NULL && pi_parse_date(since, &when) != 0))
		pi_crash(call);
	else if (since != NULL && taken < when)
		pi_send(call, 304, "text/html; charset=utf-8",
		    text_string(&extra), "", 0);
	else
		pi_send(call, 200, "image/jpeg", text_string(&extra), copy.data,
		    copy.len);
	text_free(&extra);
	text_free(&copy);
}

void
pi_snap_default(struct pi_call *call)
{
	double now = sim_now(call->sim);
	long number = (long)((now - FIRST_S) / PERIOD_S);

	if (now < FIRST_S)
		pi_message(call, 204,
		    "Camera with id: %s did not take a photo yet.", camera_id);
	else
		answer_picture(call, number,
		    (now - FIRST_S - (double)number * PERIOD_S) *
			call->sim->options.time_scale);
}

void
pi_snap(struct pi_call *call)
{
	if (is_ours(call))
		pi_snap_default(call);
	else
		pi_message(call, 404, "Camera with id: %s is not available",
		    call->arg[0]);
}

void
pi_snap_now(struct pi_call *call)
{
	if (is_ours(call))
		pi_crash(call); /* broken in this version */
	else
		pi_message(call, 404, "Camera with id: %s is not available",
		    call->arg[0]);
}
