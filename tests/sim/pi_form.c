/*
 * The form of the older API's upload: found apart in memory, then stored as
 * any other upload.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/pi.h"

enum {
	FORM_SIZE = 64 << 20
};

/* A part of a form; it points into the body. */
struct field {
	char name[32];
	char filename[256];
	const char *data;
	size_t len;
};

/* The value of a parameter of Content-Disposition. */
static void
parameter(const char *head, size_t len, const char *key, char *out, size_t size)
{
	const char *at = memmem(head, len, key, strlen(key));
	const char *end;

	out[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(key);
	end = memchr(at, '"', len - (size_t)(at - head));
	if (end != NULL && (size_t)(end - at) < size) {
		memcpy(out, at, (size_t)(end - at));
		out[end - at] = '\0';
	}
}

/* Take the next part off the body; false at the end. */
static bool
next_field(const char **at, const char *end, const char *mark,
    struct field *field)
{
	size_t len = strlen(mark);
	const char *head, *data, *stop;

	head = memmem(*at, (size_t)(end - *at), mark, len);
	if (head == NULL)
		return false;
	head += len;
	data = memmem(head, (size_t)(end - head), "\r\n\r\n", 4);
	if (data == NULL)
		return false;
	data += 4;
	stop = memmem(data, (size_t)(end - data), mark, len);
	if (stop == NULL || stop - data < 2)
		return false;
	parameter(head, (size_t)(data - head), " name=\"", field->name,
	    sizeof(field->name));
	parameter(head, (size_t)(data - head), "filename=\"", field->filename,
	    sizeof(field->filename));
	field->data = data;
	field->len = (size_t)(stop - data) - 2;
	*at = stop;
	return true;
}

/* What the form says. */
struct form {
	struct field file;
	char folder[512];
	bool print;
};

static void
parse_form(struct call *call, struct form *form)
{
	const char *boundary = strstr(exchange_header(call->ex,
					  HEADER_CONTENT_TYPE),
	    "boundary=");
	const char *at = text_string(&call->body);
	const char *end = at + call->body.len;
	struct text mark = { 0 };
	struct field field;

	memset(form, 0, sizeof(*form));
	if (boundary == NULL)
		return;
	text_printf(&mark, "--%s", boundary + strlen("boundary="));
	while (next_field(&at, end, text_string(&mark), &field)) {
		if (strcmp(field.name, "file") == 0)
			form->file = field;
		else if (strcmp(field.name, "path") == 0 &&
		    field.len < sizeof(form->folder))
			memcpy(form->folder, field.data, field.len);
		else if (strcmp(field.name, "print") == 0)
			form->print = field.len == 4 &&
			    memcmp(field.data, "true", 4) == 0;
	}
	text_free(&mark);
}

/* Read the whole form.  Returns whether all of it has come. */
static bool
read_form(struct call *call)
{
	char data[16384];

	while ((long long)call->body.len < call->length) {
		ssize_t got = exchange_receive(call->ex, call->conn, data,
		    sizeof(data), 10);

		if (got <= 0)
			return false;
		text_add(&call->body, data, (size_t)got);
	}
	return !call->body.failed;
}

static void
answer_form(struct call *call)
{
	struct text json = { 0 };

	if (strstr(exchange_header(call->ex, HEADER_ACCEPT),
		"application/json") == NULL) {
		pi_empty(call, 201);
		return;
	}
	text_puts(&json,
	    "{\"done\": true, \"files\": [], \"free\": 0, \"total\": 0}");
	pi_json(call, 201, "", &json);
	text_free(&json);
}

/* Store what the form holds, as a PUT would that may overwrite. */
static void
store_form(struct call *call, const struct form *form)
{
	const char *folder = form->folder + strspn(form->folder, "/");
	int error;

	snprintf(call->path, sizeof(call->path), "%s%s%s", folder,
	    folder[0] == '\0' ? "" : "/", form->file.filename);
	pthread_mutex_lock(&call->sim->lock);
	error = pi_make_folders(call, folder);
	pthread_mutex_unlock(&call->sim->lock);
	memmove(call->body.data, form->file.data, form->file.len);
	call->body.len = form->file.len;
	call->length = (long long)form->file.len;
	if (error == 0)
		error = pi_store_body(call);
	if (error != 0)
		pi_crash(call);
	else if (form->print)
		pi_print_stored(call);
	else
		answer_form(call);
}

void
pi_multipart(struct call *call)
{
	struct form form;
	bool printed, busy;
	char *real;

	if (strcmp(call->arg[0], "local") != 0) {
		pi_error(call,
		    strcmp(call->arg[0], "sdcard") == 0 ?
			PI_CARD_UNSUPPORTED :
			PI_LOCATION_NOT_FOUND);
		return;
	}
	if (call->length <= 0 || call->length > FORM_SIZE) {
		pi_error(call,
		    call->length <= 0 ? PI_LENGTH_REQUIRED : PI_TOO_LARGE);
		return;
	}
	if (!read_form(call)) {
		pi_error(call, PI_SIZE_MISMATCH);
		return;
	}
	parse_form(call, &form);
	real = pi_real(call->pi, form.file.filename);
	pthread_mutex_lock(&call->sim->lock);
	busy = call->sim->transfer.active;
	printed = real != NULL && pi_prints(call->sim, real);
	pthread_mutex_unlock(&call->sim->lock);
	free(real);
	if (form.file.filename[0] == '\0')
		pi_error(call, PI_NO_FILE);
	else if (strlen(form.file.filename) > PI_NAME)
		pi_error(call, PI_NAME_TOO_LONG);
	else if (strpbrk(form.file.filename, "\\?\"%#/") != NULL)
		pi_error(call, PI_FORBIDDEN_CHARACTERS);
	else if (strcmp(pi_type(form.file.filename), "PRINT_FILE") != 0 ||
	    form.file.filename[0] == '.')
		pi_error(call, PI_UNSUPPORTED);
	else if (busy)
		pi_error(call, PI_TRANSFER_CONFLICT);
	else if (printed)
		pi_error(call, PI_FILE_PRINTED);
	else
		store_form(call, &form);
}
