/*
 * What the cloud folder of an Obico server takes: names and bytes.  No state,
 * any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "client/base/stream.h"
#include "client/base/utf8.h"
#include "client/obico/library.h"

#define WINDOW ((off_t)1 << 20) /* lib/gcode_metadata.py, get_slicer */
#define PIECE  65536

/* A word character of a Python regular expression, or a dot. */
static bool
is_safe(wchar_t c)
{
	return c == L'_' || c == L'.' || iswalnum((wint_t)c);
}

char *
library_safe_name(const char *name)
{
	size_t left = strlen(name), used;
	char *out = malloc(left + 1), *end = out;
	mbstate_t state = { 0 };
	wchar_t c;

	if (out == NULL)
		return NULL;
	for (; left > 0; name += used, left -= used) {
		used = mbrtowc(&c, name, left, &state);
		if (used == 0 || used > left) {
			memset(&state, 0, sizeof(state));
			used = 1;
			c = L'\0';
		}
		if (is_safe(c)) {
			memcpy(end, name, used);
			end += used;
		} else {
			*end++ = '_';
		}
	}
	*end = '\0';
	return out;
}

/* Are the bytes from offset to end UTF-8, with no character cut? */
static int
check_window(const struct source *source, off_t offset, off_t end)
{
	struct utf8 utf8 = { 0 };
	char *piece = malloc(PIECE);
	int error = piece == NULL ? -ENOMEM : 0;
	ssize_t len;

	while (error == 0 && offset < end) {
		off_t left = end - offset;

		len = source->read(source->arg, piece,
		    left < PIECE ? (size_t)left : PIECE, offset);
		if (len <= 0)
			error = len < 0 ? (int)len : -EIO;
		else if (!utf8_go_on(&utf8, piece, (size_t)len))
			error = -EINVAL;
		offset += len;
	}
	free(piece);
	if (error == 0 && !utf8_is_whole(&utf8))
		error = -EINVAL;
	return error;
}

/*
 * The first MiB, and the last of what follows it: in files of up to two MiB
 * that begins where the first one ends, beyond that it may begin amid a
 * character.
 */
int
library_check_text(const struct source *source)
{
	off_t len = source->len, last = len - WINDOW;
	int error = 0;

	/* The last first: whoever counts what is read ends at its beginning. */
	if (len > WINDOW)
		error = check_window(source, last > WINDOW ? last : WINDOW,
		    len);
	if (error == 0)
		error = check_window(source, 0, len < WINDOW ? len : WINDOW);
	return error;
}
