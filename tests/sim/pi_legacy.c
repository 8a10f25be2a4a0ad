/*
 * PrusaLink's older API: the tree as one listing, downloads, thumbnails,
 * files to print or delete.
 */
#include <cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/sim/pi.h"

enum {
	DEEPEST = 16
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static const char *
content_type(const char *name)
{
	static const char *const types[][2] = { { ".txt", "text/plain" },
		{ ".html", "text/html" }, { ".png", "image/png" },
		{ ".jpg", "image/jpeg" }, { ".json", "application/json" } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (text_ends_with(name, types[i][0]))
			return types[i][1];
	}
	return "application/octet-stream";
}

static void
send_file(struct pi_call *call, const struct pi_place *place)
{
	struct text head = { 0 }, extra = { 0 };
	const char *name = base_name(place->path);
	int fd = open(place->real, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		pi_error(call, PI_FILE_NOT_FOUND);
	} else {
		text_printf(&extra,
		    "Content-Disposition: attachment;filename=\"%s\"\r\n",
		    name);
		pi_head(&head, 200, content_type(name), text_string(&extra),
		    st.st_size);
		exchange_answer_file(call->ex, call->conn, 200, &head, fd,
		    st.st_size);
	}
	if (fd >= 0)
		close(fd);
	text_free(&head);
	text_free(&extra);
}

static void
download(struct pi_call *call)
{
	struct pi_place place;

	call->arg[1][strlen(call->arg[1]) - strlen("/raw")] = '\0';
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, call->arg[1], &place);
	pthread_mutex_unlock(&call->sim->lock);
	if (!place.exists || place.card)
		pi_error(call, PI_FILE_NOT_FOUND);
	else if (S_ISDIR(place.st.st_mode))
		pi_crash(call);
	else
		send_file(call, &place);
	pi_release(&place);
}

/* Broken in this version: only what is missing is answered well. */
static void
file_info(struct pi_call *call)
{
	struct pi_place place;

	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, call->arg[1], &place);
	pthread_mutex_unlock(&call->sim->lock);
	if (place.exists)
		pi_crash(call);
	else
		pi_error(call, PI_FILE_NOT_FOUND);
	pi_release(&place);
}

void
pi_legacy_get(struct pi_call *call)
{
	if (!pi_check_storage(call, false))
		return;
	if (text_ends_with(call->arg[1], "/raw"))
		download(call);
	else
		file_info(call);
}

void
pi_thumbnail(struct pi_call *call)
{
	char *mark = strstr(call->arg[0], ".orig.");
	struct pi_place place = { 0 };
	struct text png = { 0 };
	bool padded, found = false;

	if (mark == NULL || strlen(mark + 6) < 1 || strlen(mark + 6) > 5) {
		pi_nothing(call);
		return;
	}
	*mark = '\0';
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, call->arg[0], &place);
	pthread_mutex_unlock(&call->sim->lock);
	if (place.exists && strcasecmp(mark + 6, "png") == 0)
		found = gcode_thumbnail(place.real, THUMBNAIL_LARGEST, &png,
		    &padded);
	if (!place.exists)
		pi_error(call, PI_FILE_NOT_FOUND);
	else if (!found)
		pi_error(call, PI_NO_THUMBNAIL);
	else
		pi_send(call, 200, "image/png",
		    "Cache-Control: private, max-age=604800\r\n", png.data,
		    png.len);
	pi_release(&place);
	text_free(&png);
}

static void render_entry(struct pi_call *call, struct text *json,
    const struct pi_place *place, int depth);

/* Folders first, the newest first; what has no date is oldest. */
static int
by_age(const void *a, const void *b)
{
	const struct pi_place *one = a, *two = b;
	bool first = S_ISDIR(one->st.st_mode),
	     second = S_ISDIR(two->st.st_mode);

	if (first != second)
		return first ? -1 : 1;
	return one->st.st_mtim.tv_sec > two->st.st_mtim.tv_sec ?
	    -1 :
	    one->st.st_mtim.tv_sec < two->st.st_mtim.tv_sec;
}

/* Look at an item of a folder.  Returns whether it is to be listed. */
static bool
look_at(struct pi_call *call, const struct pi_place *folder, const char *name,
    struct pi_place *child)
{
	memset(child, 0, sizeof(*child));
	child->card = folder->card;
	snprintf(child->path, sizeof(child->path), "%.*s/%s",
	    (int)sizeof(child->path) - 300, folder->path, name);
	if (asprintf(&child->real, "%s/%s", folder->real, name) < 0)
		child->real = NULL;
	if (child->real != NULL && pi_shows(call->sim, child->real, name) &&
	    stat(child->real, &child->st) == 0 &&
	    (S_ISDIR(child->st.st_mode) ||
		strcmp(pi_type(name), "PRINT_FILE") == 0))
		return true;
	pi_release(child);
	return false;
}

/* The files and folders in a folder. */
static void
render_entries(struct pi_call *call, struct text *json,
    const struct pi_place *folder, int depth)
{
	struct dirent **names;
	struct pi_place *children;
	int shown = 0;
	int count = depth < DEEPEST ?
	    scandir(folder->real, &names, NULL, alphasort) :
	    -1;

	if (count < 0)
		return;
	children = calloc((size_t)count + 1, sizeof(*children));
	for (int i = 0; i < count; i++) {
		if (children != NULL &&
		    look_at(call, folder, names[i]->d_name, &children[shown]))
			shown++;
		free(names[i]);
	}
	free(names);
	if (shown > 1)
		qsort(children, (size_t)shown, sizeof(*children), by_age);
	for (int i = 0; i < shown; i++) {
		text_puts(json, i == 0 ? "" : ", ");
		render_entry(call, json, &children[i], depth + 1);
		pi_release(&children[i]);
	}
	free(children);
}

