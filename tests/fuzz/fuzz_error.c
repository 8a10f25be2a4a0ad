/*
 * A whole answer of a hostile server, header lines and body, without a
 * network: this file is the connection that http_perform runs.  Each line and
 * the body have memory of their own, so that reading past them is seen.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/stream.h"
#include "client/base/wait.h"
#include "client/http/connection.h"
#include "client/http/exchange.h"
#include "client/http/http.h"
#include "tests/fuzz/fuzz.h"

/* What the server sends; it comes to us as what lies behind the url. */
struct answer {
	const uint8_t *data;
	size_t len;
};

struct connection {
	const struct answer *answer;
};

void
connection_prepare(void)
{
}

int
connection_new(const struct http_config *config, struct connection **out)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	(void)config;
	HOLDS(connection != NULL);
	*out = connection;
	return 0;
}

void
connection_free(struct connection *connection)
{
	free(connection);
}

int64_t
connection_challenged_ms(const struct connection *connection)
{
	(void)connection;
	return 0;
}

const char *
connection_words(const struct connection *connection)
{
	(void)connection;
	return "";
}

/* Hand over a copy of just these bytes. */
static bool
hand_over(struct exchange *x, bool is_body, const uint8_t *data, size_t len)
{
	char *copy = malloc(len == 0 ? 1 : len);
	size_t used;

	HOLDS(copy != NULL);
	memcpy(copy, data, len);
	used = is_body ? exchange_on_body(copy, 1, len, x) :
			 exchange_on_header(copy, 1, len, x);
	free(copy);
	HOLDS(used == len || x->error != 0);
	return used == len;
}

int
connection_run(struct connection *connection, const struct wait *wait,
    const struct http_request *request, const char *url,
    const char *const *lines, int64_t connect_ms, struct http_reply *reply)
{
	const struct answer *answer = request->sink->arg;
	struct http_request plain = *request;
	struct exchange x = { .wait = wait, .request = &plain, .reply = reply };
	const uint8_t *data = answer->data, *end;
	size_t left = answer->len, len;

	(void)connection;
	(void)url;
	(void)lines;
	(void)connect_ms;
	plain.sink = NULL;
	while (left > 0 && !x.headed) {
		end = memchr(data, '\n', left);
		len = end == NULL ? left : (size_t)(end - data) + 1;
		if (!hand_over(&x, false, data, len))
			return x.error;
		data += len;
		left -= len;
	}
	if (reply->status == 0)
		return -EPROTO;
	if (!hand_over(&x, true, data, left))
		return x.error;
	return left % 2 == 0 ? 0 : -EIO; /* every other one is cut short */
}

/* The server's words: one line, blanks only between words. */
static void
check_message(const char *message, size_t size)
{
	size_t i, len = strnlen(message, size);

	HOLDS(len < size);
	for (i = 0; i < len; i++) {
		if (!isspace((unsigned char)message[i]))
			continue;
		HOLDS(message[i] == ' ' && i > 0 && i + 1 < len);
		HOLDS(message[i + 1] != ' ');
	}
}

static void
check_reply(const struct http_reply *reply)
{
	int error = http_error(reply);

	check_message(reply->message, sizeof(reply->message));
	HOLDS(strnlen(reply->realm, sizeof(reply->realm)) <
	    sizeof(reply->realm));
	HOLDS(error <= 0 && error > -4096);
	HOLDS((error == 0) == (reply->status / 100 == 2));
	HOLDS(reply->received >= 0 &&
	    (size_t)reply->received >= reply->body.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct http_config config = {
		.url = "http://127.0.0.1:9", .user = "maker", .password = "x"
	};
	struct answer answer = { data, len };
	const struct sink sink = { .arg = &answer };
	const struct http_request request = { .connection = CONNECTION_BRIEF,
		.method = "GET",
		.target = "/api/v1/job",
		.sink = &sink };
	const struct wait wait = { 0 };
	struct http_reply reply;
	struct http *http;
	int error;

	HOLDS(http_new(&config, &http) == 0);
	error = http_perform(http, &wait, &request, &reply);
	if (error == 0)
		check_reply(&reply);
	else
		HOLDS(error == -EPROTO || error == -EIO);
	http_reply_free(&reply);
	http_free(http);
	return 0;
}
