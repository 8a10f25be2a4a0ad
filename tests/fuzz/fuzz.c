/*
 * Shared by the fuzz targets.  libFuzzer silences stderr while it runs, for
 * the product's log goes there; complaints keep a copy of it.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static int complaints = STDERR_FILENO;

/* As main() of the product does; no terminal may be asked for a password. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	complaints = dup(STDERR_FILENO);
	(void)setsid();
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		fuzz_fail(__FILE__, __LINE__, "there is a UTF-8 locale");
	return 0;
}

_Noreturn void
fuzz_fail(const char *file, int line, const char *condition)
{
	dprintf(complaints, "%s:%d: does not hold: %s\n", file, line,
	    condition);
	abort();
}

char *
fuzz_text(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len);

	HOLDS(text != NULL);
	return text;
}

char *
fuzz_line(const uint8_t **data, size_t *len)
{
	size_t used = 0;
	char *line;

	while (used < *len && (*data)[used] != '\n' && (*data)[used] != '\0')
		used++;
	line = fuzz_text(*data, used);
	if (used < *len)
		used++;
	*data += used;
	*len -= used;
	return line;
}

uint8_t
fuzz_byte(const uint8_t **data, size_t *len)
{
	if (*len == 0)
		return 0;
	(*len)--;
	return *(*data)++;
}

char *
fuzz_path(const char *name)
{
	const char *folder = getenv("FUZZ_FOLDER");
	char *path;

	HOLDS(folder != NULL && *folder == '/');
	HOLDS(asprintf(&path, "%s/%s", folder, name) >= 0);
	return path;
}

void
fuzz_write_file(const char *path, const uint8_t *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	HOLDS(fd >= 0);
	HOLDS(write(fd, data, len) == (ssize_t)len);
	close(fd);
}
