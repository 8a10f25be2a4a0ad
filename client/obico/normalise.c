/*
 * A printer's object of an Obico server in the shape that every printer has:
 * which member becomes which, as tables; and what no file may show.  No state,
 * any thread.
 */
#include <errno.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/obico/obico_internal.h"

/* A member of a document, and where the object has it; NULL: at the same. */
static const struct member {
	enum topic topic;
	const char *path; /* of one or two names */
	const char *from;
} members[] = {
	{ TOPIC_STATUS, "job.id", "current_print.id" },
	{ TOPIC_STATUS, "job.progress", "status.progress.completion" },
	{ TOPIC_STATUS, "job.time_remaining", "status.progress.printTimeLeft" },
	{ TOPIC_STATUS, "job.time_printing", "status.progress.printTime" },
	{ TOPIC_STATUS, "printer.temp_nozzle",
	    "status.temperatures.tool0.actual" },
	{ TOPIC_STATUS, "printer.target_nozzle",
	    "status.temperatures.tool0.target" },
	{ TOPIC_STATUS, "printer.temp_bed", "status.temperatures.bed.actual" },
	{ TOPIC_STATUS, "printer.target_bed",
	    "status.temperatures.bed.target" },
	{ TOPIC_STATUS, "printer.axis_z", "status.currentZ" },
	{ TOPIC_STATUS, "told_at", "status._ts" },
	{ TOPIC_JOB, "id", "current_print.id" },
	{ TOPIC_JOB, "progress", "status.progress.completion" },
	{ TOPIC_JOB, "time_remaining", "status.progress.printTimeLeft" },
	{ TOPIC_JOB, "time_printing", "status.progress.printTime" },
	{ TOPIC_JOB, "started_at", "current_print.started_at" },
	{ TOPIC_JOB, "file.name", "current_print.filename" },
	{ TOPIC_JOB, "file.display_name", "current_print.filename" },
	{ TOPIC_JOB, "file.size", "status.job.file.size" },
	{ TOPIC_JOB, "file.m_timestamp", "status.job.file.date" },
	{ TOPIC_INFO, "name", NULL },
	{ TOPIC_INFO, "id", NULL },
	{ TOPIC_INFO, "created_at", NULL },
	{ TOPIC_INFO, "agent_name", NULL },
	{ TOPIC_INFO, "agent_version", NULL },
	{ TOPIC_FAILURE, "not_watching_reason", NULL },
	{ TOPIC_FAILURE, "normalized_p", NULL },
	{ TOPIC_FAILURE, "action_on_failure", NULL },
	{ TOPIC_FAILURE, "alerted_at", "current_print.alerted_at" },
	{ TOPIC_FAILURE, "alert_acknowledged_at",
	    "current_print.alert_acknowledged_at" },
	{ TOPIC_FAILURE, "alert_muted_at", "current_print.alert_muted_at" },
	{ TOPIC_FAILURE, "alert_overwrite", "current_print.alert_overwrite" },
	{ TOPIC_FAILURE, "paused_at", "current_print.paused_at" },
	{ TOPIC_SETTINGS, "name", NULL },
	{ TOPIC_SETTINGS, "action_on_failure", NULL },
	{ TOPIC_SETTINGS, "watching_enabled", NULL },
	{ TOPIC_SETTINGS, "tools_off_on_pause", NULL },
	{ TOPIC_SETTINGS, "bed_off_on_pause", NULL },
	{ TOPIC_SETTINGS, "retract_on_pause", NULL },
	{ TOPIC_SETTINGS, "lift_z_on_pause", NULL },
	{ TOPIC_SETTINGS, "detective_sensitivity", NULL },
	{ TOPIC_SETTINGS, "min_timelapse_secs_on_finish", NULL },
	{ TOPIC_SETTINGS, "min_timelapse_secs_on_cancel", NULL },
};

static const struct {
	const char *text; /* of the agent's state */
	const char *state;
} states[] = {
	{ "Operational", "IDLE" },
	{ "Printing", "PRINTING" },
	{ "Printing from SD", "PRINTING" },
	{ "Starting", "PRINTING" },
	{ "Starting print from SD", "PRINTING" },
	{ "Finishing", "PRINTING" },
	{ "Cancelling", "PRINTING" },
	{ "Pausing", "PAUSED" },
	{ "Paused", "PAUSED" },
	{ "Resuming", "PAUSED" },
};

bool
obico_has(const struct cJSON *object, const char *name)
{
	const cJSON *value = json_at(object, name);

	return value != NULL && !cJSON_IsNull(value);
}

static bool
is_object(const cJSON *tree, const char *path)
{
	return cJSON_IsObject(json_at(tree, path));
}

const char *
obico_state(const struct cJSON *printer)
{
	const cJSON *text = json_at(printer, "status.state.text");
	size_t i;

	if (!is_object(printer, "status"))
		return NULL;
	if (cJSON_IsTrue(json_at(printer, "status.state.flags.error")))
		return "ERROR";
	/* The agent is there, its machine is not. */
	if (cJSON_IsTrue(json_at(printer, "status.state.flags.closedOrError")))
		return NULL;
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (cJSON_IsString(text) &&
		    strcmp(text->valuestring, states[i].text) == 0)
			return states[i].state;
	}
	return "BUSY";
}

