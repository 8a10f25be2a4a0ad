/*
 * The tables: which columns rows have, and how a row is told as JSON with
 * what is nested in it.
 */
#include <stddef.h>

#include "tests/sim/obico.h"

#define PRINTER(member) offsetof(struct obico_printer_row, member)
#define PRINT(member)	offsetof(struct obico_print, member)
#define FOLDER(member)	offsetof(struct obico_folder, member)
#define FILE_(member)	offsetof(struct obico_file, member)
#define ACCOUNT(member) offsetof(struct obico_account, member)

enum {
	WRITE = COLUMN_WRITE,
	NUL = COLUMN_NULL,
	HIDDEN = COLUMN_HIDDEN,
	FIXED = COLUMN_FIXED,
	BLANK = COLUMN_BLANK,
	NAMED = COLUMN_WRITE | COLUMN_NEEDED,
	REASON_AFTER = 5, /* columns of a printer */
	FILE_AFTER = 1	  /* columns of a print */
};

static const char *const actions[] = { "NONE", "PAUSE", NULL };
static const char *const overwrites[] = { "FAILED", "NOT_FAILED", NULL };

/* clang-format off */
static const struct column printer_columns[] = {
	{ "id",                KIND_INT,   FIXED, PRINTER(id), 0, NULL },
	{ "name",              KIND_TEXT,  NAMED, PRINTER(name), 256, NULL },
	{ "created_at",        KIND_DATE,  0, PRINTER(created_at), 0, NULL },
	{ "action_on_failure", KIND_TEXT,  WRITE, PRINTER(action_on_failure), 256, actions },
	{ "watching_enabled",  KIND_BOOL,  WRITE, PRINTER(watching_enabled), 0, NULL },
	{ "tools_off_on_pause", KIND_BOOL, WRITE, PRINTER(tools_off_on_pause), 0, NULL },
	{ "bed_off_on_pause",  KIND_BOOL,  WRITE, PRINTER(bed_off_on_pause), 0, NULL },
	{ "retract_on_pause",  KIND_FLOAT, WRITE, PRINTER(retract_on_pause), 0, NULL },
	{ "lift_z_on_pause",   KIND_FLOAT, WRITE, PRINTER(lift_z_on_pause), 0, NULL },
	{ "detective_sensitivity", KIND_FLOAT, WRITE, PRINTER(detective_sensitivity), 0, NULL },
	{ "min_timelapse_secs_on_finish", KIND_INT, WRITE, PRINTER(min_timelapse_secs_on_finish), 0, NULL },
	{ "min_timelapse_secs_on_cancel", KIND_INT, WRITE, PRINTER(min_timelapse_secs_on_cancel), 0, NULL },
	{ "auth_token",        KIND_TEXT,  0, PRINTER(auth_token), 256, NULL },
	{ "archived_at",       KIND_DATE,  NUL, PRINTER(archived_at), 0, NULL },
	{ "agent_name",        KIND_TEXT,  WRITE | NUL | BLANK, PRINTER(agent_name), 64, NULL },
	{ "agent_version",     KIND_TEXT,  WRITE | NUL | BLANK, PRINTER(agent_version), 64, NULL },
	{ "updated_at",        KIND_DATE,  HIDDEN, PRINTER(updated_at), 0, NULL },
	{ "deleted",           KIND_DATE,  HIDDEN | NUL, PRINTER(deleted), 0, NULL },
	{ "deleted_by_cascade", KIND_BOOL, HIDDEN, PRINTER(deleted_by_cascade), 0, NULL },
	{ "detection_bending_factor", KIND_FLOAT, HIDDEN | NUL, PRINTER(detection_bending_factor), 0, NULL },
};

static const struct column print_columns[] = {
	{ "id",              KIND_INT,   FIXED, PRINT(id), 0, NULL },
	{ "filename",        KIND_TEXT,  0, PRINT(filename), 1000, NULL },
	{ "started_at",      KIND_DATE,  NUL, PRINT(started_at), 0, NULL },
	{ "finished_at",     KIND_DATE,  NUL, PRINT(finished_at), 0, NULL },
	{ "cancelled_at",    KIND_DATE,  NUL, PRINT(cancelled_at), 0, NULL },
	{ "uploaded_at",     KIND_DATE,  NUL, PRINT(uploaded_at), 0, NULL },
	{ "alerted_at",      KIND_DATE,  NUL, PRINT(alerted_at), 0, NULL },
	{ "alert_acknowledged_at", KIND_DATE, NUL, PRINT(alert_acknowledged_at), 0, NULL },
	{ "alert_muted_at",  KIND_DATE,  NUL, PRINT(alert_muted_at), 0, NULL },
	{ "paused_at",       KIND_DATE,  NUL, PRINT(paused_at), 0, NULL },
	{ "alert_overwrite", KIND_TEXT,  WRITE | NUL, PRINT(alert_overwrite), 256, overwrites },
	{ "filament_used",   KIND_FLOAT, WRITE | NUL, PRINT(filament_used), 0, NULL },
	{ "print_time",      KIND_FLOAT, WRITE | NUL, PRINT(print_time), 0, NULL },
	{ "access_consented_at", KIND_DATE, WRITE | NUL, PRINT(access_consented_at), 0, NULL },
	{ "video_archived_at", KIND_DATE, NUL, PRINT(video_archived_at), 0, NULL },
	{ "deleted",         KIND_DATE,  HIDDEN | NUL, PRINT(deleted), 0, NULL },
};

