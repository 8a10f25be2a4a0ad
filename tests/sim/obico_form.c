/*
 * Forms of several parts: fields, and a file that stays where it is in the
 * body.
 */
#include <cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/obico.h"

enum {
	MOST_FIELDS = 1000,
	MOST_FIELD = 2621440
};

/* A part of a form; it points into the body. */
struct form_part {
	char name[256];
	bool is_file;
	const char *data;
	size_t len;
};

/* The boundary, without quotes, two dashes before it.  false: none. */
static bool
find_boundary(const char *type, struct text *mark)
{
	const char *at = strcasestr(type, "boundary=");
	size_t len;

	if (at == NULL)
		return false;
	at += strlen("boundary=");
	len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, "; \t");
	text_puts(mark, "--");
	text_add(mark, at, len);
	return len > 0 && len < 200;
}

/* A parameter of Content-Disposition; false if it is not there or empty. */
static bool
parameter(const char *head, size_t len, const char *key, char *out, size_t size)
{
	const char *end = head + len;
	const char *at = memmem(head, len, key, strlen(key));
	size_t used = 0;

	out[0] = '\0';
	if (at == NULL)
		return false;
	for (at += strlen(key); at < end && *at != '"' && *at != '\r'; at++) {
		if (*at == '\\' && at + 1 < end && at[1] == '"')
			at++;
		if (used + 1 < size)
			out[used++] = *at;
	}
	out[used] = '\0';
	return used > 0;
}

/* Take the next part off the body; false at the end. */
static bool
next_part(const char **at, const char *end, const struct text *mark,
    struct form_part *part)
{
	char name[256];
	const char *head, *data, *stop;

	head = memmem(*at, (size_t)(end - *at), mark->data, mark->len);
	if (head == NULL)
		return false;
	head += mark->len;
	data = memmem(head, (size_t)(end - head), "\r\n\r\n", 4);
	if (data == NULL)
		return false;
	data += 4;
	stop = memmem(data - 2, (size_t)(end - data) + 2, mark->data,
	    mark->len);
	while (stop != NULL && memcmp(stop - 2, "\r\n", 2) != 0)
		stop = memmem(stop + 1, (size_t)(end - stop) - 1, mark->data,
		    mark->len);
	if (stop == NULL)
		return false;
	parameter(head, (size_t)(data - head), " name=\"", part->name,
	    sizeof(part->name));
	part->is_file = memmem(head, (size_t)(data - head), "filename=", 9) !=
	    NULL;
	if (part->is_file &&
	    !parameter(head, (size_t)(data - head), "filename=\"", name,
		sizeof(name)))
		part->name[0] = '\0'; /* a file without a name is no part */
	part->data = data;
	part->len = stop - data < 2 ? 0 : (size_t)(stop - data) - 2;
	*at = stop;
	return true;
}

/* Text as the server decodes it: what is no UTF-8 is replaced. */
static void
add_text(struct obico_call *call, const struct form_part *part)
{
	char *value = strndup(part->data, part->len);

	if (value != NULL) {
		obico_clean(value);
		cJSON_DeleteItemFromObjectCaseSensitive(call->data, part->name);
		cJSON_AddStringToObject(call->data, part->name, value);
	}
	free(value);
}

bool
obico_parse_multipart(struct obico_call *call, const char *type)
{
	const char *at = call->body, *end = at + call->body_len;
	struct text mark = { 0 };
	struct form_part part;
	int count = 0;

	if (!find_boundary(type, &mark)) {
		text_free(&mark);
		obico_detail(call, 400,
		    "Multipart form parse error - Invalid boundary in "
		    "multipart: None");
		return false;
	}
	call->data = cJSON_CreateObject();
	while (count++ < MOST_FIELDS && next_part(&at, end, &mark, &part)) {
		if (part.name[0] == '\0' || !text_is_utf8(part.name))
			continue;
		if (part.is_file &&
		    (!call->has_file || strcmp(part.name, "file") == 0)) {
			call->has_file = true;
			strlcpy(call->file_field, part.name,
			    sizeof(call->file_field));
			call->file = part.data;
			call->file_len = part.len;
		} else if (!part.is_file && part.len <= MOST_FIELD) {
			add_text(call, &part);
		}
	}
	text_free(&mark);
	return true;
}
