/*
 * The history of a printer, taken apart.  No state, any thread.
 */
#include <errno.h>

#include <cJSON.h>

#include "client/base/buf.h"
#include "client/base/date.h"
#include "client/base/json.h"
#include "client/obico/prints.h"

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
		if (error == 0 && json_integer(print, "id", &id))
			error = call(arg, id);
	}
	cJSON_Delete(tree);
	return error;
}

/* In seconds; 0: there is none. */
static time_t
read_date(const cJSON *print, const char *name)
{
	const char *text = json_string(print, name);
	int64_t us;

	return text != NULL && date_read(text, &us) ? (time_t)(us / 1000000) :
						      0;
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
		if (found == NULL && json_integer(print, "id", &other) &&
		    other == id)
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
