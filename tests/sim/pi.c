/*
 * The personality of PrusaLink on a Raspberry Pi: one request for each
 * connection, and the routes.  A path of fixed text with a wrong method is
 * 405, one with stars falls through to 404.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/pi.h"

enum {
	MOST_LINE = 2048,
	MOST_HEADERS = 100,
	MOST_HEADER = 65536
};

#define CLOSE_SECONDS 0.3

enum guard {
	GUARD_NONE,
	GUARD_API,
	GUARD_PAGE
};

struct pi_route {
	const char *methods;
	const char *pattern; /* * is a part, a last ** the rest */
	enum guard guard;
	void (*serve)(struct pi_call *);
};

/* clang-format off */
static const struct pi_route routes[] = {
	{ "GET",        "/",                          GUARD_PAGE, pi_page },
	{ "HEAD",       "/",                          GUARD_NONE, pi_page_head },
	{ "GET HEAD",   "/api/version",               GUARD_API,  pi_version },
	{ "GET HEAD",   "/api/v1/info",               GUARD_API,  pi_info },
	{ "GET HEAD",   "/api/v1/status",             GUARD_API,  pi_status },
	{ "GET HEAD",   "/api/v1/job",                GUARD_API,  pi_job },
	{ "DELETE",     "/api/v1/job/*",              GUARD_API,  pi_job_stop },
	{ "PUT",        "/api/v1/job/*/*",            GUARD_API,  pi_job_word },
	{ "GET HEAD",   "/api/v1/storage",            GUARD_API,  pi_storage },
	{ "GET HEAD",   "/api/v1/transfer",           GUARD_API,  pi_transfer },
	{ "DELETE",     "/api/v1/transfer",           GUARD_API,  pi_transfer_stop },
	{ "GET",        "/api/v1/files/*",            GUARD_API,  pi_files_get },
	{ "HEAD",       "/api/v1/files/*",            GUARD_NONE, pi_files_get },
	{ "GET",        "/api/v1/files/*/",           GUARD_API,  pi_files_get },
	{ "HEAD",       "/api/v1/files/*/",           GUARD_NONE, pi_files_get },
	{ "GET",        "/api/v1/files/*/**",         GUARD_API,  pi_files_get },
	{ "HEAD",       "/api/v1/files/*/**",         GUARD_NONE, pi_files_get },
	{ "PUT",        "/api/v1/files/*/**",         GUARD_API,  pi_files_put },
	{ "POST",       "/api/v1/files/*/**",         GUARD_API,  pi_files_post },
	{ "DELETE",     "/api/v1/files/*/**",         GUARD_API,  pi_files_delete },
	{ "GET",        "/api/v1/cameras",            GUARD_API,  pi_cameras },
	{ "PUT",        "/api/v1/cameras",            GUARD_API,  pi_camera_change },
	{ "GET",        "/api/v1/cameras/snap",       GUARD_API,  pi_snap_default },
	{ "GET",        "/api/v1/cameras/*/snap",     GUARD_API,  pi_snap },
	{ "POST",       "/api/v1/cameras/*/snap",     GUARD_API,  pi_snap_now },
	{ "GET",        "/api/v1/cameras/*",          GUARD_API,  pi_camera },
	{ "POST DELETE", "/api/v1/cameras/*",         GUARD_API,  pi_camera_change },
	{ "PATCH DELETE", "/api/v1/cameras/*/config", GUARD_API,  pi_camera_change },
	{ "POST DELETE", "/api/v1/cameras/*/connection", GUARD_API, pi_camera_change },
	{ "GET POST",   "/api/v1/update/*",           GUARD_API,  pi_update },
	{ "GET HEAD",   "/api/printer",               GUARD_API,  pi_legacy_printer },
	{ "GET HEAD",   "/api/printer/sd",            GUARD_API,  pi_card_ready },
	{ "POST DELETE", "/api/printer/ready",        GUARD_API,  pi_ready },
	{ "GET HEAD",   "/api/job",                   GUARD_API,  pi_legacy_job },
	{ "POST",       "/api/job",                   GUARD_API,  pi_legacy_job_command },
	{ "GET HEAD",   "/api/files",                 GUARD_API,  pi_legacy_list },
	{ "GET HEAD",   "/api/files/path/**",         GUARD_API,  pi_legacy_list },
	{ "POST",       "/api/files/*",               GUARD_API,  pi_multipart },
	{ "GET HEAD",   "/api/files/*/**",            GUARD_API,  pi_legacy_get },
	{ "POST",       "/api/files/*/**",            GUARD_API,  pi_legacy_start },
	{ "DELETE",     "/api/files/*/**",            GUARD_API,  pi_legacy_delete },
	{ "GET HEAD",   "/api/thumbnails/**",         GUARD_API,  pi_thumbnail },
	{ "GET HEAD",   "/api/download",              GUARD_API,  pi_legacy_transfer },
	{ "DELETE",     "/api/download",              GUARD_API,  pi_transfer_stop },
	{ "POST",       "/api/download/*",            GUARD_API,  pi_fetch },
	{ "GET HEAD",   "/api/transfer",              GUARD_API,  pi_legacy_transfer },
	{ "POST",       "/api/folder/*/**",           GUARD_API,  pi_folder_create },
	{ "DELETE",     "/api/folder/*/**",           GUARD_API,  pi_folder_delete },
	{ "POST",       "/api/modify/*",              GUARD_API,  pi_modify },
	{ "GET HEAD",   "/api/settings",              GUARD_API,  pi_settings },
	{ "POST",       "/api/settings",              GUARD_PAGE, pi_settings_change },
	{ "POST DELETE", "/api/settings/apikey",      GUARD_API,  pi_key },
	{ "GET HEAD",   "/api/settings/sn",           GUARD_API,  pi_serial },
	{ "POST",       "/api/settings/sn",           GUARD_API,  pi_serial_change },
	{ "GET HEAD",   "/api/connection",            GUARD_API,  pi_connection },
	{ "POST",       "/api/connection",            GUARD_API,  pi_connect },
	{ "DELETE",     "/api/connection",            GUARD_API,  pi_done },
	{ "POST",       "/api/printer/printhead",     GUARD_API,  pi_printhead },
	{ "POST",       "/api/printer/tool",          GUARD_API,  pi_tool },
	{ "POST",       "/api/printer/bed",           GUARD_API,  pi_bed },
	{ "POST",       "/api/login",                 GUARD_API,  pi_logged_in },
	{ "GET HEAD",   "/api/timelapse",             GUARD_API,  pi_timelapse },
	{ "GET HEAD",   "/api/logs",                  GUARD_API,  pi_logs },
	{ "GET HEAD",   "/api/logs/*",                GUARD_API,  pi_log },
	{ "GET HEAD",   "/api/ports",                 GUARD_NONE, pi_ports },
	{ "GET HEAD",   "/error/*",                   GUARD_NONE, pi_error_page },
};
/* clang-format on */

