/*
 * Printers: listed, made, changed by the rules (PUT) and without any (PATCH),
 * archived, deleted.
 */
#include <cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

static bool
with_archived(const struct obico_call *call)
{
	const char *value = obico_param(call, "with_archived");

	return value != NULL && strcmp(value, "true") == 0;
}

static bool
is_seen(const struct obico_call *call, const struct obico_printer_row *printer,
    bool archived_too)
{
	return printer->user_id == call->account->id && printer->deleted == 0 &&
	    (archived_too || printer->archived_at == 0);
}

bool
obico_read_id(struct obico_call *call, long *id, const char *what)
{
	int error = obico_int(call->arg, id);

	if (error == -ERANGE)
		obico_page(call, 500);
	else if (error != 0)
		obico_missing(call, what);
	return error == 0;
}

/* The printer that the path names, or NULL: it has been answered. */
static struct obico_printer_row *
find(struct obico_call *call)
{
	struct obico_printer_row *printer;
	long id;

	if (!obico_read_id(call, &id, "Printer"))
		return NULL;
	printer = obico_find_printer(call->obico, id);
	if (printer != NULL && is_seen(call, printer, with_archived(call)))
		return printer;
	obico_missing(call, "Printer");
	return NULL;
}

struct obico_printer_row *
obico_command_printer(struct obico_call *call)
{
	struct obico_printer_row *printer;
	long id;

	if (obico_int(call->arg, &id) != 0) {
		obico_page(call, 500);
		return NULL;
	}
	printer = obico_find_printer(call->obico, id);
	if (printer != NULL && is_seen(call, printer, false))
		return printer;
	obico_missing(call, "Printer");
	return NULL;
}

void
obico_answer_command(struct obico_call *call,
    const struct obico_printer_row *printer, bool succeeded)
{
	text_printf(&call->out,
	    "{\"succeeded\":%s,\"printer\":", succeeded ? "true" : "false");
	obico_render_printer(call, &call->out, printer, true);
	text_puts(&call->out, "}");
}

void
obico_printers_list(struct obico_call *call)
{
	const struct obico_printer_row *printer;
	const char *comma = "";

	text_puts(&call->out, "[");
	TAILQ_FOREACH (printer, &call->obico->printers, entry) {
		if (!is_seen(call, printer, with_archived(call)))
			continue;
		text_puts(&call->out, comma);
		obico_render_printer(call, &call->out, printer, true);
		comma = ",";
	}
	text_puts(&call->out, "]");
}

void
obico_printers_create(struct obico_call *call)
{
	struct text wrong = { 0 };
	struct obico_printer_row *printer;

	table_check(&obico_printer_table, call->data, call->is_form, false,
	    &wrong);
	if (obico_refused(call, &wrong))
		return;
	printer = obico_new_printer(call->obico, 0, call->account->id, "");
	if (printer == NULL) {
		obico_page(call, 500);
		return;
	}
	table_accept(&obico_printer_table, printer, call->data, call->is_form,
	    false, &wrong);
	call->status = 201;
	obico_render_printer(call, &call->out, printer, true);
}

void
obico_printer_get(struct obico_call *call)
{
	const struct obico_printer_row *printer = find(call);

	if (printer != NULL)
		obico_render_printer(call, &call->out, printer, true);
}

void
obico_printer_put(struct obico_call *call)
{
	struct obico_printer_row *printer = find(call);
	struct text wrong = { 0 };

	if (printer == NULL)
		return;
	table_accept(&obico_printer_table, printer, call->data, call->is_form,
	    false, &wrong);
	if (!obico_refused(call, &wrong))
		obico_render_printer(call, &call->out, printer, true);
}

void
obico_printer_delete(struct obico_call *call)
{
	struct obico_printer_row *printer = find(call);

	if (printer == NULL)
		return;
	printer->deleted = obico_now();
	obico_agent_connect(call->sim, printer, false);
	obico_nothing(call);
}

void
obico_printer_archive(struct obico_call *call)
{
	struct obico_printer_row *printer = obico_command_printer(call);

	if (printer == NULL)
		return;
	printer->archived_at = obico_now();
	obico_nothing(call);
}

/* Keys that are a row of another table, and what they name there. */
static bool
is_user(const char *key)
{
	return strcmp(key, "user") == 0 || strcmp(key, "user_id") == 0;
}

