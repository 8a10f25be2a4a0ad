/*
 * Strings: growing text, JSON quoting, URL escapes, UTF-8, hashes, dates.
 * Nothing here has state of its own.
 */
#include <errno.h>
#include <md5.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/text.h"

static bool
text_room(struct text *text, size_t len)
{
	char *grown;
	size_t size = text->size == 0 ? 256 : text->size;

	if (text->failed)
		return false;
	while (size - text->len <= len)
		size *= 2;
	if (size != text->size) {
		grown = realloc(text->data, size);
		if (grown == NULL) {
			text->failed = true;
			return false;
		}
		text->data = grown;
		text->size = size;
	}
	return true;
}

void
text_add(struct text *text, const void *data, size_t len)
{
	if (!text_room(text, len))
		return;
	if (len > 0)
		memcpy(text->data + text->len, data, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void
text_puts(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void
text_printf(struct text *text, const char *format, ...)
{
	va_list args;
	char *made;
	int len;

	va_start(args, format);
	len = vasprintf(&made, format, args);
	va_end(args);
	if (len < 0) {
		text->failed = true;
		return;
	}
	text_add(text, made, (size_t)len);
	free(made);
}

void
text_json(struct text *text, const char *string)
{
	if (string == NULL) {
		text_puts(text, "null");
		return;
	}
	text_puts(text, "\"");
	for (; *string != '\0'; string++) {
		if (*string == '"' || *string == '\\')
			text_printf(text, "\\%c", *string);
		else if ((unsigned char)*string < ' ')
			text_printf(text, "\\u%04x", (unsigned)*string);
		else
			text_add(text, string, 1);
	}
	text_puts(text, "\"");
}

const char *
text_string(const struct text *text)
{
	return text->data == NULL ? "" : text->data;
}

void
text_free(struct text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found;

	if (c >= 'A' && c <= 'F')
		c = (char)(c + 'a' - 'A');
	found = c == '\0' ? NULL : strchr(digits, c);
	return found == NULL ? -1 : (int)(found - digits);
}

/* The byte that an escape stands for; -1 if it is none. */
static int
escaped(const char *from, size_t len)
{
	int high, low;

	if (len < 3)
		return -1;
	high = hex_digit(from[1]);
	low = hex_digit(from[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

ssize_t
text_unescape(char *out, size_t size, const char *from, size_t len,
    enum escapes escapes)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)from[i];

		if (c == '%') {
			c = escaped(from + i, len - i);
			if (c < 0 && escapes != ESCAPES_LENIENT)
				return -EINVAL;
			i += c < 0 ? 0 : 2;
			c = c < 0 ? '%' : c;
		} else if (c == '+' && escapes == ESCAPES_PLUS) {
			c = ' ';
		}
		if (c == 0)
			return -EINVAL;
		if (used + 1 >= size)
			return -ENAMETOOLONG;
		out[used++] = (char)c;
	}
	out[used] = '\0';
	return (ssize_t)used;
}

/* The length of the sequence that starts with this byte, 0 if none does. */
static size_t
sequence_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

bool
text_is_utf8(const char *string)
{
	while (*string != '\0') {
		const unsigned char *p = (const unsigned char *)string;
		size_t len = sequence_length(*p);

		if (len == 0)
			return false;
		for (size_t i = 1; i < len; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
		}
		if ((p[0] == 0xe0 && p[1] < 0xa0) ||
		    (p[0] == 0xed && p[1] >= 0xa0) ||
		    (p[0] == 0xf0 && p[1] < 0x90) ||
		    (p[0] == 0xf4 && p[1] >= 0x90))
			return false;
		string += len;
	}
	return true;
}

unsigned
text_character(const char **string)
{
	const unsigned char *p = (const unsigned char *)*string;
	size_t len = sequence_length(*p);
	unsigned c;

	if (*p == '\0')
		return 0;
	if (len <= 1) {
		*string += 1;
		return *p;
	}
	c = *p & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*string += len;
	return c;
}

void
text_md5(char out[33], const char *const *parts, size_t count)
{
	MD5_CTX context;
	uint8_t digest[MD5_DIGEST_LENGTH];

	MD5Init(&context);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			MD5Update(&context, (const uint8_t *)":", 1);
		MD5Update(&context, (const uint8_t *)parts[i],
		    strlen(parts[i]));
	}
	MD5Final(digest, &context);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void
text_date(char out[32], time_t when)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&when, &tm);
	snprintf(out, 32, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[(unsigned)tm.tm_wday % 7], tm.tm_mday % 100,
	    months[(unsigned)tm.tm_mon % 12], (tm.tm_year + 1900) % 10000,
	    tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

bool
text_ends_with(const char *string, const char *tail)
{
	size_t len = strlen(string), tail_len = strlen(tail);

	return len >= tail_len &&
	    strcasecmp(string + len - tail_len, tail) == 0;
}
