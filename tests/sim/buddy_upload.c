/*
 * Uploads to the stick.  What is wrong is told at three moments: before the
 * body, after its first bytes, after its last.  The bytes go to <n>.tmp on
 * the stick, which is renamed at the end.  The thread leaves its active slot
 * while it receives.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/sim/buddy.h"

enum {
	PIECE = 262144
};

/* The largest contiguous room that the simulated stick has. */
#define STICK_ROOM 2900000000u

struct buddy_upload {
	struct buddy_call *call;
	uint32_t size;
	long transfer;
	char *temp;
	int fd;
	bool overwrite;
	bool print;
	bool begun; /* the first bytes were looked at: errors are text */
};

/* A status and its text; 0 goes on. */
struct verdict {
	int status;
	const char *message;
};

static const struct verdict fine = { 0, "" };

static bool
has_room(const struct buddy_upload *upload)
{
	struct statvfs vfs;
	const char *root = upload->call->sim->options.storage;

	if (upload->call->sim->full || upload->size > STICK_ROOM ||
	    statvfs(root, &vfs) != 0)
		return false;
	return (double)vfs.f_bavail * (double)vfs.f_frsize >
	    (double)upload->size;
}

/* Create the temporary file with its full size.  Locked. */
static struct verdict
create_temp(struct buddy_upload *upload)
{
	struct sim *sim = upload->call->sim;
	struct buddy *buddy = upload->call->buddy;

	if (asprintf(&upload->temp, "%s/%u.tmp", sim->options.storage,
		buddy->temp_number++) < 0)
		upload->temp = NULL;
	if (upload->temp != NULL && !buddy->stick_out)
		upload->fd = open(upload->temp,
		    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (upload->fd < 0)
		return (struct verdict){ 507, "Failed to write to location" };
	if (sim->writes_fail || !has_room(upload) ||
	    ftruncate(upload->fd, upload->size) != 0)
		return (struct verdict){ 507, "USB drive full" };
	return fine;
}

/* The path's last part, and what is before it. */
static void
split_path(const char *path, char *folder, size_t size, const char **name)
{
	const char *last = strrchr(path, '/');
	size_t len;

	*name = last + 1;
	while (last > path && last[-1] == '/')
		last--;
	len = (size_t)(last - path);
	strlcpy(folder, path, len + 1 < size ? len + 1 : size);
}

/* Too long a path is cut without a word by firmware before 6.4. */
static struct verdict
check_path(struct buddy_call *call)
{
	if (call->sim->options.firmware >= 4 && strlen(call->path) > BUDDY_PATH)
		return (struct verdict){ 414, "" };
	call->path[BUDDY_PATH] = '\0';
	return fine;
}

static struct verdict
begin(struct buddy_upload *upload)
{
	struct buddy_call *call = upload->call;
	char folder[TARGET_SIZE];
	struct verdict verdict;
	const char *name;

	if (call->ex->header[HEADER_CONTENT_LENGTH] == NULL)
		return (struct verdict){ 411, "" };
	upload->size = buddy_length(call->ex->header[HEADER_CONTENT_LENGTH]);
	if (upload->size == 0)
		return (struct verdict){ 501,
			"0-sized files aren't implemented" };
	split_path(call->path, folder, sizeof(folder), &name);
	pthread_mutex_lock(&call->sim->lock);
	upload->transfer = transfer_begin(call->sim, name, folder, upload->size,
	    upload->print);
	if (upload->transfer == 0)
		verdict = (struct verdict){ 409,
			"Another transfer in progress" };
	else
		verdict = create_temp(upload);
	pthread_mutex_unlock(&call->sim->lock);
	return verdict;
}

/* The parent folder's verdict; *there is set if it exists.  Locked. */
static struct verdict
check_parent(struct buddy_upload *upload, bool *there)
{
	struct buddy *buddy = upload->call->buddy;
	char folder[TARGET_SIZE];
	struct fat_place place;
	const char *name;
	bool conflict;
	int error;

	split_path(upload->call->path, folder, sizeof(folder), &name);
	*there = strcmp(folder, "/usb") == 0;
	if (*there || buddy->stick_out)
		return fine;
	error = fat_find(&buddy->fat, folder + 4, &place);
	*there = error == 0 && place.exists;
	conflict = *there && !S_ISDIR(place.st.st_mode);
	fat_release(&place);
	return conflict ? (struct verdict){ 409, "Conflicting upload path" } :
			  fine;
}

/* May the name be stored and is it free?  Locked. */
static struct verdict
check_name(struct buddy_upload *upload)
{
	struct buddy_call *call = upload->call;
	struct fat_place place;
	struct verdict verdict = fine;
	int error = buddy_find(call, &place);

	if (upload->overwrite) {
		if (place.exists && machine_prints(call->sim, place.real))
			verdict = (struct verdict){ 409, "File is busy" };
	} else if (call->sim->writes_fail || call->buddy->stick_out) {
		verdict = (struct verdict){ 500,
			"Failed to create a check temp file" };
	} else if (error == 0 && place.exists) {
		verdict = (struct verdict){ 409, "File already exists" };
	} else if (error == -EINVAL) {
		verdict = (struct verdict){ 404,
			"Destination directory does not exist" };
	} else if (error != 0) {
		verdict = (struct verdict){ 422,
			"Filename contains invalid characters" };
	}
	fat_release(&place);
	return verdict;
}

/* The checks that wait for the first bytes. */
static struct verdict
check_first(struct buddy_upload *upload)
{
	struct sim *sim = upload->call->sim;
	struct verdict verdict;
	bool there;

	if (!buddy_is_printable(upload->call->path))
		return (struct verdict){ 415, "Not a GCODE" };
	pthread_mutex_lock(&sim->lock);
	verdict = check_parent(upload, &there);
	if (verdict.status == 0 && there)
		verdict = check_name(upload);
	pthread_mutex_unlock(&sim->lock);
	return verdict;
}

/* Write a piece; the stick may have gone or be read-only by now. */
static struct verdict
store(struct buddy_upload *upload, const char *data, size_t len)
{
	struct sim *sim = upload->call->sim;
	bool fails;

	pthread_mutex_lock(&sim->lock);
	if (sim->transfer.id == upload->transfer)
		sim->transfer.transferred += (long long)len;
	fails = sim->writes_fail || sim->full || upload->call->buddy->stick_out;
	pthread_mutex_unlock(&sim->lock);
	while (len > 0 && !fails) {
		ssize_t did = write(upload->fd, data, len);

		if (did > 0) {
			data += did;
			len -= (size_t)did;
		}
		fails = did < 0 && errno != EINTR;
	}
	return fails ? (struct verdict){ 507, "USB write error or USB full" } :
		       fine;
}

/* The verdict on a connection that brings no more bytes. */
static struct verdict
judge_end(struct buddy_upload *upload, ssize_t got)
{
	if (got == 0 && !upload->call->sim->stopping)
		return (struct verdict){ 400,
			upload->begun ? "Connection closed by client" :
					"Truncated body" };
	if (got != -ETIMEDOUT)
		upload->call->conn->dead = true;
	return (struct verdict){ 408, "" };
}

static struct verdict
receive(struct buddy_upload *upload)
{
	struct buddy_call *call = upload->call;
	char *data = malloc(PIECE);
	struct verdict verdict = fine;
	uint32_t left = upload->size;

	if (data == NULL)
		return (struct verdict){ 500, "" };
	while (left > 0 && verdict.status == 0) {
		ssize_t got = exchange_receive(call->ex, call->conn, data,
		    left < PIECE ? left : PIECE, BUDDY_STALL_S);

		if (got <= 0) {
			verdict = judge_end(upload, got);
			break;
		}
		if (!upload->begun)
			verdict = check_first(upload);
		left -= (uint32_t)got;
		if (verdict.status == 0) {
			upload->begun = true;
			verdict = store(upload, data, (size_t)got);
		}
	}
	free(data);
	return verdict;
}

/* Make the folders on the way.  Locked. */
static int
make_parents(struct buddy_upload *upload)
{
	struct buddy *buddy = upload->call->buddy;
	char path[TARGET_SIZE];

	strlcpy(path, upload->call->path, sizeof(path));
	for (char *at = strchr(path + 5, '/'); at != NULL;
	     at = strchr(at + 1, '/')) {
		struct fat_place place;
		int error;

		*at = '\0';
		error = fat_find(&buddy->fat, path + 4, &place);
		if (error == 0 && !place.exists) {
			error = mkdir(place.real, 0755) == 0 ? 0 : -errno;
			fat_changed(&buddy->fat, &place);
		}
		fat_release(&place);
		*at = '/';
		if (error != 0)
			return error;
	}
	return 0;
}

/* Remove what is in the way of the rename.  Locked. */
static struct verdict
remove_old(struct buddy_upload *upload, struct fat_place *place)
{
	struct sim *sim = upload->call->sim;

	if (!upload->overwrite)
		return (struct verdict){ 409, "File already exists" };
	if (!S_ISREG(place->st.st_mode))
		return (struct verdict){ 409,
			"Is a directory or ongoing transfer" };
	if (buddy_is_read(sim, place->real))
		return (struct verdict){ 500, "Unknown error" };
	if (buddy_is_busy(sim, place->real))
		return (struct verdict){ 409, "File is busy" };
	if (unlink(place->real) != 0)
		return (struct verdict){ 500, "Unknown error" };
	fat_changed(&upload->call->buddy->fat, place);
	return fine;
}

static void
stored(struct buddy_call *call, const struct fat_place *place)
{
	fat_changed(&call->buddy->fat, place);
	buddy_changed(call);
}

static struct verdict
move_into_place(struct buddy_upload *upload)
{
	struct buddy_call *call = upload->call;
	struct fat_place place;
	struct verdict verdict = fine;
	int error = buddy_find(call, &place);

	if (error == 0 && place.exists) {
		verdict = remove_old(upload, &place);
		fat_release(&place);
		error = buddy_find(call, &place);
	}
	if (verdict.status == 0 && error == -EINVAL)
		verdict = (struct verdict){ 404,
			"Destination directory does not exist" };
	else if (verdict.status == 0 &&
	    (error != 0 || rename(upload->temp, place.real) != 0))
		verdict = (struct verdict){ 422,
			"Filename contains invalid characters" };
	if (verdict.status == 0)
		stored(call, &place);
	fat_release(&place);
	return verdict;
}

/* After the last byte: put the file into its place.  Locked. */
static struct verdict
finish(struct buddy_upload *upload)
{
	struct buddy_call *call = upload->call;
	struct verdict verdict;

	if (call->sim->writes_fail || call->buddy->stick_out)
		return (struct verdict){ 507, "USB write error or USB full" };
	if (make_parents(upload) != 0)
		return (struct verdict){ 500, "Failed to create a folder" };
	verdict = move_into_place(upload);
	if (verdict.status == 0) {
		free(upload->temp);
		upload->temp = NULL;
		transfer_end(call->sim, upload->transfer);
	}
	return verdict;
}

/* The 201, or the refusal to print what has been stored. */
static void
answer_stored(struct buddy_upload *upload)
{
	struct buddy_call *call = upload->call;
	struct text body = { 0 };
	struct fat_place place;
	bool printing = false;

	if (upload->print && buddy_start_print(call) != 0) {
		buddy_page_text(call, 409, "Can't print right now");
		return;
	}
	pthread_mutex_lock(&call->sim->lock);
	if (buddy_find(call, &place) == 0 && place.exists) {
		if (!upload->print)
			buddy_show(call->sim, place.real);
		printing = machine_prints(call->sim, place.real);
		buddy_render_file(call->sim, &body, call->path, &place);
	}
	fat_release(&place);
	pthread_mutex_unlock(&call->sim->lock);
	call->closing = CLOSING_PLAIN;
	buddy_send(call, 201, "application/json",
	    printing ? "Read-Only: false\r\nCurrently-Printing: true\r\n" :
		       "Read-Only: false\r\nCurrently-Printing: false\r\n",
	    &body);
	text_free(&body);
}

/* Remove what is left and free the slot. */
static void
clean_up(struct buddy_upload *upload)
{
	struct sim *sim = upload->call->sim;

	if (upload->fd >= 0)
		close(upload->fd);
	pthread_mutex_lock(&sim->lock);
	if (upload->temp != NULL && upload->fd >= 0)
		unlink(upload->temp);
	if (upload->transfer != 0)
		transfer_end(sim, upload->transfer);
	pthread_mutex_unlock(&sim->lock);
	free(upload->temp);
}

void
buddy_upload(struct buddy_call *call)
{
	const struct sim_exchange *ex = call->ex;
	struct buddy_upload upload = { .call = call,
		.fd = -1,
		.overwrite = buddy_says(ex, HEADER_OVERWRITE, "?1"),
		.print = buddy_says(ex, HEADER_PRINT_AFTER_UPLOAD, "?1") ||
		    buddy_says(ex, HEADER_PRINT_AFTER_UPLOAD, "1") ||
		    buddy_says(ex, HEADER_PRINT_AFTER_UPLOAD, "true") };
	struct verdict verdict;
	bool at_end = false;

	verdict = check_path(call);
	if (verdict.status == 0)
		verdict = begin(&upload);
	if (verdict.status == 0) {
		server_give_slot(call->sim);
		call->has_slot = false;
		verdict = receive(&upload);
		at_end = verdict.status == 0;
	}
	if (at_end) {
		pthread_mutex_lock(&call->sim->lock);
		verdict = finish(&upload);
		pthread_mutex_unlock(&call->sim->lock);
	}
	clean_up(&upload);
	if (verdict.status == 0)
		answer_stored(&upload);
	else if (verdict.status == 408)
		buddy_time_out(call);
	else if (upload.begun)
		buddy_page_text(call, verdict.status, verdict.message);
	else
		buddy_page_close(call, verdict.status, verdict.message);
}
