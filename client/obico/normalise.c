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

/* A member of the document, and where the object has it. */
struct member {
	const char *folder; /* the member that it is in; "": at the top */
	const char *name;
	const char *from;
};

static const struct member status_members[] = {
	{ "job", "id", "current_print.id" },
	{ "job", "progress", "status.progress.completion" },
	{ "job", "time_remaining", "status.progress.printTimeLeft" },
	{ "job", "time_printing", "status.progress.printTime" },
	{ "printer", "temp_nozzle", "status.temperatures.tool0.actual" },
	{ "printer", "target_nozzle", "status.temperatures.tool0.target" },
	{ "printer", "temp_bed", "status.temperatures.bed.actual" },
	{ "printer", "target_bed", "status.temperatures.bed.target" },
	{ "printer", "axis_z", "status.currentZ" },
	{ "", "told_at", "status._ts" },
	{ NULL, NULL, NULL },
};

static const struct member job_members[] = {
	{ "", "id", "current_print.id" },
	{ "", "progress", "status.progress.completion" },
	{ "", "time_remaining", "status.progress.printTimeLeft" },
	{ "", "time_printing", "status.progress.printTime" },
	{ "", "started_at", "current_print.started_at" },
	{ "file", "name", "current_print.filename" },
	{ "file", "display_name", "current_print.filename" },
	{ "file", "size", "status.job.file.size" },
	{ "file", "m_timestamp", "status.job.file.date" },
	{ NULL, NULL, NULL },
};

static const struct member info_members[] = {
	{ "", "name", "name" },
	{ "", "id", "id" },
	{ "", "created_at", "created_at" },
	{ "", "agent_name", "agent_name" },
	{ "", "agent_version", "agent_version" },
	{ NULL, NULL, NULL },
};

static const struct member failure_members[] = {
	{ "", "not_watching_reason", "not_watching_reason" },
	{ "", "normalized_p", "normalized_p" },
	{ "", "action_on_failure", "action_on_failure" },
	{ "", "alerted_at", "current_print.alerted_at" },
	{ "", "alert_acknowledged_at", "current_print.alert_acknowledged_at" },
	{ "", "alert_muted_at", "current_print.alert_muted_at" },
	{ "", "alert_overwrite", "current_print.alert_overwrite" },
	{ "", "paused_at", "current_print.paused_at" },
	{ NULL, NULL, NULL },
};

static const struct member settings_members[] = {
	{ "", "name", "name" },
	{ "", "action_on_failure", "action_on_failure" },
	{ "", "watching_enabled", "watching_enabled" },
	{ "", "tools_off_on_pause", "tools_off_on_pause" },
	{ "", "bed_off_on_pause", "bed_off_on_pause" },
	{ "", "retract_on_pause", "retract_on_pause" },
	{ "", "lift_z_on_pause", "lift_z_on_pause" },
	{ "", "detective_sensitivity", "detective_sensitivity" },
	{ "", "min_timelapse_secs_on_finish", "min_timelapse_secs_on_finish" },
	{ "", "min_timelapse_secs_on_cancel", "min_timelapse_secs_on_cancel" },
	{ NULL, NULL, NULL },
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

/* The object of that name, made if it is not there; "": out itself. */
static cJSON *
folder_of(cJSON *out, const char *name)
{
	cJSON *folder;

	if (*name == '\0')
		return out;
	folder = cJSON_GetObjectItemCaseSensitive(out, name);
	return folder != NULL ? folder : cJSON_AddObjectToObject(out, name);
}

/* What is not known is left out. */
static int
copy_members(const cJSON *printer, const struct member *members, cJSON *out)
{
	for (; members->name != NULL; members++) {
		const cJSON *value = json_at(printer, members->from);
		cJSON *copy, *folder;

		if (value == NULL || cJSON_IsNull(value))
			continue;
		folder = folder_of(out, members->folder);
		copy = cJSON_Duplicate(value, true);
		if (folder == NULL ||
		    !cJSON_AddItemToObject(folder, members->name, copy)) {
			cJSON_Delete(copy);
			return -ENOMEM;
		}
	}
	return 0;
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
	int error = add_state(printer, folder_of(out, "printer"));

	if (error == 0)
		error = copy_members(printer, status_members, out);
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
	return error != 0 ? error : copy_members(printer, job_members, out);
}

static int
make_info(const cJSON *printer, cJSON *out)
{
	return copy_members(printer, info_members, out);
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
	return copy_members(printer, failure_members, out);
}

static int
make_settings(const cJSON *printer, cJSON *out)
{
	return copy_members(printer, settings_members, out);
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
		[TOPIC_INFO] = make_info,
		[TOPIC_FAILURE] = make_failure,
		[TOPIC_SETTINGS] = make_settings,
	};
	cJSON *printer, *document;
	int error;

	if (makers[topic] == NULL)
		return -EOPNOTSUPP;
	error = json_parse(text, len, &printer);
	if (error != 0)
		return error;
	document = cJSON_CreateObject();
	error = document == NULL ? -ENOMEM : makers[topic](printer, document);
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
