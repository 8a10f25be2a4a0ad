/*
 * PrusaLink's v1 files: listings and information, folders, deletions, the
 * start of a print.  Also the folders of the older API.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/pi.h"

enum {
	FOLDER_NAME = 255
};

/* The path below the storage. */
static const char *
path_of(const struct pi_call *call)
{
	return call->arg[1] == NULL ? "" : call->arg[1];
}

static bool
says_yes(const struct pi_call *call, enum header which)
{
	return strcmp(exchange_header(call->ex, which), "?1") == 0;
}

/* Does the client know it already?  -EINVAL for a date in another form. */
static int
check_cache(struct pi_call *call, time_t changed, const char *etag)
{
	const char *since = call->ex->header[HEADER_IF_MODIFIED_SINCE];
	time_t when;

	if (since != NULL) {
		if (pi_parse_date(since, &when) != 0)
			return -EINVAL;
		if (changed < when) /* it has a fraction of a second */
			return 1;
	}
	return strcmp(exchange_header(call->ex, HEADER_IF_NONE_MATCH), etag) ==
	    0;
}

static bool
is_v1_head(const struct pi_call *call)
{
	return strcmp(call->ex->method, "HEAD") == 0 &&
	    strncmp(call->path, "/api/v1/", 8) == 0;
}

bool
pi_answer_cached(struct pi_call *call, struct text *extra,
    const struct pi_place *place)
{
	time_t changed;
	char date[32], etag[16], hash[33];
	const char *part[] = { date };
	int known;

	pthread_mutex_lock(&call->sim->lock);
	changed = call->pi->changed;
	pthread_mutex_unlock(&call->sim->lock);
	if (place->exists && place->st.st_mtim.tv_sec > changed)
		changed = place->st.st_mtim.tv_sec;
	text_date(date, changed);
	text_md5(hash, part, 1);
	snprintf(etag, sizeof(etag), "W/\"%.10s\"", hash);
	text_printf(extra, "Last-Modified: %s\r\nETag: %s\r\n", date, etag);
	if (is_v1_head(call))
		return false; /* asks no questions */
	known = check_cache(call, changed, etag);
	if (known < 0)
		pi_crash(call);
	else if (known > 0)
		pi_send(call, 304, "text/html; charset=utf-8",
		    text_string(extra), "", 0);
	return known != 0;
}

/* A storage that nobody knows is told apart from a file on GET only. */
static void
answer_missing(struct pi_call *call, int error)
{
	bool head = strcmp(call->ex->method, "HEAD") == 0;

	pi_error(call,
	    error != 0 && !head ? PI_LOCATION_NOT_FOUND : PI_FILE_NOT_FOUND);
}

static void
answer_place(struct pi_call *call, const struct text *json, struct text *extra,
    const struct pi_place *place, bool printed)
{
	text_printf(extra, "Read-Only: %s\r\nCurrently-Printed: %s\r\n",
	    place->card ? "True" : "False", printed ? "True" : "False");
	if (strcmp(call->ex->method, "HEAD") == 0)
		pi_send(call, 200, "text/html; charset=utf-8",
		    text_string(extra), "", 0);
	else
		pi_json(call, 200, text_string(extra), json);
}

void
pi_files_get(struct pi_call *call)
{
	struct text json = { 0 }, extra = { 0 };
	struct pi_place place;
	bool printed = false, get = strcmp(call->ex->method, "GET") == 0;
	int error;

	pthread_mutex_lock(&call->sim->lock);
	error = pi_find(call, call->arg[0], path_of(call), &place);
	if (error == 0 && place.exists) {
		printed = pi_prints(call->sim, place.real);
		if (get)
			pi_render(call, &json, &place);
	}
	pthread_mutex_unlock(&call->sim->lock);
	if (error != 0 || (!get && !place.exists))
		answer_missing(call, error);
	else if (pi_answer_cached(call, &extra, &place))
		; /* the file need not even be there */
	else if (!place.exists)
		answer_missing(call, 0);
	else
		answer_place(call, &json, &extra, &place, printed);
	pi_release(&place);
	text_free(&json);
	text_free(&extra);
}

bool
pi_is_forbidden(const char *path)
{
	static const char *const others[] = { "\xc2\xaf", "\xc2\xb0",
		"\xcb\x87" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strstr(path, others[i]) != NULL)
			return true;
	}
	return strpbrk(path, "\\?\"%#") != NULL;
}

int
pi_make_folders(struct pi_call *call, const char *path)
{
	char *real = pi_real(call->pi, path);
	int error = 0;

	if (real == NULL)
		return -EINVAL;
	for (char *at = real + strlen(call->pi->local); error == 0; at++) {
		struct stat st;
		char kept = *at;

		if (kept != '/' && kept != '\0')
			continue;
		*at = '\0';
		if (mkdir(real, 0755) == 0)
			pi_changed(call->sim, real);
		else if (stat(real, &st) != 0 || !S_ISDIR(st.st_mode))
			error = -ENOTDIR;
		*at = kept;
		if (kept == '\0')
			break;
	}
	free(real);
	return error;
}

static void
create_folder(struct pi_call *call, const char *path)
{
	int error = 0;

	for (const char *at = path; *at != '\0'; at += *at == '/') {
		size_t len = strcspn(at, "/");

		if (len > FOLDER_NAME)
			error = -ENAMETOOLONG;
		at += len;
	}
	if (error == 0) {
		pthread_mutex_lock(&call->sim->lock);
		error = pi_make_folders(call, path);
		pthread_mutex_unlock(&call->sim->lock);
	}
	if (error != 0)
		pi_crash(call);
	else
		pi_empty(call, 201);
}

