/*
 * Requests to one server over its three connections, the log line of each, and
 * the exchange office where an answer's status becomes an errno.  Any thread
 * may perform; a connection is made by and belongs to the thread that has its
 * turn, away has a lock of its own, http.lock guards the counts, and the rest
 * of struct http does not change after http_new.
 */
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/turn.h"
#include "client/http/away.h"
#include "client/http/connection.h"
#include "client/http/counts.h"
#include "client/http/http.h"

/* The requests that want one connection. */
struct queue {
	struct turn turn;
	struct connection *connection; /* belongs to the turn's holder */
	atomic_llong challenged_ms;    /* 0: never */
};

struct http {
	struct http_config config; /* its strings are owned */
	char *key_header;	   /* or NULL */
	bool digest;
	struct away away;
	pthread_mutex_t lock;
	struct counts counts; /* under lock */
	struct queue queues[CONNECTION_COUNT];
};

static const struct {
	int status;
	int error;
	const char *words; /* only when the message has them */
} statuses[] = {
	{ 400, EINVAL, NULL },
	{ 401, EACCES, NULL },
	{ 403, EACCES, NULL },
	{ 404, ENOENT, NULL },
	{ 405, EOPNOTSUPP, NULL },
	{ 408, ETIMEDOUT, NULL },
	{ 409, EEXIST, "exists" },
	{ 409, ENOTEMPTY, "not empty" },
	{ 409, EROFS, "read only" },
	{ 409, EBUSY, NULL },
	{ 410, EOPNOTSUPP, NULL },
	{ 411, EINVAL, NULL },
	{ 413, EFBIG, NULL },
	{ 414, ENAMETOOLONG, NULL },
	{ 415, EINVAL, NULL },
	{ 422, EINVAL, NULL },
	{ 429, EBUSY, NULL },
	{ 431, ENAMETOOLONG, NULL },
	{ 501, EOPNOTSUPP, NULL },
	{ 503, EBUSY, NULL },
	{ 504, ETIMEDOUT, NULL },
	{ 507, ENOSPC, NULL },
};

int
http_error(const struct http_reply *reply)
{
	size_t i;

	if (reply->status >= 200 && reply->status < 300)
		return 0;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].status != reply->status)
			continue;
		if (statuses[i].words == NULL ||
		    strcasestr(reply->message, statuses[i].words) != NULL)
			return -statuses[i].error;
	}
	return reply->status >= 500 ? -EREMOTEIO : -EPROTO;
}

/* Fold line ends and blanks to one blank each. */
static void
copy_words(char *out, size_t size, const char *text)
{
	size_t len = 0;
	bool blank = false;

	for (; *text != '\0' && len + 2 < size; text++) {
		if (isspace((unsigned char)*text)) {
			blank = len > 0;
			continue;
		}
		if (blank)
			out[len++] = ' ';
		blank = false;
		out[len++] = *text;
	}
	out[len] = '\0';
}

/* The server's own words: a member of JSON, or the text. */
static void
note_message(struct http_reply *reply)
{
	static const char *const members[] = { "message", "title", "detail",
		"error" };
	struct buf words = { 0 };
	const char *text = buf_text(&reply->body);
	size_t i;

	text += strspn(text, " \t\r\n");
	for (i = 0; i < sizeof(members) / sizeof(members[0]) &&
	     words.len == 0 && *text == '{';
	     i++)
		(void)json_field(text, strlen(text), members[i], &words);
	if (words.len > 0)
		copy_words(reply->message, sizeof(reply->message),
		    buf_text(&words));
	else if (*text != '<' && *text != '{')
		copy_words(reply->message, sizeof(reply->message), text);
	buf_free(&words);
}

int
http_config_copy(const struct http_config *config, bool with_login,
    struct http_config *out)
{
	const char **const texts[] = { &out->url, &out->ca_file, &out->user,
		&out->password, &out->api_key, &out->token };
	size_t i;
	int error = 0;

