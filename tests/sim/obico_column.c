/*
 * Columns: what a row tells in JSON, and the two ways in.  One takes almost
 * anything, as an update of the database does; the other asks what clients
 * are asked.
 */
#include <cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/obico.h"

const struct column *
table_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

/* The place of a column in a row that is only looked at. */
static const void *
place_in(const struct column *column, const void *row)
{
	return (const char *)row + column->offset;
}

void
column_render(struct text *out, const struct column *column, const void *row)
{
	const void *at = place_in(column, row);
	long number;

	switch (column->kind) {
	case KIND_INT:
		number = *(const long *)at;
		if (number == LONG_MIN)
			text_puts(out, "null");
		else
			text_printf(out, "%ld", number);
		break;
	case KIND_FLOAT:
		obico_float(out, *(const double *)at);
		break;
	case KIND_BOOL:
		text_puts(out, *(const bool *)at ? "true" : "false");
		break;
	case KIND_TEXT:
		text_json(out, *(char *const *)at);
		break;
	case KIND_DATE:
		obico_date(out, *(const date *)at);
		break;
	}
}

void
column_store(const struct column *column, void *row, struct cell *cell)
{
	void *at = (char *)row + column->offset;

	switch (column->kind) {
	case KIND_INT:
		*(long *)at = cell->null ? LONG_MIN : cell->number;
		break;
	case KIND_FLOAT:
		*(double *)at = cell->null ? NAN : cell->real;
		break;
	case KIND_BOOL:
		*(bool *)at = cell->yes;
		break;
	case KIND_TEXT:
		free(*(char **)at);
		*(char **)at = cell->string;
		cell->string = NULL;
		break;
	case KIND_DATE:
		*(date *)at = cell->null ? 0 : cell->when;
		break;
	}
}

void
cell_free(struct cell *cell)
{
	free(cell->string);
	memset(cell, 0, sizeof(*cell));
}

/* A value as Python's str() shows it. */
static char *
shown(const cJSON *json, bool is_form)
{
	struct text out = { 0 };
	char *printed;

	if (is_form) {
		text_printf(&out, "['%s']", cJSON_GetStringValue(json));
	} else if (cJSON_IsString(json)) {
		text_puts(&out, json->valuestring);
	} else if (cJSON_IsBool(json)) {
		text_puts(&out, cJSON_IsTrue(json) ? "True" : "False");
	} else if (cJSON_IsArray(json) && cJSON_GetArraySize(json) == 1 &&
	    cJSON_IsString(json->child)) {
		text_printf(&out, "['%s']", json->child->valuestring);
	} else {
		printed = cJSON_PrintUnformatted(json);
		text_puts(&out, printed == NULL ? "" : printed);
		cJSON_free(printed);
	}
	return out.data;
}

static bool
is_one_of(const char *text, const char *words)
{
	size_t len = strlen(text);

	for (const char *at = words; *at != '\0';) {
		size_t word = strcspn(at, " ");

		if (word == len && len > 0 && memcmp(at, text, len) == 0)
			return true;
		at += word;
		at += *at == ' ';
	}
	return false;
}

static int
convert_bool(const cJSON *json, const char *yes, const char *no, bool *out)
{
	const char *text = cJSON_GetStringValue(json);

	if (cJSON_IsBool(json) ||
	    (cJSON_IsNumber(json) &&
		(json->valuedouble == 0 || json->valuedouble == 1))) {
		*out = cJSON_IsTrue(json) ||
		    (cJSON_IsNumber(json) && json->valuedouble == 1);
		return 0;
	}
	if (text == NULL || (!is_one_of(text, yes) && !is_one_of(text, no)))
		return -EINVAL;
	*out = is_one_of(text, yes);
	return 0;
}

/* Read it as float() does. */
static int
convert_float(const cJSON *json, double *out)
{
	const char *text = cJSON_GetStringValue(json);
	char *end;

	if (cJSON_IsBool(json)) {
		*out = cJSON_IsTrue(json);
		return 0;
	}
	if (cJSON_IsNumber(json)) {
		*out = json->valuedouble;
		return 0;
	}
	if (text == NULL || strpbrk(text, "xX") != NULL)
		return -EINVAL;
	*out = strtod(text, &end);
	if (end == text || end[strspn(end, " \t\r\n")] != '\0' ||
	    !isfinite(*out))
		return -EINVAL;
	return 0;
}

