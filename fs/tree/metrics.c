/*
 * The file "metrics": a table of metric families, each with a function that
 * writes its samples for one printer.  A family stands together, whatever the
 * number of printers (OpenMetrics 1.0), so all printers are read first.  No
 * state, any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/utf8.h"
#include "client/http/counts.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/upload_list.h"
#include "fs/tree/metrics.h"

/* A reading is of one of these, and tells what belongs to it. */
enum teller {
	TELLER_PRINTER,
	TELLER_PRINTER_OF_ACCOUNT, /* all but requests */
	TELLER_ACCOUNT		   /* nothing but requests */
};

/* The values of one printer, or account. */
struct reading {
	enum teller teller;
	struct buf label; /* printer="NAME" */
	bool online;
	struct buf status;
	struct buf failure; /* or empty */
	struct counts counts;
	struct upload_list_counts uploads;
};

struct family {
	const char *name;
	const char *type;
	const char *unit; /* the name ends in it, or "" */
	const char *help;
	int (*write)(const struct family *, const struct reading *,
	    struct buf *out);
	const char *field; /* of the status, or of what failed */
	double scale;	   /* from the printer's unit to the base unit */
	bool of_requests;
};

/* NAME{printer="…"MORE} VALUE */
static int
sample(const struct family *family, const struct reading *reading,
    const char *suffix, const char *more, const char *value, struct buf *out)
{
	return buf_printf(out, "%s%s{%s%s} %s\n", family->name, suffix,
	    buf_text(&reading->label), more, value);
}

static int
sample_count(const struct family *family, const struct reading *reading,
    const char *suffix, const char *more, uint64_t value, struct buf *out)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return sample(family, reading, suffix, more, text, out);
}

/* A boolean is 0 or 1. */
static bool
read_number(const char *text, double *out)
{
	char *end;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		*out = *text == 't';
		return true;
	}
	*out = strtod(text, &end);
	return end != text && *end == '\0';
}

static int
write_value(const struct family *family, const struct reading *reading,
    const struct buf *from, struct buf *out)
{
	struct buf value = { 0 };
	double number;
	char text[32];
	int error;

	error = json_field(buf_text(from), from->len, family->field, &value);
	if (error == 0 && read_number(value.data, &number)) {
		snprintf(text, sizeof(text), "%.10g", number * family->scale);
		error = sample(family, reading, "", "", text, out);
	}
	buf_free(&value);
	return error == -ENOMEM ? error : 0;
}

static int
write_field(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	return write_value(family, reading, &reading->status, out);
}

static int
write_failure(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	return write_value(family, reading, &reading->failure, out);
}

static int
write_online(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	return sample(family, reading, "", "", reading->online ? "1" : "0",
	    out);
}

/* A word that is not in the list is UNKNOWN, so that one is always 1. */
static int
write_state(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	static const char *const states[] = { "IDLE", "READY", "BUSY",
		"PRINTING", "PAUSED", "FINISHED", "STOPPED", "ATTENTION",
		"ERROR", "UNKNOWN" };
	const size_t count = sizeof(states) / sizeof(states[0]);
	struct buf state = { 0 };
	char more[64];
	size_t i, is = 0;
	int error;

	error = json_field(buf_text(&reading->status), reading->status.len,
	    family->field, &state);
	while (is < count - 1 && strcmp(states[is], buf_text(&state)) != 0)
		is++;
	for (i = 0; i < count && error == 0; i++) {
		snprintf(more, sizeof(more), ",%s=\"%s\"", family->name,
		    states[i]);
		error = sample(family, reading, "", more, i == is ? "1" : "0",
		    out);
	}
	buf_free(&state);
	return error == -ENOMEM ? error : 0;
}

static int
write_build(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	return sample(family, reading, "", ",version=\"" VERSION "\"", "1",
	    out);
}

static int
write_pending(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	const struct upload_list_counts *uploads = &reading->uploads;
	int error;

	error = sample_count(family, reading, "", ",state=\"waiting\"",
	    (uint64_t)uploads->waiting, out);
	if (error == 0)
		error = sample_count(family, reading, "", ",state=\"sending\"",
		    (uint64_t)uploads->sending, out);
	return error;
}

static int
write_uploads(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	const struct upload_list_counts *uploads = &reading->uploads;
	int error;

	error = sample_count(family, reading, "_total", ",verdict=\"stored\"",
	    uploads->stored, out);
	if (error == 0)
		error = sample_count(family, reading, "_total",
		    ",verdict=\"failed\"", uploads->failed, out);
	return error;
}

static int
write_bytes(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	return sample_count(family, reading, "_total", "",
	    reading->uploads.bytes, out);
}

/* Requests that never came are counted as 0, so that rates are right. */
static int
write_requests(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	char more[64];
	int method, outcome, error = 0;

	for (method = 0; method < COUNT_METHODS; method++) {
		for (outcome = 0; outcome < COUNT_OUTCOMES && error == 0;
		     outcome++) {
			snprintf(more, sizeof(more),
			    ",method=\"%s\",outcome=\"%s\"",
			    count_methods[method], count_outcomes[outcome]);
			error = sample_count(family, reading, "_total", more,
			    reading->counts.requests[method][outcome], out);
		}
	}
	return error;
}

