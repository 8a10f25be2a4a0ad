/*
 * Documents in the published shape, taken apart.  No state, any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/shape.h"

#define ID_SIZE 24 /* bytes of any number */

/* A number of bytes, or -1. */
static int64_t
bytes_of(const cJSON *object, const char *name)
{
	int64_t value = -1;

	(void)json_integer(object, name, &value);
	return value;
}

static void
note_storage(const cJSON *item, struct shape_storage *out)
{
	const char *name = json_string(item, "name");

	out->available = json_true(item, "available");
	out->free = bytes_of(item, "free_space");
	out->total = bytes_of(item, "total_space");
	strlcpy(out->name, name == NULL ? "" : name, sizeof(out->name));
}

int
shape_storage(const char *text, size_t len, const char *storage,
    struct shape_storage *out)
{
	const cJSON *list, *item;
	cJSON *tree = NULL;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	error = -ENOENT;
	list = cJSON_GetObjectItemCaseSensitive(tree, "storage_list");
	cJSON_ArrayForEach (item, list) {
		const char *path = json_string(item, "path");

		if (path == NULL || strcmp(name_of(path), storage) != 0)
			continue;
		note_storage(item, out);
		error = 0;
	}
	cJSON_Delete(tree);
	return error;
}

int
shape_cameras(const char *text, size_t len,
    int (*call)(void *arg, const char *id), void *arg)
{
	cJSON *tree = NULL, *list, *item;
	int count = 0, error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	list = cJSON_GetObjectItemCaseSensitive(tree, "camera_list");
	cJSON_ArrayForEach (item, list) {
		const char *id = json_string(item, "camera_id");

		if (error == 0 && id != NULL && name_is_sane(id) &&
		    count++ < SHAPE_CAMERAS)
			error = call(arg, id);
	}
	cJSON_Delete(tree);
	return error;
}

static int
parse_array(const char *text, size_t len, cJSON **out)
{
	int error = json_parse(text, len, out);

	if (error != 0 || cJSON_IsArray(*out))
		return error;
	cJSON_Delete(*out);
	return -EPROTO;
}

static bool
read_id(const cJSON *print, char id[ID_SIZE])
{
	int64_t number;

	if (!json_integer(print, "id", &number))
		return false;
	snprintf(id, ID_SIZE, "%" PRId64, number);
	return true;
}

int
shape_prints(const char *text, size_t len,
    int (*call)(void *arg, const char *id), void *arg)
{
	const cJSON *print;
	char id[ID_SIZE];
	cJSON *tree;
	int error = parse_array(text, len, &tree);

	if (error != 0)
		return error;
	cJSON_ArrayForEach (print, tree) {
		if (error == 0 && read_id(print, id))
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

	return text != NULL && time_read(text, &us) ? (time_t)(us / 1000000) :
						      0;
}

int
shape_print(const char *text, size_t len, const char *id, struct buf *out,
    time_t *ended_s)
{
	const cJSON *print, *found = NULL;
	char other[ID_SIZE];
	cJSON *tree;
	int error = parse_array(text, len, &tree);

	if (error != 0)
		return error;
	cJSON_ArrayForEach (print, tree) {
		if (found == NULL && read_id(print, other) &&
		    strcmp(other, id) == 0)
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
