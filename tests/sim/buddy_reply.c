/*
 * Answers in the firmware's style: heads without date or server, status
 * pages, chunked JSON with four-digit sizes.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/buddy.h"
#include "tests/sim/faults.h"
#include "tests/sim/reply.h"

enum {
	CHUNK = 1000
};

static void
begin_head(struct text *head, int status, const char *type, bool keep)
{
	reply_line(head, REPLY_BUDDY, 1, status);
	text_printf(head, "Content-Type: %s\r\n", type);
	text_printf(head, "Connection: %s\r\n", keep ? "keep-alive" : "close");
}

static bool
keeps(const struct buddy_call *call)
{
	return call->closing == CLOSING_NOT && call->ex->keep_alive;
}

void
buddy_head(struct buddy_call *call, struct text *head, int status,
    const char *type, const char *extra, long long len)
{
	begin_head(head, status, type, keeps(call));
	text_printf(head, "Content-Length: %lld\r\n%s\r\n", len, extra);
}

static void
page(struct buddy_call *call, int status, const char *message, bool json,
    const char *extra)
{
	struct text head = { 0 }, body = { 0 };
	const char *type = json ? "application/json" : "text/plain";

	if (json) {
		text_printf(&body,
		    "{\"title\": \"%d: %s\",\"message\":", status,
		    reply_reason(REPLY_BUDDY, status));
		text_json(&body, message);
		text_puts(&body, "}");
	} else if (status != 204 && status != 304) {
		text_printf(&body, "%d: %s\n\n%s\n", status,
		    reply_reason(REPLY_BUDDY, status), message);
	}
	buddy_head(call, &head, status, type, extra, (long long)body.len);
	exchange_answer(call->ex, call->conn, status, &head, text_string(&body),
	    body.len);
	text_free(&head);
	text_free(&body);
}

static bool
wants_json(const struct buddy_call *call)
{
	return buddy_says(call->ex, HEADER_ACCEPT, "application/json");
}

void
buddy_page_keep(struct buddy_call *call, int status, const char *message)
{
	page(call, status, message, status >= 400 && wants_json(call), "");
}

void
buddy_page_close(struct buddy_call *call, int status, const char *message)
{
	call->closing = CLOSING_ERROR;
	buddy_page_keep(call, status, message);
}

void
buddy_page(struct buddy_call *call, int status, const char *message)
{
	const char *method = call->ex->method;

	if (status >= 400 &&
	    (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0))
		buddy_page_close(call, status, message);
	else
		buddy_page_keep(call, status, message);
}

void
buddy_page_text(struct buddy_call *call, int status, const char *message)
{
	call->closing = CLOSING_ERROR;
	page(call, status, message, false, "");
}

void
buddy_challenge(struct buddy_call *call, const char *challenge)
{
	const char *method = call->ex->method;
	char extra[200];

	snprintf(extra, sizeof(extra), "WWW-Authenticate: %s\r\n", challenge);
	if (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0)
		call->closing = CLOSING_ERROR;
	page(call, 401, "", wants_json(call), extra);
}

void
buddy_not_modified(struct buddy_call *call, const char *etag)
{
	char extra[64];

	snprintf(extra, sizeof(extra), "ETag: %s\r\n", etag);
	page(call, 304, "", false, extra);
}

/* Put the body into chunks, the final one included. */
static void
chunk(struct text *out, const struct text *body)
{
	for (size_t at = 0; at < body->len; at += CHUNK) {
		size_t len = body->len - at < CHUNK ? body->len - at : CHUNK;

		text_printf(out, "%04zX\r\n", len);
		text_add(out, body->data + at, len);
		text_puts(out, "\r\n");
	}
	text_puts(out, "0\r\n\r\n");
}

void
buddy_send(struct buddy_call *call, int status, const char *type,
    const char *extra, const struct text *body)
{
	struct text head = { 0 }, chunked = { 0 }, other = { 0 };
	const struct text *sent;
	bool empty = strcmp(call->ex->method, "HEAD") == 0;

	sent = body = faults_body(call->ex, status, body, &other);
	begin_head(&head, status, type, keeps(call));
	if (keeps(call) && !empty) {
		text_puts(&head, "Transfer-Encoding: chunked\r\n");
		chunk(&chunked, body);
		sent = &chunked;
	}
	text_printf(&head, "%s\r\n", extra);
	exchange_begin(call->ex, call->conn, status, &head, -1);
	if (empty)
		exchange_log(call->ex, call->conn);
	else
		exchange_piece(call->ex, call->conn, text_string(sent),
		    sent->len, true);
	text_free(&head);
	text_free(&chunked);
	text_free(&other);
}

void
buddy_json(struct buddy_call *call, const struct text *json)
{
	buddy_send(call, 200, "application/json", "", json);
}

bool
buddy_json_head(struct sim_exchange *ex, struct text *head, long long len)
{
	(void)len;
	begin_head(head, 200, "application/json", ex->keep_alive);
	text_puts(head,
	    ex->keep_alive ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
	return ex->keep_alive;
}

void
buddy_fail(struct conn *conn, struct sim_exchange *ex, int status,
    const char *message)
{
	struct buddy_call call = { .sim = conn->sim, .conn = conn, .ex = ex };

	buddy_page(&call, status, message);
	if (call.closing != CLOSING_NOT)
		ex->keep_alive = false;
}

void
buddy_time_out(struct buddy_call *call)
{
	static const char line[] = "HTTP/1.1 408 Request Timeout\r\n\r\n";

	call->closing = CLOSING_PLAIN;
	if (call->conn->dead)
		return;
	call->ex->status = 408;
	exchange_log(call->ex, call->conn);
	conn_send(call->conn, line, sizeof(line));
}