	*out = *config;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = *texts[i];

		*texts[i] = NULL;
		if (text == NULL || error != 0 || (!with_login && i >= 2))
			continue;
		*texts[i] = strdup(text);
		if (*texts[i] == NULL)
			error = -ENOMEM;
	}
	return error;
}

static void
wipe(const char *secret)
{
	if (secret != NULL)
		freezero((void *)(uintptr_t)secret, strlen(secret));
}

void
http_config_free(struct http_config *config)
{
	free((void *)(uintptr_t)config->url);
	free((void *)(uintptr_t)config->user);
	free((void *)(uintptr_t)config->ca_file);
	wipe(config->password);
	wipe(config->api_key);
	wipe(config->token);
}

static int
make_header(struct http *http)
{
	const struct http_config *config = &http->config;
	int len = 0;

	if (config->token != NULL)
		len = asprintf(&http->key_header, "Authorization: Bearer %s",
		    config->token);
	else if (config->api_key != NULL)
		len = asprintf(&http->key_header, "X-Api-Key: %s",
		    config->api_key);
	if (len >= 0)
		return 0;
	http->key_header = NULL;
	return -ENOMEM;
}

int
http_new(const struct http_config *config, struct http **out)
{
	struct http *http = calloc(1, sizeof(*http));
	int error, i;

	if (http == NULL)
		return -ENOMEM;
	for (i = 0; i < CONNECTION_COUNT; i++)
		turn_init(&http->queues[i].turn);
	pthread_mutex_init(&http->lock, NULL);
	error = http_config_copy(config, true, &http->config);
	http->digest = config->api_key == NULL && config->token == NULL &&
	    config->password != NULL;
	away_init(&http->away, config->logs ? http->config.url : NULL,
	    config->is_away);
	if (error == 0)
		error = make_header(http);
	if (error != 0) {
		http_free(http);
		return error;
	}
	*out = http;
	return 0;
}

void
http_free(struct http *http)
{
	int i;

	if (http == NULL)
		return;
	for (i = 0; i < CONNECTION_COUNT; i++) {
		connection_free(http->queues[i].connection);
		turn_destroy(&http->queues[i].turn);
	}
	wipe(http->key_header);
	away_destroy(&http->away);
	pthread_mutex_destroy(&http->lock);
	http_config_free(&http->config);
	free(http);
}

void
http_reply_free(struct http_reply *reply)
{
	buf_free(&reply->body);
	buf_free(&reply->redirect);
	memset(reply, 0, sizeof(*reply));
}

void
http_record(const char *what, const char *target, size_t len, off_t bytes,
    const struct http_reply *reply, int error, int64_t began_ms)
{
	int shown = (int)len, ms = (int)(time_now_ms() - began_ms);
	const char *words = reply->message;

	if (error != 0)
		log_say(LOG_LEVEL_DETAIL, "%s %.*s: %s%s%s", what, shown,
		    target, strerror(-error), *words ? ": " : "", words);
	else
		log_say(LOG_LEVEL_DETAIL, "%s %.*s %d, %lld bytes, %d ms%s%s",
		    what, shown, target, reply->status, (long long)bytes, ms,
		    *words ? ": " : "", words);
}

static void
note(struct http *http, const struct http_request *request,
    const struct http_reply *reply, int error, int64_t started_ms)
{
	pthread_mutex_lock(&http->lock);
	counts_note(&http->counts, (int)request->connection, request->method,
	    error == 0 ? reply->status : 0, time_now_ms() - started_ms);
	pthread_mutex_unlock(&http->lock);
}

void
http_count(struct http *http, struct counts *out)
{
	pthread_mutex_lock(&http->lock);
	counts_add(out, &http->counts);
	pthread_mutex_unlock(&http->lock);
}

/*
 * A server that refuses a body early may reset the connection while we still
 * send: its answer counts, not the reset.
 */