static bool
has_method(const char *methods, const char *method)
{
	size_t len = strlen(method);

	for (const char *at = methods; at != NULL;) {
		size_t word = strcspn(at, " ");

		if (word == len && strncmp(at, method, len) == 0)
			return true;
		at = at[word] == '\0' ? NULL : at + word + 1;
	}
	return false;
}

static void
forget_args(struct pi_call *call)
{
	for (int i = 0; i < PI_ARGS; i++) {
		free(call->arg[i]);
		call->arg[i] = NULL;
	}
}

/* Does the path fit?  The arguments are copies of what the stars match. */
static bool
match(struct pi_call *call, const char *pattern)
{
	const char *at = call->path;
	int count = 0;

	forget_args(call);
	while (*pattern != '\0' && *pattern != '*') {
		if (*pattern++ != *at++)
			return false;
	}
	while (*pattern == '*') {
		bool rest = pattern[1] == '*';
		size_t len = rest ? strlen(at) : strcspn(at, "/");

		if (len == 0)
			return false;
		call->arg[count++] = strndup(at, len);
		at += len;
		pattern += rest ? 2 : 1;
		while (*pattern != '\0' && *pattern != '*') {
			if (*pattern++ != *at++)
				return false;
		}
	}
	return *at == '\0' && *pattern == '\0';
}

