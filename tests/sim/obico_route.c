/*
 * The routes below /api/v1/, and the order in which the framework looks at a
 * request: format, body, login, method.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

enum {
	GET = 1,
	POST = 2,
	PUT = 4,
	PATCH = 8,
	DELETE = 16,
	HEAD = 32,
	OPTIONS = 64
};

enum guard {
	GUARD_LOGIN,
	GUARD_FORM,  /* the same, and its body is no JSON */
	GUARD_AGENT, /* for agents, not for users */
};

struct obico_route {
	const char *pattern; /* * is a part without dots */
	void (*serve)(struct obico_call *);
	unsigned methods;
	enum guard guard;
};

/* clang-format off */
static const struct obico_route routes[] = {
	{ "",                                obico_index, GET, GUARD_LOGIN },
	{ "version/",                        obico_version, GET, GUARD_LOGIN },
	{ "users/me/",                       obico_me, GET, GUARD_LOGIN },
	{ "users/me/",                       obico_me_change, PATCH, GUARD_LOGIN },
	{ "printers/",                       obico_printers_list, GET, GUARD_LOGIN },
	{ "printers/",                       obico_printers_create, POST, GUARD_LOGIN },
	{ "printers/*/",                     obico_printer_get, GET, GUARD_LOGIN },
	{ "printers/*/",                     obico_printer_put, PUT, GUARD_LOGIN },
	{ "printers/*/",                     obico_printer_patch, PATCH, GUARD_LOGIN },
	{ "printers/*/",                     obico_printer_delete, DELETE, GUARD_LOGIN },
	{ "printers/*/archive/",             obico_printer_archive, POST, GUARD_LOGIN },
	{ "printers/*/cancel_print/",        obico_printer_cancel, GET | POST, GUARD_LOGIN },
	{ "printers/*/pause_print/",         obico_printer_pause, GET | POST, GUARD_LOGIN },
	{ "printers/*/resume_print/",        obico_printer_resume, GET | POST, GUARD_LOGIN },
	{ "printers/*/mute_current_print/",  obico_printer_mute, GET | POST, GUARD_LOGIN },
	{ "printers/*/acknowledge_alert/",   obico_printer_acknowledge, GET | POST, GUARD_LOGIN },
	{ "printers/*/start_print/",         obico_printer_start, POST, GUARD_LOGIN },
	{ "printers/*/finish_print/",        obico_printer_finish, POST, GUARD_LOGIN },
	{ "printers/*/predict/",             obico_printer_predict, POST, GUARD_FORM },
	{ "prints/",                         obico_prints_list, GET, GUARD_LOGIN },
	{ "prints/bulk_delete/",             obico_prints_delete, POST, GUARD_LOGIN },
	{ "prints/stats/",                   obico_prints_stats, GET, GUARD_LOGIN },
	{ "prints/*/",                       obico_print_get, GET, GUARD_LOGIN },
	{ "prints/*/",                       obico_print_change, PUT | PATCH, GUARD_LOGIN },
	{ "prints/*/",                       obico_print_delete, DELETE, GUARD_LOGIN },
	{ "prints/*/prediction_json/",       obico_print_prediction, GET, GUARD_LOGIN },
	{ "printer_events/",                 obico_events_list, GET, GUARD_LOGIN },
	{ "printer_events/*/",               obico_event_get, GET, GUARD_LOGIN },
	{ "g_code_files/",                   obico_files_list, GET, GUARD_LOGIN },
	{ "g_code_files/",                   obico_files_create, POST, GUARD_LOGIN },
	{ "g_code_files/bulk_delete/",       obico_files_delete, POST, GUARD_LOGIN },
	{ "g_code_files/bulk_move/",         obico_files_move, POST, GUARD_LOGIN },
	{ "g_code_files/*/",                 obico_file_get, GET, GUARD_LOGIN },
	{ "g_code_files/*/",                 obico_file_change, PUT | PATCH, GUARD_LOGIN },
	{ "g_code_files/*/",                 obico_file_delete, DELETE, GUARD_LOGIN },
	{ "g_code_folders/",                 obico_folders_list, GET, GUARD_LOGIN },
	{ "g_code_folders/",                 obico_folders_create, POST, GUARD_LOGIN },
	{ "g_code_folders/bulk_delete/",     obico_folders_delete, POST, GUARD_LOGIN },
	{ "g_code_folders/bulk_move/",       obico_folders_move, POST, GUARD_LOGIN },
	{ "g_code_folders/*/",               obico_folder_get, GET, GUARD_LOGIN },
	{ "g_code_folders/*/",               obico_folder_change, PUT | PATCH, GUARD_LOGIN },
	{ "g_code_folders/*/",               obico_folder_delete, DELETE, GUARD_LOGIN },
	{ "notification_settings/",          obico_empty_list, GET, GUARD_LOGIN },
	{ "notification_settings/available_plugins/", obico_plugins, GET, GUARD_LOGIN },
	{ "first_layer_inspection_images/",  obico_empty_list, GET, GUARD_LOGIN },
	{ "printshotfeedbacks/",             obico_empty_list, GET, GUARD_LOGIN },
	{ "mobile_devices/",                 obico_empty_list, GET, GUARD_LOGIN },
	{ "notification_settings/*/",        obico_absent, GET | PUT | PATCH | DELETE, GUARD_LOGIN },
	{ "first_layer_inspection_images/*/", obico_absent, GET | PUT | PATCH, GUARD_LOGIN },
	{ "printshotfeedbacks/*/",           obico_absent, GET | PUT | PATCH, GUARD_LOGIN },
	{ "mobile_devices/*/",               obico_absent, GET, GUARD_LOGIN },
	{ "tunnels/",                        obico_empty_list, GET, GUARD_LOGIN },
	{ "tunnels/",                        obico_tunnel, POST, GUARD_LOGIN },
	{ "tunnels/*/",                      obico_absent, GET | DELETE, GUARD_LOGIN },
	{ "sharedresources/",                obico_shares, GET, GUARD_LOGIN },
	{ "sharedresources/",                obico_share, POST, GUARD_LOGIN },
	{ "sharedresources/*/",              obico_share_end, DELETE, GUARD_LOGIN },
	{ "tunnelusage/",                    obico_usage, GET, GUARD_LOGIN },
	{ "onetimeverificationcodes/",       obico_code, GET, GUARD_LOGIN },
	{ "onetimeverificationcodes/*/",     obico_code_get, GET, GUARD_LOGIN },
	{ "printer_discovery/",              obico_forbidden, GET | POST, GUARD_LOGIN },
	{ "one_time_passcodes/",             obico_forbidden, POST, GUARD_LOGIN },
	{ "octo/printer/",                   obico_agent_printer, GET | PATCH, GUARD_AGENT },
	{ "octo/ping/",                      obico_agent_printer, GET | PATCH, GUARD_AGENT },
	{ "octo/pic/",                       obico_agent_ok, POST, GUARD_AGENT },
	{ "octo/printer_events/",            obico_agent_ok, POST, GUARD_AGENT },
};
/* clang-format on */

