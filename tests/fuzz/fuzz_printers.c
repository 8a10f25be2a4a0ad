/*
 * The printers file of an ordinary user.  An input is the printer on the
 * command line, a line end, and the file.  There is no terminal here, so a
 * password comes from the file that a section names, or there is none.  The
 * file is read once for that printer and once for all in it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/backends.h"
#include "client/base/name.h"
#include "fs/farm/directory.h"
#include "fs/setup/login.h"
#include "fs/setup/options.h"
#include "fs/setup/printers_file.h"
#include "tests/fuzz/fuzz.h"

/* Root's printers file is in /etc, also where root runs this. */
uid_t
geteuid(void)
{
	return 1000;
}

/* "HOME/.config/prusafs" with a password that can be read, made once. */
static void
make_home(void)
{
	static const char *const folders[] = { ".config", ".config/prusafs" };
	char *path;
	size_t i;

	for (i = 0; i < 2; i++) {
		path = fuzz_path(folders[i]);
		HOLDS(mkdir(path, 0700) == 0 || errno == EEXIST);
		free(path);
	}
	path = fuzz_path(".config/prusafs/secret");
	fuzz_write_file(path, (const uint8_t *)"fuzz-secret\nmore\n", 17);
	free(path);
	HOLDS(setenv("HOME", getenv("FUZZ_FOLDER"), 1) == 0);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("PRUSA_PASSWORD");
}

static void
check_login(const struct login *login)
{
	const char *host;
	size_t len;

	HOLDS(login->url != NULL && login->user != NULL &&
	    login->secret != NULL);
	HOLDS(strncmp(login->url, "http://", 7) == 0 ||
	    strncmp(login->url, "https://", 8) == 0);
	host = strstr(login->url, "://") + 3;
	len = strcspn(host, "/");
	HOLDS(len > 0 && memchr(host, '@', len) == NULL);
	HOLDS(strpbrk(host, " \t\r\n?#") == NULL);
	HOLDS(host[strlen(host) - 1] != '/');
	HOLDS(*login->secret != '\0');
	HOLDS(strpbrk(login->secret, "\r\n") == NULL);
}

/* All printers, or none; and the same when the file is read again. */
static void
check_sections(const char *file)
{
	const struct options options = {
		.backend = backends[0], .ttl_ms = 1000, .connect_ms = 5000
	};
	struct printer_configs confs, again;
	const struct printer_config *conf, *other;
	int status = printers_file_read(file, &options, farm_directory_has_row,
	    &confs);

	HOLDS(status == 0 || status == STATUS_USAGE);
	HOLDS((status == 0) == !TAILQ_EMPTY(&confs));
	TAILQ_FOREACH (conf, &confs, link) {
		HOLDS(name_is_sane(conf->name));
		HOLDS(conf->line > 0 && conf->options.connect_ms > 0);
		check_login(&conf->login);
		for (other = TAILQ_NEXT(conf, link); other != NULL;
		     other = TAILQ_NEXT(other, link)) {
			HOLDS(strcmp(conf->name, other->name) != 0);
			HOLDS(conf->line < other->line);
		}
	}
	HOLDS(printers_file_read(file, &options, farm_directory_has_row,
		  &again) == status);
	other = TAILQ_FIRST(&again);
	TAILQ_FOREACH (conf, &confs, link) {
		HOLDS(login_is_same(&conf->login, &other->login));
		other = TAILQ_NEXT(other, link);
	}
	printer_configs_free(&confs);
	printer_configs_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *source, *file;
	struct options options = { .backend = backends[0] };
	struct login login;
	int status;

	/* A password_file must not lead to what opening alone disturbs. */
	if (memmem(data, len, "dev", 3) != NULL ||
	    memmem(data, len, "proc", 4) != NULL)
		return 0;
	source = fuzz_line(&data, &len);
	make_home();
	file = fuzz_path(".config/prusafs/printers.conf");
	fuzz_write_file(file, data, len);
	options.source = strdup(source);
	HOLDS(options.source != NULL);
	status = printers_file_complete(&options);
	memset(&login, 0, sizeof(login));
	if (status == 0)
		status = login_find(&options, file, &login);
	if (status == 0)
		check_login(&login);
	HOLDS(status == 0 || status == STATUS_USAGE || status == STATUS_LOGIN);
	login_free(&login);
	options_free(&options);
	check_sections(file);
	free(file);
	free(source);
	return 0;
}
