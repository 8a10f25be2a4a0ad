/*
 * Files on the stick: information, listings, downloads, thumbnails, folders,
 * deletions, and who holds a file open.  The stick is looked at under
 * sim.lock; bytes are sent without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/buddy.h"
#include "tests/sim/gcode.h"

enum {
	DOWNLOAD_URL = 104,
	THUMBNAIL_URL = 113
};

#define FILES	"/api/v1/files"
#define NO_NAME "This doesn't look like file name"

bool
buddy_previews(struct sim *sim, const char *real)
{
	struct buddy *buddy = sim->own;

	if (buddy->preview_until >= 0 && sim_now(sim) >= buddy->preview_until)
		buddy->preview[0] = '\0';
	return strcmp(buddy->preview, real) == 0;
}

bool
buddy_is_read(struct sim *sim, const char *real)
{
	struct buddy *buddy = sim->own;
	const struct file_reader *reader;

	LIST_FOREACH(reader, &buddy->readers, entry)
	{
		if (strcmp(reader->real, real) == 0 &&
		    (reader->until < 0 || sim_real() < reader->until))
			return true;
	}
	return false;
}

bool
buddy_is_busy(struct sim *sim, const char *real)
{
	if (buddy_previews(sim, real) || machine_prints(sim, real))
		return true;
	if ((sim->machine.phase == PHASE_FINISHED ||
		sim->machine.phase == PHASE_STOPPED) &&
	    strcmp(sim->machine.real, real) == 0)
		return true; /* the screen still holds it open */
	return buddy_is_read(sim, real);
}

void
buddy_show(struct sim *sim, const char *real)
{
	struct buddy *buddy = sim->own;
	struct machine_view view;
	double seconds = sim->options.preview_s;

	machine_look(sim, &view);
	if (view.has_job || view.attention)
		return;
	machine_idle(sim);
	/* The screen stays as it is until somebody touches it. */
	if (buddy_previews(sim, buddy->preview) && buddy->preview[0] != '\0')
		return;
	strlcpy(buddy->preview, seconds == 0 ? "" : real,
	    sizeof(buddy->preview));
	buddy->preview_until = seconds < 0 ? -1 : sim_now(sim) + seconds;
}

/* Does the path try to climb up? */
static bool
climbs(const char *path)
{
	size_t len = strlen(path);

	return strncmp(path, "../", 3) == 0 || strstr(path, "/../") != NULL ||
	    (len >= 3 && strcmp(path + len - 3, "/..") == 0);
}

int
buddy_decode(struct buddy_call *call, const char *encoded)
{
	size_t len = strcspn(encoded, "?");

	if (text_unescape(call->path, sizeof(call->path), encoded, len,
		ESCAPES_PLUS) < 0 ||
	    climbs(call->path))
		return 404;
	return strncmp(call->path, "/usb/", 5) == 0 ||
		strcmp(call->path, "/usb") == 0 ?
	    0 :
	    403;
}

int
buddy_find(struct buddy_call *call, struct fat_place *place)
{
	if (call->buddy->stick_out) {
		memset(place, 0, sizeof(*place));
		return -ENOENT;
	}
	return fat_find(&call->buddy->fat, call->path + 4, place);
}

static void
answer_info(struct buddy_call *call, const struct text *body, bool printing,
    const char *etag)
{
	char extra[160] = "";

	if (etag[0] != '\0' && buddy_knows(call->ex, etag)) {
		buddy_not_modified(call, etag);
		return;
	}
	if (etag[0] != '\0')
		snprintf(extra, sizeof(extra), "ETag: %s\r\n", etag);
	strlcat(extra,
	    "Read-Only: false\r\nCurrently-Printing: ", sizeof(extra));
	strlcat(extra, printing ? "true\r\n" : "false\r\n", sizeof(extra));
	buddy_send(call, 200, "application/json", extra, body);
}

static void
files_get(struct buddy_call *call)
{
	static const char none[] =
	    "{\"type\":\"FOLDER\",\"ro\":false,\"name\":\"\",\"children\":[]}";
	struct text body = { 0 };
	struct fat_place place;
	char etag[32] = "";
	bool printing = false;

	pthread_mutex_lock(&call->sim->lock);
	buddy_find(call, &place);
	if (place.exists && S_ISDIR(place.st.st_mode) &&
	    buddy_fits(call->path, &place))
		buddy_render_folder(call, &body, &place, etag);
	else if (place.exists && S_ISREG(place.st.st_mode) &&
	    buddy_fits(call->path, &place))
		buddy_render_file(call->sim, &body, call->path, &place);
	else if (call->buddy->stick_out &&
	    call->path[strspn(call->path + 4, "/") + 4] == '\0') {
		text_puts(&body, none);
		buddy_etag(call, etag);
	}
	if (place.exists)
		printing = machine_prints(call->sim, place.real);
	fat_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	if (body.len > 0)
		answer_info(call, &body, printing, etag);
	else
		buddy_page(call, 404, "");
	text_free(&body);
}

