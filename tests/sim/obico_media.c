/*
 * Media: files and pictures whose URLs are signed and need no login.  The
 * signature covers the path only, so whoever has it may use any host.
 */
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/obico.h"
#include "tests/sim/picture.h"

enum {
	BLOCK = 64
};

/* HMAC with SHA-256. */
static void
make_mac(const struct obico_server *obico, const char *path,
    uint8_t mac[SHA256_DIGEST_LENGTH])
{
	uint8_t pad[BLOCK], inner[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	for (size_t i = 0; i < BLOCK; i++)
		pad[i] = obico->key[i] ^ 0x36;
	SHA256Init(&context);
	SHA256Update(&context, pad, BLOCK);
	SHA256Update(&context, (const uint8_t *)path, strlen(path));
	SHA256Final(inner, &context);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] = obico->key[i] ^ 0x5c;
	SHA256Init(&context);
	SHA256Update(&context, pad, BLOCK);
	SHA256Update(&context, inner, sizeof(inner));
	SHA256Final(mac, &context);
}

/* Bytes as Python shows them: b'\xbd.\n'. */
static void
show_bytes(struct text *out, const uint8_t *bytes, size_t len)
{
	bool double_quotes = memchr(bytes, '\'', len) != NULL &&
	    memchr(bytes, '"', len) == NULL;
	uint8_t quote = double_quotes ? '"' : '\'';

	text_printf(out, "b%c", quote);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = bytes[i];

		if (c == '\\' || c == quote)
			text_printf(out, "\\%c", c);
		else if (c == '\t' || c == '\n' || c == '\r')
			text_printf(out, "\\%c",
			    c == '\t' ? 't' : (c == '\n' ? 'n' : 'r'));
		else if (c < ' ' || c >= 0x7f)
			text_printf(out, "\\x%02x", c);
		else
			text_printf(out, "%c", c);
	}
	text_printf(out, "%c", quote);
}

/* Base64 with - and _, as it may stand in a URL. */
static void
put_base64(struct text *out, const char *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789-_";

	for (size_t i = 0; i < len; i += 3) {
		unsigned group = 0;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 |
			    (i + k < len ? (unsigned char)data[i + k] : 0);
		for (size_t k = 0; k < 4; k++) {
			char digit = digits[group >> (18 - 6 * k) & 63];

			text_add(out, i + k > len ? "=" : &digit, 1);
		}
	}
}

/* The digest: base64 of the text of the bytes, not of the bytes. */
static void
put_digest(const struct obico_server *obico, struct text *out, const char *path)
{
	uint8_t mac[SHA256_DIGEST_LENGTH];
	struct text shown = { 0 };

	make_mac(obico, path, mac);
	show_bytes(&shown, mac, sizeof(mac));
	put_base64(out, text_string(&shown), shown.len);
	text_free(&shown);
}

void
obico_sign(struct obico_server *obico, struct text *out, const char *path)
{
	text_printf(out, "http://%s%s?digest=", obico->site, path);
	put_digest(obico, out, path);
}

/* The first digest in the query, or NULL. */
static const char *
given_digest(const struct obico_call *call)
{
	for (size_t i = 0; i < call->param_count; i++) {
		if (strcmp(call->params[i].name, "digest") == 0 &&
		    call->params[i].value[0] != '\0')
			return call->params[i].value;
	}
	return NULL;
}

static bool
is_signed(struct obico_call *call, const char *digest)
{
	struct text path = { 0 }, right = { 0 };
	bool same;

	text_add(&path, call->ex->target, strcspn(call->ex->target, "?#"));
	put_digest(call->obico, &right, text_string(&path));
	same = strcmp(text_string(&right), digest) == 0;
	text_free(&path);
	text_free(&right);
	return same;
}