static const struct pi_route *
find_route(struct pi_call *call, bool *wrong_method)
{
	*wrong_method = false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!match(call, routes[i].pattern))
			continue;
		if (has_method(routes[i].methods, call->ex->method))
			return &routes[i];
		if (strchr(routes[i].pattern, '*') == NULL)
			*wrong_method = true;
	}
	return NULL;
}

/* A small body is read before anything else. */
static void
read_small_body(struct pi_call *call)
{
	char data[4096];

	call->length = strtoll(exchange_header(call->ex, HEADER_CONTENT_LENGTH),
	    NULL, 10);
	if (call->length < 0)
		call->length = 0;
	if (call->length > PI_BLOCK)
		return;
	while ((long long)call->body.len < call->length) {
		size_t left = (size_t)call->length - call->body.len;
		ssize_t got = exchange_receive(call->ex, call->conn, data,
		    left < sizeof(data) ? left : sizeof(data), -1);

		if (got <= 0)
			break;
		text_add(&call->body, data, (size_t)got);
	}
}

static void
serve_request(struct pi_call *call)
{
	const char *query = strchr(call->ex->target, '?');
	size_t len = strcspn(call->ex->target, "?");
	const struct pi_route *route;
	bool wrong_method;

	call->query = query == NULL ? "" : query + 1;
	if (text_unescape(call->path, sizeof(call->path), call->ex->target, len,
		ESCAPES_LENIENT) < 0 ||
	    !text_is_utf8(call->path)) {
		pi_html(call, 400, "");
		return;
	}
	read_small_body(call);
	route = find_route(call, &wrong_method);
	if (route != NULL && route->guard != GUARD_NONE &&
	    !pi_login(call, route->guard == GUARD_API))
		return;
	faults_begin(call->conn, call->ex);
	if (call->ex->cut_upload >= 0 && call->ex->in > call->ex->cut_upload) {
		call->ex->in = call->ex->cut_upload;
		call->conn->dead = true;
		return;
	}
	if (faults_answered(call->conn, call->ex))
		return;
	if (route != NULL)
		route->serve(call);
	else if (wrong_method)
		pi_html(call, 405, "");
	else
		pi_nothing(call);
}

/*
 * The page of the server below the framework, which sees a request first.
 * Garbage is taken for HTTP/0.9: its page has no head.
 */
static void
refuse(struct pi_call *call, int status, const char *message)
{
	struct text head = { 0 }, body = { 0 };
	char date[32];

	text_printf(&body,
	    "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>"
	    "<title>Error response</title></head>\n"
	    "<body><h1>Error response</h1>\n<p>Error code: %d</p>\n"
	    "<p>Message: %s.</p></body>\n</html>\n",
	    status, message);
	text_date(date, time(NULL));
	if (status != 400)
		text_printf(&head,
		    "HTTP/1.0 %d %s\r\nServer: PrusaLink/0.8.1 Python/3.11.2"
		    "\r\nDate: %s\r\nConnection: close\r\n"
		    "Content-Type: text/html;charset=utf-8\r\n"
		    "Content-Length: %zu\r\n\r\n",
		    status, message, date, body.len);
	exchange_answer(call->ex, call->conn, status, &head, text_string(&body),
	    body.len);
	text_free(&head);
	text_free(&body);
}

