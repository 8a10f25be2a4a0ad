/*
 * Files of the G-code library: listed, told of, renamed, moved, deleted.
 */
#include <cJSON.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

/* Deleted ones too. */
static struct obico_file *
find(struct obico_call *call)
{
	struct obico_file *file;
	long id;

	if (!obico_read_id(call, &id, "GCodeFile"))
		return NULL;
	file = obico_find_file(call->obico, id);
	if (file != NULL && file->user_id == call->account->id)
		return file;
	obico_missing(call, "GCodeFile");
	return NULL;
}

static int
oldest_first(const void *a, const void *b)
{
	const struct obico_file *const *left = a, *const *right = b;

	return (*left)->id < (*right)->id ? -1 : (*left)->id > (*right)->id;
}

static int
newest_first(const void *a, const void *b)
{
	return oldest_first(b, a);
}

/* None is less than any number of bytes. */
static int
by_size(const void *a, const void *b)
{
	const struct obico_file *const *left = a, *const *right = b;

	if ((*left)->num_bytes == (*right)->num_bytes)
		return oldest_first(a, b);
	return (*left)->num_bytes < (*right)->num_bytes ? -1 : 1;
}

static int
by_size_back(const void *a, const void *b)
{
	const struct obico_file *const *left = a, *const *right = b;

	if ((*left)->num_bytes == (*right)->num_bytes)
		return oldest_first(a, b);
	return (*left)->num_bytes > (*right)->num_bytes ? -1 : 1;
}

static int
by_name(const void *a, const void *b)
{
	const struct obico_file *const *left = a, *const *right = b;
	int order = strcmp((*left)->filename, (*right)->filename);

	return order != 0 ? order : oldest_first(a, b);
}

static int
by_name_back(const void *a, const void *b)
{
	const struct obico_file *const *left = a, *const *right = b;
	int order = strcmp((*right)->filename, (*left)->filename);

	return order != 0 ? order : oldest_first(a, b);
}

/* Does the file pass the filters that are texts? */
static bool
is_wanted(const struct obico_call *call, const struct obico_file *file)
{
	const char *part = obico_param(call, "q");
	const char *name = obico_param(call, "safe_filename");
	const char *signature = obico_param(call, "agent_signature");
	const char *printer = obico_param(call, "resident_printer");

	if (file->user_id != call->account->id || file->deleted != 0 ||
	    (printer != NULL && printer[0] != '\0'))
		return false;
	if (part != NULL && part[0] != '\0' &&
	    strcasestr(file->safe_filename, part) == NULL)
		return false;
	return name == NULL || signature == NULL ||
	    (strcmp(file->safe_filename, name) == 0 &&
		file->agent_signature != NULL &&
		strcmp(file->agent_signature, signature) == 0);
}

/* All of them that fit, in order.  Returned with free; NULL: no memory. */
static struct obico_file **
collect(struct obico_call *call, const struct parent_filter *filter,
    size_t *count)
{
	static const struct sorting orders[] = {
		{ "created_at_desc", newest_first },
		{ "created_at_asc", oldest_first },
		{ "num_bytes_asc", by_size },
		{ "num_bytes_desc", by_size_back },
		{ "filename_asc", by_name },
		{ "filename_desc", by_name_back },
	};
	struct obico_file **list, *file;
	size_t room = 1;

	TAILQ_FOREACH (file, &call->obico->files, entry)
		room++;
	list = calloc(room, sizeof(struct obico_file *));
	*count = 0;
	if (list == NULL)
		return NULL;
	TAILQ_FOREACH (file, &call->obico->files, entry) {
		if (is_wanted(call, file) && obico_fits(filter, file->parent))
			list[(*count)++] = file;
	}
	obico_sort(call, orders, sizeof(orders) / sizeof(orders[0]), list,
	    *count);
	return list;
}

static void
render(struct obico_call *call, const void *file)
{
	obico_render_file(call, &call->out, file, FILE_WHOLE);
}

void
obico_files_list(struct obico_call *call)
{
	const char *printer = obico_param(call, "resident_printer");
	struct parent_filter filter;
	struct obico_file **list;
	size_t count;
	long id;

	if (!obico_read_filter(call, &filter))
		return;
	if (printer != NULL && printer[0] != '\0' &&
	    obico_int(printer, &id) != 0) {
		obico_page(call, 500);
		return;
	}
	list = collect(call, &filter, &count);
	obico_list(call, list, count, render);
}

void
obico_file_get(struct obico_call *call)
{
	const struct obico_file *file = find(call);

	if (file != NULL)
		obico_render_file(call, &call->out, file, FILE_WHOLE);
}

/* Saving a deleted record brings it back, without its bytes. */
void
obico_file_change(struct obico_call *call)
{
	bool partial = strcmp(call->ex->method, "PATCH") == 0, given;
	struct obico_file *file = find(call);
	struct obico_folder *parent;
	struct text wrong = { 0 };

	if (file == NULL)
		return;
	table_check(&obico_file_table, call->data, call->is_form, partial,
	    &wrong);
	obico_read_parent(call, &parent, &given, &wrong);
	if (obico_refused(call, &wrong))
		return;
	table_accept(&obico_file_table, file, call->data, call->is_form,
	    partial, &wrong);
	free(file->safe_filename);
	file->safe_filename = obico_safe_name(file->filename);
	if (given)
		file->parent = parent;
	file->updated_at = obico_now();
	file->deleted = 0;
	obico_render_file(call, &call->out, file, FILE_WRITTEN);
}

/* Bytes that are not there are more than the server can bear. */
void
obico_file_delete(struct obico_call *call)
{
	struct obico_file *file = find(call);
	char *path;
	int error;

	if (file == NULL)
		return;
	path = obico_stored(call->sim, file, 0);
	error = path == NULL ? -1 : unlink(path);
	free(path);
	if (error != 0) {
		obico_page(call, 500);
		return;
	}
	obico_set(&file->url, NULL);
	file->updated_at = file->deleted = obico_now();
	obico_nothing(call);
}

static bool
is_named(const struct obico_call *call, const struct obico_file *file)
{
	return file->user_id == call->account->id && file->deleted == 0 &&
	    obico_has_id(call, "file_ids", file->id);
}

void
obico_files_delete(struct obico_call *call)
{
	struct obico_file *file;

	if (!obico_check_ids(call, "file_ids")) {
		obico_page(call, 500);
		return;
	}
	TAILQ_FOREACH (file, &call->obico->files, entry) {
		if (is_named(call, file))
			file->deleted = obico_now(); /* its bytes stay */
	}
	obico_nothing(call);
}

void
obico_files_move(struct obico_call *call)
{
	struct obico_folder *target;
	bool ids = obico_check_ids(call, "file_ids"), any = false;
	int error = ids ? obico_read_target(call, &target) : -EINVAL;
	struct obico_file *file;

	TAILQ_FOREACH (file, &call->obico->files, entry)
		any = any || (ids && is_named(call, file));
	if (error == -EINVAL || (error != 0 && any)) {
		obico_page(call, 500);
		return;
	}
	TAILQ_FOREACH (file, &call->obico->files, entry) {
		if (is_named(call, file))
			file->parent = target;
	}
	obico_nothing(call);
}
