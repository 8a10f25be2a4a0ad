/*
 * Uploads to PrusaLink: by PUT, or the bytes of a form.  They go to
 * a hidden .part file in the root, which is renamed at the end.  A connection
 * that is reset leaves the transfer slot taken, as the real server does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/pi.h"

enum {
	PIECE = 262144
};

#define VISIBLE_TRIES 10
#define TRY_S	      0.1

/* The ends that an upload can come to. */
enum outcome {
	OUTCOME_STORED,
	OUTCOME_FAILED,	     /* short, stopped, or of an unlucky size */
	OUTCOME_CRASHED,     /* an exception nobody expected */
	OUTCOME_WEDGED,	     /* the same, and the slot stays taken */
	OUTCOME_LOST,	     /* reset: there is nobody to answer */
	OUTCOME_UNSUPPORTED, /* the type found in the file is wrong */
	OUTCOME_EXISTS,	     /* by now */
};

struct pi_upload {
	struct pi_call *call;
	long transfer;
	char *real;
	char *part;
	int fd;
	bool octets; /* the type is to be found in the file */
	bool print;
	bool overwrite;
	bool whole; /* all of it is in call.body */
	long long received;
	long long counted; /* of it; only whole blocks are */
};

static bool
is_type(const struct pi_call *call, const char *type)
{
	const char *value = exchange_header(call->ex, HEADER_CONTENT_TYPE);
	size_t len = strlen(type);

	if (strncmp(value, type, len) != 0)
		return false;
	value += len;
	value += strspn(value, " \t");
	return *value == '\0' || *value == ';';
}

/* A type that is there and empty passes. */
static bool
is_untyped(const struct pi_call *call)
{
	const char *value = call->ex->header[HEADER_CONTENT_TYPE];

	return value != NULL && value[0] == '\0';
}

static bool
says_yes(const struct pi_call *call, enum header which)
{
	return strcmp(exchange_header(call->ex, which), "?1") == 0;
}

/* Make the folders on the way.  Locked. */
static int
make_parents(struct pi_call *call)
{
	const char *slash = strrchr(call->path, '/');
	char *folder;
	int error;

	if (slash == NULL)
		return 0;
	folder = strndup(call->path, (size_t)(slash - call->path));
	error = folder == NULL ? -ENOMEM : pi_make_folders(call, folder);
	free(folder);
	return error;
}

