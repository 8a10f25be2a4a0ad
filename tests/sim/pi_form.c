/*
 * The form of the older API's upload: found apart in memory, then stored as
 * any other upload.  Also what the older API's requests have in common: a body
 * of JSON, a storage in the path; and the moves that do nothing.
 */
#include <cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/sim/pi.h"

enum {
	FORM_SIZE = 64 << 20
};

bool
pi_check_storage(struct pi_call *call, bool to_write)
{
	bool card = strcmp(call->arg[0], "sdcard") == 0;

	if (!card && strcmp(call->arg[0], "local") != 0) {
		pi_error(call, PI_LOCATION_NOT_FOUND);
		return false;
	}
	if (card && to_write)
		pi_error(call, PI_CARD_READ_ONLY);
	return !card || !to_write;
}

cJSON *
pi_read_json(struct pi_call *call)
{
	static const char json_type[] = "application/json";
	const char *type = exchange_header(call->ex, HEADER_CONTENT_TYPE);
	cJSON *json;

	if (call->body.len == 0 ||
	    strncasecmp(type, json_type, strlen(json_type)) != 0) {
		json = cJSON_CreateObject();
	} else {
		json = cJSON_ParseWithLength(text_string(&call->body),
		    call->body.len);
		if (json == NULL)
			pi_html(call, 400, "");
	}
	if (json != NULL && !cJSON_IsObject(json)) {
		cJSON_Delete(json);
		json = NULL;
		pi_crash(call);
	}
	return json;
}

const char *
pi_string_of(const cJSON *json, const char *name)
{
	const char *value =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

	return value == NULL ? "" : value;
}

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

/* The fields of a form. */
struct upload_form {
	struct field file;
	char folder[512];
	bool print;
};

static void
parse_form(struct pi_call *call, struct upload_form *form)
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

/* Read the whole form.  Returns 0, or an error that ended it. */
static int
read_form(struct pi_call *call)
{
	char data[16384];

	while ((long long)call->body.len < call->length) {
		ssize_t got = exchange_receive(call->ex, call->conn, data,
		    sizeof(data), 10);

		if (got <= 0)
			return got == -ETIMEDOUT ? -ETIMEDOUT : -EIO;
		text_add(&call->body, data, (size_t)got);
	}
	return call->body.failed ? -ENOMEM : 0;
}

static void
answer_form(struct pi_call *call)
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
store_form(struct pi_call *call, const struct upload_form *form)
{
	int error;

	memmove(call->body.data, form->file.data, form->file.len);
	call->body.len = form->file.len;
	call->length = (long long)form->file.len;
	error = pi_store_body(call);
	if (error == 0 && form->print)
		pi_print_stored(call); /* whether it can does not matter */
	if (error != 0)
		pi_crash(call);
	else
		answer_form(call);
}

/* The error that the names are; PI_NOT_FOUND if they are none. */
static enum pi_error
check_names(const struct upload_form *form)
{
	const char *name = form->file.filename;

	if (name[0] == '\0')
		return PI_NO_FILE;
	if (strlen(name) > PI_NAME)
		return PI_NAME_TOO_LONG;
	if (pi_is_forbidden(name) || strchr(name, '/') != NULL)
		return PI_FORBIDDEN_CHARACTERS;
	if (strcmp(pi_type(name), "PRINT_FILE") != 0)
		return PI_NOT_SUPPORTED;
	if (name[0] == '.')
		return PI_UNSUPPORTED;
	return pi_is_forbidden(form->folder) ? PI_FORBIDDEN_CHARACTERS :
					       PI_NOT_FOUND;
}

/* Put the path together, and look at what is there and running. */
static enum pi_error
check_form(struct pi_call *call, const struct upload_form *form)
{
	const char *folder = form->folder + strspn(form->folder, "/");
	enum pi_error wrong = check_names(form);
	char *real;

	if (wrong != PI_NOT_FOUND)
		return wrong;
	snprintf(call->path, sizeof(call->path), "%s%s%s", folder,
	    folder[0] == '\0' ? "" : "/", form->file.filename);
	real = pi_real(call->pi, call->path);
	pthread_mutex_lock(&call->sim->lock);
	if (transfer_refuses(call->sim))
		wrong = PI_TRANSFER_CONFLICT;
	else if (real != NULL && pi_prints(call->sim, real))
		wrong = PI_FILE_PRINTED;
	pthread_mutex_unlock(&call->sim->lock);
	free(real);
	return wrong;
}

void
pi_multipart(struct pi_call *call)
{
	struct upload_form form;
	enum pi_error wrong;
	int error;

	if (!pi_check_storage(call, true))
		return;
	if (call->length <= 0 || call->length > FORM_SIZE) {
		pi_error(call,
		    call->length <= 0 ? PI_LENGTH_REQUIRED : PI_TOO_LARGE);
		return;
	}
	error = read_form(call);
	if (error != 0) {
		pi_error(call,
		    error == -ETIMEDOUT ? PI_REQUEST_TIMEOUT :
					  PI_SIZE_MISMATCH);
		return;
	}
	parse_form(call, &form);
	wrong = check_form(call, &form);
	if (wrong != PI_NOT_FOUND)
		pi_error(call, wrong);
	else
		store_form(call, &form);
}

/* Move only if the destination's folder is missing.  Locked. */
static int
move_file(struct pi_call *call, const char *source, const char *destination)
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
pi_modify(struct pi_call *call)
{
	const char *source, *destination;
	cJSON *json;
	int error;

	if (!pi_check_storage(call, true))
		return;
	json = pi_read_json(call);
	if (json == NULL)
		return;
	source = pi_string_of(json, "source");
	destination = pi_string_of(json, "destination");
	pthread_mutex_lock(&call->sim->lock);
	error = source[0] == '\0' || destination[0] == '\0' ?
	    -EINVAL :
	    move_file(call, source, destination);
	pthread_mutex_unlock(&call->sim->lock);
	if (error == -EBUSY)
		pi_error(call, PI_FILE_PRINTED);
	else if (error != -EINVAL && strcmp(source, destination) == 0)
		pi_error(call, PI_SAME_DESTINATION);
	else if (error == -ENOENT)
		pi_error(call, PI_FILE_NOT_FOUND);
	else if (error != 0)
		pi_crash(call);
	else
		pi_empty(call, 201);
	cJSON_Delete(json);
}
