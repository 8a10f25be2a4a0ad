/*
 * The command line: one table of options, one of words that others add and
 * that mean nothing here, one of words for libfuse.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/backends.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "fs/setup/option_read.h"
#include "fs/setup/options.h"

#define AT(member) offsetof(struct options, member)
#define read_text  options_read_text

/* clang-format off */
static const struct option_row rows[] = {
	{ "user", read_text, AT(user), "NAME", "login name (maker)" },
	{ "password_file", read_text, AT(password_file), "PATH", "its first line is the password" },
	{ "api_key_file", read_text, AT(api_key_file), "PATH", "use an API key instead of a password" },
	{ "camera", option_read_camera, AT(camera), "URL", "where pictures come from" },
	{ "ca_file", read_text, AT(ca_file), "PATH", "private certificate authority for https" },
	{ "ttl", option_read_seconds, AT(ttl_ms), "SECONDS", "how old a live document may be (1)" },
	{ "connect_timeout", option_read_limit, AT(connect_ms), "SECONDS", "for a connection (5)" },
	{ "answer_timeout", option_read_limit, AT(answer_ms), "SECONDS", "for the first byte of an answer (30)" },
	{ "stall_timeout", option_read_limit, AT(stall_ms), "SECONDS", "for a transfer that stands still (30)" },
	{ "cache_dir", read_text, AT(cache_dir), "PATH", "where bytes wait and are kept" },
	{ "cache_size", option_read_bytes, AT(cache_size), "BYTES", "limit for downloaded bytes (2G)" },
	{ "type", option_read_type, AT(backend), BACKENDS_TYPES, "what the address is of (prusalink)" },
	{ "token_file", read_text, AT(token_file), "PATH", "its first line is the token of an Obico account" },
	{ "obico", option_read_number, AT(watched), "ID", "in a printers file: its number in the Obico account" },
	{ "verify", option_read_verify, AT(verify), "size|full|none", "check of an upload (size)" },
	{ "offline_ok", option_read_flag, AT(offline_ok), NULL, "mount even if the printer is away" },
	{ "uid", option_read_id, AT(uid), "ID", "owner of all files" },
	{ "gid", option_read_id, AT(gid), "ID", "group of all files" },
	{ "umask", option_read_mode, AT(umask), "MODE", "permissions to take away" },
	{ "fmask", option_read_mode, AT(fmask), "MODE", "the same for files" },
	{ "dmask", option_read_mode, AT(dmask), "MODE", "the same for directories" },
	{ "control_mode", option_read_mode, AT(control_mode), "MODE", "permissions of control (0600)" },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool
is_text(const struct option_row *row)
{
	return row->read == options_read_text ||
	    row->read == option_read_camera;
}

bool
options_is_given(const struct options *options, const struct option_row *row)
{
	const void *member = (const char *)options + row->offset;

	if (is_text(row))
		return *(char *const *)member != NULL;
	return (options->given >> (row - rows) & 1) != 0;
}

/* Added by mount(8), fstab(5) and systemd; nothing to do. */
static const char *const swallowed[] = { "_netdev", "nofail", "noauto", "auto",
	"user", "users", "nouser", "nousers", "owner", "group", "comment",
	"defaults", "relatime", "norelatime", "strictatime", "lazytime",
	"nolazytime", "nonempty", NULL };

/* libfuse's business. */
static const char *const passed_on[] = { "ro", "rw", "dev", "nodev", "suid",
	"nosuid", "exec", "noexec", "sync", "async", "atime", "noatime",
	"dirsync", "allow_other", "allow_root", "default_permissions", NULL };

/* Say what is wrong in one line.  Returns STATUS_USAGE. */
static int __attribute__((format(printf, 1, 2)))
complain(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_say(LOG_LEVEL_ERROR, "%s", text);
	return STATUS_USAGE;
}

static bool
is_among(const char *word, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(word, *list) == 0)
			return true;
	}
	return false;
}