/* Take the slot and make the part file.  Locked. */
static enum outcome
begin(struct pi_upload *upload)
{
	struct pi_call *call = upload->call;
	const char *slash = strrchr(call->path, '/');
	const char *name = slash == NULL ? call->path : slash + 1;

	if (upload->real == NULL || make_parents(call) != 0 ||
	    strlen(name) > PI_NAME)
		return OUTCOME_CRASHED;
	upload->transfer = transfer_begin(call->sim, name, "/local",
	    call->length, upload->print);
	if (upload->transfer == 0)
		return OUTCOME_CRASHED;
	if (asprintf(&upload->part, "%s/.%s.part", call->pi->local, name) < 0)
		upload->part = NULL;
	if (upload->part != NULL)
		upload->fd = open(upload->part,
		    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return upload->fd < 0 ? OUTCOME_CRASHED : OUTCOME_STORED;
}

/* The server looks up after each block.  Is this such a moment? */
static bool
count_blocks(struct pi_upload *upload, size_t len)
{
	long long before = upload->counted;

	upload->received += (long long)len;
	upload->counted = upload->received;
	if (upload->received < upload->call->length)
		upload->counted -= upload->received % PI_BLOCK;
	return upload->counted > before;
}

static enum outcome
store(struct pi_upload *upload, const char *data, size_t len)
{
	struct sim *sim = upload->call->sim;
	bool full, stop, ours;

	pthread_mutex_lock(&sim->lock);
	ours = sim->transfer.id == upload->transfer;
	stop = count_blocks(upload, len) && ours && sim->transfer.stop;
	if (ours && !stop)
		sim->transfer.transferred = upload->counted;
	full = sim->full || sim->writes_fail;
	pthread_mutex_unlock(&sim->lock);
	if (stop)
		return OUTCOME_FAILED;
	while (len > 0 && !full) {
		ssize_t did = write(upload->fd, data, len);

		if (did > 0) {
			data += did;
			len -= (size_t)did;
		}
		full = did < 0 && errno != EINTR;
	}
	return full ? OUTCOME_WEDGED : OUTCOME_STORED;
}

/* The next bytes: those of a small body have been read already. */
static ssize_t
next_bytes(struct pi_upload *upload, char *data, size_t len, size_t *used)
{
	struct pi_call *call = upload->call;
	size_t there = call->body.len - *used;

	if (call->length > PI_BLOCK && !upload->whole)
		return exchange_receive(call->ex, call->conn, data, len, -1);
	if (len > there)
		len = there;
	if (len > 0)
		memcpy(data, call->body.data + *used, len);
	*used += len;
	return (ssize_t)len;
}

static enum outcome
receive(struct pi_upload *upload)
{
	struct pi_call *call = upload->call;
	char *data = malloc(PIECE);
	/* a last block of one byte is never read */
	bool unlucky = !upload->whole && call->length > PI_BLOCK &&
	    call->length % PI_BLOCK == 1;
	long long left = call->length - unlucky;
	enum outcome outcome = OUTCOME_STORED;
	size_t used = 0;

	if (data == NULL)
		return OUTCOME_CRASHED;
	while (left > 0 && outcome == OUTCOME_STORED) {
		ssize_t got = next_bytes(upload, data,
		    left < PIECE ? (size_t)left : PIECE, &used);

		if (got <= 0) {
			outcome = got == 0 ? OUTCOME_FAILED : OUTCOME_LOST;
			break;
		}
		left -= got;
		outcome = store(upload, data, (size_t)got);
	}
	free(data);
	if (outcome == OUTCOME_STORED && unlucky)
		outcome = OUTCOME_FAILED;
	return outcome;
}

/* Put the file into its place.  Locked. */
static enum outcome
finish(struct pi_upload *upload)
{
	struct pi_call *call = upload->call;
	bool existed = access(upload->real, F_OK) == 0;

	if (upload->octets && !existed)
		return OUTCOME_CRASHED;
	if (upload->octets) {
		unlink(upload->real);
		pi_changed(call->sim, NULL);
		return OUTCOME_UNSUPPORTED;
	}
	if (existed && !upload->overwrite)
		return OUTCOME_EXISTS;
	if (rename(upload->part, upload->real) != 0)
		return OUTCOME_CRASHED;
	pi_changed(call->sim, existed ? NULL : upload->real);
	return OUTCOME_STORED;
}

int
pi_print_stored(struct pi_call *call)
{
	int error = -ENOENT;

	for (int i = 0; i < VISIBLE_TRIES && error == -ENOENT; i++) {
		struct pi_place place;

		pthread_mutex_lock(&call->sim->lock);
		pi_find(call, "local", call->path, &place);
		if (place.exists)
			error = pi_start_print(call->sim, &place);
		pi_release(&place);
		pthread_mutex_unlock(&call->sim->lock);
		if (error == -ENOENT)
			sim_sleep(call->sim,
			    TRY_S * call->sim->options.time_scale);
	}
	return error;
}

static void
print_stored(struct pi_call *call)
{
	int error = pi_print_stored(call);

	if (error == 0)
		pi_empty(call, 201);
	else if (error == -ENOENT)
		pi_error(call, PI_REQUEST_TIMEOUT);
	else
		pi_error(call, PI_NOT_ABLE);
}

static void
answer(struct pi_upload *upload, enum outcome outcome)
{
	struct pi_call *call = upload->call;

	if (outcome == OUTCOME_FAILED)
		pi_error(call, PI_UPLOAD_FAILED);
	else if (outcome == OUTCOME_UNSUPPORTED)
		pi_error(call, PI_UNSUPPORTED);
	else if (outcome == OUTCOME_EXISTS)
		pi_error(call, PI_FILE_EXISTS);
	else if (outcome == OUTCOME_LOST)
		call->conn->dead = true;
	else if (outcome != OUTCOME_STORED)
		pi_crash(call);
	else if (upload->print)
		print_stored(call);
	else
		pi_empty(call, 201);
}

static enum outcome
transfer_file(struct pi_upload *upload)
{
	struct sim *sim = upload->call->sim;
	enum outcome outcome;

	pthread_mutex_lock(&sim->lock);
	outcome = begin(upload);
	pthread_mutex_unlock(&sim->lock);
	if (outcome == OUTCOME_STORED)
		outcome = receive(upload);
	pthread_mutex_lock(&sim->lock);
	if (outcome == OUTCOME_STORED)
		outcome = finish(upload);
	/* after a reset or a full disk nobody clears the slot */
	if (upload->transfer != 0 && outcome != OUTCOME_LOST &&
	    outcome != OUTCOME_WEDGED)
		transfer_end(sim, upload->transfer);
	pthread_mutex_unlock(&sim->lock);
	if (upload->fd >= 0)
		close(upload->fd);
	return outcome;
}

void
pi_upload(struct pi_call *call)
{
	struct pi_upload upload = { .call = call,
		.fd = -1,
		.octets = is_type(call, "application/octet-stream"),
		.overwrite = says_yes(call, HEADER_OVERWRITE),
		.print = says_yes(call, HEADER_PRINT_AFTER_UPLOAD) };

	upload.real = pi_real(call->pi, call->path);
	if (!upload.octets && !is_type(call, "text/x.gcode") &&
	    !is_untyped(call))
		pi_error(call, PI_UNSUPPORTED);
	else if (call->length <= 0)
		pi_error(call, PI_LENGTH_REQUIRED);
	else if (!upload.overwrite && upload.real != NULL &&
	    access(upload.real, F_OK) == 0)
		pi_error(call, PI_FILE_EXISTS);
	else
		answer(&upload, transfer_file(&upload));
	free(upload.real);
	free(upload.part);
}

int
pi_store_body(struct pi_call *call)
{
	struct pi_upload upload = {
		.call = call, .fd = -1, .whole = true, .overwrite = true
	};
	enum outcome outcome;

	upload.real = pi_real(call->pi, call->path);
	outcome = transfer_file(&upload);
	free(upload.real);
	free(upload.part);
	return outcome == OUTCOME_STORED ? 0 : -EIO;
}