static void
serve(struct conn *conn)
{
	struct sim_exchange ex;
	struct pi_call call = {
		.sim = conn->sim, .pi = conn->sim->own, .conn = conn, .ex = &ex
	};
	enum read_result result = exchange_read(&ex, conn, -1);

	if (result != READ_OK)
		conn->dead = true;
	else if (ex.line_len > MOST_LINE)
		refuse(&call, 414, "Request-URI Too Long");
	else if (ex.malformed)
		refuse(&call, 400, "Bad request syntax");
	else if (ex.header_count > MOST_HEADERS)
		refuse(&call, 431, "Too many headers");
	else if (ex.longest > MOST_HEADER)
		refuse(&call, 431, "Line too long");
	else
		serve_request(&call);
	if (!conn->dead)
		conn_linger(conn, CLOSE_SECONDS);
	exchange_end(&ex, conn);
	text_free(&call.body);
	forget_args(&call);
}

static void
restart(struct sim *sim)
{
	struct pi *pi = sim->own;
	struct pending *pending;

	for (int i = 0; i < 64; i += 8)
		snprintf(pi->secret + i, 9, "%08x", (unsigned)arc4random());
	pi->stuck = false;
	pi->selected[0] = '\0';
	pi->changed = time(NULL);
	while ((pending = TAILQ_FIRST(&pi->pending)) != NULL) {
		TAILQ_REMOVE(&pi->pending, pending, entry);
		free(pending->real);
		free(pending);
	}
}

/* Make the card's folder, with one file on it if it is new. */
static int
make_card(struct pi *pi)
{
	static const char code[] = "G28\n; on the printer's own card\n";
	char *path;
	int fd;

	if (mkdir(pi->card, 0755) != 0)
		return errno == EEXIST ? 0 : -errno;
	if (asprintf(&path, "%s/SAMPLE.GCO", pi->card) < 0)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	free(path);
	if (fd < 0 || write(fd, code, strlen(code)) < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Repeated fields are put in a row, but for the two of the body. */
static char *
repeated(enum header which, const char *before, const char *value)
{
	char *joined;

	if (which == HEADER_CONTENT_LENGTH || which == HEADER_CONTENT_TYPE)
		return strdup(before);
	return asprintf(&joined, "%s,%s", before, value) < 0 ? NULL : joined;
}

static int
pi_open(struct sim *sim)
{
	struct pi *pi = calloc(1, sizeof(*pi));

	if (pi == NULL)
		return -ENOMEM;
	sim->own = pi;
	TAILQ_INIT(&pi->pending);
	if (asprintf(&pi->local, "%s/local", sim->options.storage) < 0 ||
	    asprintf(&pi->card, "%s/sdcard", sim->options.storage) < 0)
		return -ENOMEM;
	if (mkdir(pi->local, 0755) != 0 && errno != EEXIST)
		return -errno;
	if (sim->options.api_key != NULL)
		strlcpy(pi->key, sim->options.api_key, sizeof(pi->key));
	pi->picture_number = -1;
	restart(sim);
	return make_card(pi);
}

static void
pi_close(struct sim *sim)
{
	struct pi *pi = sim->own;

	restart(sim);
	text_free(&pi->picture);
	free(pi->local);
	free(pi->card);
	free(pi);
}

static int
control(struct sim *sim, int count, char **words, struct text *answer)
{
	struct pi *pi = sim->own;

	(void)answer;
	if (strcmp(words[0], "idle") == 0) {
		pi->stuck = false;
		return 0;
	}
	if (strcmp(words[0], "sd") != 0 || count != 2 ||
	    (strcmp(words[1], "in") != 0 && strcmp(words[1], "out") != 0))
		return -EOPNOTSUPP;
	pi->card_out = strcmp(words[1], "out") == 0;
	pi->changed = time(NULL);
	return 0;
}

static char *
copy_target(struct sim *sim, const char *path)
{
	return pi_real(sim->own, path);
}

const struct personality pi_personality = {
	.name = "pi",
	.clears_s = 11,
	.attention_s = 8,
	.open = pi_open,
	.close = pi_close,
	.repeated = repeated,
	.serve = serve,
	.fail = pi_fail,
	.json_head = pi_json_head,
	.restart = restart,
	.control = control,
	.copy_target = copy_target,
};
