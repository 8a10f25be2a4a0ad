/*
 * Bodies of requests.  The server takes a whole body in before it looks at
 * anything; here it goes to a nameless file that is mapped, whatever its
 * size.  A body in chunks is received, and then counts as empty.
 */
#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/sim/obico.h"

enum {
	PIECE = 65536,
	MOST_TEXT = 2621440 /* of what is no file */
};

#define PATIENCE_S 60.0
#define MOST_BODY  (1LL << 30)

static int
map_body(struct obico_call *call, long long len)
{
	struct text path = { 0 };
	int fd, error;

	text_printf(&path, "%s/body.XXXXXX", call->sim->options.storage);
	fd = path.data == NULL ? -1 : mkostemp(path.data, O_CLOEXEC);
	if (fd < 0) {
		text_free(&path);
		return -ENOSPC;
	}
	unlink(path.data);
	text_free(&path);
	error = -posix_fallocate(fd, 0, len);
	if (error == 0) {
		call->body = mmap(NULL, (size_t)len, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		if (call->body == MAP_FAILED) {
			call->body = NULL;
			error = -ENOMEM;
		}
	}
	close(fd);
	if (error == 0)
		call->body_len = (size_t)len;
	return error;
}

void
obico_drop_body(struct obico_call *call)
{
	if (call->body != NULL)
		munmap(call->body, call->body_len);
	call->body = NULL;
	call->body_len = 0;
	cJSON_Delete(call->data);
	call->data = NULL;
}

static int
receive_all(struct obico_call *call, char *out, size_t len)
{
	while (len > 0) {
		ssize_t got = exchange_receive(call->ex, call->conn, out,
		    len < PIECE ? len : PIECE, PATIENCE_S);

		if (got <= 0)
			return got == 0 ? -ECONNRESET : (int)got;
		out += got;
		len -= (size_t)got;
	}
	return 0;
}

/* A line of at most 60 characters.  Returns its length or -errno. */
static int
receive_line(struct obico_call *call, char line[64])
{
	int used = 0, c;

	while ((c = conn_byte(call->conn, PATIENCE_S)) != '\n') {
		if (c < 0)
			return c == -ENOTCONN ? -ECONNRESET : c;
		if (used == 60)
			return -EINVAL;
		line[used++] = (char)c;
	}
	if (used > 0 && line[used - 1] == '\r')
		used--;
	line[used] = '\0';
	return used;
}

static int
waste(struct obico_call *call, long size)
{
	char piece[4096];

	while (size > 0) {
		size_t most = size < 4096 ? (size_t)size : sizeof(piece);
		int error = receive_all(call, piece, most);

		if (error != 0)
			return error;
		size -= (long)most;
	}
	return 0;
}

static int
receive_chunks(struct obico_call *call)
{
	char line[64], *end;
	long size, total = 0;
	int error;

	for (;;) {
		error = receive_line(call, line);
		if (error < 0)
			return error;
		size = strtol(line, &end, 16);
		if (end == line || size < 0 || size > MOST_BODY)
			return -EINVAL;
		if (size == 0)
			break;
		total += size;
		if (total > MOST_BODY)
			return -EFBIG;
		error = waste(call, size);
		if (error == 0)
			error = receive_line(call, line);
		if (error != 0)
			return error < 0 ? error : -EINVAL;
	}
	do {
		error = receive_line(call, line); /* trailers */
	} while (error > 0);
	return error;
}

static void
send_continue(struct obico_call *call)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (call->ex->http_1_1 &&
	    strcasecmp(exchange_header(call->ex, HEADER_EXPECT),
		"100-continue") == 0)
		conn_send(call->conn, go_on, strlen(go_on));
}

int
obico_receive(struct obico_call *call)
{
	const char *length = exchange_header(call->ex, HEADER_CONTENT_LENGTH);
	long long len;
	int error;

	if (strcasecmp(exchange_header(call->ex, HEADER_TRANSFER_ENCODING),
		"chunked") == 0) {
		send_continue(call);
		return receive_chunks(call);
	}
	if (length[0] == '\0')
		return 0;
	if (strspn(length, "0123456789") != strlen(length))
		return -EINVAL;
	len = strtoll(length, NULL, 10);
	send_continue(call);
	if (len == 0)
		return 0;
	if (len > MOST_BODY)
		return -EFBIG;
	error = map_body(call, len);
	return error != 0 ? error :
			    receive_all(call, call->body, call->body_len);
}

/* The kinds of body that are understood. */
enum media {
	MEDIA_OTHER,
	MEDIA_JSON,
	MEDIA_FORM,
	MEDIA_MULTIPART
};

static enum media
media_type(const char *type)
{
	static const struct {
		const char *name;
		enum media media;
	} types[] = {
		{ "application/json", MEDIA_JSON },
		{ "application/x-www-form-urlencoded", MEDIA_FORM },
		{ "multipart/form-data", MEDIA_MULTIPART },
	};
	size_t len = strcspn(type, "; \t");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (len == strlen(types[i].name) &&
		    strncasecmp(type, types[i].name, len) == 0)
			return types[i].media;
	}
	return MEDIA_OTHER;
}

static bool
parse_json(struct obico_call *call)
{
	const char *end = call->body;
	size_t left;

	if (call->body_len <= MOST_TEXT &&
	    obico_is_utf8(call->body, call->body_len))
		call->data = cJSON_ParseWithLengthOpts(call->body,
		    call->body_len, &end, 0);
	left = call->data == NULL ? 0 :
				    call->body_len - (size_t)(end - call->body);
	while (left > 0 && strchr(" \t\r\n", *end) != NULL && *end != '\0') {
		left--;
		end++;
	}
	if (call->data != NULL && left == 0)
		return true;
	obico_detail(call, 400,
	    "JSON parse error - Expecting value: line 1 column %zu (char %zu)",
	    (size_t)(end - call->body) + 1, (size_t)(end - call->body));
	return false;
}

static void
add_field(void *arg, char *name, char *value)
{
	cJSON *data = arg;

	if (name != NULL && value != NULL) {
		cJSON_DeleteItemFromObjectCaseSensitive(data, name);
		cJSON_AddStringToObject(data, name, value);
	}
	free(name);
	free(value);
}

bool
obico_parse(struct obico_call *call, bool takes_json)
{
	const char *type = exchange_header(call->ex, HEADER_CONTENT_TYPE);
	enum media media = media_type(type);

	call->is_form = media == MEDIA_FORM || media == MEDIA_MULTIPART;
	if (call->body_len == 0) {
		call->data = cJSON_CreateObject();
		return true;
	}
	if (media == MEDIA_JSON && takes_json)
		return parse_json(call);
	if (media == MEDIA_MULTIPART)
		return obico_parse_multipart(call, type);
	if (media == MEDIA_FORM && call->body_len <= MOST_TEXT) {
		call->data = cJSON_CreateObject();
		obico_parse_pairs(call->body, call->body_len, add_field,
		    call->data);
		return true;
	}
	obico_detail(call, 415, "Unsupported media type \"%s\" in request.",
	    text_is_utf8(type) ? type : "?");
	return false;
}