void
pi_files_put(struct pi_call *call)
{
	const char *path = path_of(call);

	if (strcmp(call->arg[0], "sdcard") == 0) {
		pi_error(call, PI_CARD_READ_ONLY);
	} else if (strcmp(call->arg[0], "local") != 0) {
		pi_error(call, PI_LOCATION_NOT_FOUND);
	} else if (pi_is_forbidden(path)) {
		pi_error(call, PI_FORBIDDEN_CHARACTERS);
	} else if (says_yes(call, HEADER_CREATE_FOLDER)) {
		create_folder(call, path);
	} else {
		memmove(call->path, path, strlen(path) + 1);
		pi_upload(call);
	}
}

static bool
can_start(struct sim *sim)
{
	struct machine_view view;

	machine_look(sim, &view);
	if (view.phase == PHASE_FINISHED && sim->machine.clears)
		machine_idle(sim);
	return view.phase == PHASE_IDLE && !view.attention;
}

int
pi_start_print(struct sim *sim, const struct pi_place *place)
{
	struct pi *pi = sim->own;

	if (!can_start(sim))
		return -EBUSY;
	pi->selected[0] = '\0';
	if (S_ISDIR(place->st.st_mode)) {
		pi->stuck = true;
		machine_start(sim, place->path, place->real, 1e9);
		return -EISDIR;
	}
	if (strcmp(pi_type(place->real), "PRINT_FILE") != 0)
		return -EBUSY;
	machine_start(sim, place->path, place->real,
	    pi_gcode(pi, place->real, &place->st)->duration_s);
	return 0;
}

void
pi_files_post(struct pi_call *call)
{
	const char *path = path_of(call);
	struct pi_place place;
	int error;

	pthread_mutex_lock(&call->sim->lock);
	error = pi_find(call, call->arg[0], path, &place);
	if (error == 0 && !can_start(call->sim))
		error = -EBUSY; /* whether it is there or not */
	else if (error == 0 && !place.exists)
		error = -ENOENT;
	else if (error == 0)
		error = pi_start_print(call->sim, &place);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (error == -ENXIO)
		pi_error(call, PI_LOCATION_NOT_FOUND);
	else if (error == -ENOENT)
		pi_error(call, PI_FILE_NOT_FOUND);
	else if (error == -EBUSY)
		pi_error(call, PI_NOT_ABLE);
	else if (error != 0)
		pi_crash(call);
	else
		pi_empty(call, 204);
}

static int
remove_item(const char *path, const struct stat *st, int kind,
    struct FTW *place)
{
	(void)st, (void)kind, (void)place;
	return remove(path);
}

int
pi_remove_tree(const char *real)
{
	return nftw(real, remove_item, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 :
									-EIO;
}

static int
delete_place(struct pi_call *call, const struct pi_place *place)
{
	int error;

	if (!place->exists || place->is_root)
		return -ENOENT;
	if (S_ISDIR(place->st.st_mode)) {
		error = says_yes(call, HEADER_FORCE) ?
		    pi_remove_tree(place->real) :
		    rmdir(place->real) == 0 ? 0 :
					      -errno;
	} else {
		if (pi_prints(call->sim, place->real))
			return -EBUSY;
		error = unlink(place->real) == 0 ? 0 : -errno;
	}
	pi_changed(call->sim, NULL);
	return error;
}

void
pi_files_delete(struct pi_call *call)
{
	const char *path = path_of(call);
	struct pi_place place = { 0 };
	int error = 0;

	if (strcmp(call->arg[0], "sdcard") == 0) {
		pi_error(call, PI_CARD_READ_ONLY);
		return;
	}
	pthread_mutex_lock(&call->sim->lock);
	error = pi_find(call, call->arg[0], path, &place);
	if (error == 0)
		error = delete_place(call, &place);
	pi_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (error == 0)
		pi_empty(call, 204);
	else if (error == -ENXIO)
		pi_error(call, PI_LOCATION_NOT_FOUND);
	else if (error == -ENOTEMPTY || error == -EEXIST)
		pi_error(call, PI_NOT_EMPTY);
	else if (error == -EBUSY)
		pi_error(call, PI_FILE_PRINTED);
	else
		pi_error(call, PI_FILE_NOT_FOUND);
}

void
pi_folder_create(struct pi_call *call)
{
	char *real;
	int error = -EEXIST;

	if (!pi_check_storage(call, true))
		return;
	pthread_mutex_lock(&call->sim->lock);
	real = pi_real(call->pi, call->arg[1]);
	if (real != NULL && access(real, F_OK) != 0)
		error = pi_make_folders(call, call->arg[1]);
	pthread_mutex_unlock(&call->sim->lock);
	free(real);
	if (error == 0)
		pi_empty(call, 201);
	else if (error == -EEXIST)
		pi_error(call, PI_FOLDER_EXISTS);
	else
		pi_crash(call);
}

void
pi_folder_delete(struct pi_call *call)
{
	char *real;
	struct stat st;
	int error = -ENOENT;

	if (!pi_check_storage(call, true))
		return;
	pthread_mutex_lock(&call->sim->lock);
	real = pi_real(call->pi, call->arg[1]);
	if (real != NULL && stat(real, &st) == 0)
		error = S_ISDIR(st.st_mode) ? pi_remove_tree(real) : -ENOTDIR;
	pi_changed(call->sim, NULL);
	pthread_mutex_unlock(&call->sim->lock);
	free(real);
	if (error == 0)
		pi_empty(call, 200);
	else if (error == -ENOENT)
		pi_error(call, PI_FOLDER_NOT_FOUND);
	else
		pi_crash(call);
}