/* Make the folder; the status and the text of the answer. */
static int
make_folder(struct buddy_call *call, const char **message)
{
	struct fat_place place;
	int error = buddy_find(call, &place);
	int status = 500;

	*message = "Error creating directory";
	if (error == 0 && place.exists) {
		status = 409;
		*message = "Already exists";
	} else if (error == 0 && !call->sim->writes_fail && !call->sim->full &&
	    mkdir(place.real, 0755) == 0) {
		fat_changed(&call->buddy->fat, &place);
		buddy_changed(call);
		status = 201;
		*message = "";
	}
	fat_release(&place);
	return status;
}

static void
files_put(struct buddy_call *call)
{
	const char *message;
	int status;

	if (!buddy_says(call->ex, HEADER_CREATE_FOLDER, "?1")) {
		buddy_upload(call);
		return;
	}
	pthread_mutex_lock(&call->sim->lock);
	status = make_folder(call, &message);
	pthread_mutex_unlock(&call->sim->lock);
	buddy_page(call, status, message);
}

/* Does the client name the print on the screen as the printer does? */
static bool
names_finished(struct buddy_call *call)
{
	struct machine_view view;

	machine_look(call->sim, &view);
	return (view.phase == PHASE_FINISHED || view.phase == PHASE_STOPPED) &&
	    strcmp(call->path, call->sim->machine.path) == 0;
}

static int
remove_place(struct buddy_call *call)
{
	struct fat_place place;
	int status = 404;

	buddy_find(call, &place);
	if (!place.exists || place.is_root || call->sim->writes_fail)
		status = 404;
	else if (S_ISDIR(place.st.st_mode))
		status = rmdir(place.real) == 0 ? 204 : 404;
	else {
		if (names_finished(call))
			machine_idle(call->sim);
		if (buddy_is_busy(call->sim, place.real))
			status = 409;
		else
			status = unlink(place.real) == 0 ? 204 : 404;
	}
	if (status == 204) {
		fat_changed(&call->buddy->fat, &place);
		buddy_changed(call);
	}
	fat_release(&place);
	return status;
}

void
buddy_delete(struct buddy_call *call)
{
	int status;

	pthread_mutex_lock(&call->sim->lock);
	status = remove_place(call);
	pthread_mutex_unlock(&call->sim->lock);
	buddy_page(call, status, status == 409 ? "File is busy" : "");
}

static void
files_post(struct buddy_call *call)
{
	int error = buddy_start_print(call);

	buddy_page_close(call,
	    error == 0		 ? 204 :
		error == -ENOENT ? 404 :
				   409,
	    "");
}

void
buddy_files(struct buddy_call *call)
{
	static const struct {
		const char *method;
		void (*serve)(struct buddy_call *);
	} methods[] = {
		{ "GET", files_get },
		{ "HEAD", files_get },
		{ "PUT", files_put },
		{ "POST", files_post },
		{ "DELETE", buddy_delete },
	};
	int status = buddy_decode(call, call->ex->target + strlen(FILES));

	if (status != 0) {
		buddy_page(call, status, "");
		return;
	}
	buddy_merge_slashes(call->path, sizeof(call->path), call->path);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].method, call->ex->method) == 0)
			methods[i].serve(call);
	}
}

/* Open the file at call.path for reading, and note that it is being read. */
static int
open_file(struct buddy_call *call, struct fat_place *place,
    struct file_reader *reader)
{
	int fd = -1;

	pthread_mutex_lock(&call->sim->lock);
	buddy_find(call, place);
	if (place->exists && S_ISREG(place->st.st_mode) &&
	    call->buddy->objects < BUDDY_OBJECTS)
		fd = open(place->real, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		reader->sim = call->sim;
		reader->real = place->real;
		reader->until = -1;
		LIST_INSERT_HEAD(&call->buddy->readers, reader, entry);
		call->buddy->objects++;
	}
	pthread_mutex_unlock(&call->sim->lock);
	return fd;
}

