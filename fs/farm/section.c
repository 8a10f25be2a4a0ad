/*
 * A printer before and while it becomes a part of the mount: first contact,
 * and the parts around the client that talks to it.  Belongs to one thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/log.h"
#include "client/base/wait.h"
#include "client/camera/camera.h"
#include "client/http/http.h"
#include "client/obico/obico.h"
#include "client/printer.h"
#include "client/watched.h"
#include "fs/core/mounted.h"
#include "fs/core/space.h"
#include "fs/farm/section.h"
#include "fs/setup/local_paths.h"

int
section_new(const char *name, const struct options *options,
    struct section **out)
{
	struct section *section = calloc(1, sizeof(*section));
	int error;

	if (section == NULL)
		return -ENOMEM;
	error = options_copy(&section->options, options);
	if (error == 0 && name != NULL) {
		section->name = strdup(name);
		error = section->name == NULL ? -ENOMEM : 0;
	}
	if (error != 0) {
		section_free(section);
		return error;
	}
	*out = section;
	return 0;
}

void
section_free(struct section *section)
{
	if (section == NULL)
		return;
	buf_free(&section->probe.storage);
	buf_free(&section->told);
	login_free(&section->login);
	options_free(&section->options);
	free(section->name);
	free(section->kept);
	free(section);
}

void
sections_free(struct sections *sections)
{
	struct section *section;

	while ((section = TAILQ_FIRST(sections)) != NULL) {
		TAILQ_REMOVE(sections, section, link);
		section_free(section);
	}
}

static void
configure_http(const struct section *section, struct http_config *config)
{
	const struct options *options = &section->options;
	const struct login *login = &section->login;

	memset(config, 0, sizeof(*config));
	config->url = login->url;
	config->user = login->user;
	config->password = login->is_key || login->is_token ? NULL :
							      login->secret;
	config->api_key = login->is_key ? login->secret : NULL;
	config->token = login->is_token ? login->secret : NULL;
	config->ca_file = options->ca_file;
	config->connect_ms = options->connect_ms;
	config->answer_ms = options->answer_ms;
	config->stall_ms = options->stall_ms;
}

bool
section_is_account(const struct section *section)
{
	return section->options.type == TYPE_OBICO;
}

/* First contact has a connection of its own: it must not cross a fork. */
static int
make_contact(struct section *section, const struct wait *wait)
{
	struct http_config config;
	struct http *http;
	int error;

	buf_free(&section->probe.storage);
	configure_http(section, &config);
	error = http_new(&config, &http);
	if (error != 0)
		return error;
	error = section_is_account(section) ?
	    obico_probe(http, wait, section->probe.words) :
	    prusalink_probe(http, wait, &section->probe);
	http_free(http);
	return error;
}

int
section_meet(struct section *section, const struct local_paths *paths,
    const struct wait *wait)
{
	int error = 0;

	if (section->kept == NULL)
		section->kept = local_paths_name(section->login.url);
	if (section->kept == NULL)
		error = -ENOMEM;
	if (error == 0)
		error = make_contact(section, wait);
	section->error = error;
	if (section_is_account(section))
		return error;
	if (error == 0)
		local_paths_note_traits(paths, section->kept,
		    section->probe.traits);
	else if (section->kept != NULL)
		section->probe.traits = local_paths_traits(paths,
		    section->kept);
	return error;
}

bool
section_is_same(const struct section *a, const struct section *b)
{
	return strcmp(buf_text(&a->told), buf_text(&b->told)) == 0 &&
	    login_is_same(&a->login, &b->login);
}

bool
section_is_away(const struct section *section)
{
	int error = section->error;

	return error != 0 && error != -EACCES && error != -EPROTO &&
	    error != -EOPNOTSUPP && error != -EINVAL && error != -ENOMEM;
}

static const struct {
	int error;
	int status;
	const char *text;
	const char *account; /* the same of an account, or NULL */
} reasons[] = {
	{ EACCES, STATUS_LOGIN,
	    "login refused: wrong user or password "
	    "(Settings > Network > PrusaLink on the printer)",
	    "login refused: the token is not, or no longer, good" },
	{ EPROTO, STATUS_NO_PRINTER, "that is not a PrusaLink",
	    "that is not an Obico server" },
	{ EOPNOTSUPP, STATUS_NO_PRINTER,
	    "its PrusaLink is too old: it has no /api/v1 (printers have it "
	    "since firmware 4.7, the Raspberry Pi since PrusaLink 0.7)",
	    NULL },
	{ EINVAL, STATUS_USAGE, "that is no address of a printer", NULL },
	{ EHOSTDOWN, STATUS_UNREACHABLE,
	    "connection refused (is the "
	    "printer on, and PrusaLink enabled?)",
	    "connection refused (is the server running?)" },
	{ EHOSTUNREACH, STATUS_UNREACHABLE,
	    "no such host, or no way "
	    "to it (is the printer on?)",
	    "no such host, or no way to it" },
	{ ETIMEDOUT, STATUS_UNREACHABLE,
	    "no answer (is the printer "
	    "on?)",
	    "no answer" },
	{ EINTR, STATUS_UNREACHABLE,
	    "no answer (is the printer "
	    "on?)",
	    "no answer" },
};