static int
write_connection(const struct family *family, const struct reading *reading,
    int connection, struct buf *out)
{
	const uint64_t *took = reading->counts.connections[connection].took;
	char more[64], end[24] = "+Inf", total[32];
	uint64_t count = 0;
	int i, error = 0;

	for (i = 0; i < COUNT_BUCKETS && error == 0; i++) {
		count += took[i];
		if (i < COUNT_BUCKETS - 1)
			snprintf(end, sizeof(end), "%.3g",
			    (double)count_bounds_ms[i] / 1000);
		else
			strlcpy(end, "+Inf", sizeof(end));
		snprintf(more, sizeof(more), ",lane=\"%s\",le=\"%s%s\"",
		    count_lanes[connection], end,
		    strpbrk(end, ".I") == NULL ? ".0" : "");
		error = sample_count(family, reading, "_bucket", more, count,
		    out);
	}
	snprintf(more, sizeof(more), ",lane=\"%s\"", count_lanes[connection]);
	snprintf(total, sizeof(total), "%.3f",
	    (double)reading->counts.connections[connection].total_ms / 1000);
	if (error == 0)
		error = sample_count(family, reading, "_count", more, count,
		    out);
	if (error == 0)
		error = sample(family, reading, "_sum", more, total, out);
	return error;
}

static int
write_durations(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	int connection, error = 0;

	for (connection = 0; connection < COUNT_LANES && error == 0;
	     connection++)
		error = write_connection(family, reading, connection, out);
	return error;
}

static int
write_hits(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	return sample_count(family, reading, "_total", "",
	    reading->counts.cache_hits, out);
}

static int
write_misses(const struct family *family, const struct reading *reading,
    struct buf *out)
{
	return sample_count(family, reading, "_total", "",
	    reading->counts.cache_misses, out);
}

/* clang-format off */
static const struct family families[] = {
	{ "prusafs_build_info", "gauge", "", "Version of prusafs.", write_build, NULL, 0, false },
	{ "prusafs_online", "gauge", "", "Does the printer answer?", write_online, NULL, 0, false },
	{ "prusafs_state", "gauge", "", "What the printer is doing.", write_state, "printer.state", 0, false },
	{ "prusafs_nozzle_temperature_celsius", "gauge", "celsius", "Temperature of the nozzle.", write_field, "printer.temp_nozzle", 1, false },
	{ "prusafs_nozzle_target_celsius", "gauge", "celsius", "What it shall be; 0 is off.", write_field, "printer.target_nozzle", 1, false },
	{ "prusafs_bed_temperature_celsius", "gauge", "celsius", "Temperature of the bed.", write_field, "printer.temp_bed", 1, false },
	{ "prusafs_bed_target_celsius", "gauge", "celsius", "What it shall be; 0 is off.", write_field, "printer.target_bed", 1, false },
	{ "prusafs_axis_z_meters", "gauge", "meters", "Height of the nozzle.", write_field, "printer.axis_z", 0.001, false },
	{ "prusafs_print_speed_ratio", "gauge", "ratio", "Print speed; 1 is as sliced.", write_field, "printer.speed", 0.01, false },
	{ "prusafs_filament_flow_ratio", "gauge", "ratio", "Flow of filament; 1 is as sliced.", write_field, "printer.flow", 0.01, false },
	{ "prusafs_hotend_fan_hertz", "gauge", "hertz", "Revolutions per second of the fan of the hotend.", write_field, "printer.fan_hotend", 1.0 / 60, false },
	{ "prusafs_print_fan_hertz", "gauge", "hertz", "Revolutions per second of the print fan.", write_field, "printer.fan_print", 1.0 / 60, false },
	{ "prusafs_job_progress_ratio", "gauge", "ratio", "Progress of the job; 1 is done.", write_field, "job.progress", 0.01, false },
	{ "prusafs_job_time_left_seconds", "gauge", "seconds", "Until the end of the job, as the printer estimates.", write_field, "job.time_remaining", 1, false },
	{ "prusafs_job_time_printing_seconds", "gauge", "seconds", "Since the job began.", write_field, "job.time_printing", 1, false },
	{ "prusafs_transfer_progress_ratio", "gauge", "ratio", "Of what the printer is receiving, from whomever; 1 is done.", write_field, "transfer.progress", 0.01, false },
	{ "prusafs_transfer_received_bytes", "gauge", "bytes", "Bytes of it that have come.", write_field, "transfer.data_transferred", 1, false },
	{ "prusafs_watching", "gauge", "", "Does Obico look for failures in the print?", write_failure, "watching", 1, false },
	{ "prusafs_failure_ratio", "gauge", "ratio", "How much the last pictures look like a failure; 1 is most.", write_failure, "normalized_p", 1, false },
	{ "prusafs_failure_alert", "gauge", "", "Is there an alarm that nobody has acknowledged?", write_failure, "alert", 1, false },
	{ "prusafs_pending_uploads", "gauge", "", "Uploads of this mount that are not done.", write_pending, NULL, 0, false },
	{ "prusafs_uploads", "counter", "", "Uploads of this mount that ended.", write_uploads, NULL, 0, false },
	{ "prusafs_upload_bytes", "counter", "bytes", "Bytes that this mount has sent in uploads.", write_bytes, NULL, 0, false },
	{ "prusafs_requests", "counter", "", "Requests to the printer, or to the server of an account.", write_requests, NULL, 0, true },
	{ "prusafs_request_duration_seconds", "histogram", "seconds", "How long requests took, from the turn of their lane to the end of the answer.", write_durations, NULL, 0, true },
	{ "prusafs_cache_hits", "counter", "", "Documents and listings told from memory.", write_hits, NULL, 0, false },
	{ "prusafs_cache_misses", "counter", "", "Documents and listings that were asked for.", write_misses, NULL, 0, false },
};
/* clang-format on */

