/*
 * The printers file.  What is wrong in it is told line by line; a file in
 * which anything is wrong is not used at all.  Belongs to one thread.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/backends.h"
#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "fs/setup/conf.h"
#include "fs/setup/mount_paths.h"
#include "fs/setup/printers_file.h"
#include "fs/tree/control.h"

#define PROBLEMS 20 /* more are not told */

struct reader {
	const char *path;
	const struct options *options;
	bool (*is_taken)(const char *name);
	struct printer_configs *confs;
	struct printer_config
	    *conf;     /* the one that the lines belong to, or NULL */
	bool skipping; /* the lines of one whose name is no good */
	bool has_password_file;
	bool has_key_file;
	int count;
	int problems;
	size_t only; /* the line of the section that is mounted alone; 0: all */
};

static void __attribute__((format(printf, 3, 4)))
complain(struct reader *reader, size_t line, const char *format, ...)
{
	char text[300];
	va_list args;

	if (reader->problems++ >= PROBLEMS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_say(LOG_LEVEL_ERROR, "%s:%zu: %s", reader->path, line, text);
}

static struct printer_config *
find_name(const struct reader *reader, const char *name)
{
	struct printer_config *conf;

	TAILQ_FOREACH (conf, reader->confs, link) {
		if (strcmp(conf->name, name) == 0)
			return conf;
	}
	return NULL;
}

/* Another printer of that address, before this one. */
static const struct printer_config *
find_url(const struct reader *reader, const struct printer_config *except)
{
	const struct printer_config *conf;

	TAILQ_FOREACH (conf, reader->confs, link) {
		/* One server may have several accounts. */
		if (conf != except && conf->login.url != NULL &&
		    !(printer_config_is_account(conf) &&
			printer_config_is_account(except)) &&
		    strcasecmp(conf->login.url, except->login.url) == 0)
			return conf;
	}
	return NULL;
}

/* Why a printer cannot have this name; NULL: it can. */
static const char *
why_no_name(const struct reader *reader, const char *name)
{
	if (*name == '\0')
		return "a section needs a name";
	if (strlen(name) > 255)
		return "this name is longer than a file's can be";
	if (!name_is_sane(name))
		return "no directory can have this name";
	if (reader->is_taken(name))
		return "a file beside the printers has this name";
	if (strcmp(name, CONTROL_ALL) == 0 || control_knows(name))
		return "this name is a word of the file control";
	if (*name == '#')
		return "a name that begins with # cannot be commanded";
	return find_name(reader, name) != NULL ? "this name is taken" : NULL;
}

/* The login, when the lines of a section have ended. */
static void
read_login(struct reader *reader, struct printer_config *conf)
{
	const struct printer_config *other;
	char where[300];
	int status;

	snprintf(where, sizeof(where), "%s:%zu: ", reader->path, conf->line);
	status = login_of_section(&conf->options, where, &conf->login);
	if (status != 0) {
		reader->problems++;
		return;
	}
	other = find_url(reader, conf);
	if (other != NULL)
		complain(reader, conf->line,
		    "[%s] has the same url as [%s] in line %zu", conf->name,
		    other->name, other->line);
}

/* Has the section told this key before? */
static bool
is_told(const struct printer_config *conf, const char *key)
{
	const char *at = buf_text(&conf->told);
	size_t len = strlen(key);

	while (*at != '\0') {
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			return true;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return false;
}

/* What belongs to accounts only, and to printers only; NULL: nothing wrong. */
static const char *
why_no_account(const struct reader *reader, const struct printer_config *conf)
{
	const struct options *options = &conf->options;
	bool is_account = printer_config_is_account(conf);

	if (is_account &&
	    (reader->has_key_file || reader->has_password_file ||
		options->camera != NULL || options->watched > 0))
		return "is an account: it has url, type, token_file and limits";
	if (is_account && options->token_file == NULL && reader->only == 0)
		return "has no token_file";
	if (!is_account && is_told(conf, "token_file"))
		return "has a token_file, and no type of an account";
	return NULL;
}

static void
finish(struct reader *reader)
{
	struct printer_config *conf = reader->conf;
	const struct options *options;

	reader->conf = NULL;
	if (conf == NULL)
		return;
	options = &conf->options;
	if (options->source == NULL)
		complain(reader, conf->line, "[%s] has no url", conf->name);
	else if (reader->has_key_file && reader->has_password_file)
		complain(reader, conf->line,
		    "[%s] has a password_file and an api_key_file", conf->name);
	else if (why_no_account(reader, conf) != NULL)
		complain(reader, conf->line, "[%s] %s", conf->name,
		    why_no_account(reader, conf));
	else if (reader->only != 0)
		return;
	else if (!printer_config_is_account(conf) &&
	    options->password_file == NULL && options->api_key_file == NULL)
		complain(reader, conf->line,
		    "[%s] has neither password_file nor api_key_file",
		    conf->name);
	else
		read_login(reader, conf);
}

static int
begin(struct reader *reader, const struct conf_line *line)
{
	const char *why = NULL;
	struct printer_config *conf;

	finish(reader);
	if (reader->only == 0)
		why = why_no_name(reader, line->section);
	reader->skipping = why != NULL ||
	    (reader->only != 0 && reader->only != line->number);
	if (reader->skipping && why == NULL)
		return 0;
	if (why == NULL && reader->count == PRINTERS_FILE_MAX)
		why = "there are more than 1000 printers";
	if (why != NULL) {
		complain(reader, line->number, "[%.80s]: %s", line->section,
		    why);
		return reader->count == PRINTERS_FILE_MAX ? -E2BIG : 0;
	}
	if (printer_config_new(line->section, reader->options, &conf) != 0)
		return -ENOMEM;
	free(conf->options.source);
	conf->options.source = NULL;
	conf->line = line->number;
	reader->has_password_file = reader->has_key_file = false;
	reader->conf = conf;
	reader->count++;
	TAILQ_INSERT_TAIL(reader->confs, conf, link);
	return 0;
}

/* A path in the printers file is relative to that file. */
static char *
beside(const struct reader *reader, const char *path)
{
	char *folder, *joined;

	if (*path == '/')
		return strdup(path);
	folder = name_folder(reader->path);
	joined = folder == NULL ? NULL : name_join(folder, path);
	free(folder);
	return joined;
}

static int
set_path(struct reader *reader, const struct option_row *row, const char *value)
{
	struct options *options = &reader->conf->options;
	char *path = beside(reader, value);
	int error = path == NULL ? -ENOMEM : options_set(options, row, path);

	free(path);
	if (error != 0)
		return error;
	/* One kind of secret instead of the other, for all, before. */
	if (strcmp(row->name, "password_file") == 0) {
		reader->has_password_file = true;
		if (!reader->has_key_file) {
			free(options->api_key_file);
			options->api_key_file = NULL;
		}
	} else if (strcmp(row->name, "api_key_file") == 0) {
		reader->has_key_file = true;
		if (!reader->has_password_file) {
			free(options->password_file);
			options->password_file = NULL;
		}
	}
	return 0;
}

static int
set_key(struct reader *reader, const struct option_row *row,
    const struct conf_line *line)
{
	struct options *options = &reader->conf->options;

	if (row == NULL) /* the url */
		return options_read_text(line->value, &options->source);
	if (strcmp(row->value, "PATH") == 0)
		return set_path(reader, row, line->value);
	return options_set(options, row, line->value);
}

static bool
is_no_key(const char *key, const char **why)
{
	const bool is_secret = strcmp(key, "password") == 0 ||
	    strcmp(key, "api_key") == 0 || strcmp(key, "token") == 0;

	*why = is_secret ? "a secret has a file of its own: use password_file, "
			   "api_key_file or token_file" :
			   "there is no such key";
	return is_secret ||
	    (strcmp(key, "url") != 0 && options_of_printer(key) == NULL);
}

static int
complain_key(struct reader *reader, const struct conf_line *line,
    const char *why)
{
	struct buf keys = { 0 };
	int error = options_list_of_printer(&keys);

	complain(reader, line->number, "%.80s: %s; there are: url%s", line->key,
	    why, buf_text(&keys));
	buf_free(&keys);
	return error;
}

/*
 * Does the command line say it?  A password from there, or from the
 * environment, is instead of either kind of file.
 */
static bool
is_settled(const struct reader *reader, const char *key)
{
	const struct options *options = reader->options;
	const struct option_row *row = options_of_printer(key);
	const char *environment = getenv("PRUSA_PASSWORD");

	if (row == NULL)
		return false;
	if (strcmp(key, "password_file") == 0 ||
	    strcmp(key, "api_key_file") == 0)
		return options->password_file != NULL ||
		    options->api_key_file != NULL ||
		    (environment != NULL && *environment != '\0');
	return options_is_given(options, row);
}

static int
take_key(struct reader *reader, const struct conf_line *line)
{
	struct printer_config *conf = reader->conf;
	const char *why;
	int error;

	if (is_no_key(line->key, &why))
		return complain_key(reader, line, why);
	if (*line->value == '\0' || is_told(conf, line->key)) {
		complain(reader, line->number, "%s: %s", line->key,
		    *line->value == '\0' ? "it needs a value" :
					   "this section has it twice");
		return 0;
	}
	error = buf_printf(&conf->told, "%s=%s\n", line->key, line->value);
	if (reader->only != 0 && is_settled(reader, line->key))
		return error;
	if (error == 0)
		error = set_key(reader, options_of_printer(line->key), line);
	if (error == -EINVAL)
		complain(reader, line->number, "%s: that is no value for it",
		    line->key);
	else if (error == 0 && strcmp(line->key, "ca_file") == 0 &&
	    access(conf->options.ca_file, R_OK) != 0)
		complain(reader, line->number, "%s: %s", conf->options.ca_file,
		    strerror(errno));
	return error == -ENOMEM ? error : 0;
}

static int
take(void *arg, const struct conf_line *line)
{
	struct reader *reader = arg;

	if (line->problem != NULL && reader->only != 0 && reader->skipping)
		return 0;
	if (line->problem != NULL)
		complain(reader, line->number, "%s", line->problem);
	else if (line->key == NULL)
		return begin(reader, line);
	else if (reader->conf != NULL)
		return take_key(reader, line);
	else if (!reader->skipping)
		complain(reader, line->number,
		    "%.80s: no section [NAME] has begun", line->key);
	return 0;
}

/* What the type of such a section can be. */
static const char *
account_type(void)
{
	const struct backend *const *backend = backends;

	while ((*backend)->account_new == NULL)
		backend++;
	return (*backend)->type;
}

/*
 * The account that printers are watched through: the only one of the file.  If
 * that changes, they are others than before.
 */
static int
find_watches(struct reader *reader)
{
	const struct printer_config *account = NULL;
	struct printer_config *conf;
	size_t count = 0;
	int error = 0;

	TAILQ_FOREACH (conf, reader->confs, link) {
		if (printer_config_is_account(conf)) {
			account = conf;
			count++;
		}
	}
	TAILQ_FOREACH (conf, reader->confs, link) {
		if (conf->options.watched == 0)
			continue;
		if (count != 1)
			complain(reader, conf->line,
			    "[%s] has a number in an account: there must be "
			    "just one section of type %s",
			    conf->name, account_type());
		else if (error == 0)
			error = buf_printf(&conf->told, "[%s]\n%s",
			    account->name, buf_text(&account->told));
	}
	return error;
}

bool
printers_file_is(const char *source)
{
	return strstr(source, "://") == NULL &&
	    (strchr(source, '/') != NULL || name_has_suffix(source, ".conf"));
}

/* Read the text.  Returns 0, or STATUS_USAGE and no sections. */
static int
read_text(struct reader *reader, struct buf *text)
{
	int error = conf_parse(text->data, text->len, take, reader);

	finish(reader);
	if (error == 0 && reader->only == 0)
		error = find_watches(reader);
	if (error == 0 && reader->count == 0 && reader->problems == 0)
		complain(reader, 1, "there is no printer in it");
	if (error != 0 && reader->problems == 0)
		log_say(LOG_LEVEL_ERROR, "%s: %s", reader->path,
		    strerror(-error));
	if (error == 0 && reader->problems == 0)
		return 0;
	printer_configs_free(reader->confs);
	return STATUS_USAGE;
}

int
printers_file_read(const char *path, const struct options *options,
    bool (*is_taken)(const char *name), struct printer_configs *out)
{
	struct reader reader = { .path = path,
		.options = options,
		.is_taken = is_taken,
		.confs = out };
	struct buf text = { 0 };
	int status = STATUS_USAGE, error = conf_load(path, &text);

	TAILQ_INIT(out);
	if (error == 0)
		status = read_text(&reader, &text);
	else
		log_say(LOG_LEVEL_ERROR, "%s: %s", path,
		    error == -EINVAL ? "is not a file" : strerror(-error));
	buf_free(&text);
	return status;
}

/* $XDG_CONFIG_HOME/prusafs/printers.conf; root's is in /etc. */
char *
printers_file_default(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = mount_paths_home();
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
	struct printer_configs confs = TAILQ_HEAD_INITIALIZER(confs);
	struct reader reader = { .path = path,
		.options = options,
		.confs = &confs,
		.skipping = true };
	char *copy = text->len == 0 ? NULL : malloc(text->len + 1);
	int status;

	if (copy == NULL)
		return 0;
	memcpy(copy, text->data, text->len + 1);
	(void)conf_parse(copy, text->len, find_conf, &finder);
	free(copy);
	if (finder.found == 0)
		return 0;
	reader.only = finder.found;
	status = read_text(&reader, text);
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
