/*
 * PrusaLink's older API: the tree as one listing, downloads, thumbnails,
 * folders, moves that do nothing, the printer's and the job's state, and the
 * small routes around them.
 */
#include <cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* May the route be used with this storage?  If not, it has been answered. */
static bool
check_target(struct call *call)
{
	if (strcmp(call->arg[0], "local") == 0)
		return true;
	pi_error(call,
	    strcmp(call->arg[0], "sdcard") == 0 ? PI_CARD_UNSUPPORTED :
						  PI_LOCATION_NOT_FOUND);
	return false;
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
send_file(struct call *call, const struct pi_place *place)
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
download(struct call *call)
{
	struct pi_place place;

	if (!check_target(call))
		return;
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

void
pi_legacy_get(struct call *call)
{
	const char *target = call->arg[0];

	if (text_ends_with(call->arg[1], "/raw"))
		download(call);
	else if (strcmp(target, "local") != 0 && strcmp(target, "sdcard") != 0)
		pi_error(call, PI_LOCATION_NOT_FOUND);
	else
		pi_crash(call); /* broken in this version */
}

void
pi_thumbnail(struct call *call)
{
	char *mark = strstr(call->arg[0], ".orig.");
	struct pi_place place = { 0 };
	struct text png = { 0 };
	bool padded, found = false;

	if (mark == NULL) {
		pi_nothing(call);
		return;
	}
	*mark = '\0';
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, call->arg[0], &place);
	pthread_mutex_unlock(&call->sim->lock);
	if (place.exists && strcmp(mark + 6, "png") == 0)
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

static void render_entry(struct call *call, struct text *json,
    const struct pi_place *place, int depth);

/* The files and folders in a folder. */
static void
render_entries(struct call *call, struct text *json,
    const struct pi_place *folder, int depth)
{
	struct dirent **names;
	bool first = true;
	int count = depth < DEEPEST ?
	    scandir(folder->real, &names, NULL, alphasort) :
	    -1;

	for (int i = 0; i < count; i++) {
		struct pi_place child = { .card = folder->card };
		const char *name = names[i]->d_name;

		snprintf(child.path, sizeof(child.path), "%.*s/%s",
		    (int)sizeof(child.path) - 300, folder->path, name);
		if (asprintf(&child.real, "%s/%s", folder->real, name) < 0)
			child.real = NULL;
		if (child.real != NULL &&
		    pi_shows(call->sim, child.real, name) &&
		    stat(child.real, &child.st) == 0 &&
		    (S_ISDIR(child.st.st_mode) ||
			strcmp(pi_type(name), "PRINT_FILE") == 0)) {
			text_puts(json, first ? "" : ", ");
			first = false;
			render_entry(call, json, &child, depth + 1);
		}
		free(child.real);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void
render_entry(struct call *call, struct text *json, const struct pi_place *place,
    int depth)
{
	bool folder = S_ISDIR(place->st.st_mode);
	const char *name = base_name(place->path);

	text_puts(json, "{\"name\": ");
	text_json(json, name);
	text_puts(json, ", \"path\": ");
	text_json(json, place->path);
	text_puts(json, ", \"display\": ");
	text_json(json, name);
	text_printf(json,
	    ", \"date\": %lld, \"size\": %lld, \"origin\": \"%s\", ",
	    (long long)place->st.st_mtim.tv_sec,
	    folder ? pi_tree_size(place->real) : (long long)place->st.st_size,
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

void
pi_legacy_list(struct call *call)
{
	const char *path = call->arg[0] == NULL ? "" : call->arg[0];
	bool all = strcmp(call->path, "/api/files") == 0;
	struct pi_place place;
	struct text json = { 0 };
	long long free_space, total;

	pi_space(call->sim, &free_space, &total);
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, all ? PI_STORAGE : path, &place);
	text_puts(&json, "{\"files\": [");
	if (place.exists && all)
		render_entry(call, &json, &place, 0);
	else if (place.exists && S_ISDIR(place.st.st_mode))
		render_entries(call, &json, &place, 0);
	text_printf(&json, "], \"free\": \"%lld G\", \"total\": \"%lld G\"}",
	    free_space >> 30, total >> 30);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (place.exists)
		pi_json(call, 200, "", &json);
	else
		pi_empty(call, 404);
	text_free(&json);
}

/* The JSON of the body, deleted by the caller; NULL when it is none. */
static cJSON *
read_json(struct call *call)
{
	cJSON *json = cJSON_ParseWithLength(text_string(&call->body),
	    call->body.len);

	if (!cJSON_IsObject(json)) {
		cJSON_Delete(json);
		pi_html(call, 400, "");
		return NULL;
	}
	return json;
}

static const char *
string_of(const cJSON *json, const char *name)
{
	const char *value =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return value == NULL ? "" : value;
}

void
pi_legacy_start(struct call *call)
{
	cJSON *json = read_json(call);
	struct pi_place place;
	const char *command;
	int error = -EINVAL;

	if (json == NULL)
		return;
	command = string_of(json, "command");
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, call->arg[1], &place);
	if (strcmp(command, "print") == 0 ||
	    (strcmp(command, "select") == 0 &&
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "print"))))
		error = !place.exists ? -ENOENT :
					pi_start_print(call->sim, &place);
	else if (strcmp(command, "select") == 0)
		error = place.exists ? 0 : -ENOENT;
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (error == 0)
		pi_empty(call, 204);
	else if (error == -ENOENT)
		pi_error(call, PI_FILE_NOT_FOUND);
	else if (error == -EBUSY && strcmp(command, "print") == 0)
		pi_error(call, PI_PRINTING);
	else if (error == -EISDIR)
		pi_crash(call);
	else
		pi_empty(call, 400);
	cJSON_Delete(json);
}

void
pi_legacy_delete(struct call *call)
{
	struct pi_place place;
	bool printed, gone;

	if (!check_target(call))
		return;
	pthread_mutex_lock(&call->sim->lock);
	pi_find_display(call, call->arg[1], &place);
	printed = place.exists && pi_prints(call->sim, place.real);
	gone = place.exists && !printed && S_ISREG(place.st.st_mode) &&
	    unlink(place.real) == 0;
	pi_changed(call->sim, NULL);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (printed)
		pi_error(call, PI_FILE_PRINTED);
	else if (gone)
		pi_empty(call, 204);
	else
		pi_crash(call);
}

void
pi_folder_create(struct call *call)
{
	char *real;
	int error = -EEXIST;

	if (!check_target(call))
		return;
	pthread_mutex_lock(&call->sim->lock);
	real = pi_real(call->pi, call->arg[1]);
	if (real != NULL && access(real, F_OK) != 0)
		error = pi_make_folders(call, call->arg[1]);
	pthread_mutex_unlock(&call->sim->lock);
	free(real);
	if (error == 0 || error == -EEXIST)
		pi_empty(call, error == 0 ? 201 : 409);
	else
		pi_crash(call);
}

void
pi_folder_delete(struct call *call)
{
	struct pi_place place;
	int error = -ENOENT;

	if (!check_target(call))
		return;
	pthread_mutex_lock(&call->sim->lock);
	pi_find(call, "local", call->arg[1], &place);
	if (place.exists && !place.is_root)
		error = pi_remove_tree(place.real);
	pi_changed(call->sim, NULL);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	pi_empty(call, error == 0 ? 200 : 404);
}

/* Move only if the destination's folder is missing.  Locked. */
static int
move_file(struct call *call, const char *source, const char *destination)
{
	char *from = pi_real(call->pi, source);
	char *to = pi_real(call->pi, destination);
	char *slash = to == NULL ? NULL : strrchr(to, '/');
	const char *last = strrchr(destination, '/');
	int error = -ENOENT;

	if (from == NULL || to == NULL || access(from, F_OK) != 0)
		goto out;
	error = pi_prints(call->sim, from) ? -EBUSY : 0;
	if (error != 0 || last == NULL)
		goto out;
	*slash = '\0';
	if (access(to, F_OK) != 0) {
		char *folder = strndup(destination,
		    (size_t)(last - destination));

		error = folder == NULL ? -ENOMEM :
					 pi_make_folders(call, folder);
		free(folder);
		*slash = '/';
		if (error == 0 && rename(from, to) != 0)
			error = -errno;
		pi_changed(call->sim, to);
	}
out:
	free(from);
	free(to);
	return error;
}

void
pi_modify(struct call *call)
{
	const char *source, *destination;
	cJSON *json;
	int error;

	if (!check_target(call))
		return;
	json = read_json(call);
	if (json == NULL)
		return;
	source = string_of(json, "source");
	destination = string_of(json, "destination");
	if (strcmp(source, destination) == 0) {
		pi_error(call, PI_SAME_DESTINATION);
	} else {
		pthread_mutex_lock(&call->sim->lock);
		error = move_file(call, source, destination);
		pthread_mutex_unlock(&call->sim->lock);
		if (error == -ENOENT)
			pi_error(call, PI_FILE_NOT_FOUND);
		else if (error == -EBUSY)
			pi_error(call, PI_FILE_PRINTED);
		else if (error != 0)
			pi_crash(call);
		else
			pi_empty(call, 201);
	}
	cJSON_Delete(json);
}
