/*
 * The last words of an agent: status, settings, picture.  The server keeps a
 * report for two minutes and a picture for half an hour.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/obico.h"

#define STATUS_TTL	120.0
#define PICTURE_TTL	1800.0
#define PICTURE_SECONDS 10

enum {
	FILE_SIZE = 6661052,
	LAYERS = 608
};

const struct report *
obico_report(struct sim *sim, const struct obico_printer_row *printer)
{
	const struct report *report = &printer->agent.report;

	return report->there && sim_now(sim) < report->at + STATUS_TTL ?
	    report :
	    NULL;
}

const char *
obico_not_watching(struct sim *sim, const struct obico_printer_row *printer)
{
	const struct report *report = obico_report(sim, printer);

	if (!printer->watching_enabled)
		return "AI failure detection is disabled";
	if (report == NULL || report->state != AGENT_PRINTING)
		return "Printer is not actively printing";
	if (printer->current != NULL && printer->current->alert_muted_at != 0)
		return "Alerts are muted for current print";
	return NULL;
}

static const char *
flag(bool on)
{
	return on ? "true" : "false";
}

static void
render_state(struct text *out, const struct report *report)
{
	static const char *const texts[] = {
		[AGENT_OPERATIONAL] = "Operational",
		[AGENT_PRINTING] = "Printing",
		[AGENT_PAUSED] = "Paused",
	};
	const char *text = report->text[0] != '\0' ? report->text :
						     texts[report->state];

	text_puts(out, "\"state\":{\"text\":");
	text_json(out, text);
	text_printf(out,
	    ",\"error\":null,\"flags\":{\"operational\":%s,\"printing\":%s,"
	    "\"paused\":%s,\"cancelling\":false,\"pausing\":false,"
	    "\"resuming\":false,\"finishing\":false,\"error\":%s,"
	    "\"ready\":%s,\"sdReady\":false,\"closedOrError\":%s}}",
	    flag(!report->error), flag(report->state == AGENT_PRINTING),
	    flag(report->state == AGENT_PAUSED), flag(report->error),
	    flag(report->state == AGENT_OPERATIONAL && !report->error),
	    flag(report->error || report->closed));
}

static void
render_job(struct text *out, const struct report *report)
{
	if (report->state == AGENT_OPERATIONAL) {
		text_puts(out,
		    "\"job\":{\"file\":{\"name\":null,\"path\":null,"
		    "\"display\":null,\"origin\":null,\"size\":null,"
		    "\"date\":null,\"obico_g_code_file_id\":null},"
		    "\"estimatedPrintTime\":null,\"averagePrintTime\":null,"
		    "\"lastPrintTime\":null,\"filament\":null,\"user\":null},"
		    "\"progress\":{\"completion\":null,\"filepos\":null,"
		    "\"printTime\":null,\"printTimeLeft\":null,"
		    "\"printTimeLeftOrigin\":null}");
		return;
	}
	text_puts(out, "\"job\":{\"file\":{\"name\":");
	text_json(out, report->file);
	text_puts(out, ",\"path\":");
	text_json(out, report->file);
	text_puts(out, ",\"display\":");
	text_json(out, report->file);
	text_printf(out,
	    ",\"origin\":\"local\",\"size\":%d,\"date\":1716892098,"
	    "\"obico_g_code_file_id\":null},\"estimatedPrintTime\":%.1f,"
	    "\"averagePrintTime\":null,\"lastPrintTime\":null,"
	    "\"filament\":{\"tool0\":{\"length\":10177.9,\"volume\":0.0}},"
	    "\"user\":null},",
	    FILE_SIZE, report->duration);
	text_puts(out, "\"progress\":{\"completion\":");
	obico_float(out, report->done / report->duration * 100);
	text_printf(out,
	    ",\"filepos\":%.0f,\"printTime\":%.0f,\"printTimeLeft\":%.0f,"
	    "\"printTimeLeftOrigin\":\"linear\"}",
	    report->done / report->duration * FILE_SIZE, report->done,
	    report->duration - report->done);
}

static void
render_heat(struct text *out, const struct report *report)
{
	bool hot = report->state != AGENT_OPERATIONAL;
	double wave = sin(report->at) / 4;
	double share = hot ? report->done / report->duration : 0;

	text_printf(out,
	    "\"temperatures\":{\"tool0\":{\"actual\":%.1f,\"target\":%.1f,"
	    "\"offset\":0},\"bed\":{\"actual\":%.1f,\"target\":%.1f,"
	    "\"offset\":0},\"chamber\":{\"actual\":%.1f,\"target\":null,"
	    "\"offset\":0}}",
	    hot ? 220 + wave : 24, hot ? 220.0 : 0, hot ? 90 + wave : 23.5,
	    hot ? 90.0 : 0, hot ? 31 + wave : 23);
	if (hot)
		text_printf(out, ",\"currentZ\":%.2f,\"currentLayerHeight\":%d",
		    share * LAYERS * 0.15, 1 + (int)(share * LAYERS));
	else
		text_puts(out,
		    ",\"currentZ\":null,\"currentLayerHeight\":null");
	text_printf(out,
	    ",\"offsets\":{},\"resends\":{\"count\":0,\"transmitted\":%.0f,"
	    "\"ratio\":0},\"file_metadata\":{\"hash\":\"2a85\","
	    "\"obico\":{\"totalLayerCount\":%d}}",
	    hot ? report->done * 7 : 0, LAYERS);
}

void
obico_render_status(struct obico_call *call, struct text *out,
    const struct obico_printer_row *printer)
{
	const struct report *report = obico_report(call->sim, printer);

	if (report == NULL) {
		text_puts(out, "null");
		return;
	}
	text_puts(out, "{\"_ts\":");
	obico_float(out, (double)report->when / 1000000);
	text_puts(out, ",");
	render_state(out, report);
	text_puts(out, ",");
	render_job(out, report);
	text_puts(out, ",");
	render_heat(out, report);
	text_puts(out, "}");
}

void
obico_render_settings(struct text *out, const struct obico_printer_row *printer)
{
	bool told = printer->agent.exists;

	text_puts(out, "{");
	if (told)
		text_puts(out,
		    "\"platform_uname\":\"[\\\"Linux\\\", \\\"rig\\\"]\","
		    "\"octoprint_version\":\"\",\"webcams\":[{\"name\":\"cam\","
		    "\"is_primary_camera\":true,"
		    "\"stream_mode\":\"mjpeg_webrtc\",\"stream_id\":1,"
		    "\"flipV\":false,\"flipH\":false,\"rotation\":0,"
		    "\"streamRatio\":\"4:3\"}],\"temp_profiles\":[{"
		    "\"name\":\"PLA\",\"bed\":\"60\",\"extruder\":\"215\","
		    "\"chamber\":null}],\"data_channel_id\":\"\","
		    "\"tsd_plugin_version\":\"\",\"installed_plugins\":\"[]\","
		    "\"printer_metadata\":\"{}\",");
	text_printf(out,
	    "\"webcam_flipV\":false,\"webcam_flipH\":false,"
	    "\"webcam_rotate90\":false,\"webcam_rotation\":0,"
	    "\"webcam_streamRatio\":\"%s\",\"ratio169\":%s",
	    told ? "4:3" : "16:9", flag(!told));
	if (printer->agent_name != NULL && printer->agent_name[0] != '\0' &&
	    printer->agent_version != NULL &&
	    printer->agent_version[0] != '\0') {
		text_puts(out, ",\"agent_name\":");
		text_json(out, printer->agent_name);
		text_puts(out, ",\"agent_version\":");
		text_json(out, printer->agent_version);
	}
	text_puts(out, "}");
}

/* How many seconds ago the last picture came, or less than none. */
static double
picture_age(struct sim *sim, const struct obico_printer_row *printer)
{
	const struct agent *agent = &printer->agent;
	double now = sim_now(sim);

	if (!agent->exists)
		return -1;
	return agent->connected ? fmod(now, PICTURE_SECONDS) :
				  now - agent->gone_at;
}

