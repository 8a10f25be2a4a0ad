/*
 * Options of one printer among several, whose section in the printers file
 * has its own values for some of what the command line says for all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/setup/options.h"

const char options_printer_keys[] =
    "type, user, password_file, api_key_file, token_file, obico, camera, "
    "ca_file, ttl, connect_timeout, answer_timeout, stall_timeout";

static int
copy_text(char **text)
{
	if (*text == NULL)
		return 0;
	*text = strdup(*text);
	return *text == NULL ? -ENOMEM : 0;
}

int
options_copy(struct options *out, const struct options *options)
{
	const struct option_row *rows;
	size_t i, count;
	int error;

	*out = *options;
	memset(&out->fuse, 0, sizeof(out->fuse));
	error = copy_text(&out->source);
	if (copy_text(&out->mountpoint) != 0)
		error = -ENOMEM;
	rows = options_rows(&count);
	for (i = 0; i < count; i++) {
		if (options_is_text(&rows[i]) &&
		    copy_text((char **)((char *)out + rows[i].offset)) != 0)
			error = -ENOMEM;
	}
	return error;
}

/* Is the word in a list of words between commas and blanks? */
static bool
is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list != '\0') {
		size_t item = strcspn(list, ", ");

		if (item == len && len > 0 && strncmp(list, word, len) == 0)
			return true;
		list += item;
		list += strspn(list, ", ");
	}
	return false;
}

const struct option_row *
options_of_printer(const char *name)
{
	const struct option_row *rows;
	size_t i, count;

	rows = options_rows(&count);
	for (i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return is_listed(options_printer_keys, name) ?
			    &rows[i] :
			    NULL;
	}
	return NULL;
}

int
options_set(struct options *options, const struct option_row *row,
    const char *value)
{
	return row->read(value, (char *)options + row->offset);
}