static int
set_row(struct options *options, const struct option_row *row,
    const char *value)
{
	void *out = (char *)options + row->offset;
	int error;

	if (value == NULL && row->value != NULL)
		return complain("option %s needs a value", row->name);
	options->given |= (uint32_t)1 << (row - rows);
	error = row->read(value == NULL ? "" : value, out);
	if (error == -ENOMEM)
		return complain("out of memory");
	return error == 0 ?
	    0 :
	    complain("option %s: that is not a value for it", row->name);
}

static const struct option_row *
find_row(const char *name)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

/* One option of -o; it is cut in two. */
static int
take_option(struct options *options, char *word)
{
	const struct option_row *row;
	char *value = strchr(word, '=');

	if (value != NULL)
		*value++ = '\0';
	row = find_row(word);
	if (*word == '\0' || strncmp(word, "x-", 2) == 0)
		return 0;
	if (strcmp(word, "password") == 0 || strcmp(word, "api_key") == 0 ||
	    strcmp(word, "token") == 0)
		return complain("a password on the command line can be read by "
				"everybody: use -o %s_file=PATH",
		    word);
	if (strcmp(word, "obico") == 0)
		return complain("obico=ID belongs in a section of a printers "
				"file, beside the account");
	/* mount(8) has an option "user" of its own, without a value. */
	if (row != NULL && (value != NULL || !is_among(word, swallowed)))
		return set_row(options, row, value);
	if (is_among(word, swallowed))
		return 0;
	if (value == NULL && is_among(word, passed_on))
		return buf_printf(&options->fuse, ",%s", word) == 0 ?
		    0 :
		    complain("out of memory");
	return complain("unknown option %s (prusafs -h lists them)", word);
}

/* Options between commas; a backslash keeps a comma. */
static int
take_options(struct options *options, const char *text)
{
	char *word = calloc(1, strlen(text) + 1);
	size_t len = 0;
	int status = 0;

	if (word == NULL)
		return complain("out of memory");
	for (; status == 0; text++) {
		if (*text == '\\' && text[1] != '\0') {
			word[len++] = *++text;
			continue;
		}
		if (*text != ',' && *text != '\0') {
			word[len++] = *text;
			continue;
		}
		word[len] = '\0';
		len = 0;
		status = take_option(options, word);
		if (*text == '\0')
			break;
	}
	free(word);
	return status;
}

static int
take_letter(struct options *options, int letter)
{
	const struct {
		int letter;
		bool *flag;
	} flags[] = {
		{ 'f',
		    options->helper ? &options->fake : &options->foreground },
		{ 'd', &options->debug },
		{ 'v', &options->verbose },
		{ 'V', &options->show_version },
		{ 'h', &options->show_help },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].letter == letter)
			*flags[i].flag = true;
	}
	if (letter == 'o')
		return take_options(options, optarg);
	return letter == '?' || letter == ':' ?
	    complain("usage: prusafs [-fdvVh] [-o OPTIONS] SOURCE "
		     "MOUNTPOINT") :
	    0;
}

static int
take_places(struct options *options, int count, char **words)
{
	const char *host = getenv("PRUSA_HOST");
	const char *user = getenv("PRUSA_USERNAME");
	int error;

	if (count == 1 && host != NULL && *host != '\0') {
		error = options_read_text(host, &options->source);
		if (error == 0 && user != NULL && options->user == NULL)
			error = options_read_text(user, &options->user);
	} else if (count == 2) {
		error = options_read_text(words[0], &options->source);
	} else {
		return complain("a printer and a mount point are needed: "
				"prusafs http://mk4.lan /mnt/prusa");
	}
	if (error == 0)
		error = options_read_text(words[count - 1],
		    &options->mountpoint);
	return error == 0 ? 0 : complain("out of memory");
}

