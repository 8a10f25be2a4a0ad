/*
 * A printer before and while it becomes a part of the mount: first contact,
 * and the parts around the client that talks to it.  Belongs to one thread.
 */
#include <errno.h>
#include <string.h>

#include "client/account_server.h"
#include "client/base/log.h"
#include "client/base/wait.h"
#include "client/http/http.h"
#include "client/printer.h"
#include "client/watched.h"
#include "fs/farm/first_contact.h"
#include "fs/setup/mount_paths.h"
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
	config->limits.connect_ms = options->connect_ms;
	config->limits.answer_ms = options->answer_ms;
	config->limits.stall_ms = options->stall_ms;
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
	error = conf->options.backend->probe(http, wait, &conf->probe);
	http_free(http);
	return error;
}

int
first_contact_meet(struct printer_config *conf, const struct mount_paths *paths,
    const struct wait *wait)
{
	int error = 0;

	if (conf->kept == NULL)
		conf->kept = mount_paths_name(conf->login.url);
	if (conf->kept == NULL)
		error = -ENOMEM;
	if (error == 0)
		error = make_contact(conf, wait);
	conf->error = error;
	if (printer_config_is_account(conf))
		return error;
	if (error == 0)
		mount_paths_note_traits(paths, conf->kept, conf->probe.traits);
	else if (conf->kept != NULL)
		conf->probe.traits = mount_paths_traits(paths, conf->kept,
		    conf->options.backend->traits);
	return error;
}

/* The exit status for an error; all others are of a printer that is away. */
static int
status_of(int error)
{
	switch (error) {
	case -EACCES:
		return STATUS_LOGIN;
	case -EPROTO:
	case -EOPNOTSUPP:
		return STATUS_NO_PRINTER;
	case -EINVAL:
		return STATUS_USAGE;
	default:
		return STATUS_UNREACHABLE;
	}
}

int
first_contact_explain(const struct printer_config *conf)
{
	int error = conf->error == -EINTR ? -ETIMEDOUT : conf->error;
	const struct backend_reason *reason = conf->options.backend->reasons;
	const char *words = error == -EPROTO ? conf->probe.words : "";

	while (reason->error != 0 && reason->error != error)
		reason++;
	log_say(LOG_LEVEL_ERROR, "%s%s%s: %s%s%s",
	    conf->name == NULL ? "" : conf->name,
	    conf->name == NULL ? "" : ": ", conf->login.url,
	    reason->error != 0	 ? reason->text :
		error == -EINVAL ? "that is no address of a printer" :
				   strerror(-error),
	    *words ? ": " : "", words);
	return status_of(error);
}

/* A printer around it, which an account watches; takes it in any case. */
static int
link_to_watch(const struct printer_config *conf, struct account_server *watch,
    struct printer **printer)
{
	struct printer *watching;
	int error = account_server_printer_new(watch, conf->options.watched,
	    false, &watching);

	if (error == 0)
		return watched_new(*printer, watching, printer);
	printer_free(*printer);
	return error;
}

int
first_contact_account(const struct printer_config *conf,
    struct account_server **out)
{
	struct http_config config;

	configure_http(conf, &config);
	config.logs = true;
	config.is_away = printer_config_is_away(conf);
	return conf->options.backend->account_new(&config, conf->options.ttl_ms,
	    out);
}

int
first_contact_printer(const struct printer_config *conf,
    struct account_server *watch, struct printer **out)
{
	struct http_config config;
	int error;

	configure_http(conf, &config);
	config.logs = true;
	config.is_away = conf->name != NULL && printer_config_is_away(conf);
	error = conf->options.backend->printer_new(&config, conf->probe.traits,
	    conf->options.camera, out);
	if (error == 0 && watch != NULL)
		error = link_to_watch(conf, watch, out);
	return error;
}

static void
check_watch(const struct printer_config *conf,
    const struct printer_config *account, const struct printer_list *list)
{
	const struct listed_printer *printer;

	if (conf->options.watched == 0)
		return;
	printer = printer_list_find(list, conf->options.watched);
	if (printer == NULL || printer->archived)
		log_say(LOG_LEVEL_ERROR,
		    "%s: obico = %lld: %s has no printer of that number",
		    conf->name, (long long)conf->options.watched,
		    account->name);
}

void
first_contact_check_watches(const struct printer_configs *confs,
    const struct wait *wait)
{
	const struct printer_config *conf, *account = NULL;
	struct printer_list *list;
	struct account_server *server;
	bool wanted = false;

	TAILQ_FOREACH (conf, confs, link) {
		if (printer_config_is_account(conf))
			account = conf;
		wanted = wanted || conf->options.watched != 0;
	}
	if (!wanted || account == NULL || account->error != 0 ||
	    first_contact_account(account, &server) != 0)
		return;
	if (account_server_printers(server, wait, &list) == 0) {
		TAILQ_FOREACH (conf, confs, link)
			check_watch(conf, account, list);
		printer_list_release(list);
	}
	account_server_release(server);
}
