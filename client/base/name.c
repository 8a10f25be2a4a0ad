/*
 * Names and paths as text.  No state, any thread.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>

#include "client/base/buf.h"
#include "client/base/name.h"

#define FOLDED_BYTES 4	/* at most, of a byte */
#define NUMBER	     12 /* bytes of " (2147483647)", or so */

/* Characters that a URL has as they are (RFC 3986, section 2.3). */
#define UNRESERVED \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

/*
 * Where the upper case of the firmware's FAT code (FatFs, ff_wtoupper) is that
 * of the C library.  What lies between differs or is in no name: FatFs leaves
 * alone \u0131, \u017f and \u00b5, for example, and has \u01c5 for a letter of
 * its own.
 */
static const struct range {
	wchar_t first, last;
} folded[] = {
	{ 'a', 'z' }, { 0xe0, 0x12f }, /* Latin */
	{ 0x132, 0x17e },	       /* Latin */
	{ 0x1cd, 0x1ef },	       /* Latin */
	{ 0x1f8, 0x21f },	       /* Latin */
	{ 0x222, 0x233 },	       /* Latin */
	{ 0x3ac, 0x3ce },	       /* Greek */
	{ 0x3d8, 0x3ef },	       /* Coptic */
	{ 0x430, 0x45f },	       /* Cyrillic */
	{ 0x460, 0x481 },	       /* Cyrillic */
	{ 0x48a, 0x4bf },	       /* Cyrillic */
	{ 0x4c1, 0x513 },	       /* Cyrillic */
	{ 0x561, 0x586 },	       /* Armenian */
	{ 0x1e00, 0x1e95 },	       /* Latin */
	{ 0x1ea0, 0x1ef9 },	       /* Latin */
	{ 0x1f00, 0x1f67 },	       /* Greek */
	{ 0x2170, 0x217f },	       /* Roman numerals */
	{ 0x24d0, 0x24e9 },	       /* letters in circles */
	{ 0xff41, 0xff5a },	       /* letters of full width */
};

size_t
name_character(const char *text, wchar_t *out)
{
	mbstate_t state = { 0 };
	size_t len = mbrtowc(out, text, strlen(text), &state);

	return len > MB_LEN_MAX ? 0 : len;
}

bool
name_may_have(wchar_t c)
{
	return c >= ' ' && c != '/' && !(c >= 0x7f && c < 0xa0) &&
	    c <= 0x10ffff;
}

bool
name_is_sane(const char *name)
{
	size_t len = strlen(name), used;
	wchar_t c;

	if (len == 0 || len > NAME_MAX || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (; *name != '\0'; name += used) {
		used = name_character(name, &c);
		if (used == 0 || !name_may_have(c))
			return false;
	}
	return true;
}

bool
name_is_part(const char *name)
{
	return name[0] != '\0' && strchr(name, '/') == NULL &&
	    strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool
name_is_hidden(const char *name)
{
	return name[0] == '.';
}

char *
name_show(const char *name)
{
	struct buf out = { 0 };
	size_t used;
	int error = buf_printf(&out, "%s", "");
	wchar_t c;

	for (; *name != '\0' && error == 0; name += used) {
		used = name_character(name, &c);
		if (used == 0) {
			used = 1;
			error = buf_printf(&out, "%%%02X",
			    (unsigned)(unsigned char)*name);
		} else if (!name_may_have(c) && c <= 0x10ffff) {
			error = buf_printf(&out, "%%%02X", (unsigned)c);
		} else {
			error = buf_append(&out, name, used);
		}
	}
	if (error != 0)
		buf_free(&out);
	return out.data;
}

static wchar_t
upper(wchar_t c)
{
	size_t i;

	for (i = 0; i < sizeof(folded) / sizeof(folded[0]); i++) {
		if (c >= folded[i].first && c <= folded[i].last)
			return (wchar_t)towupper((wint_t)c);
	}
	return c;
}

bool
name_fold_into(const char *name, char *out, size_t size)
{
	mbstate_t back = { 0 };
	char bytes[MB_LEN_MAX];
	size_t used, len, done = 0;
	wchar_t c;

	for (; *name != '\0'; name += used) {
		used = name_character(name, &c);
		if (used == 0) {
			used = len = 1;
			bytes[0] = *name;
		} else {
			len = wcrtomb(bytes, upper(c), &back);
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

char *
name_number(const char *name, int number)
{
	const char *dot = strrchr(name, '.');
	const char *ending = dot == NULL || dot == name ? "" : dot;
	size_t len = strlen(ending), stem = strlen(name) - len;
	char *numbered;

	if (strlen(name) > NAME_MAX - NUMBER)
		stem = name_fit(name,
		    len < NAME_MAX - NUMBER ? NAME_MAX - NUMBER - len : 0);
	if (asprintf(&numbered, "%.*s (%d)%s", (int)stem, name, number,
		ending) < 0)
		return NULL;
	return numbered;
}

uint64_t
name_hash(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
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

const char *
name_inside(const char *path, const char *folder)
{
	const char *below = name_below(path, folder);

	return below == NULL ? NULL : below + 1;
}

bool
name_is_in(const char *path, const char *folder)
{
	const char *below = name_below(path, folder);

	return below != NULL && strchr(below + 1, '/') == NULL;
}

char *
name_join(const char *folder, const char *name)
{
	struct buf out = { 0 };

	if (buf_printf(&out, "%s%s%s", folder == NULL ? "" : folder,
		folder == NULL ? "" : "/", name) != 0)
		buf_free(&out);
	return out.data;
}

static int
escape(struct buf *out, const char *text, size_t len, const char *plain)
{
	int error = 0;

	for (; len > 0 && error == 0; text++, len--) {
		if (*text != '\0' && strchr(plain, *text) != NULL)
			error = buf_append(out, text, 1);
		else
			error = buf_printf(out, "%%%02X",
			    (unsigned)(unsigned char)*text);
	}
	return error;
}

int
name_escape(struct buf *out, const char *segment, size_t len)
{
	return escape(out, segment, len, UNRESERVED);
}

int
name_escape_path(struct buf *out, const char *path)
{
	return escape(out, path, strlen(path), UNRESERVED "/");
}
