/*
 * Names that programs make and printers tell.  An input is a folder as on the
 * wire, a line end, and a name.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/name.h"
#include "client/traits.h"
#include "tests/fuzz/fuzz.h"

static void
check_sane(const char *name)
{
	size_t i, len = strlen(name);

	if (!name_is_sane(name))
		return;
	HOLDS(len > 0 && len <= 255);
	HOLDS(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	for (i = 0; i < len; i++)
		HOLDS((unsigned char)name[i] >= ' ' && name[i] != 0x7f &&
		    name[i] != '/');
}

static void
check_rules(const struct traits *traits, const char *folder, const char *name,
    bool is_folder)
{
	int error = traits_check_name(traits, folder, name, is_folder);
	struct buf target = { 0 };

	HOLDS(error == 0 || error == -EINVAL || error == -ENAMETOOLONG ||
	    error == -EPERM);
	if (error != 0)
		return;
	HOLDS(name_is_sane(name) && name[0] != '.');
	HOLDS(strlen(name) <=
	    (is_folder ? traits->folder_max : traits->file_max));
	HOLDS(name_escape_path(&target, folder) == 0 &&
	    name_escape(&target, name, strlen(name)) == 0);
	HOLDS(strlen("/api/v1/files//") + target.len <= traits->target_max);
	HOLDS(traits->path_max == 0 ||
	    strlen("//") + strlen(folder) + strlen(name) <= traits->path_max);
	buf_free(&target);
	if (!is_folder && traits->uploadable != NULL)
		HOLDS(traits_is_printable(traits, name));
}

static void
check_kind(const struct traits *traits, const char *name)
{
	if (name[0] == '.')
		HOLDS(traits_is_temporary(traits, name));
	if (traits_is_printable(traits, name))
		HOLDS(strchr(name, '.') != NULL && strlen(name) > 2);
}

static void
check_folding(const char *name)
{
	char *once = name_fold(name), *twice;

	HOLDS(once != NULL);
	twice = name_fold(once);
	HOLDS(twice != NULL && strcmp(once, twice) == 0);
	HOLDS((*name == '\0') == (*once == '\0'));
	HOLDS(strlen(once) <= 2 * strlen(name));
	free(once);
	free(twice);
}

static int
digit(char c)
{
	HOLDS(isxdigit((unsigned char)c) && !islower((unsigned char)c));
	return isdigit((unsigned char)c) ? c - '0' : c - 'A' + 10;
}

static void
check_escaping(const char *path)
{
	struct buf escaped = { 0 };
	const char *at, *source = path;

	HOLDS(name_escape_path(&escaped, path) == 0);
	for (at = buf_text(&escaped); *at != '\0'; at++, source++) {
		char c = *at;

		HOLDS(isalnum((unsigned char)c) || strchr("-._~/%", c) != NULL);
		if (c == '%') {
			c = (char)(digit(at[1]) * 16 + digit(at[2]));
			at += 2;
		}
		HOLDS(c == *source);
	}
	HOLDS(*source == '\0');
	buf_free(&escaped);
}

static void
check_parts(const char *path)
{
	char *folder = name_folder(path), *joined;

	HOLDS(folder != NULL && strchr(name_of(path), '/') == NULL);
	joined = name_join(folder, name_of(path));
	HOLDS(joined != NULL);
	HOLDS(strcmp(joined + (strchr(path, '/') == NULL), path) == 0);
	free(folder);
	free(joined);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct traits *const dialects[] = { &traits_buddy,
		&traits_pi };
	char *folder = fuzz_line(&data, &len);
	char *name = fuzz_text(data, len);
	size_t i;

	check_sane(name);
	check_folding(name);
	check_escaping(name);
	check_parts(name);
	for (i = 0; i < 2; i++) {
		check_kind(dialects[i], name);
		check_rules(dialects[i], folder, name, false);
		check_rules(dialects[i], folder, name, true);
	}
	free(folder);
	free(name);
	return 0;
}
