/*
 * The parts that requests for files and for folders share: lists of ids, the
 * folder above.
 */
#include <cJSON.h>
#include <errno.h>
#include <string.h>

#include "tests/sim/obico.h"

/* The id that an element of a list is. */
static int
element_id(const cJSON *json, long *id)
{
	static const struct column column = { .kind = KIND_INT };
	struct cell cell;
	int error = column_convert(&column, json, false, &cell);

	*id = cell.null ? 0 : cell.number;
	return error;
}

/* A text is a list of its characters. */
static bool
has_digit(const char *text, long id)
{
	return id >= 0 && id <= 9 && strchr(text, (char)('0' + id)) != NULL;
}

bool
obico_check_ids(const struct obico_call *call, const char *name)
{
	const cJSON *list = obico_member(call, name), *json;
	const char *text = cJSON_GetStringValue(list);
	long id;

	if (!cJSON_IsObject(call->data))
		return false;
	if (list == NULL)
		return true;
	if (text != NULL)
		return strspn(text, "0123456789") == strlen(text);
	if (!cJSON_IsArray(list) && !cJSON_IsObject(list))
		return false;
	cJSON_ArrayForEach (json, list) {
		if (cJSON_IsObject(list) || element_id(json, &id) != 0)
			return false;
	}
	return true;
}

bool
obico_has_id(const struct obico_call *call, const char *name, long id)
{
	const cJSON *list = obico_member(call, name), *json;
	const char *text = cJSON_GetStringValue(list);
	long one;

	if (text != NULL)
		return has_digit(text, id);
	cJSON_ArrayForEach (json, list) {
		if (element_id(json, &one) == 0 && one == id)
			return true;
	}
	return false;
}

void
obico_read_parent(const struct obico_call *call, struct obico_folder **folder,
    bool *given, struct text *wrong)
{
	static const char name[] = "parent_folder";
	const cJSON *json = obico_member(call, name);
	const char *text = cJSON_GetStringValue(json);
	struct text message = { 0 };
	long id;

	*folder = NULL;
	*given = json != NULL;
	if (json == NULL || cJSON_IsNull(json) ||
	    (text != NULL && text[0] == '\0'))
		return;
	if (cJSON_IsBool(json) || element_id(json, &id) != 0) {
		text_puts(&message,
		    "Incorrect type. Expected pk value, received ");
		text_puts(&message, text != NULL ? "str." : "list.");
	} else {
		*folder = obico_find_folder(call->obico, id);
		if (*folder == NULL)
			text_printf(&message,
			    "Invalid pk \"%ld\" - object does not exist.", id);
		else if ((*folder)->user_id != call->account->id)
			text_puts(&message, "Parent folder does not exist");
	}
	if (message.len > 0)
		table_complain(wrong, name, text_string(&message));
	text_free(&message);
}

int
obico_read_target(const struct obico_call *call, struct obico_folder **folder)
{
	const cJSON *json = obico_member(call, "parent_folder");
	const char *text = cJSON_GetStringValue(json);
	long id = 0;

	*folder = NULL;
	if (json == NULL || cJSON_IsNull(json) || cJSON_IsFalse(json) ||
	    (text != NULL && text[0] == '\0'))
		return 0;
	if (element_id(json, &id) != 0)
		return -EINVAL;
	if (id == 0 && text == NULL)
		return 0;
	*folder = obico_find_folder(call->obico, id);
	return *folder == NULL ? -ENOENT : 0;
}

bool
obico_read_filter(struct obico_call *call, struct parent_filter *filter)
{
	const char *value = obico_param(call, "parent_folder");

	filter->any = value == NULL;
	filter->id = 0;
	if (value == NULL || value[0] == '\0' || strcmp(value, "null") == 0)
		return true;
	if (obico_int(value, &filter->id) != 0) {
		obico_page(call, 500);
		return false;
	}
	if (filter->id == 0)
		filter->id = -1; /* nobody has it */
	return true;
}

bool
obico_fits(const struct parent_filter *filter,
    const struct obico_folder *parent)
{
	return filter->any || filter->id == (parent == NULL ? 0 : parent->id);
}