static int
run(struct http *http, const struct wait *wait,
    const struct http_request *request, bool attempt, struct http_reply *reply)
{
	struct queue *queue = &http->queues[request->connection];
	const char *lines[8] = { "Accept: application/json", "Expect:" };
	int64_t started_ms = time_now_ms();
	size_t i, count = 2;
	struct buf url = { 0 };
	int error = 0;

	for (i = 0; i < 3 && request->headers[i] != NULL; i++)
		lines[count++] = request->headers[i];
	lines[count] = request->is_signed ? NULL : http->key_header;
	if (queue->connection == NULL)
		error = connection_new(&http->config, &queue->connection);
	if (error == 0)
		error = buf_printf(&url, "%s%s", http->config.url,
		    request->target);
	if (error != 0)
		return error;
	error = connection_run(queue->connection, wait, request, url.data,
	    lines, attempt ? AWAY_CONNECT_MS : 0, reply);
	atomic_store(&queue->challenged_ms,
	    connection_challenged_ms(queue->connection));
	if (error == -EIO && reply->status >= 300)
		error = 0;
	if (error == 0 && reply->status >= 300)
		note_message(reply);
	else if (error != 0)
		copy_words(reply->message, sizeof(reply->message),
		    connection_words(queue->connection));
	note(http, request, reply, error, started_ms);
	if (!attempt || error == 0)
		http_record(request->method, request->target,
		    strcspn(request->target, request->is_signed ? "?" : ""),
		    request->body != NULL ? reply->sent : reply->received,
		    reply, error, started_ms);
	buf_free(&url);
	return error;
}

bool
http_refuses(struct http *http)
{
	return away_refuses(&http->away);
}

/* With the connection's turn: a server that went away meanwhile is not asked.
 */
static int
run_unless_away(struct http *http, const struct wait *wait,
    const struct http_request *request, bool attempt, struct http_reply *reply)
{
	int error;

	if (!attempt && away_is(&http->away))
		return -EHOSTDOWN;
	error = run(http, wait, request, attempt, reply);
	away_note(&http->away, attempt, reply->status != 0, error);
	return error;
}

/*
 * Its answer was lost, or cut short: asking again changes nothing, unless
 * somebody was given a part of it.
 */
static bool
may_repeat(const struct http_request *request, const struct http_reply *reply,
    int error)
{
	return error == -EIO && !request->once &&
	    strcmp(request->method, "GET") == 0 &&
	    (request->sink == NULL || reply->received == 0);
}

int
http_perform(struct http *http, const struct wait *wait,
    const struct http_request *request, struct http_reply *reply)
{
	struct turn *turn = &http->queues[request->connection].turn;
	bool attempt;
	int error;

	memset(reply, 0, sizeof(*reply));
	error = away_enter(&http->away, &attempt);
	if (error != 0)
		return error;
	error = turn_take(turn, wait);
	if (error != 0) {
		away_note(&http->away, attempt, false, error);
		return error;
	}
	error = run_unless_away(http, wait, request, attempt, reply);
	if (may_repeat(request, reply, error)) {
		http_reply_free(reply);
		error = run_unless_away(http, wait, request, attempt, reply);
	}
	turn_give(turn);
	return error;
}

int
http_ask(struct http *http, const struct wait *wait,
    const struct http_request *request, struct http_reply *reply)
{
	int error = http_perform(http, wait, request, reply);

	return error != 0 ? error : http_error(reply);
}

int
http_login(struct http *http, const struct wait *wait,
    enum http_connection connection, int64_t max_age_ms)
{
	const struct http_request request = { .connection = connection,
		.method = "GET",
		.target = "/api/version" };
	int64_t challenged_ms = atomic_load(&http->queues[connection]
						 .challenged_ms);
	struct http_reply reply;
	int error;

	if (!http->digest ||
	    (challenged_ms != 0 && time_now_ms() - challenged_ms < max_age_ms))
		return 0;
	error = http_ask(http, wait, &request, &reply);
	http_reply_free(&reply);
	return error;
}
