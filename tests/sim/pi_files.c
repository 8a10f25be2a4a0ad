/*
 * PrusaLink's v1 files: listings and information, folders, deletions, the
 * start of a print.
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

/* Split "local/a/b" into the storage and the path below it. */
static const char *
split(struct call *call)
{
	char *slash = strchr(call->arg[0], '/');

	if (slash == NULL)
		return "";
	*slash = '\0';
	return slash + 1;
}

static bool
says_yes(const struct call *call, enum header which)
{
	return strcmp(exchange_header(call->ex, which), "?1") == 0;
}

/* The headers that tell how old the tree is. */
static void
cache_headers(struct call *call, struct text *extra, const char *date,
    char etag[16], const struct pi_place *place)
{
	const char *part[] = { date };
	char hash[33];

	text_md5(hash, part, 1);
	snprintf(etag, 16, "W/\"%.10s\"", hash);
	text_printf(extra,
	    "Last-Modified: %s\r\nETag: %s\r\nRead-Only: %s\r\n"
	    "Currently-Printed: %s\r\n",
	    date, etag, place->card ? "True" : "False",
	    pi_prints(call->sim, place->real) ? "True" : "False");
}

/* Does the client know it already?  -EINVAL for a date in another form. */
static int
check_cache(struct call *call, time_t changed, const char *etag)
{
	const char *since = call->ex->header[HEADER_IF_MODIFIED_SINCE];
	time_t when;

	if (since != NULL) {
		if (pi_parse_date(since, &when) != 0)
			return -EINVAL;
		if (changed <= when)
			return 1;
	}
	return strcmp(exchange_header(call->ex, HEADER_IF_NONE_MATCH), etag) ==
	    0;
}

static void
answer_place(struct call *call, const struct text *json,
    const struct text *extra, const char *etag, time_t changed)
{
	int known = check_cache(call, changed, etag);

	if (known < 0)
		pi_crash(call);
	else if (known > 0)
		pi_send(call, 304, "text/html; charset=utf-8",
		    text_string(extra), "", 0);
	else if (strcmp(call->ex->method, "HEAD") == 0)
		pi_send(call, 200, "text/html; charset=utf-8",
		    text_string(extra), "", 0);
	else
		pi_json(call, 200, text_string(extra), json);
}

void
pi_files_get(struct call *call)
{
	const char *path = split(call);
	struct text json = { 0 }, extra = { 0 };
	struct pi_place place;
	char date[32], etag[16];
	time_t changed;
	int error;

	pthread_mutex_lock(&call->sim->lock);
	error = pi_find(call, call->arg[0], path, &place);
	changed = call->pi->changed;
	if (error == 0 && place.exists) {
		if (place.st.st_mtim.tv_sec > changed)
			changed = place.st.st_mtim.tv_sec;
		text_date(date, changed);
		cache_headers(call, &extra, date, etag, &place);
		if (strcmp(call->ex->method, "GET") == 0)
			pi_render(call, &json, &place);
	}
	pthread_mutex_unlock(&call->sim->lock);
	if (error != 0)
		pi_error(call, PI_LOCATION_NOT_FOUND);
	else if (!place.exists)
		pi_error(call, PI_FILE_NOT_FOUND);
	else
		answer_place(call, &json, &extra, etag, changed);
	pi_release(&place);
	text_free(&json);
	text_free(&extra);
}

/* Does the path hold a character that is refused anywhere? */
static bool
has_forbidden(const char *path)
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
pi_make_folders(struct call *call, const char *path)
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
create_folder(struct call *call, const char *path)
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
pi_files_put(struct call *call)
{
	const char *path = split(call);

	if (strcmp(call->arg[0], "sdcard") == 0) {
		pi_error(call, PI_CARD_READ_ONLY);
	} else if (strcmp(call->arg[0], "local") != 0) {
		pi_error(call, PI_LOCATION_NOT_FOUND);
	} else if (has_forbidden(path)) {
		pi_error(call, PI_FORBIDDEN_CHARACTERS);
	} else if (says_yes(call, HEADER_CREATE_FOLDER)) {
		create_folder(call, path);
	} else {
		memmove(call->path, path, strlen(path) + 1);
		pi_upload(call);
	}
}

int
pi_start_print(struct sim *sim, const struct pi_place *place)
{
	struct pi *pi = sim->own;
	struct machine_view view;

	machine_look(sim, &view);
	if (view.phase != PHASE_IDLE || view.attention)
		return -EBUSY;
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
pi_files_post(struct call *call)
{
	const char *path = split(call);
	struct pi_place place;
	int error;

	pthread_mutex_lock(&call->sim->lock);
	error = pi_find(call, call->arg[0], path, &place);
	if (error == 0 && !place.exists)
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
delete_place(struct call *call, const struct pi_place *place)
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
pi_files_delete(struct call *call)
{
	const char *path = split(call);
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