/* Read it as int() does. */
static int
convert_int(const cJSON *json, long *out)
{
	const char *text = cJSON_GetStringValue(json);

	if (cJSON_IsBool(json)) {
		*out = cJSON_IsTrue(json);
		return 0;
	}
	if (cJSON_IsNumber(json)) {
		if (fabs(json->valuedouble) >= 9.2e18)
			return -EINVAL;
		*out = (long)json->valuedouble;
		return 0;
	}
	return text == NULL || obico_int(text, out) != 0 ? -EINVAL : 0;
}

int
column_convert(const struct column *column, const cJSON *json, bool is_form,
    struct cell *cell)
{
	const char *text = cJSON_GetStringValue(json);

	memset(cell, 0, sizeof(*cell));
	if (cJSON_IsNull(json)) {
		cell->null = true;
		/* Only the boolean is looked at before the database does. */
		return column->kind == KIND_BOOL ? -EINVAL : 0;
	}
	if (column->kind == KIND_TEXT) {
		cell->string = shown(json, is_form);
		return cell->string == NULL ? -EINVAL : 0;
	}
	if (is_form)
		return -EINVAL; /* it is a list */
	switch (column->kind) {
	case KIND_BOOL:
		return convert_bool(json, "t True 1", "f False 0", &cell->yes);
	case KIND_FLOAT:
		return convert_float(json, &cell->real);
	case KIND_INT:
		return convert_int(json, &cell->number);
	default:
		return text == NULL ? -EINVAL :
				      obico_parse_date(text, &cell->when);
	}
}

/* Cut blanks off both ends. */
static char *
trimmed(const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n\f\v");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n\f\v", text[len - 1]) != NULL)
		len--;
	return strndup(text, len);
}

static const char *
accept_choice(const struct column *column, const struct cell *cell,
    struct text *message)
{
	for (int i = 0; column->choices[i] != NULL; i++) {
		if (strcmp(column->choices[i], cell->string) == 0)
			return NULL;
	}
	text_printf(message, "\"%s\" is not a valid choice.", cell->string);
	return text_string(message);
}

static const char *
accept_text(const struct column *column, const cJSON *json, struct cell *cell,
    struct text *message)
{
	char *whole;

	if (!cJSON_IsString(json) && !cJSON_IsNumber(json))
		return "Not a valid string.";
	whole = shown(json, false);
	cell->string = whole == NULL ? NULL : trimmed(whole);
	free(whole);
	if (cell->string == NULL)
		return "Not a valid string.";
	if (column->choices != NULL)
		return accept_choice(column, cell, message);
	if (cell->string[0] == '\0' && (column->flags & COLUMN_BLANK) == 0)
		return "This field may not be blank.";
	if (column->max > 0 && obico_length(cell->string) > column->max) {
		text_printf(message,
		    "Ensure this field has no more than %zu characters.",
		    column->max);
		return text_string(message);
	}
	return NULL;
}

static const char *
accept_number(const struct column *column, const cJSON *json, struct cell *cell)
{
	if (column->kind == KIND_FLOAT)
		return convert_float(json, &cell->real) == 0 ?
		    NULL :
		    "A valid number is required.";
	if (cJSON_IsBool(json) || convert_int(json, &cell->number) != 0 ||
	    (cJSON_IsNumber(json) &&
		floor(json->valuedouble) != json->valuedouble))
		return "A valid integer is required.";
	return NULL;
}

/* Why the value is not right, or NULL. */
static const char *
accept_value(const struct column *column, const cJSON *json, bool is_form,
    struct cell *cell, struct text *message)
{
	const char *text = cJSON_GetStringValue(json);