int
section_explain(const struct section *section)
{
	const char *name = section->name == NULL ? "" : section->name;
	const char *colon = section->name == NULL ? "" : ": ";
	const char *words = section->probe.words, *text;
	int error = section->error;
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error != -error)
			continue;
		if (error != -EPROTO)
			words = "";
		text = section_is_account(section) &&
			reasons[i].account != NULL ?
		    reasons[i].account :
		    reasons[i].text;
		log_say(LOG_LEVEL_ERROR, "%s%s%s: %s%s%s", name, colon,
		    section->login.url, text, *words ? ": " : "", words);
		return reasons[i].status;
	}
	log_say(LOG_LEVEL_ERROR, "%s%s%s: %s", name, colon, section->login.url,
	    strerror(-error));
	return STATUS_UNREACHABLE;
}

static int
set_camera(const struct section *section, struct printer *printer)
{
	const char *url = section->options.camera;
	struct http_config config;
	struct camera *camera;
	int error;

	if (url == NULL)
		return 0;
	configure_http(section, &config);
	error = camera_new(&config, url, &camera);
	if (error == 0)
		prusalink_set_camera(printer, camera);
	else
		printer_free(printer);
	return error;
}

/* A printer around it, which an account watches; takes it in any case. */
static int
link_to_watch(const struct section *section, struct obico *watch,
    struct printer **printer)
{
	struct printer *watching;
	int error = obico_printer_new(watch, section->options.obico, false,
	    &watching);

	if (error == 0)
		return watched_new(*printer, watching, printer);
	printer_free(*printer);
	return error;
}

int
section_obico(const struct section *section, struct obico **out)
{
	struct http_config config;

	configure_http(section, &config);
	config.tells = true;
	config.is_away = section_is_away(section);
	return obico_new(&config, section->options.ttl_ms, out);
}

int
section_mounted(const struct section *section,
    const struct section_config *with, struct mounted **out)
{
	const struct options *options = &section->options;
	const struct mounted_config config = { .settings = with->settings,
		.folder = section->name,
		.cache_dir = with->paths->cache_dir,
		.name = section->kept,
		.unsent = with->unsent,
		.cache_size = options->cache_size,
		.ttl_ms = options->ttl_ms };
	struct http_config http_config;
	struct printer *printer;
	struct http *http;
	int error;

	configure_http(section, &http_config);
	http_config.tells = true;
	http_config.is_away = section->name != NULL && section_is_away(section);
	error = http_new(&http_config, &http);
	if (error == 0)
		error = prusalink_new(http, section->probe.traits, &printer);
	if (error == 0)
		error = set_camera(section, printer);
	if (error == 0 && with->watch != NULL)
		error = link_to_watch(section, with->watch, &printer);
	if (error == 0)
		error = mounted_new(&config, printer, out);
	if (error == 0)
		space_note((*out)->space, section->probe.storage.data,
		    section->probe.storage.len);
	return error;
}

static void
check_watch(const struct section *section, const struct section *account,
    const struct printer_list *list)
{
	const struct listed_printer *printer;

	if (section->options.obico == 0)
		return;
	printer = printer_list_find(list, section->options.obico);
	if (printer == NULL || printer->archived)
		log_say(LOG_LEVEL_ERROR,
		    "%s: obico = %lld: %s has no printer of that number",
		    section->name, (long long)section->options.obico,
		    account->name);
}

void
sections_check_watches(const struct sections *sections, const struct wait *wait)
{
	const struct section *section, *account = NULL;
	struct printer_list *list;
	struct obico *obico;
	bool wanted = false;

	TAILQ_FOREACH (section, sections, link) {
		if (section_is_account(section))
			account = section;
		wanted = wanted || section->options.obico != 0;
	}
	if (!wanted || account == NULL || account->error != 0 ||
	    section_obico(account, &obico) != 0)
		return;
	if (obico_printers(obico, wait, &list) == 0) {
		TAILQ_FOREACH (section, sections, link)
			check_watch(section, account, list);
		printer_list_release(list);
	}
	obico_release(obico);
}