/* Put a copy of the value at the path; the object in it is made if need be. */
static int
put_copy(cJSON *out, const char *path, const cJSON *value)
{
	const char *dot = strchr(path, '.');
	cJSON *copy = cJSON_Duplicate(value, true);
	char name[16];

	if (dot != NULL) {
		strlcpy(name, path, (size_t)(dot - path) + 1);
		if (cJSON_GetObjectItemCaseSensitive(out, name) == NULL)
			(void)cJSON_AddObjectToObject(out, name);
		out = cJSON_GetObjectItemCaseSensitive(out, name);
		path = dot + 1;
	}
	if (cJSON_AddItemToObject(out, path, copy))
		return 0;
	cJSON_Delete(copy);
	return -ENOMEM;
}

/* What is not known is left out. */
static int
copy_members(enum topic topic, const cJSON *printer, cJSON *out)
{
	const cJSON *value;
	size_t i;
	int error = 0;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const struct member *member = &members[i];

		if (member->topic != topic || error != 0)
			continue;
		value = json_at(printer,
		    member->from != NULL ? member->from : member->path);
		if (value != NULL && !cJSON_IsNull(value))
			error = put_copy(out, member->path, value);
	}
	return error;
}

static int
add_state(const cJSON *printer, cJSON *folder)
{
	const char *state = obico_state(printer);

	if (state == NULL)
		return -EHOSTDOWN;
	return folder == NULL ||
		cJSON_AddStringToObject(folder, "state", state) == NULL ?
	    -ENOMEM :
	    0;
}

/* Models can be stored in the cloud folder, wherever the printer is. */
static int
add_storage(cJSON *out)
{
	cJSON *storage = cJSON_AddObjectToObject(out, "storage");

	return storage == NULL ||
		cJSON_AddStringToObject(storage, "path", "/gcodes") == NULL ||
		cJSON_AddStringToObject(storage, "name", "gcodes") == NULL ||
		cJSON_AddFalseToObject(storage, "read_only") == NULL ?
	    -ENOMEM :
	    0;
}

static int
make_status(const cJSON *printer, cJSON *out)
{
	int error = add_state(printer, cJSON_AddObjectToObject(out, "printer"));

	if (error == 0)
		error = copy_members(TOPIC_STATUS, printer, out);
	/* An agent tells the file chosen last, though nothing is printed. */
	if (!is_object(printer, "current_print"))
		cJSON_DeleteItemFromObjectCaseSensitive(out, "job");
	return error != 0 ? error : add_storage(out);
}

static int
make_job(const cJSON *printer, cJSON *out)
{
	int error = add_state(printer, out);

	if (error == 0 && !is_object(printer, "current_print"))
		error = -ENODATA;
	return error != 0 ? error : copy_members(TOPIC_JOB, printer, out);
}

static int
make_failure(const cJSON *printer, cJSON *out)
{
	const cJSON *reason = json_at(printer, "not_watching_reason");

	if (cJSON_AddBoolToObject(out, "watching", cJSON_IsNull(reason)) ==
		NULL ||
	    cJSON_AddBoolToObject(out, "alert", obico_has_alert(printer)) ==
		NULL)
		return -ENOMEM;
	return copy_members(TOPIC_FAILURE, printer, out);
}

/* Is one time later?  ISO 8601 in UTC; the fraction of a second may lack. */
static bool
is_later(const char *time, const char *other)
{
	const size_t seconds = strlen("2026-11-21T02:31:52");
	int order = strncmp(time, other, seconds);

	if (order != 0 || strlen(time) < seconds || strlen(other) < seconds)
		return order > 0;
	time += seconds;
	other += seconds;
	if (*time != '.' || *other != '.')
		return *time == '.' && *other != '.';
	return strcmp(time, other) > 0;
}

bool
obico_has_alert(const struct cJSON *printer)
{
	const cJSON *print = json_at(printer, "current_print");
	const char *alerted = json_string(print, "alerted_at");
	const char *seen = json_string(print, "alert_acknowledged_at");

	return alerted != NULL && (seen == NULL || is_later(alerted, seen));
}

int
obico_normalise(enum topic topic, const char *text, size_t len, struct buf *out)
{
	static int (*const makers[TOPIC_COUNT])(const cJSON *, cJSON *) = {
		[TOPIC_STATUS] = make_status,
		[TOPIC_JOB] = make_job,
		[TOPIC_FAILURE] = make_failure,
	};
	cJSON *printer, *document;
	int error;

	if (makers[topic] == NULL && topic != TOPIC_INFO &&
	    topic != TOPIC_SETTINGS)
		return -EOPNOTSUPP;
	error = json_parse(text, len, &printer);
	if (error != 0)
		return error;
	document = cJSON_CreateObject();
	if (document == NULL)
		error = -ENOMEM;
	else if (makers[topic] != NULL)
		error = makers[topic](printer, document);
	else
		error = copy_members(topic, printer, document);
	if (error == 0)
		error = json_print(document, out);
	if (error == 0)
		error = buf_append(out, "\n", 1);
	cJSON_Delete(document);
	cJSON_Delete(printer);
	return error;
}

/*
 * No file may show these: whoever has a printer's auth_token is that printer,
 * and a signed URL needs no login.
 */
static bool
is_secret_name(const char *name)
{
	return strcasestr(name, "token") != NULL ||
	    strcasestr(name, "password") != NULL ||
	    strcasestr(name, "secret") != NULL;
}

/* Its signature is in the query; some are told without their host. */
static bool
is_signed_url(const char *text)
{
	return strchr(text, '?') != NULL &&
	    (*text == '/' || strstr(text, "://") != NULL ||
		strstr(text, "digest=") != NULL);
}

static bool
is_secret(const cJSON *parent, cJSON *item)
{
	(void)parent;
	return (item->string != NULL && is_secret_name(item->string)) ||
	    (cJSON_IsString(item) && is_signed_url(item->valuestring));
}

void
obico_clean(struct cJSON *tree)
{
	json_prune(tree, is_secret);
}