static void
render_entry(struct pi_call *call, struct text *json,
    const struct pi_place *place, int depth)
{
	bool folder = S_ISDIR(place->st.st_mode);
	const char *name = base_name(place->path);

	text_puts(json, "{\"name\": ");
	text_json(json, name);
	text_puts(json, ", \"path\": ");
	text_json(json, place->path);
	text_puts(json, ", \"display\": ");
	text_json(json, name);
	if (folder && place->card)
		text_puts(json, ", \"date\": null");
	else
		text_printf(json, ", \"date\": %lld",
		    (long long)place->st.st_mtim.tv_sec);
	text_printf(json, ", \"size\": %lld, %s\"origin\": \"%s\", ",
	    folder ? pi_tree_size(place->real) : (long long)place->st.st_size,
	    place->card && (!folder || place->is_root) ?
		"\"read_only\": true, " :
		"",
	    place->card ? "sdcard" : "local");
	if (folder) {
		text_puts(json,
		    "\"type\": \"folder\", \"typePath\": [\"folder\"], "
		    "\"refs\": {\"resource\": null}, \"children\": [");
		render_entries(call, json, place, depth);
		text_puts(json, "]}");
		return;
	}
	text_puts(json,
	    "\"type\": \"machinecode\", "
	    "\"typePath\": [\"machinecode\", \"gcode\"], \"hash\": null, ");
	pi_render_refs(call->pi, json, place, true);
	text_puts(json,
	    ", \"gcodeAnalysis\": {\"estimatedPrintTime\": null, "
	    "\"material\": null, \"layerHeight\": null}}");
}

/* Both storages, as far as they are there.  Locked. */
static void
render_roots(struct pi_call *call, struct text *json,
    const struct pi_place *local)
{
	struct pi_place card;

	render_entry(call, json, local, 0);
	pi_find(call, "sdcard", "", &card);
	if (card.exists) {
		text_puts(json, ", ");
		render_entry(call, json, &card, 0);
	}
	pi_release(&card);
}

void
pi_legacy_list(struct pi_call *call)
{
	const char *path = call->arg[0];
	struct pi_place place;
	struct text json = { 0 }, extra = { 0 };
	long long free_space, total;
	bool file;

	pi_space(call->sim, &free_space, &total);
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, path == NULL ? PI_STORAGE : path, &place);
	file = place.exists && !S_ISDIR(place.st.st_mode);
	text_puts(&json, "{\"files\": [");
	if (path == NULL && place.exists)
		render_roots(call, &json, &place);
	else if (place.exists && !file)
		render_entries(call, &json, &place, 0);
	if (place.card)
		text_puts(&json, "], \"free\": \"0 B\", \"total\": \"0 B\"}");
	else
		text_printf(&json,
		    "], \"free\": \"%lld G\", \"total\": \"%lld G\"}",
		    free_space >> 30, total >> 30);
	pthread_mutex_unlock(&call->sim->lock);
	if (pi_answer_cached(call, &extra, &place))
		; /* nothing to add */
	else if (!place.exists)
		pi_send(call, 404, "text/html; charset=utf-8",
		    text_string(&extra), "", 0);
	else if (file)
		pi_crash(call);
	else
		pi_json(call, 200, text_string(&extra), &json);
	pi_release(&place);
	text_free(&json);
	text_free(&extra);
}

/* The outcome of a file's command: 0, 204, 400, 409 or an exception. */
static int
run_start(struct pi_call *call, const cJSON *json, const struct pi_place *place)
{
	const char *command = pi_string_of(json, "command");
	bool print = strcmp(command, "print") == 0;
	struct machine_view view;
	int error = 0;

	machine_look(call->sim, &view);
	if (!print && strcmp(command, "select") != 0)
		return 400;
	if (view.has_job)
		return print ? 409 : 400;
	strlcpy(call->pi->selected, place->path, sizeof(call->pi->selected));
	if (print ||
	    cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "print")))
		error = pi_start_print(call->sim, place);
	return error == 0 ? 204 : 500;
}

void
pi_legacy_start(struct pi_call *call)
{
	struct pi_place place;
	int status = 404;
	cJSON *json;

	if (!pi_check_storage(call, false))
		return;
	json = pi_read_json(call);
	if (json == NULL)
		return;
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, call->arg[1], &place);
	if (place.exists)
		status = run_start(call, json, &place);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	cJSON_Delete(json);
	if (status == 404)
		pi_error(call, PI_FILE_NOT_FOUND);
	else if (status == 409)
		pi_error(call, PI_PRINTING);
	else if (status == 500)
		pi_crash(call);
	else
		pi_empty(call, status);
}

void
pi_legacy_delete(struct pi_call *call)
{
	struct pi_place place;
	bool printed, gone, there;

	if (!pi_check_storage(call, true))
		return;
	pthread_mutex_lock(&call->sim->lock);
	pi_find(call, "local", call->arg[1], &place);
	there = place.exists;
	printed = there && pi_prints(call->sim, place.real);
	gone = there && !printed && S_ISREG(place.st.st_mode) &&
	    unlink(place.real) == 0;
	pi_changed(call->sim, NULL);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (printed)
		pi_error(call, PI_FILE_PRINTED);
	else if (gone)
		pi_empty(call, 204);
	else if (!there)
		pi_error(call, PI_FILE_NOT_FOUND);
	else
		pi_crash(call);
}
