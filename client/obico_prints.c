/*
 * The history of a printer, taken apart.  No state, any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cJSON.h>

#include "client/buf.h"
#include "client/json.h"
#include "client/obico_prints.h"

#define ID_MAX 9007199254740991.0 /* a double holds it exactly */

/* Returns whether it is a print. */
static bool
read_id(const cJSON *print, int64_t *out)
{
	double id;

	if (!json_number(print, "id", &id) || !(id >= 0 && id <= ID_MAX))
		return false;
	*out = (int64_t)id;
	return true;
}

static int
parse(const char *text, size_t len, cJSON **out)
{
	int error = json_parse(text, len, out);

	if (error != 0 || cJSON_IsArray(*out))
		return error;
	cJSON_Delete(*out);
	return -EPROTO;
}

int
prints_each(const char *text, size_t len, int (*call)(void *arg, int64_t id),
    void *arg)
{
	const cJSON *print;
	cJSON *tree;
	int64_t id;
	int error = parse(text, len, &tree);

	if (error != 0)
		return error;
	cJSON_ArrayForEach (print, tree) {
		if (error == 0 && read_id(print, &id))
			error = call(arg, id);
	}
	cJSON_Delete(tree);
	return error;
}

/* Seconds of a date as the server writes it, 2026-11-21T02:31:52.436368Z. */
static time_t
read_date(const cJSON *print, const char *name)
{
	const char *text = json_string(print, name);
	struct tm tm = { 0 };
	const char *end;

	if (text == NULL)
		return 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || (*end != '.' && *end != 'Z'))
		return 0;
	return timegm(&tm);
}

int
prints_find(const char *text, size_t len, int64_t id, struct buf *out,
    time_t *ended_s)
{
	const cJSON *print, *found = NULL;
	cJSON *tree;
	int64_t other;
	int error = parse(text, len, &tree);

	if (error != 0)
		return error;
	cJSON_ArrayForEach (print, tree) {
		if (found == NULL && read_id(print, &other) && other == id)
			found = print;
	}
	error = found == NULL ? -ENOENT : json_print(found, out);
	if (error == 0)
		error = buf_append(out, "\n", 1);
	if (error == 0) {
		*ended_s = read_date(found, "ended_at");
		if (*ended_s == 0)
			*ended_s = read_date(found, "started_at");
	}
	cJSON_Delete(tree);
	return error;
}
