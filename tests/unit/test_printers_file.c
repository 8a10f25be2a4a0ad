/*
 * fs/printers: sections of a printers file and their logins.
 */
#include <sys/stat.h>

#include "client/backends.h"
#include "client/base/buf.h"
#include "client/base/log.h"
#include "fs/farm/directory.h"
#include "fs/setup/printers_file.h"
#include "tests/unit/check.h"

static const char good[] = "[mk4]\n"
			   "url = http://mk4.lan/\n"
			   "password_file = secret\n"
			   "[mini left]\n"
			   "user = me\n"
			   "url = https://mini.lan:8443/1\n"
			   "api_key_file = %s/secret\n"
			   "ttl = 2.5\n"
			   "connect_timeout = 1\n";

static void
write_file(struct check *check, const char *name, const char *text, mode_t mode)
{
	char path[8192];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", check_dir(check), name);
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 ||
	    chmod(path, mode) != 0)
		exit(1);
}

static int
read_text(struct check *check, const char *text, const struct options *options,
    struct printer_configs *out)
{
	char path[8192];

	write_file(check, "printers.conf", text, 0644);
	snprintf(path, sizeof(path), "%s/printers.conf", check_dir(check));
	return printers_file_read(path, options, farm_directory_has_row, out);
}

static void
test_good(struct check *check)
{
	struct options options = {
		.backend = backends[0], .ttl_ms = 1000, .connect_ms = 5000
	};
	const struct printer_config *mk4, *mini;
	struct printer_configs confs;
	char text[16384];

	/* NOLINTNEXTLINE: the format is ours */
	snprintf(text, sizeof(text), good, check_dir(check));
	if (!CHECK(check, read_text(check, text, &options, &confs) == 0,
		"two sections are read"))
		return;
	mk4 = TAILQ_FIRST(&confs);
	mini = TAILQ_NEXT(mk4, link);
	CHECK(check,
	    mini != NULL && TAILQ_NEXT(mini, link) == NULL &&
		strcmp(mk4->name, "mk4") == 0 &&
		strcmp(mini->name, "mini left") == 0 && mini->line == 4,
	    "in their order, with their names and lines");
	CHECK(check,
	    strcmp(mk4->login.url, "http://mk4.lan") == 0 &&
		strcmp(mk4->login.user, "maker") == 0 &&
		strcmp(mk4->login.secret, "sesame") == 0 && !mk4->login.is_key,
	    "a path is relative to the file, the user maker");
	CHECK(check,
	    strcmp(mini->login.url, "https://mini.lan:8443/1") == 0 &&
		strcmp(mini->login.user, "me") == 0 && mini->login.is_key,
	    "a section may have a user and a key");
	CHECK(check,
	    mk4->options.ttl_ms == 1000 && mini->options.ttl_ms == 2500 &&
		mk4->options.connect_ms == 5000 &&
		mini->options.connect_ms == 1000,
	    "and times of its own; others are as the command line says");
	printer_configs_free(&confs);
}

static void
test_common(struct check *check)
{
	struct options options = { .backend = backends[0] };
	struct printer_configs confs;
	char path[8192];

	snprintf(path, sizeof(path), "%s/secret", check_dir(check));
	options.password_file = path;
	if (CHECK(check,
		read_text(check, "[a]\nurl=b\n[b]\nurl=c\napi_key_file=secret",
		    &options, &confs) == 0,
		"a password file may be for all")) {
		CHECK(check,
		    !TAILQ_FIRST(&confs)->login.is_key &&
			TAILQ_NEXT(TAILQ_FIRST(&confs), link)->login.is_key,
		    "but for those that have a secret of their own");
		printer_configs_free(&confs);
	}
}

/* The last thing that was said. */
static bool
was_told(const char *words)
{
	struct buf text = { 0 };
	const char *last, *at;

	if (log_text(NULL, &text) != 0)
		exit(1);
	last = at = buf_text(&text);
	for (; *at != '\0'; at++) {
		if (*at == '\n' && at[1] != '\0')
			last = at + 1;
	}
	if (strstr(last, words) == NULL)
		printf("# %s", last);
	at = strstr(last, words);
	buf_free(&text);
	return at != NULL;
}