static const struct column folder_columns[] = {
	{ "id",         KIND_INT,  FIXED, FOLDER(id), 0, NULL },
	{ "name",       KIND_TEXT, NAMED, FOLDER(name), 1000, NULL },
	{ "safe_name",  KIND_TEXT, 0, FOLDER(safe_name), 1000, NULL },
	{ "created_at", KIND_DATE, 0, FOLDER(created_at), 0, NULL },
	{ "updated_at", KIND_DATE, 0, FOLDER(updated_at), 0, NULL },
};

static const struct column file_columns[] = {
	{ "id",              KIND_INT,   FIXED, FILE_(id), 0, NULL },
	{ "deleted",         KIND_DATE,  NUL, FILE_(deleted), 0, NULL },
	{ "deleted_by_cascade", KIND_BOOL, 0, FILE_(deleted_by_cascade), 0, NULL },
	{ "filename",        KIND_TEXT,  NAMED, FILE_(filename), 1000, NULL },
	{ "safe_filename",   KIND_TEXT,  0, FILE_(safe_filename), 1000, NULL },
	{ "url",             KIND_TEXT,  WRITE | NUL, FILE_(url), 2000, NULL },
	{ "num_bytes",       KIND_INT,   WRITE | NUL, FILE_(num_bytes), 0, NULL },
	{ "agent_signature", KIND_TEXT,  WRITE | NUL, FILE_(agent_signature), 256, NULL },
	{ "metadata_json",   KIND_TEXT,  WRITE | NUL, FILE_(metadata_json), 0, NULL },
	{ "filament_total",  KIND_FLOAT, WRITE | NUL, FILE_(filament_total), 0, NULL },
	{ "estimated_time",  KIND_FLOAT, WRITE | NUL, FILE_(estimated_time), 0, NULL },
	{ "thumbnail1_url",  KIND_TEXT,  WRITE | NUL, FILE_(thumbnail[0]), 2000, NULL },
	{ "thumbnail2_url",  KIND_TEXT,  WRITE | NUL, FILE_(thumbnail[1]), 2000, NULL },
	{ "thumbnail3_url",  KIND_TEXT,  WRITE | NUL, FILE_(thumbnail[2]), 2000, NULL },
	{ "created_at",      KIND_DATE,  0, FILE_(created_at), 0, NULL },
	{ "updated_at",      KIND_DATE,  0, FILE_(updated_at), 0, NULL },
};

static const struct column account_columns[] = {
	{ "id",           KIND_INT,  FIXED, ACCOUNT(id), 0, NULL },
	{ "email",        KIND_TEXT, 0, ACCOUNT(email), 254, NULL },
	{ "username",     KIND_TEXT, WRITE | NUL, ACCOUNT(username), 254, NULL },
	{ "first_name",   KIND_TEXT, WRITE | BLANK, ACCOUNT(first_name), 150, NULL },
	{ "last_name",    KIND_TEXT, WRITE | BLANK, ACCOUNT(last_name), 150, NULL },
	{ "date_joined",  KIND_DATE, WRITE, ACCOUNT(joined_at), 0, NULL },
	{ "last_active_at", KIND_DATE, WRITE | NUL, ACCOUNT(active_at), 0, NULL },
	{ "is_pro",       KIND_BOOL, 0, ACCOUNT(is_pro), 0, NULL },
	{ "notification_enabled", KIND_BOOL, WRITE, ACCOUNT(notification_enabled), 0, NULL },
	{ "unseen_printer_events", KIND_INT, WRITE, ACCOUNT(unseen_printer_events), 0, NULL },
};
/* clang-format on */

#define TABLE(columns)                                            \
	{                                                         \
		(columns), sizeof(columns) / sizeof((columns)[0]) \
	}

const struct table obico_printer_table = TABLE(printer_columns);
const struct table obico_print_table = TABLE(print_columns);
const struct table obico_folder_table = TABLE(folder_columns);
const struct table obico_file_table = TABLE(file_columns);
const struct table obico_account_table = TABLE(account_columns);

/* The columns from one on, up to another; a comma precedes each but id. */
static void
render_columns(struct text *out, const struct table *table, const void *row,
    size_t from, size_t to)
{
	for (size_t i = from; i < to && i < table->count; i++) {
		const struct column *column = &table->columns[i];

		if ((column->flags & COLUMN_HIDDEN) != 0)
			continue;
		text_puts(out, i == 0 ? "{" : ",");
		obico_key(out, column->name);
		column_render(out, column, row);
	}
}

