/*
 * What is changed of a printer's object: its name and settings, and whether it
 * is archived.  PATCH writes into the server's data base whatever it is sent,
 * an owner or a token too, so only members of this table are sent, with values
 * that were checked here.  No state, any thread.
 */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/obico/obico_internal.h"

#define NAME_MAX_CHARS 256

/* Checks say why the value is none for the setting, or NULL. */
struct setting {
	const char *name;
	const char *(*why_no)(const struct setting *, const cJSON *value);
	double least; /* of numbers */
	double most;
};

static const char *
why_no_name(const struct setting *setting, const cJSON *value)
{
	size_t count = 0;
	const char *at;

	(void)setting;
	if (!cJSON_IsString(value) || *value->valuestring == '\0')
		return "a text of 1 to 256 characters is wanted";
	for (at = value->valuestring; *at != '\0'; at++)
		count += ((unsigned char)*at & 0xc0) != 0x80;
	return count > NAME_MAX_CHARS ?
	    "a text of 1 to 256 characters is wanted" :
	    NULL;
}

static const char *
why_no_word(const struct setting *setting, const cJSON *value)
{
	(void)setting;
	return cJSON_IsString(value) &&
		(strcmp(value->valuestring, "NONE") == 0 ||
		    strcmp(value->valuestring, "PAUSE") == 0) ?
	    NULL :
	    "\"NONE\" or \"PAUSE\" is wanted";
}

static const char *
why_no_bool(const struct setting *setting, const cJSON *value)
{
	(void)setting;
	return cJSON_IsBool(value) ? NULL : "true or false is wanted";
}

static const char *
why_no_number(const struct setting *setting, const cJSON *value)
{
	if (!cJSON_IsNumber(value))
		return "a number is wanted";
	return value->valuedouble >= setting->least &&
		value->valuedouble <= setting->most ?
	    NULL :
	    "that number is out of range";
}

static const char *
why_no_integer(const struct setting *setting, const cJSON *value)
{
	if (cJSON_IsNumber(value) &&
	    floor(value->valuedouble) < value->valuedouble)
		return "a whole number is wanted";
	return why_no_number(setting, value);
}

static const struct setting settings[] = {
	{ "name", why_no_name, 0, 0 },
	{ "action_on_failure", why_no_word, 0, 0 },
	{ "watching_enabled", why_no_bool, 0, 0 },
	{ "tools_off_on_pause", why_no_bool, 0, 0 },
	{ "bed_off_on_pause", why_no_bool, 0, 0 },
	{ "retract_on_pause", why_no_number, 0, DBL_MAX }, /* mm */
	{ "lift_z_on_pause", why_no_number, 0, DBL_MAX },  /* mm */
	{ "detective_sensitivity", why_no_number, 0.8, 1.2 },
	{ "min_timelapse_secs_on_finish", why_no_integer, -1, INT_MAX },
	{ "min_timelapse_secs_on_cancel", why_no_integer, -1, INT_MAX },
};

static int
check_member(const cJSON *value)
{
	const char *why = "there is no such setting";
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(settings[i].name, value->string) == 0)
			why = settings[i].why_no(&settings[i], value);
	}
	if (why == NULL)
		return 0;
	log_say(LOG_LEVEL_NOTE, "settings: %.80s: %s", value->string, why);
	return -EINVAL;
}

static int
check(const cJSON *wanted)
{
	const cJSON *value, *other;
	int error;

	if (!cJSON_IsObject(wanted)) {
		log_say(LOG_LEVEL_NOTE, "settings: a JSON object is wanted");
		return -EINVAL;
	}
	cJSON_ArrayForEach (value, wanted) {
		error = check_member(value);
		if (error != 0)
			return error;
		for (other = value->next; other != NULL; other = other->next) {
			if (strcmp(other->string, value->string) != 0)
				continue;
			log_say(LOG_LEVEL_NOTE, "settings: %.80s: twice",
			    value->string);
			return -EINVAL;
		}
	}
	return 0;
}

/* Change a printer, or delete it: what is remembered of it is void then. */
static int
ask(struct obico *obico, const struct wait *wait, const char *method,
    int64_t id, bool archived, const char *text)
{
	struct http_reply reply;
	int error = obico_ask(obico, wait, method, text, &reply,
	    "/api/v1/printers/%" PRId64 "/%s", id,
	    archived ? "?with_archived=true" : "");

	account_server_forget(&obico->server);
	http_reply_free(&reply);
	return error;
}