void
obico_picture_url(struct obico_call *call, struct text *out,
    const struct obico_printer_row *printer)
{
	double age = picture_age(call->sim, printer);
	struct text path = { 0 };
	date when;

	if (age < 0 || age > PICTURE_TTL)
		return;
	/* To ten seconds: the same picture has the same name. */
	when = (obico_now() - (date)(age * 1000000)) / 1000000 /
	    PICTURE_SECONDS * PICTURE_SECONDS;
	if (printer->current == NULL)
		text_printf(&path,
		    "/media/tsd-pics/snapshots/%ld/latest_unrotated.jpg",
		    printer->id);
	else
		text_printf(&path, "/media/tsd-pics/%s/%ld/%ld/%lld.0.jpg",
		    printer->watching_enabled ? "tagged" : "raw", printer->id,
		    printer->current->id, when);
	obico_sign(call->obico, out, text_string(&path));
	text_free(&path);
}

void
obico_render_picture(struct obico_call *call, struct text *out,
    const struct obico_printer_row *printer)
{
	struct text url = { 0 };

	obico_picture_url(call, &url, printer);
	if (url.len == 0) {
		text_puts(out, "null");
	} else {
		text_puts(out, "{\"img_url\":");
		text_json(out, text_string(&url));
		text_puts(out, "}");
	}
	text_free(&url);
}
