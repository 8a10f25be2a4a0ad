/*
 * Folders of the G-code library.
 */
#include <cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

static struct obico_folder *
find(struct obico_call *call)
{
	struct obico_folder *folder;
	long id;

	if (!obico_read_id(call, &id, "GCodeFolder"))
		return NULL;
	folder = obico_find_folder(call->obico, id);
	if (folder != NULL && folder->user_id == call->account->id)
		return folder;
	obico_missing(call, "GCodeFolder");
	return NULL;
}

/* The folder that has this safe name there, but for one. */
static struct obico_folder *
find_name(const struct obico_call *call, long user_id,
    const struct obico_folder *parent, const char *safe_name,
    const struct obico_folder *except)
{
	struct obico_folder *folder;

	TAILQ_FOREACH (folder, &call->obico->folders, entry) {
		if (folder != except && folder->user_id == user_id &&
		    folder->parent == parent &&
		    strcmp(folder->safe_name, safe_name) == 0)
			return folder;
	}
	return NULL;
}

static int
newest_first(const void *a, const void *b)
{
	const struct obico_folder *const *left = a, *const *right = b;

	return (*left)->id > (*right)->id ? -1 : (*left)->id < (*right)->id;
}

static int
oldest_first(const void *a, const void *b)
{
	return newest_first(b, a);
}

static int
by_name(const void *a, const void *b)
{
	const struct obico_folder *const *left = a, *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	return order != 0 ? order : oldest_first(a, b);
}

static int
by_name_back(const void *a, const void *b)
{
	const struct obico_folder *const *left = a, *const *right = b;
	int order = strcmp((*right)->name, (*left)->name);

	return order != 0 ? order : oldest_first(a, b);
}

/* All of them that fit, in order.  Returned with free; NULL: no memory. */
static struct obico_folder **
collect(struct obico_call *call, const struct parent_filter *filter,
    size_t *count)
{
	static const struct sorting orders[] = {
		{ "created_at_desc", newest_first },
		{ "created_at_asc", oldest_first },
		{ "name_asc", by_name },
		{ "name_desc", by_name_back },
	};
	struct obico_folder **list, *folder;
	size_t room = 1;

	TAILQ_FOREACH (folder, &call->obico->folders, entry)
		room++;
	list = calloc(room, sizeof(struct obico_folder *));
	*count = 0;
	if (list == NULL)
		return NULL;
	TAILQ_FOREACH (folder, &call->obico->folders, entry) {
		if (folder->user_id == call->account->id &&
		    obico_fits(filter, folder->parent))
			list[(*count)++] = folder;
	}
	obico_sort(call, orders, sizeof(orders) / sizeof(orders[0]), list,
	    *count);
	return list;
}

static void
render(struct obico_call *call, const void *folder)
{
	obico_render_folder(call, &call->out, folder, true);
}

void
obico_folders_list(struct obico_call *call)
{
	struct parent_filter filter;
	struct obico_folder **list;
	size_t count;

	if (!obico_read_filter(call, &filter))
		return;
	list = collect(call, &filter, &count);
	obico_list(call, list, count, render);
}

void
obico_folder_get(struct obico_call *call)
{
	const struct obico_folder *folder = find(call);

	if (folder != NULL)
		obico_render_folder(call, &call->out, folder, true);
}

/* The safe form of the name that the body has, with free; or NULL. */
static char *
wanted_name(struct obico_call *call)
{
	struct obico_folder asked = { 0 };
	struct text wrong = { 0 };
	char *safe = NULL;

	table_accept(&obico_folder_table, &asked, call->data, call->is_form,
	    true, &wrong);
	if (asked.name != NULL)
		safe = obico_safe_name(asked.name);
	table_clear(&obico_folder_table, &asked);
	text_free(&wrong);
	return safe;
}

/* A clash is an error of the database: nobody looked before. */
static struct obico_folder *
make(struct obico_call *call, struct obico_folder *parent, const char *safe)
{
	struct obico_folder *folder;

	if (safe == NULL || call->obico->last_folder >= OBICO_ROWS ||
	    find_name(call, call->account->id, parent, safe, NULL) != NULL)
		return NULL;
	folder = calloc(1, sizeof(*folder));
	if (folder == NULL)
		return NULL;
	folder->id = ++call->obico->last_folder;
	folder->user_id = call->account->id;
	folder->parent = parent;
	folder->safe_name = strdup(safe);
	folder->created_at = folder->updated_at = obico_now();
	TAILQ_INSERT_TAIL(&call->obico->folders, folder, entry);
	return folder;
}

