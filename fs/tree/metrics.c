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

/* The samples of a family, of one reading after the other. */
struct samples {
	const struct family *family;
	const struct reading *reading;
	struct buf text;
	int error; /* the first one; after it nothing is added */
};

struct family {
	const char *name;
	const char *type;
	const char *unit; /* the name ends in it, or "" */
	const char *help;
	void (*write)(struct samples *);
	const char *field; /* of the status, or of what failed */
	double scale;	   /* from the printer's unit to the base unit */
	bool of_requests;
};

/* NAME{printer="…"MORE} VALUE */
static void
add(struct samples *samples, const char *suffix, const char *more,
    const char *value)
{
	if (samples->error == 0)
		samples->error = buf_printf(&samples->text, "%s%s{%s%s} %s\n",
		    samples->family->name, suffix,
		    buf_text(&samples->reading->label), more, value);
}

static void
add_count(struct samples *samples, const char *suffix, const char *more,
    uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add(samples, suffix, more, text);
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

/* The family's field of a document, if that tells it (caller: buf_free). */
static bool
read_field(struct samples *samples, const struct buf *from, struct buf *out)
{
	int error = json_field(buf_text(from), from->len,
	    samples->family->field, out);

	if (error == -ENOMEM)
		samples->error = error;
	return error == 0;
}

static void
write_value(struct samples *samples, const struct buf *from)
{
	struct buf value = { 0 };
	double number;
	char text[32];

	if (read_field(samples, from, &value) &&
	    read_number(buf_text(&value), &number)) {
		snprintf(text, sizeof(text), "%.10g",
		    number * samples->family->scale);
		add(samples, "", "", text);
	}
	buf_free(&value);
}

static void
write_field(struct samples *samples)
{
	write_value(samples, &samples->reading->status);
}

static void
write_failure(struct samples *samples)
{
	write_value(samples, &samples->reading->failure);
}

static void
write_online(struct samples *samples)
{
	add(samples, "", "", samples->reading->online ? "1" : "0");
}

/* A word that is not in the list is UNKNOWN, so that one is always 1. */
static void
write_state(struct samples *samples)
{
	static const char *const states[] = { "IDLE", "READY", "BUSY",
		"PRINTING", "PAUSED", "FINISHED", "STOPPED", "ATTENTION",
		"ERROR", "UNKNOWN" };
	const size_t count = sizeof(states) / sizeof(states[0]);
	struct buf state = { 0 };
	char more[64];
	bool told = read_field(samples, &samples->reading->status, &state);
	size_t i, is = 0;

	while (is < count - 1 && strcmp(states[is], buf_text(&state)) != 0)
		is++;
	for (i = 0; i < count && told; i++) {
		snprintf(more, sizeof(more), ",%s=\"%s\"",
		    samples->family->name, states[i]);
		add(samples, "", more, i == is ? "1" : "0");
	}
	buf_free(&state);
}

static void
write_build(struct samples *samples)
{
	add(samples, "", ",version=\"" VERSION "\"", "1");
}

static void
write_pending(struct samples *samples)
{
	const struct upload_list_counts *uploads = &samples->reading->uploads;

	add_count(samples, "", ",state=\"waiting\"",
	    (uint64_t)uploads->waiting);
	add_count(samples, "", ",state=\"sending\"",
	    (uint64_t)uploads->sending);
}

static void
write_uploads(struct samples *samples)
{
	const struct upload_list_counts *uploads = &samples->reading->uploads;

	add_count(samples, "_total", ",verdict=\"stored\"", uploads->stored);
	add_count(samples, "_total", ",verdict=\"failed\"", uploads->failed);
}

static void
write_bytes(struct samples *samples)
{
	add_count(samples, "_total", "", samples->reading->uploads.bytes);
}

/* Requests that never came are counted as 0, so that rates are right. */
static void
write_requests(struct samples *samples)
{
	const struct counts *counts = &samples->reading->counts;
	char more[64];
	int method, outcome;

	for (method = 0; method < COUNT_METHODS; method++) {
		for (outcome = 0; outcome < COUNT_OUTCOMES; outcome++) {
			snprintf(more, sizeof(more),
			    ",method=\"%s\",outcome=\"%s\"",
			    count_methods[method], count_outcomes[outcome]);
			add_count(samples, "_total", more,
			    counts->requests[method][outcome]);
		}
	}
}

static void
write_connection(struct samples *samples, int connection)
{
	const struct counts *counts = &samples->reading->counts;
	char more[64], end[24], total[32];
	uint64_t count = 0;
	int i;

	for (i = 0; i < COUNT_BUCKETS; i++) {
		count += counts->connections[connection].took[i];
		if (i < COUNT_BUCKETS - 1)
			snprintf(end, sizeof(end), "%.3g",
			    (double)count_bounds_ms[i] / 1000);
		else
			strlcpy(end, "+Inf", sizeof(end));
		snprintf(more, sizeof(more), ",lane=\"%s\",le=\"%s%s\"",
		    count_connections[connection], end,
		    strpbrk(end, ".I") == NULL ? ".0" : "");
		add_count(samples, "_bucket", more, count);
	}
	snprintf(more, sizeof(more), ",lane=\"%s\"",
	    count_connections[connection]);
	snprintf(total, sizeof(total), "%.3f",
	    (double)counts->connections[connection].total_ms / 1000);
	add_count(samples, "_count", more, count);
	add(samples, "_sum", more, total);
}

static void
write_durations(struct samples *samples)
{
	int connection;

	for (connection = 0; connection < COUNT_CONNECTIONS; connection++)
		write_connection(samples, connection);
}

static void
write_hits(struct samples *samples)
{
	add_count(samples, "_total", "", samples->reading->counts.cache_hits);
}

static void
write_misses(struct samples *samples)
{
	add_count(samples, "_total", "", samples->reading->counts.cache_misses);
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

static int
write_head(const struct family *family, struct buf *out)
{
	const char *name = family->name;

	if (*family->unit == '\0')
		return buf_printf(out, "# TYPE %s %s\n# HELP %s %s\n", name,
		    family->type, name, family->help);
	return buf_printf(out, "# TYPE %s %s\n# UNIT %s %s\n# HELP %s %s\n",
	    name, family->type, name, family->unit, name, family->help);
}

/* A family of which there is nothing to say is left out. */
static int
write_family(const struct family *family, const struct reading *readings,
    size_t count, struct buf *out)
{
	struct samples samples = { .family = family };
	size_t i;
	int error;

	for (i = 0; i < count; i++) {
		samples.reading = &readings[i];
		if (tells(&readings[i], family))
			family->write(&samples);
	}
	error = samples.error;
	if (error == 0 && samples.text.len > 0)
		error = write_head(family, out);
	if (error == 0)
		error = buf_append(out, buf_text(&samples.text),
		    samples.text.len);
	buf_free(&samples.text);
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