/* The picture of now, in a file without a name.  -1: none. */
static int
draw(struct obico_call *call, const struct obico_printer_row *printer)
{
	const struct report *report = obico_report(call->sim, printer);
	struct text picture = { 0 };
	double done = report == NULL || report->state == AGENT_OPERATIONAL ?
	    0 :
	    report->done / report->duration;
	int fd = -1;

	if (picture_draw(&picture, (long)(obico_now() / 10000000), done) == 0)
		fd = memfd_create("picture", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, picture.data, picture.len) < 0) {
		close(fd);
		fd = -1;
	}
	text_free(&picture);
	return fd;
}

/* The file of a path that we have signed, opened.  -1: it is gone. */
static int
open_media(struct obico_call *call)
{
	struct obico_file file = { 0 };
	struct obico_printer_row *printer;
	int thumbnail = 0, fd;
	char *real;
	long id;

	if (sscanf(call->path, "/media/tsd-pics/%*[a-z]/%ld/", &id) == 1) {
		printer = obico_find_printer(call->obico, id);
		call->type = "image/jpeg";
		return printer == NULL ? -1 : draw(call, printer);
	}
	call->type = "application/octet-stream";
	if (sscanf(call->path,
		"/media/tsd-timelapses/gcode_thumbnails/%ld/%ld/%d",
		&file.user_id, &file.id, &thumbnail) == 3)
		call->type = "image/png";
	else if (sscanf(call->path, "/media/tsd-gcodes/%ld/%ld", &file.user_id,
		     &file.id) != 2)
		return -1;
	real = obico_stored(call->sim, &file, thumbnail);
	fd = real == NULL ? -1 : open(real, O_RDONLY | O_CLOEXEC);
	free(real);
	return fd;
}

static const char *
blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* A number of a range; a huge one is as good as any. */
static const char *
number(const char *at, long long size, long long *out)
{
	size_t len = strspn(at, "0123456789");

	*out = len > 18 ? size + 1000000 : strtoll(at, NULL, 10);
	return at + len;
}

/* "bytes=A-B" or "bytes=A-", only the first; anything else is no range. */
static bool
read_range(struct obico_call *call, long long size, long long *first,
    long long *last)
{
	const char *at = blanks(exchange_header(call->ex, HEADER_RANGE));

	if (strncasecmp(at, "bytes", 5) != 0)
		return false;
	at = blanks(at + 5);
	if (*at++ != '=')
		return false;
	at = blanks(at);
	if (*at < '0' || *at > '9')
		return false;
	at = blanks(number(at, size, first));
	if (*at++ != '-')
		return false;
	at = blanks(at);
	*last = size - 1;
	if (*at >= '0' && *at <= '9')
		number(at, size, last);
	if (*last >= size)
		*last = size - 1;
	return true;
}

/* A range that is not there is answered all the same, with a wrong length. */
static void
set_range(struct obico_call *call, long long size)
{
	long long first = 0, last = size - 1;

	if (read_range(call, size, &first, &last)) {
		call->status = 206;
		text_printf(&call->extra,
		    "Content-Range: bytes %lld-%lld/%lld\r\n", first, last,
		    size);
	}
	text_puts(&call->extra, "Accept-Ranges: bytes\r\n");
	call->offset = first;
	call->length = last - first + 1;
	call->size = call->length > 0 ? call->length : 0;
}

void
obico_media(struct obico_call *call)
{
	const char *digest = given_digest(call);
	struct stat st;

	if (strcmp(call->ex->method, "GET") != 0 &&
	    strcmp(call->ex->method, "HEAD") != 0) {
		obico_page(call, 403); /* it wants a token for forms */
		return;
	}
	if (strcmp(call->path, "/media/") == 0) {
		obico_page(call, 404);
		return;
	}
	if (digest == NULL) {
		obico_page(call, 500);
		return;
	}
	if (!is_signed(call, digest)) {
		call->status = 403;
		call->type = "text/html; charset=utf-8";
		text_puts(&call->out,
		    "You do not have permission to view this media");
		return;
	}
	call->fd = open_media(call);
	if (call->fd < 0 || fstat(call->fd, &st) != 0) {
		obico_page(call, 404);
		return;
	}
	call->source = SOURCE_FILE;
	set_range(call, st.st_size);
}
