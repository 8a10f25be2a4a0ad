/*
 * Names and paths as text.  No state, any thread.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

#include "client/buf.h"
#include "client/name.h"

/* FAT folds the characters of the Basic Multilingual Plane only. */
#define FOLDED_MAX   0xffff
#define FOLDED_BYTES 4 /* at most, of a byte */

bool
name_is_sane(const char *name)
{
	mbstate_t state = { 0 };
	size_t len = strlen(name), used;
	wchar_t c;

	if (len == 0 || len > NAME_MAX || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (; len > 0; name += used, len -= used) {
		used = mbrtowc(&c, name, len, &state);
		if (used == 0 || used > len || c < ' ' ||
		    (c >= 0x7f && c < 0xa0) || c > 0x10ffff || c == '/' ||
		    c == 0xfffd)
			return false;
	}
	return true;
}

bool
name_fold_into(const char *name, char *out, size_t size)
{
	mbstate_t in = { 0 }, back = { 0 };
	char bytes[MB_LEN_MAX];
	size_t used, len, done = 0;
	wchar_t c;

	for (; *name != '\0'; name += used) {
		used = mbrtowc(&c, name, strlen(name), &in);
		if (used == 0 || used > MB_LEN_MAX) {
			memset(&in, 0, sizeof(in));
			used = len = 1;
			bytes[0] = *name;
		} else {
			if (c <= FOLDED_MAX)
				c = (wchar_t)towupper((wint_t)c);
			len = wcrtomb(bytes, c, &back);
			len = len > MB_LEN_MAX ? 0 : len;
		}
		if (done + len >= size)
			return false;
		memcpy(out + done, bytes, len);
		done += len;
	}
	out[done] = '\0';
	return true;
}

char *
name_fold(const char *name)
{
	size_t size = strlen(name) * FOLDED_BYTES + 1;
	char *out = malloc(size);

	if (out != NULL && !name_fold_into(name, out, size)) {
		free(out);
		return NULL;
	}
	return out;
}

size_t
name_fit(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

bool
name_has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len >= end && strcasecmp(name + len - end, suffix) == 0;
}

const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

char *
name_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
}

const char *
name_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (strncmp(path, folder, len) != 0 || path[len] != '/')
		return NULL;
	return path + len;
}

char *
name_join(const char *folder, const char *name)
{
	struct buf out = { 0 };

	if (buf_printf(&out, "%s/%s", folder, name) != 0)
		buf_free(&out);
	return out.data;
}