static bool
is_print(const char *key)
{
	return strcmp(key, "current_print") == 0 ||
	    strcmp(key, "current_print_id") == 0;
}

/* The id that a foreign key is set to; 0 for null. */
static int
foreign_id(const struct obico_call *call, const cJSON *json, long *id)
{
	static const struct column column = { .kind = KIND_INT };
	struct cell cell;
	int error;

	error = column_convert(&column, json, call->is_form, &cell);
	*id = cell.null ? 0 : cell.number;
	return error;
}

/* Do the layers above the database understand the value? */
static bool
understands(const struct obico_call *call, const cJSON *json)
{
	const struct column *column = table_column(&obico_printer_table,
	    json->string);
	struct cell cell = { 0 };
	long id;
	int error;

	if (is_user(json->string) || is_print(json->string))
		return foreign_id(call, json, &id) == 0;
	if (column == NULL || (column->flags & COLUMN_FIXED) != 0)
		return false;
	error = column_convert(column, json, call->is_form, &cell);
	cell_free(&cell);
	return error == 0;
}

static struct obico_print *
find_print(const struct obico_call *call, long id)
{
	struct obico_print *print;

	TAILQ_FOREACH (print, &call->obico->prints, entry) {
		if (print->id == id)
			return print;
	}
	return NULL;
}

/* Is another row in the way, or is one missing? */
static bool
clashes(const struct obico_call *call, const struct obico_printer_row *printer,
    const cJSON *json)
{
	const struct obico_printer_row *other;
	const struct obico_print *print = NULL;
	long id = 0;

	if (is_user(json->string) || is_print(json->string))
		foreign_id(call, json, &id);
	if (is_user(json->string))
		return id != 1 && obico_find_account(call->obico, id) == NULL;
	if (is_print(json->string) && id != 0)
		print = find_print(call, id);
	TAILQ_FOREACH (other, &call->obico->printers, entry) {
		if (other == printer)
			continue;
		if (print != NULL && other->current == print)
			return true;
		if (strcmp(json->string, "auth_token") == 0 &&
		    cJSON_IsString(json) &&
		    strcmp(other->auth_token, json->valuestring) == 0)
			return true;
	}
	return id != 0 && print == NULL;
}

/* Does the database take the value for this row? */
static bool
takes(const struct obico_call *call, const struct obico_printer_row *printer,
    const cJSON *json)
{
	const struct column *column = table_column(&obico_printer_table,
	    json->string);

	if (column != NULL && cJSON_IsNull(json) &&
	    (column->flags & COLUMN_NULL) == 0)
		return false;
	return !clashes(call, printer, json);
}

static void
store(const struct obico_call *call, struct obico_printer_row *printer,
    const cJSON *json)
{
	const struct column *column = table_column(&obico_printer_table,
	    json->string);
	struct cell cell;
	long id;

	if (is_user(json->string)) {
		foreign_id(call, json, &id);
		printer->user_id = id;
		return;
	}
	if (is_print(json->string)) {
		foreign_id(call, json, &id);
		printer->current = find_print(call, id);
		return;
	}
	if (column != NULL &&
	    column_convert(column, json, call->is_form, &cell) == 0)
		column_store(column, printer, &cell);
}

/*
 * A plain update of the database: the keys are columns, whatever they are.
 * Returns whether the server survived it.
 */
static bool
update(struct obico_call *call)
{
	struct obico_printer_row *printer;
	const cJSON *json;
	long id;

	if (obico_int(call->arg, &id) != 0 || !cJSON_IsObject(call->data))
		return false;
	cJSON_ArrayForEach (json, call->data) {
		if (!understands(call, json))
			return false;
	}
	printer = obico_find_printer(call->obico, id);
	if (printer == NULL || !is_seen(call, printer, with_archived(call)))
		return true;
	cJSON_ArrayForEach (json, call->data) {
		if (!takes(call, printer, json))
			return false;
	}
	cJSON_ArrayForEach (json, call->data) {
		store(call, printer, json);
	}
	return true;
}

void
obico_printer_patch(struct obico_call *call)
{
	const struct obico_printer_row *printer;

	if (!update(call)) {
		obico_page(call, 500);
		return;
	}
	printer = obico_command_printer(call);
	if (printer != NULL)
		obico_answer_command(call, printer, true);
}