/* The printer's members that come from the agent. */
static void
render_live(struct obico_call *call, struct text *out,
    const struct obico_printer_row *printer)
{
	text_puts(out, ",\"pic\":");
	obico_render_picture(call, out, printer);
	text_puts(out, ",\"status\":");
	obico_render_status(call, out, printer);
	text_puts(out, ",\"settings\":");
	obico_render_settings(out, printer);
	text_puts(out, ",\"current_print\":");
	if (printer->current == NULL)
		text_puts(out, "null");
	else
		obico_render_print(call, out, printer->current, false);
	text_puts(out, ",\"normalized_p\":");
	obico_float(out, printer->normalized_p);
}

void
obico_render_printer(struct obico_call *call, struct text *out,
    const struct obico_printer_row *printer, bool whole)
{
	const struct table *table = &obico_printer_table;

	render_columns(out, table, printer, 0, REASON_AFTER);
	text_puts(out, ",\"not_watching_reason\":");
	text_json(out, obico_not_watching(call->sim, printer));
	render_columns(out, table, printer, REASON_AFTER, table->count);
	if (whole)
		render_live(call, out, printer);
	text_puts(out, "}");
}

void
obico_render_print(struct obico_call *call, struct text *out,
    const struct obico_print *print, bool whole)
{
	const struct table *table = &obico_print_table;
	date ended = print->cancelled_at != 0 ? print->cancelled_at :
						print->finished_at;

	render_columns(out, table, print, 0, FILE_AFTER);
	text_puts(out, ",\"printer\":");
	obico_render_printer(call, out, print->printer, false);
	text_puts(out, ",\"g_code_file\":");
	if (print->file == NULL)
		text_puts(out, "null");
	else
		obico_render_file(call, out, print->file, FILE_NESTED);
	text_puts(out, ",\"ended_at\":");
	obico_date(out, ended);
	render_columns(out, table, print, FILE_AFTER, table->count);
	text_puts(out,
	    ",\"video_url\":null,\"tagged_video_url\":null,"
	    "\"poster_url\":null,\"need_alert_overwrite\":false,"
	    "\"need_print_shot_feedback\":false");
	if (whole)
		text_printf(out,
		    ",\"prediction_json_url\":"
		    "\"/api/v1/prints/%ld/prediction_json/\","
		    "\"printshotfeedback_set\":[],"
		    "\"firstlayerinspection_set\":[]",
		    print->id);
	text_puts(out, "}");
}

static void
render_counts(struct obico_call *call, struct text *out,
    const struct obico_folder *folder)
{
	const struct obico_folder *one;
	const struct obico_file *file;
	long folders = 0, files = 0;

	TAILQ_FOREACH (one, &call->obico->folders, entry)
		folders += one->parent == folder;
	TAILQ_FOREACH (file, &call->obico->files, entry)
		files += file->parent == folder && file->deleted == 0;
	text_printf(out,
	    ",\"g_code_folder_count\":%ld,\"g_code_file_count\":%ld", folders,
	    files);
}

/* The folder above as an object that has only an id for its own. */
static void
render_parent(struct obico_call *call, struct text *out,
    const struct obico_folder *parent, bool nested)
{
	text_puts(out, ",\"parent_folder\":");
	if (parent == NULL)
		text_puts(out, "null");
	else if (nested)
		obico_render_folder(call, out, parent, false);
	else
		text_printf(out, "%ld", parent->id);
}

void
obico_render_folder(struct obico_call *call, struct text *out,
    const struct obico_folder *folder, bool nested)
{
	const struct table *table = &obico_folder_table;

	render_columns(out, table, folder, 0, table->count);
	render_counts(call, out, folder);
	render_parent(call, out, folder->parent, nested);
	text_puts(out, "}");
}

static void
render_prints(struct obico_call *call, struct text *out,
    const struct obico_file *file)
{
	const struct obico_print *print;
	const char *comma = "";

	text_puts(out, ",\"print_set\":[");
	TAILQ_FOREACH (print, &call->obico->prints, entry) {
		if (print->file != file || print->deleted != 0)
			continue;
		text_puts(out, comma);
		obico_render_print(call, out, print, false);
		comma = ",";
	}
	for (long i = 0; i < call->obico->former_prints; i++) {
		text_printf(out,
		    "%s{\"id\":%ld,\"filename\":\"a]\\\"[{%0*d\","
		    "\"g_code_file\":{\"print_set\":[[]]}}",
		    comma, 100000 + i, 2000, 0);
		comma = ",";
	}
	text_puts(out, "]");
}

void
obico_render_file(struct obico_call *call, struct text *out,
    const struct obico_file *file, enum file_form form)
{
	const struct table *table = &obico_file_table;

	call->records++;
	render_columns(out, table, file, 0, table->count);
	render_parent(call, out, file->parent, form == FILE_WHOLE);
	if (form == FILE_WHOLE)
		render_prints(call, out, file);
	if (form != FILE_WRITTEN)
		text_printf(out, ",\"user\":%ld", file->user_id);
	text_puts(out, ",\"resident_printer\":null}");
}