/*
 * The last byte leaves: from now on time lets go of the file, and not this
 * thread, which a busy machine may keep waiting for longer than a client does.
 */
static void
let_go(void *arg)
{
	struct file_reader *reader = arg;
	struct sim *sim = reader->sim;

	pthread_mutex_lock(&sim->lock);
	reader->until = sim_real() + (double)atomic_load(&sim->linger_ms) / 1e3;
	pthread_mutex_unlock(&sim->lock);
}

static void
close_file(struct buddy_call *call, int fd, struct file_reader *reader)
{
	sim_sleep(call->sim, reader->until - sim_real());
	pthread_mutex_lock(&call->sim->lock);
	close(fd);
	LIST_REMOVE(reader, entry);
	call->buddy->objects--;
	pthread_mutex_unlock(&call->sim->lock);
}

static const char *
content_type(const char *path)
{
	static const char *const types[][2] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".htm", "text/html; charset=utf-8" }, { ".css", "text/css" },
		{ ".js", "application/javascript" },
		{ ".ico", "image/vnd.microsoft.icon" }, { ".png", "image/png" },
		{ ".svg", "image/svg+xml" }
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (text_ends_with(path, types[i][0]))
			return types[i][1];
	}
	return "application/octet-stream";
}

void
buddy_download(struct buddy_call *call)
{
	struct text head = { 0 };
	struct fat_place place;
	struct file_reader reader;
	struct stat st;
	int fd, status = buddy_decode(call, call->ex->target);

	if (strcspn(call->ex->target, "?") > DOWNLOAD_URL || status == 404 ||
	    strlen(call->path) > BUDDY_PATH) {
		buddy_page(call, 404, NO_NAME);
		return;
	}
	if (strcmp(call->ex->method, "GET") != 0) {
		buddy_page(call, 405, "");
		return;
	}
	fd = open_file(call, &place, &reader);
	if (fd < 0 || fstat(fd, &st) != 0) {
		buddy_page(call, 404, "");
	} else {
		buddy_head(call, &head, 200, content_type(call->path),
		    "Content-Disposition: attachment\r\n", st.st_size);
		call->ex->leaving = let_go;
		call->ex->leaving_arg = &reader;
		exchange_answer_file(call->ex, call->conn, 200, &head, fd,
		    st.st_size);
		text_free(&head);
	}
	if (fd >= 0)
		close_file(call, fd, &reader);
	fat_release(&place);
}

static void
answer_thumbnail(struct buddy_call *call, const char *real,
    const struct stat *st, enum thumbnail size)
{
	struct text png = { 0 };
	char etag[32], extra[64];
	bool padded, found;

	snprintf(etag, sizeof(etag), "\"%u\"",
	    (unsigned)(st->st_ino * 31 + (unsigned long)st->st_size * 7 +
		(unsigned long)st->st_mtim.tv_sec));
	found = gcode_thumbnail(real, size, &png, &padded);
	if (found && padded)
		text_add(&png, "", 1); /* the firmware's decoder does that */
	snprintf(extra, sizeof(extra), "ETag: %s\r\n", etag);
	if (!found)
		buddy_page(call, 404, "File doesn't contain preview");
	else if (buddy_knows(call->ex, etag))
		buddy_not_modified(call, etag);
	else
		buddy_send(call, 200, "image/png", extra, &png);
	text_free(&png);
}

void
buddy_thumbnail(struct buddy_call *call)
{
	const char *target = call->ex->target;
	char size = target[strlen("/thumb/")];
	struct fat_place place = { 0 };
	int status = 404;

	if (size != 's' && size != 'l') {
		buddy_page(call, 404,
		    "Thumbnail size specification not recognized");
		return;
	}
	if (strcspn(target, "?") <= THUMBNAIL_URL)
		status = buddy_decode(call, target + 8);
	if (status == 404 || strlen(call->path) > BUDDY_PATH + 1) {
		buddy_page(call, 404, NO_NAME);
		return;
	}
	if (strcmp(call->ex->method, "GET") != 0) {
		buddy_page(call, 405, "");
		return;
	}
	if (status == 0) {
		pthread_mutex_lock(&call->sim->lock);
		buddy_find(call, &place);
		pthread_mutex_unlock(&call->sim->lock);
	}
	if (place.exists && S_ISREG(place.st.st_mode))
		answer_thumbnail(call, place.real, &place.st,
		    size == 's' ? THUMBNAIL_ICON : THUMBNAIL_LARGER);
	else
		buddy_page(call, 404, "");
	fat_release(&place);
}
