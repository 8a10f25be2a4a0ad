/*
 * The parts that the answers of all simulated servers have: the status line,
 * with the phrases of each, and messages.  No state.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/reply.h"
#include "tests/sim/text.h"

enum {
	PRUSALINK = REPLY_BUDDY | REPLY_PI,
	PYTHON = REPLY_PI | REPLY_OBICO,
	ALL = PRUSALINK | REPLY_OBICO
};

static const struct {
	int status;
	int servers;
	const char *reason;
} reasons[] = {
	{ 200, ALL, "OK" },
	{ 201, ALL, "Created" },
	{ 204, ALL, "No Content" },
	{ 206, REPLY_OBICO, "Partial Content" },
	{ 301, REPLY_OBICO, "Moved Permanently" },
	{ 302, REPLY_OBICO, "Found" },
	{ 304, PRUSALINK, "Not Modified" },
	{ 400, ALL, "Bad Request" },
	{ 401, ALL, "Unauthorized" },
	{ 403, ALL, "Forbidden" },
	{ 404, ALL, "Not Found" },
	{ 405, ALL, "Method Not Allowed" },
	{ 406, REPLY_OBICO, "Not Acceptable" },
	{ 408, ALL, "Request Timeout" },
	{ 409, PRUSALINK, "Conflict" },
	{ 410, PRUSALINK, "Gone" },
	{ 411, PRUSALINK, "Length Required" },
	{ 413, REPLY_BUDDY, "Payload Too Large" },
	{ 413, PYTHON, "Request Entity Too Large" },
	{ 414, REPLY_BUDDY, "URI Too Long" },
	{ 414, REPLY_PI, "Request-URI Too Long" },
	{ 415, ALL, "Unsupported Media Type" },
	{ 422, REPLY_BUDDY, "Unprocessable Entity" },
	{ 429, REPLY_OBICO, "Too Many Requests" },
	{ 431, PRUSALINK, "Request Header Fields Too Large" },
	{ 500, ALL, "Internal Server Error" },
	{ 501, PRUSALINK, "Not Implemented" },
	{ 502, REPLY_OBICO, "Bad Gateway" },
	{ 503, REPLY_BUDDY, "Service Temporarily Unavailable" },
	{ 503, PYTHON, "Service Unavailable" },
	{ 504, REPLY_OBICO, "Gateway Timeout" },
	{ 507, PRUSALINK, "Insufficient Storage" },
};

const char *
reply_reason(enum reply_server server, int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status &&
		    (reasons[i].servers & (int)server) != 0)
			return reasons[i].reason;
	}
	return server == REPLY_BUDDY ? "???" :
	    server == REPLY_PI	     ? "Error" :
				       "Unknown";
}

void
reply_line(struct text *head, enum reply_server server, int minor, int status)
{
	text_printf(head, "HTTP/1.%d %d %s\r\n", minor, status,
	    reply_reason(server, status));
}

void
reply_message(struct text *json, const char *beginning, const char *format,
    va_list args)
{
	char *message;

	if (vasprintf(&message, format, args) < 0)
		return;
	text_puts(json, beginning);
	text_json(json, message);
	text_puts(json, "}");
	free(message);
}
