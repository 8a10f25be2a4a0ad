/*
 * Which printer is meant, and its password.  Runs before anything else does,
 * in one thread.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/buf.h"
#include "client/log.h"
#include "client/name.h"
#include "fs/conf.h"
#include "fs/local.h"
#include "fs/login.h"
#include "fs/options.h"

#define SECRET_MAX 256

/* A section of the printers file. */
struct section {
	const char *wanted; /* its name or its url */
	char *file;
	bool found;
	char *url;
	char *user;
	char *password_file;
	char *api_key_file;
};

static void
section_free(struct section *section)
{
	free(section->file);
	free(section->url);
	free(section->user);
	free(section->password_file);
	free(section->api_key_file);
}

/* $XDG_CONFIG_HOME/prusafs/printers.conf; root's is in /etc. */
static char *
printers_file(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = local_home();
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

/* Forget what a section that was not the one has said. */
static void
next_section(struct section *section)
{
	free(section->url);
	free(section->user);
	free(section->password_file);
	free(section->api_key_file);
	section->url = section->user = NULL;
	section->password_file = section->api_key_file = NULL;
}

/* A path in the printers file is relative to that file. */
static char *
beside(const struct section *section, const char *path)
{
	char *folder, *joined;

	if (*path == '/')
		return strdup(path);
	folder = name_folder(section->file);
	joined = folder == NULL ? NULL : name_join(folder, path);
	free(folder);
	return joined;
}

static void
set(char **member, char *value)
{
	free(*member);
	*member = value;
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

/* What is wrong in other sections does not matter here. */
static int
on_line(void *arg, const struct conf_line *line)
{
	struct section *section = arg;

	if (line->problem != NULL || line->section == NULL)
		return 0;
	if (line->key == NULL) {
		if (section->found)
			return 1;
		next_section(section);
	} else if (strcmp(line->key, "url") == 0) {
		set(&section->url, strdup(line->value));
	} else if (strcmp(line->key, "user") == 0) {
		set(&section->user, strdup(line->value));
	} else if (strcmp(line->key, "password_file") == 0) {
		set(&section->password_file, beside(section, line->value));
	} else if (strcmp(line->key, "api_key_file") == 0) {
		set(&section->api_key_file, beside(section, line->value));
	}
	if (strcmp(line->section, section->wanted) == 0 ||
	    (section->url != NULL &&
		is_same_server(section->url, section->wanted)))
		section->found = true;
	return 0;
}

/* Look a section up in the default printers file, if there is one. */
static void
section_find(struct section *section, const char *wanted)
{
	struct buf text = { 0 };

	memset(section, 0, sizeof(*section));
	section->wanted = wanted;
	section->file = printers_file();
	if (section->file != NULL && conf_load(section->file, &text) == 0)
		(void)conf_parse(text.data, text.len, on_line, section);
	buf_free(&text);
}

static int
complain_memory(void)
{
	log_say(LOG_LEVEL_ERROR, "out of memory");
	return STATUS_USAGE;
}

static int
refuse(const struct login *login, const char *what, const char *why)
{
	log_say(LOG_LEVEL_ERROR, "%s%s: %s",
	    login->where == NULL ? "" : login->where, what, why);
	return STATUS_USAGE;
}

static int
read_first_line(int fd, const char *path, struct login *login)
{
	char text[SECRET_MAX];
	ssize_t len = read(fd, text, sizeof(text) - 1);
	int status = 0;

	if (len < 0) {
		status = refuse(login, path, strerror(errno));
	} else {
		text[len] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		if (*text == '\0')
			status = refuse(login, path, "its first line is empty");
		else if ((login->secret = strdup(text)) == NULL)
			status = complain_memory();
	}
	explicit_bzero(text, sizeof(text));
	return status;
}

/* The first line of a file that nobody else may read. */
static int
read_secret(const char *path, struct login *login)
{
	struct stat stat;
	int status, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return refuse(login, path, strerror(errno));
	if (fstat(fd, &stat) != 0)
		status = refuse(login, path, strerror(errno));
	else if (!S_ISREG(stat.st_mode))
		status = refuse(login, path, "is not a file");
	else if ((stat.st_mode & 077) != 0)
		status = refuse(login, path,
		    "others can read this password; chmod 600 it");
	else
		status = read_first_line(fd, path, login);
	close(fd);
	return status;
}

static int
ask_terminal(const char *url, char **out)
{
	char prompt[256], text[SECRET_MAX];
	int status = 0;

	snprintf(prompt, sizeof(prompt), "Password for %s: ", url);
	if (readpassphrase(prompt, text, sizeof(text), RPP_REQUIRE_TTY) ==
		NULL ||
	    *text == '\0')
		status = STATUS_LOGIN;
	else if ((*out = strdup(text)) == NULL)
		status = complain_memory();
	explicit_bzero(text, sizeof(text));
	return status;
}

static int
find_secret(const struct options *options, const struct section *section,
    struct login *login)
{
	char *environment = getenv("PRUSA_PASSWORD");
	int status;

	if (options->api_key_file != NULL || options->password_file != NULL) {
		login->is_key = options->api_key_file != NULL;
		return read_secret(login->is_key ? options->api_key_file :
						   options->password_file,
		    login);
	}
	if (environment != NULL && *environment != '\0') {
		login->secret = strdup(environment);
		explicit_bzero(environment, strlen(environment));
		return login->secret == NULL ? complain_memory() : 0;
	}
	if (section->found &&
	    (section->api_key_file != NULL || section->password_file != NULL)) {
		login->is_key = section->api_key_file != NULL;
		return read_secret(login->is_key ? section->api_key_file :
						   section->password_file,
		    login);
	}
	status = ask_terminal(login->url, &login->secret);
	if (status == STATUS_LOGIN)
		log_say(LOG_LEVEL_ERROR,
		    "%s: no password: write it into a file with mode 600 and "
		    "give -o password_file=PATH, or name that file in %s",
		    login->url, section->file);
	return status;
}

/* user@ in front of a host; a password there is refused. */
static int
take_user(const char *source, const char **host, struct login *login)
{
	const char *begin = strstr(source, "://"), *at;

	begin = begin == NULL ? source : begin + 3;
	at = memrchr(begin, '@', strcspn(begin, "/"));
	*host = at == NULL ? begin : at + 1;
	if (at == NULL)
		return 0;
	if (memchr(begin, ':', (size_t)(at - begin)) != NULL) {
		log_say(LOG_LEVEL_ERROR,
		    "%sa password in the address can be "
		    "read by everybody: use password_file",
		    login->where == NULL ? "" : login->where);
		return STATUS_USAGE;
	}
	login->user = strndup(begin, (size_t)(at - begin));
	return login->user == NULL ? complain_memory() : 0;
}

static int
take_url(const char *source, struct login *login)
{
	const char *host, *scheme = "http";
	size_t len;
	int status = take_user(source, &host, login);

	if (status != 0)
		return status;
	if (strncasecmp(source, "https://", 8) == 0)
		scheme = "https";
	else if (strstr(source, "://") != NULL &&
	    strncasecmp(source, "http://", 7) != 0)
		return refuse(login, source, "only http and https are known");
	len = strlen(host);
	while (len > 0 && host[len - 1] == '/')
		len--;
	if (len == 0 || *host == '/' || strpbrk(host, " \t\r\n?#") != NULL)
		return refuse(login, source, "that is no address of a printer");
	if (asprintf(&login->url, "%s://%.*s", scheme, (int)len, host) < 0) {
		login->url = NULL;
		return complain_memory();
	}
	return 0;
}

static int
take_name(const char *user, struct login *login)
{
	free(login->user);
	login->user = strdup(user);
	return login->user == NULL ? complain_memory() : 0;
}

int
login_of_section(const struct options *options, const char *where,
    struct login *login)
{
	const char *user = options->user == NULL ? "maker" : options->user;
	const char *file = options->password_file;
	int status;

	memset(login, 0, sizeof(*login));
	login->where = where;
	if (options->api_key_file != NULL) {
		login->is_key = true;
		file = options->api_key_file;
	}
	status = take_url(options->source, login);
	if (status == 0 && (options->user != NULL || login->user == NULL))
		status = take_name(user, login);
	if (status == 0)
		status = read_secret(file, login);
	login->where = NULL;
	return status;
}

bool
login_is_same(const struct login *a, const struct login *b)
{
	return strcmp(a->url, b->url) == 0 && strcmp(a->user, b->user) == 0 &&
	    a->is_key == b->is_key && strcmp(a->secret, b->secret) == 0;
}

static int
find_url(const struct options *options, const struct section *section,
    struct login *login)
{
	const char *source = options->source;

	if (section->found && section->url != NULL)
		return take_url(section->url, login);
	if (strstr(source, "://") == NULL &&
	    (strchr(source, '/') != NULL || name_has_suffix(source, ".conf")))
		return refuse(login, source,
		    "one printer is needed: its URL, "
		    "its host name, or its section in the printers file");
	return take_url(source, login);
}

int
login_find(const struct options *options, struct login *login)
{
	struct section section;
	const char *user;
	int status;

	memset(login, 0, sizeof(*login));
	section_find(&section, options->source);
	status = find_url(options, &section, login);
	if (status == 0)
		status = find_secret(options, &section, login);
	user = options->user != NULL ? options->user : login->user;
	if (user == NULL && section.found)
		user = section.user;
	if (user == NULL)
		user = "maker";
	if (status == 0 && user != login->user)
		status = take_name(user, login);
	section_free(&section);
	return status;
}

void
login_free(struct login *login)
{
	if (login->secret != NULL)
		freezero(login->secret, strlen(login->secret));
	free(login->url);
	free(login->user);
	memset(login, 0, sizeof(*login));
}
