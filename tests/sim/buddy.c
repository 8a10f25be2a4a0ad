/*
 * The personality of a printer with Prusa-Firmware-Buddy: the serving of a
 * connection and the routes.  Each connection's thread takes one of the three
 * active slots for each request.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/buddy.h"

struct buddy_route {
	const char *path;
	bool prefix;
	bool get_only;
	size_t more; /* characters that must follow */
	void (*serve)(struct buddy_call *);
};

/* clang-format off */
static const struct buddy_route routes[] = {
	{ "/api/version",      false, true, 0,  buddy_version },
	{ "/api/v1/info",      false, true, 0,  buddy_info },
	{ "/api/v1/status",    false, true, 0,  buddy_status },
	{ "/api/v1/job",       false, false, 0, buddy_job },
	{ "/api/v1/job/",      true,  false, 0, buddy_job_command },
	{ "/api/v1/storage",   false, true, 0,  buddy_storage },
	{ "/api/v1/transfer",  false, false, 0, buddy_transfer },
	{ "/api/v1/files",     true,  false, 0, buddy_files },
	{ "/api/printer",      false, true, 0,  buddy_legacy_printer },
	{ "/api/job",          false, false, 0, buddy_legacy_job_command },
	{ "/api/settings",     false, true, 0,  buddy_settings },
	{ "/api/download",     false, false, 0, buddy_legacy_transfer },
	{ "/api/transfer",     false, false, 0, buddy_legacy_transfer },
	{ "/api/files",        true,  false, 0, buddy_legacy_files },
	{ "/usb/",             true,  false, 0, buddy_download },
	{ "/thumb/",           true,  false, 2, buddy_thumbnail },
};
/* clang-format on */

/* A compressed page that has a title only. */
static const unsigned char page[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x02, 0x03, 0xb3, 0x51, 0x74, 0xf1, 0x77, 0x0e, 0x89, 0x0c, 0x70,
	0x55, 0xc8, 0x28, 0xc9, 0xcd, 0xb1, 0xb3, 0x29, 0xc9, 0x2c, 0xc9, 0x49,
	0xb5, 0x0b, 0x28, 0x2a, 0x2d, 0x4e, 0xf4, 0xc9, 0xcc, 0xcb, 0xb6, 0xd1,
	0x87, 0x08, 0x70, 0x01, 0x00, 0xe2, 0xba, 0x41, 0x5a, 0x28, 0x00, 0x00,
	0x00 };

static bool
is_known_method(const char *method)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT",
		"DELETE" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i], method) == 0)
			return true;
	}
	return false;
}

/* The multipart boundary shares the URL's buffer. */
static bool
has_room(const struct sim_exchange *ex)
{
	return ex->target_len + buddy_boundary(ex) <= BUDDY_URL;
}

static const struct buddy_route *
find_route(const char *target)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct buddy_route *route = &routes[i];
		size_t len = strlen(route->path);

		if (route->prefix ? strncmp(target, route->path, len) == 0 &&
			    strlen(target) >= len + route->more :
				    strcmp(target, route->path) == 0)
			return route;
	}
	return NULL;
}

/* Firmware before 4.7 has none that begins so. */
static bool
is_too_new(const struct buddy_call *call)
{
	return call->sim->options.firmware == 1 &&
	    strncmp(call->ex->target, "/api/v1/", 8) == 0;
}

/* The web page needs no login and is always compressed. */
static void
serve_static(struct buddy_call *call)
{
	static const char etag[] = "\"2779096485\"";
	struct text head = { 0 };

	if (strcmp(call->ex->method, "GET") != 0 ||
	    strcmp(call->ex->target, "/") != 0) {
		buddy_page(call, 404, "");
		return;
	}
	if (buddy_knows(call->ex, etag)) {
		buddy_not_modified(call, etag);
		return;
	}
	buddy_head(call, &head, 200, "text/html; charset=utf-8",
	    "ETag: \"2779096485\"\r\nContent-Encoding: gzip\r\n", sizeof(page));
	exchange_answer(call->ex, call->conn, 200, &head, page, sizeof(page));
	text_free(&head);
}

/* A stick is found to have come or gone when a v1 request arrives. */
static void
look_for_stick(struct buddy_call *call)
{
	struct buddy *buddy = call->buddy;

	pthread_mutex_lock(&call->sim->lock);
	if (buddy->seen_out != buddy->stick_out)
		buddy->changes = buddy->changes * 31 + buddy->stick_out + 1;
	buddy->seen_out = buddy->stick_out;
	pthread_mutex_unlock(&call->sim->lock);
}

static void
serve_route(struct buddy_call *call)
{
	const char *target = call->ex->target;
	const struct buddy_route *route = is_too_new(call) ? NULL :
							     find_route(target);
	bool guarded = route != NULL || strncmp(target, "/api/", 5) == 0;

	if (strncmp(target, "/api/v1/", 8) == 0)
		look_for_stick(call);
	if (guarded && !buddy_login(call))
		return;
	faults_begin(call->conn, call->ex);
	if (faults_answered(call->conn, call->ex))
		return;
	if (route == NULL && guarded)
		buddy_page(call, 404, "");
	else if (route == NULL)
		serve_static(call);
	else if (route->get_only && strcmp(call->ex->method, "GET") != 0)
		buddy_page_close(call, 405, "");
	else
		route->serve(call);
}

