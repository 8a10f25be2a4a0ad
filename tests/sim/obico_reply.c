/*
 * Answers: heads as Django and daphne make them, JSON errors, HTML pages,
 * compression when the client offers it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/sim/faults.h"
#include "tests/sim/obico.h"
#include "tests/sim/reply.h"

enum {
	GZIP_FROM = 200
};

static const char json_type[] = "application/json";
static const char html_type[] = "text/html; charset=utf-8";

/* The methods in the order of Allow; the bits of call.allow. */
static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE",
	"HEAD", "OPTIONS" };

/* Begin another answer than was begun. */
static void
begin(struct obico_call *call, int status, const char *type)
{
	text_free(&call->out);
	call->status = status;
	call->type = type;
}

void
obico_detail(struct obico_call *call, int status, const char *format, ...)
{
	va_list args;

	begin(call, status, json_type);
	va_start(args, format);
	reply_message(&call->out, "{\"detail\":", format, args);
	va_end(args);
}

bool
obico_refused(struct obico_call *call, struct text *wrong)
{
	if (wrong->len == 0)
		return false;
	begin(call, 400, json_type);
	text_printf(&call->out, "%s}", text_string(wrong));
	text_free(wrong);
	return true;
}

void
obico_page(struct obico_call *call, int status)
{
	bool broken = status == 500;
	const char *title = broken ? "Server Error (500)" :
				     reply_reason(REPLY_OBICO, status);

	begin(call, status, broken ? "text/html" : html_type);
	text_printf(&call->out,
	    "\n<!doctype html>\n<html lang=\"en\">\n<head>\n"
	    "  <title>%s</title>\n</head>\n<body>\n  <h1>%s</h1><p>%s</p>\n"
	    "</body>\n</html>\n",
	    title, title,
	    status == 404 ?
		"The requested resource was not found on this server." :
		"");
}

void
obico_missing(struct obico_call *call, const char *what)
{
	obico_detail(call, 404, "No %s matches the given query.", what);
}

void
obico_nothing(struct obico_call *call)
{
	begin(call, 204, NULL);
}

void
obico_moved(struct obico_call *call)
{
	const char *target = call->ex->target;
	int len = (int)strcspn(target, "?#");

	begin(call, 301, html_type);
	text_printf(&call->extra, "Location: %.*s/%s\r\n", len, target,
	    target + len);
}

static void
put_allow(struct text *head, unsigned allow)
{
	const char *comma = "Allow: ";

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if ((allow & 1U << i) == 0)
			continue;
		text_printf(head, "%s%s", comma, methods[i]);
		comma = ", ";
	}
	text_puts(head, "\r\n");
}

static void
put_session(const struct obico_call *call, struct text *head)
{
	const char *host = exchange_header(call->ex, HEADER_HOST);
	char one[33], two[33];

	obico_random(one, 32);
	obico_random(two, 32);
	text_printf(head,
	    "Set-Cookie: csrftoken=%s%s; Path=/; SameSite=Lax\r\n"
	    "Set-Cookie: tsd_sessionid=%s; Domain=%.*s; HttpOnly; Path=/; "
	    "SameSite=Lax\r\n",
	    one, two, two, (int)strcspn(host, ":"), host);
}

static bool
offers_gzip(const struct obico_call *call)
{
	const char *offer = exchange_header(call->ex, HEADER_ACCEPT_ENCODING);

	return strcasestr(offer, "gzip") != NULL;
}

/* The head without its length and the blank line. */
static void
put_head(struct obico_call *call, struct text *head)
{
	reply_line(head, REPLY_OBICO, call->ex->http_1_1, call->status);
	if (call->type != NULL)
		text_printf(head, "Content-Type: %s\r\n", call->type);
	if (call->is_api) {
		text_puts(head,
		    "Vary: Accept, Accept-Language, Cookie, Accept-Encoding"
		    "\r\n");
		put_allow(head, call->allow);
	} else {
		text_puts(head,
		    "Vary: Accept-Language, Cookie, Accept-Encoding\r\n");
	}
	if (call->with_session)
		put_session(call, head);
	text_puts(head, text_string(&call->extra));
	text_puts(head,
	    "X-Frame-Options: DENY\r\nX-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: same-origin\r\nContent-Language: en\r\n"
	    "Server: daphne\r\n");
	if (!call->ex->keep_alive)
		text_puts(head, "Connection: close\r\n");
}

static void
send_text(struct obico_call *call, bool bare)
{
	struct text packed = { 0 }, head = { 0 }, other = { 0 };
	const struct text *body = faults_body(call->ex, call->status,
	    &call->out, &other);

	if (body->len >= GZIP_FROM && offers_gzip(call) &&
	    obico_gzip(&packed, body) == 0 && packed.len < body->len) {
		text_puts(&call->extra, "Content-Encoding: gzip\r\n");
		body = &packed;
	}
	put_head(call, &head);
	text_printf(&head, "Content-Length: %zu\r\n\r\n", body->len);
	exchange_answer(call->ex, call->conn, call->status, &head,
	    text_string(body), bare ? 0 : body->len);
	text_free(&head);
	text_free(&packed);
	text_free(&other);
}

/* A file, compressed on the way if that is offered. */
static void
send_file(struct obico_call *call, bool bare)
{
	bool pack = offers_gzip(call);
	struct text head = { 0 };

	if (pack)
		text_puts(&call->extra, "Content-Encoding: gzip\r\n");
	put_head(call, &head);
	if (!pack)
		text_printf(&head, "Content-Length: %lld\r\n", call->length);
	else if (call->ex->http_1_1)
		text_puts(&head, "Transfer-Encoding: chunked\r\n");
	else
		call->ex->keep_alive = false;
	text_puts(&head, "\r\n");
	if (bare || (call->size == 0 && !pack)) {
		exchange_answer(call->ex, call->conn, call->status, &head, "",
		    0);
	} else if (pack) {
		exchange_begin(call->ex, call->conn, call->status, &head, -1);
		obico_gzip_file(call);
	} else if (lseek(call->fd, call->offset, SEEK_SET) >= 0) {
		exchange_answer_file(call->ex, call->conn, call->status, &head,
		    call->fd, call->size);
	}
	text_free(&head);
}

void
obico_reply(struct obico_call *call)
{
	bool bare = strcmp(call->ex->method, "HEAD") == 0;

	if (call->out.failed)
		obico_page(call, 500);
	if (call->source == SOURCE_FILE) {
		send_file(call, bare);
		close(call->fd);
	} else {
		send_text(call, bare);
	}
}

bool
obico_json_head(struct sim_exchange *ex, struct text *head, long long len)
{
	reply_line(head, REPLY_OBICO, 1, 200);
	text_printf(head,
	    "Content-Type: %s\r\nVary: Accept\r\n"
	    "Server: daphne\r\nContent-Length: %lld\r\n%s\r\n",
	    json_type, len, ex->keep_alive ? "" : "Connection: close\r\n");
	return false;
}

void
obico_fail(struct conn *conn, struct sim_exchange *ex, int status,
    const char *message)
{
	struct obico_call call = { .sim = conn->sim, .conn = conn, .ex = ex };

	if (status >= 500)
		obico_page(&call, status);
	else
		obico_detail(&call, status, "%s", message);
	if (status == 429)
		text_puts(&call.extra, "Retry-After: 1\r\n");
	obico_reply(&call);
	text_free(&call.out);
	text_free(&call.extra);
}