void
obico_folders_create(struct obico_call *call)
{
	struct obico_folder *parent, *folder;
	struct text wrong = { 0 };
	bool given;
	char *safe;

	table_check(&obico_folder_table, call->data, call->is_form, false,
	    &wrong);
	obico_read_parent(call, &parent, &given, &wrong);
	if (obico_refused(call, &wrong))
		return;
	safe = wanted_name(call);
	folder = make(call, parent, safe);
	free(safe);
	if (folder == NULL) {
		obico_page(call, 500);
		return;
	}
	table_accept(&obico_folder_table, folder, call->data, call->is_form,
	    false, &wrong);
	call->status = 201;
	obico_render_folder(call, &call->out, folder, false);
}

/* Rename or move.  Only a folder that is given is looked at for a clash. */
void
obico_folder_change(struct obico_call *call)
{
	bool partial = strcmp(call->ex->method, "PATCH") == 0, given, clash;
	struct obico_folder *folder = find(call), *parent;
	struct text wrong = { 0 };
	char *safe;

	if (folder == NULL)
		return;
	table_check(&obico_folder_table, call->data, call->is_form, partial,
	    &wrong);
	obico_read_parent(call, &parent, &given, &wrong);
	if (obico_refused(call, &wrong))
		return;
	safe = wanted_name(call);
	if (safe == NULL)
		safe = strdup(folder->safe_name);
	if (!given)
		parent = folder->parent;
	clash = safe == NULL ||
	    find_name(call, folder->user_id, parent, safe, folder) != NULL;
	if (clash && given) {
		table_complain(&wrong, "name", "Already existed.");
		obico_refused(call, &wrong);
	} else if (clash) {
		obico_page(call, 500);
	}
	if (clash) {
		free(safe);
		return;
	}
	table_accept(&obico_folder_table, folder, call->data, call->is_form,
	    partial, &wrong);
	free(folder->safe_name);
	folder->safe_name = safe;
	folder->parent = parent;
	folder->updated_at = obico_now();
	obico_render_folder(call, &call->out, folder, false);
}

/* Delete what is doomed and all below it, however deep; loops too. */
static void
sweep(struct obico_server *obico)
{
	struct obico_folder *folder, *next;
	struct obico_file *file, *following;
	bool more = true;

	while (more) {
		more = false;
		TAILQ_FOREACH (folder, &obico->folders, entry) {
			if (!folder->doomed && folder->parent != NULL &&
			    folder->parent->doomed)
				folder->doomed = more = true;
		}
	}
	TAILQ_FOREACH_SAFE(file, &obico->files, entry, following)
	{
		if (file->parent != NULL && file->parent->doomed)
			obico_free_file(obico, file); /* its bytes stay */
	}
	TAILQ_FOREACH_SAFE(folder, &obico->folders, entry, next)
	{
		if (folder->doomed)
			obico_free_folder(obico, folder);
	}
}

void
obico_folder_delete(struct obico_call *call)
{
	struct obico_folder *folder = find(call);

	if (folder == NULL)
		return;
	folder->doomed = true;
	sweep(call->obico);
	obico_nothing(call);
}

void
obico_folders_delete(struct obico_call *call)
{
	struct obico_folder *folder;

	if (!obico_check_ids(call, "folder_ids")) {
		obico_page(call, 500);
		return;
	}
	TAILQ_FOREACH (folder, &call->obico->folders, entry)
		folder->doomed = folder->user_id == call->account->id &&
		    obico_has_id(call, "folder_ids", folder->id);
	sweep(call->obico);
	obico_nothing(call);
}

/* Would the folders that are moved have names of their own there? */
static bool
may_move(struct obico_call *call, struct obico_folder *target)
{
	struct obico_folder *one, *other;

	TAILQ_FOREACH (one, &call->obico->folders, entry) {
		if (one->user_id != call->account->id ||
		    !obico_has_id(call, "folder_ids", one->id))
			continue;
		TAILQ_FOREACH (other, &call->obico->folders, entry) {
			if (other != one && other->user_id == one->user_id &&
			    strcmp(other->safe_name, one->safe_name) == 0 &&
			    (other->parent == target ||
				obico_has_id(call, "folder_ids", other->id)))
				return false;
		}
	}
	return true;
}

void
obico_folders_move(struct obico_call *call)
{
	struct obico_folder *target, *folder;
	bool ids = obico_check_ids(call, "folder_ids"), any = false;
	int error = ids ? obico_read_target(call, &target) : -EINVAL;

	if (error == -EINVAL) {
		obico_page(call, 500);
		return;
	}
	TAILQ_FOREACH (folder, &call->obico->folders, entry)
		any = any ||
		    (folder->user_id == call->account->id &&
			obico_has_id(call, "folder_ids", folder->id));
	if (any && (error != 0 || !may_move(call, target))) {
		obico_page(call, 500);
		return;
	}
	TAILQ_FOREACH (folder, &call->obico->folders, entry) {
		if (folder->user_id == call->account->id &&
		    obico_has_id(call, "folder_ids", folder->id))
			folder->parent = target;
	}
	obico_nothing(call);
}