	memset(cell, 0, sizeof(*cell));
	if (cJSON_IsNull(json) ||
	    (is_form && text[0] == '\0' &&
		(column->flags & (COLUMN_NULL | COLUMN_BLANK)) ==
		    COLUMN_NULL)) {
		cell->null = true;
		return (column->flags & COLUMN_NULL) != 0 ?
		    NULL :
		    "This field may not be null.";
	}
	if (column->kind == KIND_TEXT)
		return accept_text(column, json, cell, message);
	if (column->kind == KIND_BOOL)
		return convert_bool(json,
			   "t T y Y yes Yes YES true True TRUE on On ON 1",
			   "f F n N no No NO false False FALSE off Off OFF 0",
			   &cell->yes) == 0 ?
		    NULL :
		    "Must be a valid boolean.";
	if (column->kind != KIND_DATE)
		return accept_number(column, json, cell);
	return text == NULL || obico_parse_date(text, &cell->when) != 0 ?
	    "Datetime has wrong format. Use one of these formats instead: "
	    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]." :
	    NULL;
}

void
table_complain(struct text *wrong, const char *name, const char *message)
{
	text_puts(wrong, wrong->len == 0 ? "{" : ",");
	obico_key(wrong, name);
	text_puts(wrong, "[");
	text_json(wrong, message);
	text_puts(wrong, "]");
}

/* Is it a field of a form that is empty, and need not be there? */
static bool
is_left_out(const struct column *column, const cJSON *json)
{
	const char *text = cJSON_GetStringValue(json);

	return text != NULL && text[0] == '\0' &&
	    (column->flags & (COLUMN_NEEDED | COLUMN_NULL | COLUMN_BLANK)) == 0;
}

/* One column of a table_accept; row is NULL when only looking. */
static void
accept_column(const struct column *column, void *row, const cJSON *data,
    bool is_form, bool partial, struct text *wrong)
{
	const cJSON *json = cJSON_GetObjectItemCaseSensitive(data,
	    column->name);
	struct text message = { 0 };
	struct cell cell = { 0 };
	const char *why = NULL;

	if (is_form && is_left_out(column, json))
		return;
	if (json != NULL)
		why = accept_value(column, json, is_form, &cell, &message);
	else if (!partial && (column->flags & COLUMN_NEEDED) != 0)
		why = "This field is required.";
	if (why != NULL)
		table_complain(wrong, column->name, why);
	/* A form without a box means that the box is not ticked. */
	if (why == NULL && row != NULL &&
	    (json != NULL ||
		(is_form && !partial && column->kind == KIND_BOOL)))
		column_store(column, row, &cell);
	cell_free(&cell);
	text_free(&message);
}

static bool
accept_all(const struct table *table, void *row, const cJSON *data,
    bool is_form, bool partial, struct text *wrong)
{
	static const char *const types[] = { "bool", "bool", "NoneType", "int",
		"str", "list" };

	if (!cJSON_IsObject(data)) {
		size_t type = 0;

		while (type < 5 && data != NULL &&
		    (data->type & 0xff) != 1 << type)
			type++;
		text_printf(wrong,
		    "{\"non_field_errors\":[\"Invalid data. Expected a "
		    "dictionary, but got %s.\"]",
		    types[type]);
		return false;
	}
	for (size_t i = 0; i < table->count; i++) {
		if ((table->columns[i].flags & COLUMN_WRITE) != 0)
			accept_column(&table->columns[i], row, data, is_form,
			    partial, wrong);
	}
	return wrong->len == 0;
}

bool
table_check(const struct table *table, const cJSON *data, bool is_form,
    bool partial, struct text *wrong)
{
	return accept_all(table, NULL, data, is_form, partial, wrong);
}

bool
table_accept(const struct table *table, void *row, const cJSON *data,
    bool is_form, bool partial, struct text *wrong)
{
	return table_check(table, data, is_form, partial, wrong) &&
	    accept_all(table, row, data, is_form, partial, wrong);
}

void
table_clear(const struct table *table, void *row)
{
	struct cell nothing = { .null = true };

	for (size_t i = 0; i < table->count; i++) {
		if (table->columns[i].kind == KIND_TEXT)
			column_store(&table->columns[i], row, &nothing);
	}
}