/* Does the printer have these values now? */
static int
compare(struct obico *obico, const struct wait *wait, int64_t id,
    const cJSON *wanted)
{
	const cJSON *value;
	cJSON *printer = NULL;
	int error = obico_look(obico, wait, id, &printer);

	cJSON_ArrayForEach (value, wanted) {
		if (error == 0 &&
		    !cJSON_Compare(value,
			cJSON_GetObjectItemCaseSensitive(printer,
			    value->string),
			true))
			error = -EIO;
	}
	cJSON_Delete(printer);
	return error;
}

/* Takes wanted. */
static int
change(struct obico *obico, const struct wait *wait, int64_t id, bool archived,
    cJSON *wanted)
{
	struct buf text = { 0 };
	int error, seen;

	error = wanted == NULL ? -ENOMEM : json_print(wanted, &text);
	if (error == 0)
		error = ask(obico, wait, "PATCH", id, archived, text.data);
	if (error == 0 || printer_is_unclear(error)) {
		seen = compare(obico, wait, id, wanted);
		error = error != 0 && seen != 0 ? error : seen;
	}
	cJSON_Delete(wanted);
	buf_free(&text);
	return error;
}

int
obico_change_settings(struct printer *printer, const struct wait *wait,
    const char *text, size_t len)
{
	struct obico_printer *ours = (struct obico_printer *)printer;
	cJSON *wanted;
	int error = json_parse_strict(text, len, &wanted);

	if (error == -EPROTO) {
		log_say(LOG_LEVEL_NOTE, "settings: that is no JSON");
		return -EINVAL;
	}
	if (error != 0)
		return error;
	error = check(wanted);
	if (error == 0 && cJSON_GetArraySize(wanted) > 0)
		return change(ours->obico, wait, ours->id, false, wanted);
	cJSON_Delete(wanted);
	return error;
}

int
obico_rename(struct account_server *server, const struct wait *wait, int64_t id,
    const char *name)
{
	cJSON *wanted = cJSON_CreateObject();
	int error = -ENOMEM;

	if (wanted != NULL &&
	    cJSON_AddStringToObject(wanted, "name", name) != NULL)
		error = check(wanted);
	if (error == 0)
		return change((struct obico *)server, wait, id, false, wanted);
	cJSON_Delete(wanted);
	return error;
}

/* The one member outside the table: no page or call undoes it otherwise. */
int
obico_unarchive(struct obico_printer *printer, const struct wait *wait)
{
	cJSON *wanted = cJSON_CreateObject();

	if (wanted == NULL ||
	    cJSON_AddNullToObject(wanted, "archived_at") == NULL) {
		cJSON_Delete(wanted);
		return -ENOMEM;
	}
	return change(printer->obico, wait, printer->id, true, wanted);
}

/* Is it the printer of that name, and does it print nothing? */
static int
check_deletion(struct obico *obico, const struct wait *wait, int64_t id,
    const char *name, bool *archived)
{
	cJSON *printer = NULL;
	const char *known;
	int error;

	account_server_forget(&obico->server);
	error = obico_look(obico, wait, id, &printer);
	if (error != 0)
		return error;
	known = json_string(printer, "name");
	*archived = obico_has(printer, "archived_at");
	if (strcmp(known == NULL ? "" : known, name) != 0)
		error = -EINVAL;
	else if (cJSON_IsObject(json_at(printer, "current_print")))
		error = -EBUSY;
	cJSON_Delete(printer);
	return error;
}

int
obico_delete(struct account_server *server, const struct wait *wait, int64_t id,
    const char *name)
{
	struct obico *obico = (struct obico *)server;
	cJSON *printer = NULL;
	bool archived;
	int error = check_deletion(obico, wait, id, name, &archived);

	if (error != 0)
		return error;
	error = ask(obico, wait, "DELETE", id, archived, NULL);
	if ((error == 0 || printer_is_unclear(error)) &&
	    obico_look(obico, wait, id, &printer) == -ENOENT)
		error = 0;
	else if (error == 0)
		error = -EIO;
	cJSON_Delete(printer);
	return error;
}
