/*
 * A printer, or an account, before it is mounted.  Belongs to
 * one thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/setup/printer_config.h"

int
printer_config_new(const char *name, const struct options *options,
    struct printer_config **out)
{
	struct printer_config *conf = calloc(1, sizeof(*conf));
	int error;

	if (conf == NULL)
		return -ENOMEM;
	error = options_copy(&conf->options, options);
	if (error == 0 && name != NULL) {
		conf->name = strdup(name);
		error = conf->name == NULL ? -ENOMEM : 0;
	}
	if (error != 0) {
		printer_config_free(conf);
		return error;
	}
	*out = conf;
	return 0;
}

void
printer_config_free(struct printer_config *conf)
{
	if (conf == NULL)
		return;
	buf_free(&conf->probe.storage);
	buf_free(&conf->told);
	login_free(&conf->login);
	options_free(&conf->options);
	free(conf->name);
	free(conf->kept);
	free(conf);
}

void
printer_configs_free(struct printer_configs *confs)
{
	struct printer_config *conf;

	while ((conf = TAILQ_FIRST(confs)) != NULL) {
		TAILQ_REMOVE(confs, conf, link);
		printer_config_free(conf);
	}
}

bool
printer_config_is_account(const struct printer_config *conf)
{
	return conf->options.backend->account_new != NULL;
}

bool
printer_config_is_same(const struct printer_config *a,
    const struct printer_config *b)
{
	return strcmp(buf_text(&a->told), buf_text(&b->told)) == 0 &&
	    login_is_same(&a->login, &b->login);
}

bool
printer_config_is_away(const struct printer_config *conf)
{
	int error = conf->error;

	return error != 0 && error != -EACCES && error != -EPROTO &&
	    error != -EOPNOTSUPP && error != -EINVAL && error != -ENOMEM;
}
