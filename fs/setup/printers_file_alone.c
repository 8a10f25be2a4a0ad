/*
 * A printer that is mounted alone, and its section in the default printers
 * file.  Belongs to one thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/base/buf.h"
#include "fs/setup/conf.h"
#include "fs/setup/local_paths.h"
#include "fs/setup/printers_file.h"

/* $XDG_CONFIG_HOME/prusafs/printers.conf; root's is in /etc. */
char *
printers_file_default(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = local_paths_home();
	char *path;
	int len;

	if (geteuid() == 0)
		return strdup("/etc/prusafs/printers.conf");
	if (config != NULL && *config == '/')
		len = asprintf(&path, "%s/prusafs/printers.conf", config);
	else
		len = asprintf(&path, "%s/.config/prusafs/printers.conf",
		    home == NULL ? "" : home);
	return len < 0 ? NULL : path;
}

/* Do they name one server?  The scheme may be left out, and slashes behind. */
static bool
is_same_server(const char *one, const char *two)
{
	static const char scheme[] = "http://";
	const char *hosts[] = { one, two };
	size_t lens[2], i;

	for (i = 0; i < 2; i++) {
		if (strncasecmp(hosts[i], scheme, strlen(scheme)) == 0)
			hosts[i] += strlen(scheme);
		lens[i] = strlen(hosts[i]);
		while (lens[i] > 0 && hosts[i][lens[i] - 1] == '/')
			lens[i]--;
	}
	return lens[0] == lens[1] &&
	    strncasecmp(hosts[0], hosts[1], lens[0]) == 0;
}

/* Which section is it? */
struct finder {
	const char *wanted;
	size_t begun; /* the line of a section */
	size_t found;
};

static int
find_conf(void *arg, const struct conf_line *line)
{
	struct finder *finder = arg;

	if (line->problem != NULL || line->section == NULL)
		return 0;
	if (line->key == NULL)
		finder->begun = line->number;
	if (line->key == NULL ? strcmp(line->section, finder->wanted) == 0 :
				strcmp(line->key, "url") == 0 &&
		    is_same_server(line->value, finder->wanted))
		finder->found = finder->begun;
	return finder->found != 0;
}

/* What the section says is added to the options that it was read for. */
static void
merge(struct options *options, struct printer_config *conf)
{
	struct options merged = conf->options;

	merged.fuse = options->fuse;
	memset(&options->fuse, 0, sizeof(options->fuse));
	options_free(options);
	*options = merged;
	memset(&conf->options, 0, sizeof(conf->options));
}

static int
complete(struct options *options, const char *path, struct buf *text)
{
	struct finder finder = { .wanted = options->source };
	char *copy = text->len == 0 ? NULL : malloc(text->len + 1);
	struct printer_configs confs;
	int status;

	if (copy == NULL)
		return 0;
	memcpy(copy, text->data, text->len + 1);
	(void)conf_parse(copy, text->len, find_conf, &finder);
	free(copy);
	if (finder.found == 0)
		return 0;
	status = printers_file_read_one(path, text, finder.found, options,
	    &confs);
	if (status != 0)
		return status;
	merge(options, TAILQ_FIRST(&confs));
	printer_configs_free(&confs);
	return 0;
}

int
printers_file_complete(struct options *options)
{
	char *path = printers_file_default();
	struct buf text = { 0 };
	int status = 0;

	if (path != NULL && conf_load(path, &text) == 0)
		status = complete(options, path, &text);
	buf_free(&text);
	free(path);
	return status;
}