static void
set_defaults(struct options *options)
{
	memset(options, 0, sizeof(*options));
	options->backend = backends[0];
	options->ttl_ms = 1000;
	options->connect_ms = 5000;
	options->answer_ms = 30000;
	options->stall_ms = 30000;
	options->cache_size = (int64_t)2 << 30;
	options->uid = options->gid = -1;
	options->umask = options->fmask = options->dmask = -1;
	options->control_mode = 0600;
}

int
options_parse(struct options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int letter, status = 0;

	set_defaults(options);
	options->helper = argc > 0 &&
	    strncmp(name_of(argv[0]), "mount.", strlen("mount.")) == 0;
	opterr = 0;
	/* mount(8) gives its helpers -n, -s, -N and -t too. */
	while (status == 0 &&
	    (letter = getopt_long(argc, argv, ":o:fdvVhsnN:t:", long_options,
		 NULL)) != -1)
		status = take_letter(options, letter);
	if (options->debug)
		options->foreground = true;
	if (status != 0 || options->show_help || options->show_version)
		return status;
	return take_places(options, argc - optind, argv + optind);
}

void
options_usage(void)
{
	size_t i;

	printf("usage: prusafs [-fdvVh] [-o OPTIONS] SOURCE MOUNTPOINT\n"
	       "       mount -t fuse.prusafs SOURCE MOUNTPOINT -o OPTIONS\n\n"
	       "SOURCE is a URL (http://mk4.lan), a host name, the name of a "
	       "section in the\ndefault printers file, or another printers "
	       "file, all of whose printers are\nmounted.\n\n"
	       "  -f  stay in the foreground\n"
	       "  -d  show every call of the kernel (implies -f)\n"
	       "  -v  tell every request\n"
	       "  -V  show the version\n"
	       "  -h  show this\n\noptions for -o:\n");
	for (i = 0; i < ROWS; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s%s%s", rows[i].name,
		    rows[i].value == NULL ? "" : "=",
		    rows[i].value == NULL ? "" : rows[i].value);
		printf("  %-26s %s\n", text, rows[i].help);
	}
}

/* What a section of a printers file may have. */
static const char *const of_printer[] = { "type", "user", "password_file",
	"api_key_file", "token_file", "obico", "camera", "ca_file", "ttl",
	"connect_timeout", "answer_timeout", "stall_timeout", NULL };

int
options_list_of_printer(struct buf *out)
{
	size_t i;
	int error = 0;

	for (i = 0; of_printer[i] != NULL && error == 0; i++)
		error = buf_printf(out, ", %s", of_printer[i]);
	return error;
}

static int
copy_text(char **text)
{
	if (*text == NULL)
		return 0;
	*text = strdup(*text);
	return *text == NULL ? -ENOMEM : 0;
}

/* The member of a row that is a string. */
static char **
text_at(struct options *options, const struct option_row *row)
{
	return (char **)((char *)options + row->offset);
}

int
options_copy(struct options *out, const struct options *options)
{
	size_t i;
	int error;

	*out = *options;
	memset(&out->fuse, 0, sizeof(out->fuse));
	error = copy_text(&out->source);
	if (copy_text(&out->mountpoint) != 0)
		error = -ENOMEM;
	for (i = 0; i < ROWS; i++) {
		if (is_text(&rows[i]) && copy_text(text_at(out, &rows[i])) != 0)
			error = -ENOMEM;
	}
	return error;
}

void
options_free(struct options *options)
{
	size_t i;

	free(options->source);
	free(options->mountpoint);
	for (i = 0; i < ROWS; i++) {
		if (is_text(&rows[i]))
			free(*text_at(options, &rows[i]));
	}
	buf_free(&options->fuse);
}

const struct option_row *
options_of_printer(const char *name)
{
	return is_among(name, of_printer) ? find_row(name) : NULL;
}

int
options_set(struct options *options, const struct option_row *row,
    const char *value)
{
	return row->read(value, (char *)options + row->offset);
}
