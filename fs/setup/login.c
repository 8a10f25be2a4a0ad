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

#include "client/backend.h"
#include "client/base/log.h"
#include "fs/setup/login.h"
#include "fs/setup/options.h"

#define SECRET_MAX 1024

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

/* A secret from the environment, where it is wiped. */
static int
take_environment(char *value, struct login *login)
{
	login->secret = strdup(value);
	explicit_bzero(value, strlen(value));
	return login->secret == NULL ? complain_memory() : 0;
}

/* Nobody can type a token. */
static int
refuse_without_token(const struct login *login)
{
	log_say(LOG_LEVEL_ERROR,
	    "%s%s: no token: write it into a file with mode 600 and give "
	    "-o token_file=PATH",
	    login->where == NULL ? "" : login->where, login->url);
	return STATUS_LOGIN;
}

/* file: the printers file to tell about. */
static int
ask(const char *file, struct login *login)
{
	int status = ask_terminal(login->url, &login->secret);

	if (status == STATUS_LOGIN)
		log_say(LOG_LEVEL_ERROR,
		    "%s: no password: write it into a file with mode 600 and "
		    "give -o password_file=PATH, or name that file in %s",
		    login->url, file);
	return status;
}

static int
find_secret(const struct options *options, const char *file,
    struct login *login)
{
	char *environment = getenv(options->backend->secret_variable);
	const char *path = options->password_file;

	if (options->backend->account_new != NULL) {
		login->is_token = true;
		path = options->token_file;
	} else if (options->api_key_file != NULL) {
		login->is_key = true;
		path = options->api_key_file;
	}
	if (path != NULL)
		return read_secret(path, login);
	if (environment != NULL && *environment != '\0')
		return take_environment(environment, login);
	return login->is_token ? refuse_without_token(login) : ask(file, login);
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

static int
find_user(const struct options *options, struct login *login)
{
	if (options->user != NULL)
		return take_name(options->user, login);
	return login->user != NULL ? 0 : take_name("maker", login);
}

/* Messages begin with where, unless it is NULL. */
static int
find(const struct options *options, const char *file, const char *where,
    struct login *login)
{
	int status;

	memset(login, 0, sizeof(*login));
	login->where = where;
	status = take_url(options->source, login);
	if (status == 0)
		status = find_user(options, login);
	if (status == 0)
		status = find_secret(options, file, login);
	login->where = NULL;
	return status;
}

int
login_of_section(const struct options *options, const char *where,
    struct login *login)
{
	return find(options, NULL, where, login);
}

bool
login_is_same(const struct login *a, const struct login *b)
{
	return strcmp(a->url, b->url) == 0 && strcmp(a->user, b->user) == 0 &&
	    a->is_key == b->is_key && a->is_token == b->is_token &&
	    strcmp(a->secret, b->secret) == 0;
}

int
login_find(const struct options *options, const char *file, struct login *login)
{
	return find(options, file, NULL, login);
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