static unsigned
method_bit(const char *method)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = {
		{ "GET", GET },
		{ "POST", POST },
		{ "PUT", PUT },
		{ "PATCH", PATCH },
		{ "DELETE", DELETE },
		{ "HEAD", HEAD | GET },
		{ "OPTIONS", OPTIONS },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, method) == 0)
			return names[i].bit;
	}
	return 0;
}

/* Does the path fit?  call.arg becomes what the star stands for. */
static bool
match(struct obico_call *call, const char *path, const char *pattern)
{
	const char *star = strchr(pattern, '*');
	size_t before = star == NULL ? strlen(pattern) :
				       (size_t)(star - pattern);
	size_t len;

	if (strncmp(path, pattern, before) != 0)
		return false;
	path += before;
	if (star == NULL)
		return *path == '\0';
	len = strcspn(path, "/.");
	if (len == 0 || strcmp(path + len, star + 1) != 0)
		return false;
	free(call->arg);
	call->arg = strndup(path, len);
	return call->arg != NULL;
}

static const struct obico_route *
find_path(struct obico_call *call, const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (match(call, path, routes[i].pattern))
			return &routes[i];
	}
	return NULL;
}

/*
 * Follow a path below /api/v1/.  It may end with a format, as in
 * printers.json; *format is then what it is.
 */