#define LOGIN "url=a\npassword_file=secret\n"

static void
test_bad(struct check *check)
{
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{ "", ":1: there is no printer" },
		{ "# nothing\n", ":1: there is no printer" },
		{ "url = a\n[a]\n" LOGIN, ":1: url: no section" },
		{ "[a]\n" LOGIN "[a]\n", ":4: [a]: this name is taken" },
		{ "[]\n" LOGIN, ":1: []: a section needs a name" },
		{ "[.]\n" LOGIN, ":1: [.]: no directory" },
		{ "[a/b]\n" LOGIN, ":1: [a/b]: no directory" },
		{ "[a\x7f]\n" LOGIN, ":1: [a?]: no directory" },
		{ "[\xff]\n" LOGIN, "no directory" },
		{ "[log]\n" LOGIN, ":1: [log]: a file beside" },
		{ "[all]\n" LOGIN, ":1: [all]: this name is a word" },
		{ "[stop]\n" LOGIN, ":1: [stop]: this name is a word" },
		{ "[#a]\n" LOGIN, ":1: [#a]: a name that begins" },
		{ "[a]\n", ":1: [a] has no url" },
		{ "[a]\nurl=a", ":1: [a] has neither" },
		{ "[a]\n" LOGIN "api_key_file=secret", "[a] has a password" },
		{ "[a]\n" LOGIN "colour=red", ":4: colour: there is no such" },
		{ "[a]\n" LOGIN "offline_ok=", ":4: offline_ok: there is no" },
		{ "[a]\n" LOGIN "password=x", ":4: password: a secret has" },
		{ "[a]\n" LOGIN "user=", ":4: user: it needs a value" },
		{ "[a]\n" LOGIN "url=b", ":4: url: this section has it" },
		{ "[a]\n" LOGIN "connect_timeout=0", ":4: connect_timeout:" },
		{ "[a]\nurl=a\npassword_file=open", ":1: " },
		{ "[a]\nurl=a\npassword_file=empty", "first line is empty" },
		{ "[a]\nurl=x@\npassword_file=secret", "no address" },
		{ "[a]\nurl=u:p@h\npassword_file=secret", ":1: a password" },
		{ "[a]\n" LOGIN "[b]\n" LOGIN, ":4: [b] has the same url" },
	};
	const struct options options = { .backend = backends[0] };
	struct printer_configs confs;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = read_text(check, rows[i].text, &options, &confs);

		CHECK(check,
		    status == STATUS_USAGE && TAILQ_EMPTY(&confs) &&
			was_told(rows[i].words),
		    "\"%s\" is refused: %s", rows[i].text, rows[i].words);
	}
}

static void
test_many(struct check *check)
{
	const struct options options = { .backend = backends[0] };
	struct printer_configs confs;
	struct buf text = { 0 };
	int i;

	for (i = 0; i <= PRINTERS_FILE_MAX; i++) {
		if (i == PRINTERS_FILE_MAX)
			CHECK(check,
			    read_text(check, text.data, &options, &confs) == 0,
			    "%d printers are read", i);
		(void)buf_printf(&text,
		    "[p%d]\nurl=h%d\npassword_file=secret\n", i, i);
	}
	printer_configs_free(&confs);
	CHECK(check,
	    read_text(check, text.data, &options, &confs) == STATUS_USAGE &&
		was_told("more than 1000"),
	    "one more is refused");
	buf_free(&text);
}

static void
test_source(struct check *check)
{
	CHECK(check,
	    printers_file_is("./a") && printers_file_is("/etc/p") &&
		printers_file_is("a.conf") && printers_file_is("dir/a.conf"),
	    "a path or a name that ends in .conf is a printers file");
	CHECK(check,
	    !printers_file_is("http://a/b.conf") && !printers_file_is("mk4") &&
		!printers_file_is("me@mk4") && !printers_file_is("conf"),
	    "a URL, a section or a host is not");
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	write_file(&check, "secret", "sesame\nmore\n", 0600);
	write_file(&check, "open", "sesame\n", 0640);
	write_file(&check, "empty", "\n", 0600);
	test_good(&check);
	test_common(&check);
	test_bad(&check);
	test_many(&check);
	test_source(&check);
	return check_end(&check);
}
