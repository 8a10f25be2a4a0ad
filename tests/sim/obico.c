/*
 * The personality of an Obico server: Django behind daphne, several printers
 * of two accounts, each with an agent beside it.  Here are the
 * connection, the login, and the paths outside of the API.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tests/sim/obico.h"

#define IDLE_SECONDS 60.0

static const char api[] = "/api/v1/";

static struct obico_account *
find_token(struct obico_server *obico, const char *token, size_t len)
{
	for (size_t i = 0; i < OBICO_ACCOUNTS; i++) {
		struct obico_account *account = &obico->accounts[i];

		if (len > 0 && strlen(account->token) == len &&
		    memcmp(account->token, token, len) == 0)
			return account;
	}
	return NULL;
}

/* Headers and query tell the account; a key that is unknown is ignored. */
static void
log_in(struct obico_call *call)
{
	const char *key = exchange_header(call->ex, HEADER_API_KEY);
	const char *at = exchange_header(call->ex, HEADER_AUTHORIZATION);
	const char *token = obico_param(call, "access_token");
	size_t len;

	if (key[0] != '\0') {
		call->account = find_token(call->obico, key, strlen(key));
		call->with_session = call->account != NULL;
		if (call->account != NULL)
			return;
	}
	if (call->ex->header[HEADER_AUTHORIZATION] == NULL) {
		if (token != NULL)
			call->account = find_token(call->obico, token,
			    strlen(token));
		return;
	}
	if (strncasecmp(at, "Bearer", 6) != 0 || strchr(" \t", at[6]) == NULL)
		return;
	at += 6;
	at += strspn(at, " \t");
	len = strcspn(at, " \t");
	if (at[len + strspn(at + len, " \t")] == '\0')
		call->account = find_token(call->obico, at, len);
}

static bool
is_path(struct obico_call *call, const char *path)
{
	return strcmp(path, "/hc/") == 0 ||
	    (strncmp(path, api, strlen(api)) == 0 &&
		obico_is_path(call, path + strlen(api)));
}

/* The path with a slash: does it lead anywhere? */
static bool
wants_slash(struct obico_call *call)
{
	size_t len = strlen(call->path);
	char *longer;
	bool wants;

	if ((len > 0 && call->path[len - 1] == '/') ||
	    asprintf(&longer, "%s/", call->path) < 0)
		return false;
	wants = is_path(call, longer);
	free(longer);
	return wants;
}

/* Set the answer.  Locked. */
static void
decide(struct obico_call *call)
{
	bool below = strncmp(call->path, api, strlen(api)) == 0;

	call->status = 200;
	call->type = "application/json";
	obico_update(call->sim);
	if (below && obico_route(call, call->path + strlen(api)))
		return;
	if (strcmp(call->path, "/") == 0) {
		call->status = 302;
		call->type = "text/html; charset=utf-8";
		text_puts(&call->extra, "Location: /accounts/login/\r\n");
	} else if (strcmp(call->path, "/hc/") == 0) {
		call->type = "text/html; charset=utf-8";
		text_puts(&call->out, "Okay");
	} else if (strncmp(call->path, "/media/", 7) == 0) {
		obico_media(call);
	} else if (wants_slash(call)) {
		obico_moved(call);
	} else {
		obico_page(call, 404);
	}
}

/* Take the time that the real server's work does, under the lock. */
static void
spend(const struct obico_call *call)
{
	const struct sim_options *options = &call->sim->options;
	long ms = call->records * options->record_ms;
	struct timespec pause;

	if (call->has_file)
		ms += (long)(call->file_len >> 20) * options->mb_ms;
	pause.tv_sec = ms / 1000;
	pause.tv_nsec = ms % 1000 * 1000000;
	nanosleep(&pause, NULL);
}

/* The request cannot be served any further; the connection ends. */
static void
refuse(struct obico_call *call, int error)
{
	static const char bad[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	call->ex->keep_alive = false;
	if (error == -EINVAL) {
		call->ex->status = 400;
		exchange_log(call->ex, call->conn);
		conn_send(call->conn, bad, strlen(bad));
	} else if (error == -EFBIG || error == -ENOSPC) {
		obico_page(call, error == -EFBIG ? 413 : 500);
		obico_reply(call);
	}
	call->conn->dead = call->conn->dead || call->ex->status == 0;
}

static void
serve_request(struct obico_call *call)
{
	size_t len = strcspn(call->ex->target, "?#");
	bool counted;
	int error;

	for (char *at = call->ex->method; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	call->ex->keep_alive = call->ex->http_1_1 &&
	    strcasestr(exchange_header(call->ex, HEADER_CONNECTION), "close") ==
		NULL;
	if (call->ex->target_len >= TARGET_SIZE ||
	    text_unescape(call->path, sizeof(call->path), call->ex->target, len,
		ESCAPES_LENIENT) < 0) {
		refuse(call, -EINVAL);
		return;
	}
	obico_clean(call->path);
	obico_parse_query(call);
	pthread_mutex_lock(&call->sim->lock);
	log_in(call);
	pthread_mutex_unlock(&call->sim->lock);
	counted = call->account != NULL ||
	    strncmp(call->path, "/media/", 7) == 0;
	if (counted)
		faults_begin(call->conn, call->ex);
	error = obico_receive(call);
	if (error != 0) {
		refuse(call, error);
		return;
	}
	if (counted && faults_answered(call->conn, call->ex))
		return;
	pthread_mutex_lock(&call->sim->lock);
	decide(call);
	spend(call); /* it answers nobody else meanwhile */
	pthread_mutex_unlock(&call->sim->lock);
	obico_reply(call);
}

/* Serve a request.  Returns whether another may follow. */
static bool
serve_one(struct conn *conn)
{
	struct sim_exchange ex;
	struct obico_call *call = calloc(1, sizeof(*call));
	enum read_result result = exchange_read(&ex, conn, IDLE_SECONDS);
	bool goes_on;

	if (call == NULL || result != READ_OK) {
		conn->dead = true;
	} else {
		call->sim = conn->sim;
		call->obico = conn->sim->own;
		call->conn = conn;
		call->ex = &ex;
		if (ex.malformed)
			refuse(call, -EINVAL);
		else
			serve_request(call);
	}
	goes_on = !conn->dead && ex.keep_alive;
	exchange_end(&ex, conn);
	if (call != NULL) {
		obico_drop_body(call);
		obico_drop_query(call);
		text_free(&call->out);
		text_free(&call->extra);
		free(call->arg);
	}
	free(call);
	return goes_on;
}

static void
serve(struct conn *conn)
{
	while (serve_one(conn))
		continue;
	if (!conn->dead)
		conn_linger(conn, 0);
}

static int
obico_open(struct sim *sim)
{
	sim->own = calloc(1, sizeof(struct obico_server));
	return sim->own == NULL ? -ENOMEM : obico_fill(sim);
}

static void
obico_close(struct sim *sim)
{
	obico_empty(sim);
	free(sim->own);
}

const struct personality obico_personality = {
	.name = "obico",
	.own_verbs = true,
	.upload_method = "POST",
	.open = obico_open,
	.close = obico_close,
	.serve = serve,
	.fail = obico_fail,
	.json_head = obico_json_head,
	.control = obico_control,
};
