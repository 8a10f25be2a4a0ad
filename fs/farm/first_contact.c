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
#include "fs/farm/first_contact.h"
#include "fs/setup/local_paths.h"
#include "fs/setup/printer_config.h"

static void
configure_http(const struct printer_config *conf, struct http_config *config)
{
	const struct options *options = &conf->options;
	const struct login *login = &conf->login;

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

/* First contact has a connection of its own: it must not cross a fork. */
static int
make_contact(struct printer_config *conf, const struct wait *wait)
{
	struct http_config config;
	struct http *http;
	int error;

	buf_free(&conf->probe.storage);
	configure_http(conf, &config);
	error = http_new(&config, &http);
	if (error != 0)
		return error;
	error = printer_config_is_account(conf) ?
	    obico_probe(http, wait, conf->probe.words) :
	    prusalink_probe(http, wait, &conf->probe);
	http_free(http);
	return error;
}

int
first_contact_meet(struct printer_config *conf, const struct local_paths *paths,
    const struct wait *wait)
{
	int error = 0;

	if (conf->kept == NULL)
		conf->kept = local_paths_name(conf->login.url);
	if (conf->kept == NULL)
		error = -ENOMEM;
	if (error == 0)
		error = make_contact(conf, wait);
	conf->error = error;
	if (printer_config_is_account(conf))
		return error;
	if (error == 0)
		local_paths_note_traits(paths, conf->kept, conf->probe.traits);
	else if (conf->kept != NULL)
		conf->probe.traits = local_paths_traits(paths, conf->kept);
	return error;
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
first_contact_explain(const struct printer_config *conf)
{
	const char *name = conf->name == NULL ? "" : conf->name;
	const char *colon = conf->name == NULL ? "" : ": ";
	const char *words = conf->probe.words, *text;
	int error = conf->error;
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error != -error)
			continue;
		if (error != -EPROTO)
			words = "";
		text = printer_config_is_account(conf) &&
			reasons[i].account != NULL ?
		    reasons[i].account :
		    reasons[i].text;
		log_say(LOG_LEVEL_ERROR, "%s%s%s: %s%s%s", name, colon,
		    conf->login.url, text, *words ? ": " : "", words);
		return reasons[i].status;
	}
	log_say(LOG_LEVEL_ERROR, "%s%s%s: %s", name, colon, conf->login.url,
	    strerror(-error));
	return STATUS_UNREACHABLE;
}

static int
set_camera(const struct printer_config *conf, struct printer *printer)
{
	const char *url = conf->options.camera;
	struct http_config config;
	struct camera *camera;
	int error;

	if (url == NULL)
		return 0;
	configure_http(conf, &config);
	error = camera_new(&config, url, &camera);
	if (error == 0)
		prusalink_set_camera(printer, camera);
	else
		printer_free(printer);
	return error;
}

/* A printer around it, which an account watches; takes it in any case. */
static int
link_to_watch(const struct printer_config *conf, struct obico *watch,
    struct printer **printer)
{
	struct printer *watching;
	int error = obico_printer_new(watch, conf->options.obico, false,
	    &watching);

	if (error == 0)
		return watched_new(*printer, watching, printer);
	printer_free(*printer);
	return error;
}

int
first_contact_obico(const struct printer_config *conf, struct obico **out)
{
	struct http_config config;

	configure_http(conf, &config);
	config.tells = true;
	config.is_away = printer_config_is_away(conf);
	return obico_new(&config, conf->options.ttl_ms, out);
}

int
first_contact_printer(const struct printer_config *conf, struct obico *watch,
    struct printer **out)
{
	struct http_config config;
	struct http *http;
	int error;

	configure_http(conf, &config);
	config.tells = true;
	config.is_away = conf->name != NULL && printer_config_is_away(conf);
	error = http_new(&config, &http);
	if (error == 0)
		error = prusalink_new(http, conf->probe.traits, out);
	if (error == 0)
		error = set_camera(conf, *out);
	if (error == 0 && watch != NULL)
		error = link_to_watch(conf, watch, out);
	return error;
}

static void
check_watch(const struct printer_config *conf,
    const struct printer_config *account, const struct printer_list *list)
{
	const struct listed_printer *printer;

	if (conf->options.obico == 0)
		return;
	printer = printer_list_find(list, conf->options.obico);
	if (printer == NULL || printer->archived)
		log_say(LOG_LEVEL_ERROR,
		    "%s: obico = %lld: %s has no printer of that number",
		    conf->name, (long long)conf->options.obico, account->name);
}

void
first_contact_check_watches(const struct printer_configs *confs,
    const struct wait *wait)
{
	const struct printer_config *conf, *account = NULL;
	struct printer_list *list;
	struct obico *obico;
	bool wanted = false;

	TAILQ_FOREACH (conf, confs, link) {
		if (printer_config_is_account(conf))
			account = conf;
		wanted = wanted || conf->options.obico != 0;
	}
	if (!wanted || account == NULL || account->error != 0 ||
	    first_contact_obico(account, &obico) != 0)
		return;
	if (obico_printers(obico, wait, &list) == 0) {
		TAILQ_FOREACH (conf, confs, link)
			check_watch(conf, account, list);
		printer_list_release(list);
	}
	obico_release(obico);
}