/* A label's value, as OpenMetrics escapes it. */
static int
escape(const char *text, struct buf *out)
{
	size_t len;
	int error = 0;

	for (; *text != '\0' && error == 0; text += len) {
		len = utf8_measure(text, strlen(text));
		len += len == 0;
		if (*text == '\n')
			error = buf_printf(out, "\\n");
		else if (*text == '"' || *text == '\\')
			error = buf_printf(out, "\\%c", *text);
		else
			error = utf8_append(out, text, len);
	}
	return error;
}

static int
make_label(const char *label, const char *name, struct buf *out)
{
	int error = buf_printf(out, "%s=\"", label);

	if (error == 0)
		error = escape(name, out);
	return error != 0 ? error : buf_append(out, "\"", 1);
}

static int
read_mounted(struct mounted *mounted, const struct caller *caller,
    struct reading *out)
{
	struct printer *printer = mounted->printer;
	int error = printer_document(printer, &caller->wait, TOPIC_STATUS,
	    &out->status);

	out->online = error == 0;
	if (error != -EINTR && error != -ENOMEM && printer->is_watched)
		error = printer_document(printer, &caller->wait, TOPIC_FAILURE,
		    &out->failure);
	if (error == -EINTR || error == -ENOMEM)
		return error;
	out->teller = printer->traits->is_cloud ? TELLER_PRINTER_OF_ACCOUNT :
						  TELLER_PRINTER;
	printer_count(printer, &out->counts);
	upload_list_count(mounted->uploads, &out->uploads);
	return make_label("printer", mounted->name, &out->label);
}

static int
read_server(const struct metrics_server *server, struct reading *out)
{
	out->teller = TELLER_ACCOUNT;
	out->counts = server->counts;
	return make_label("account", server->name, &out->label);
}

/* The printers of an account share its requests, which are told once. */
static bool
tells(const struct reading *reading, const struct family *family)
{
	return reading->teller == TELLER_PRINTER ||
	    (reading->teller == TELLER_ACCOUNT) == family->of_requests;
}

/* A family of which there is nothing to say is left out. */
static int
write_family(const struct family *family, const struct reading *readings,
    size_t count, struct buf *out)
{
	struct buf samples = { 0 };
	size_t i;
	int error = 0;

	for (i = 0; i < count && error == 0; i++) {
		if (tells(&readings[i], family))
			error = family->write(family, &readings[i], &samples);
	}
	if (error == 0 && samples.len > 0)
		error = buf_printf(out, "# TYPE %s %s\n", family->name,
		    family->type);
	if (error == 0 && samples.len > 0 && *family->unit != '\0')
		error = buf_printf(out, "# UNIT %s %s\n", family->name,
		    family->unit);
	if (error == 0 && samples.len > 0)
		error = buf_printf(out, "# HELP %s %s\n", family->name,
		    family->help);
	if (error == 0)
		error = buf_append(out, buf_text(&samples), samples.len);
	buf_free(&samples);
	return error;
}

static int
write_all(const struct reading *readings, size_t count, struct buf *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < sizeof(families) / sizeof(families[0]) && error == 0;
	     i++)
		error = write_family(&families[i], readings, count, out);
	return error != 0 ? error : buf_printf(out, "# EOF\n");
}

int
metrics_text(const struct metrics *metrics, const struct caller *caller,
    struct buf *out)
{
	size_t i, count = metrics->count + metrics->server_count;
	struct reading *readings = calloc(count + 1, sizeof(*readings));
	int error = 0;

	if (readings == NULL)
		return -ENOMEM;
	for (i = 0; i < metrics->count && error == 0; i++)
		error = read_mounted(metrics->printers[i], caller,
		    &readings[i]);
	for (i = 0; i < metrics->server_count && error == 0; i++)
		error = read_server(&metrics->servers[i],
		    &readings[metrics->count + i]);
	if (error == 0)
		error = write_all(readings, count, out);
	for (i = 0; i < count; i++) {
		buf_free(&readings[i].label);
		buf_free(&readings[i].status);
		buf_free(&readings[i].failure);
	}
	free(readings);
	return error;
}