/* The last field that says one or the other decides. */
static bool
wants_to_stay(const struct sim_exchange *ex)
{
	const char *at = exchange_header(ex, HEADER_CONNECTION);
	bool stay = ex->http_1_1;

	for (;;) {
		if (strncasecmp(at, "close", 5) == 0)
			stay = false;
		else if (strncasecmp(at, "keep-alive", 10) == 0)
			stay = true;
		at = strchr(at, '\n');
		if (at == NULL)
			return stay;
		at++;
	}
}

static void
serve_request(struct buddy_call *call)
{
	call->ex->keep_alive = wants_to_stay(call->ex);
	if (call->ex->malformed)
		buddy_page_close(call, 400, "");
	else if (call->ex->target_len > BUDDY_URL)
		buddy_page_keep(call, 414, "");
	else if (!has_room(call->ex))
		buddy_page_keep(call, 431, "");
	else if (!is_known_method(call->ex->method))
		buddy_page_keep(call, 405, "Unrecognized method");
	else
		serve_route(call);
}

/* Serve one request.  Returns whether the connection goes on. */
static bool
serve_one(struct conn *conn)
{
	struct sim_exchange ex;
	struct buddy_call call = { .sim = conn->sim,
		.buddy = conn->sim->own,
		.conn = conn,
		.ex = &ex,
		.has_slot = true };
	enum read_result result = exchange_read(&ex, conn, BUDDY_STALL_S);

	if (result == READ_STALL)
		buddy_time_out(&call);
	else if (result == READ_CUT)
		buddy_page_close(&call, 400, "");
	else if (result != READ_OK)
		conn->dead = true;
	else
		serve_request(&call);
	if (!conn->dead && call.closing == CLOSING_ERROR) {
		if (!call.has_slot)
			call.has_slot = server_take_slot(conn->sim);
		conn_linger(conn, BUDDY_STALL_S);
	}
	if (call.has_slot)
		server_give_slot(conn->sim);
	if (call.closing == CLOSING_NOT && !ex.keep_alive)
		call.closing = CLOSING_PLAIN;
	if (!conn->dead && call.closing == CLOSING_PLAIN)
		conn_linger(conn, 0);
	exchange_end(&ex, conn);
	return !conn->dead && call.closing == CLOSING_NOT;
}

static void
serve(struct conn *conn)
{
	bool there, goes_on = true;

	conn->stall_s = BUDDY_STALL_S;
	while (goes_on) {
		server_idle(conn, true);
		there = conn_wait(conn);
		server_idle(conn, false);
		if (!there || !server_take_slot(conn->sim))
			break;
		goes_on = serve_one(conn);
	}
}

static void
boot(struct sim *sim)
{
	struct buddy *buddy = sim->own;

	buddy->salt = arc4random();
	buddy->boot_at = sim_now(sim);
	buddy->temp_number = 0;
	buddy->changes = 0;
	buddy->preview[0] = '\0';
}

static int
buddy_open(struct sim *sim)
{
	struct buddy *buddy = calloc(1, sizeof(*buddy));

	if (buddy == NULL)
		return -ENOMEM;
	sim->own = buddy;
	fat_init(&buddy->fat, sim->options.storage);
	LIST_INIT(&buddy->readers);
	boot(sim);
	return -pthread_create(&buddy->reaper, NULL, server_reap, sim);
}

static void
buddy_close(struct sim *sim)
{
	struct buddy *buddy = sim->own;

	pthread_join(buddy->reaper, NULL);
	fat_free(&buddy->fat);
	free(buddy);
}

static int
control_usb(struct sim *sim, char **words)
{
	struct buddy *buddy = sim->own;

	if (strcmp(words[1], "out") != 0 && strcmp(words[1], "in") != 0)
		return -EOPNOTSUPP;
	buddy->stick_out = strcmp(words[1], "out") == 0;
	if (buddy->stick_out) {
		buddy->preview[0] = '\0';
		machine_idle(sim);
	}
	return 0;
}

static int
control(struct sim *sim, int count, char **words, struct text *answer)
{
	struct buddy *buddy = sim->own;

	(void)answer;
	if (strcmp(words[0], "usb") == 0 && count == 2)
		return control_usb(sim, words);
	if (strcmp(words[0], "named") == 0 && (count == 3 || count == 4))
		return fat_name(&buddy->fat, words[1], words[2],
		    count == 4 ? words[3] : NULL);
	if (strcmp(words[0], "idle") == 0 || strcmp(words[0], "dismiss") == 0) {
		buddy->preview[0] = '\0';
		return 0;
	}
	return -EOPNOTSUPP;
}

static char *
copy_target(struct sim *sim, const char *path)
{
	struct buddy *buddy = sim->own;
	struct fat_place place;
	char *real = NULL;

	if (fat_find(&buddy->fat, path, &place) == 0 && !place.is_root)
		real = strdup(place.real);
	fat_release(&place);
	return real;
}

const struct personality buddy_personality = {
	.name = "buddy",
	.connection_limit = 12,
	.clears_s = -1,
	.attention_s = -1,
	.reports_transitions = true,
	.reads_words = true,
	.answers_at_once = 2,
	.answer_patience_s = BUDDY_STALL_S,
	.open = buddy_open,
	.close = buddy_close,
	.repeated = buddy_repeated,
	.serve = serve,
	.fail = buddy_fail,
	.json_head = buddy_json_head,
	.restart = boot,
	.control = control,
	.copy_target = copy_target,
};