static const struct obico_route *
find_route(struct obico_call *call, const char *path, char format[16])
{
	const struct obico_route *route = find_path(call, path);
	const char *dot = strrchr(path, '.');
	char *plain;
	size_t len;

	format[0] = '\0';
	if (route != NULL || dot == NULL || dot == path)
		return route;
	len = strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
	if (len == 0 || len > 15 ||
	    (dot[1 + len] != '\0' && strcmp(dot + 1 + len, "/") != 0) ||
	    asprintf(&plain, "%.*s/", (int)(dot - path), path) < 0)
		return NULL;
	memcpy(format, dot + 1, len);
	format[len] = '\0';
	route = find_path(call, plain);
	free(plain);
	return route;
}

/* The row for the method; the methods of all rows go to call.allow. */
static const struct obico_route *
find_method(struct obico_call *call, const struct obico_route *first)
{
	unsigned bit = method_bit(call->ex->method);
	const struct obico_route *found = NULL;
	unsigned allow = OPTIONS;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct obico_route *row = &routes[i];

		if (strcmp(row->pattern, first->pattern) != 0)
			continue;
		allow |= row->methods;
		if ((row->methods & bit) != 0)
			found = row;
	}
	if ((allow & GET) != 0)
		allow |= HEAD;
	call->allow = (unsigned short)allow;
	return found;
}

/* Does the client take JSON? */
static bool
takes_json(const struct obico_call *call)
{
	const char *at = exchange_header(call->ex, HEADER_ACCEPT);

	if (call->ex->header[HEADER_ACCEPT] == NULL)
		return true;
	while (*at != '\0') {
		size_t len;

		at += strspn(at, ", \t");
		len = strcspn(at, ",; \t");
		if ((len == 3 && strncmp(at, "*/*", len) == 0) ||
		    (len == 13 && strncmp(at, "application/*", len) == 0) ||
		    (len == 16 && strncmp(at, "application/json", len) == 0))
			return true;
		at += strcspn(at, ",");
	}
	return false;
}

static bool
is_agent(const struct obico_call *call)
{
	const char *at = exchange_header(call->ex, HEADER_AUTHORIZATION);
	const struct obico_printer_row *printer;

	if (strncasecmp(at, "Token ", 6) != 0)
		return false;
	TAILQ_FOREACH (printer, &call->obico->printers, entry) {
		if (printer->deleted == 0 && printer->archived_at == 0 &&
		    strcmp(printer->auth_token, at + 6) == 0)
			return true;
	}
	return false;
}

/* Answer OPTIONS as DRF does. */
static void
describe(struct obico_call *call)
{
	text_puts(&call->out,
	    "{\"name\":\"Api\",\"description\":\"\",\"renders\":["
	    "\"application/json\"],\"parses\":[\"application/json\","
	    "\"application/x-www-form-urlencoded\","
	    "\"multipart/form-data\"]}");
}

static void
serve(struct obico_call *call, const struct obico_route *route,
    const char *format)
{
	const char *wanted = obico_param(call, "format");
	const struct obico_route *row = find_method(call, route);

	call->is_api = true;
	if ((format[0] != '\0' && strcmp(format, "json") != 0) ||
	    (wanted != NULL && strcmp(wanted, "json") != 0)) {
		obico_detail(call, 404, "Not found.");
	} else if (!takes_json(call)) {
		obico_detail(call, 406,
		    "Could not satisfy the request Accept header.");
	} else if (!obico_parse(call, route->guard != GUARD_FORM)) {
		return;
	} else if (route->guard == GUARD_AGENT && !is_agent(call)) {
		obico_no_agent(call);
	} else if (route->guard != GUARD_AGENT && call->account == NULL) {
		obico_forbidden(call);
	} else if (strcmp(call->ex->method, "OPTIONS") == 0) {
		describe(call);
	} else if (row == NULL) {
		obico_detail(call, 405, "Method \"%s\" not allowed.",
		    text_is_utf8(call->ex->method) ? call->ex->method : "?");
	} else {
		row->serve(call);
	}
}

bool
obico_is_path(struct obico_call *call, const char *path)
{
	char format[16];

	return find_route(call, path, format) != NULL;
}

bool
obico_route(struct obico_call *call, const char *path)
{
	char format[16];
	const struct obico_route *route = find_route(call, path, format);

	if (route != NULL)
		serve(call, route, format);
	return route != NULL;
}
