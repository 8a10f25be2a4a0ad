/*
 * Values as Python, Django and its database write and read them: numbers,
 * dates, names.  Nothing here has state of its own.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/obico.h"

date
obico_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (date)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
obico_key(struct text *out, const char *name)
{
	text_json(out, name);
	text_puts(out, ":");
}

void
obico_date(struct text *out, date when)
{
	time_t seconds = (time_t)(when / 1000000);
	char day[32];
	struct tm tm;

	if (when == 0) {
		text_puts(out, "null");
		return;
	}
	memset(&tm, 0, sizeof(tm));
	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	text_printf(out, "\"%s", day);
	if (when % 1000000 > 0)
		text_printf(out, ".%06d", (int)(when % 1000000));
	text_puts(out, "Z\"");
}

void
obico_float(struct text *out, double value)
{
	char digits[40];

	if (isnan(value)) {
		text_puts(out, "null");
		return;
	}
	if (floor(value) == value && fabs(value) < 1e16) {
		text_printf(out, "%.1f", value);
		return;
	}
	for (int precision = 1; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, value);
		if (strtod(digits, NULL) >= value &&
		    strtod(digits, NULL) <= value)
			break;
	}
	text_puts(out, digits);
}

int
obico_int(const char *text, long *out)
{
	char digits[64];
	size_t used = 0;
	char *end;
	long value;

	text += strspn(text, " \t\r\n\f\v");
	if (*text == '-' || *text == '+')
		digits[used++] = *text++;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; (*text >= '0' && *text <= '9') || *text == '_'; text++) {
		if (*text == '_' && (text[1] < '0' || text[1] > '9'))
			return -EINVAL;
		if (*text != '_' && used + 1 < sizeof(digits))
			digits[used++] = *text;
	}
	digits[used] = '\0';
	if (text[strspn(text, " \t\r\n\f\v")] != '\0')
		return -EINVAL;
	errno = 0;
	value = strtol(digits, &end, 10);
	*out = value;
	return errno != 0 ? -ERANGE : 0;
}

/* The part of a second after the point, and the zone. */
static int
parse_rest(const char *at, date *when)
{
	date unit = 100000;
	int sign;

	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++) {
			*when += (*at - '0') * unit;
			unit /= 10;
		}
	}
	if (*at == '\0' || strcmp(at, "Z") == 0)
		return 0;
	if (*at != '+' && *at != '-')
		return -EINVAL;
	sign = *at++ == '+' ? 1 : -1;
	if (strspn(at, "0123456789:") != strlen(at) || strlen(at) < 2)
		return -EINVAL;
	*when -= sign * (date)strtol(at, NULL, 10) % 100 * 3600 * 1000000;
	return 0;
}

int
obico_parse_date(const char *text, date *out)
{
	const char *at;
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	at = strptime(text, "%Y-%m-%d", &tm);
	if (at == NULL)
		return -EINVAL;
	if (*at == '\0') {
		*out = (date)timegm(&tm) * 1000000;
		return 0;
	}
	if (*at != 'T' && *at != ' ')
		return -EINVAL;
	text = at + 1;
	at = strptime(text, "%H:%M:%S", &tm);
	if (at == NULL)
		at = strptime(text, "%H:%M", &tm);
	if (at == NULL)
		return -EINVAL;
	*out = (date)timegm(&tm) * 1000000;
	return parse_rest(at, out);
}

struct sign_range {
	unsigned from, to;
};

/* Signs among the letters of Latin, Greek, Cyrillic. */
static const struct sign_range signs[] = { { 0x80, 0xa9 }, { 0xab, 0xb1 },
	{ 0xb4, 0xb4 }, { 0xb6, 0xb8 }, { 0xbb, 0xbb }, { 0xbf, 0xbf },
	{ 0xd7, 0xd7 }, { 0xf7, 0xf7 }, { 0x2c2, 0x2c5 }, { 0x2d2, 0x2df },
	{ 0x2e5, 0x2eb }, { 0x2ed, 0x2ed }, { 0x2ef, 0x36f }, { 0x375, 0x375 },
	{ 0x378, 0x379 }, { 0x37e, 0x37e }, { 0x380, 0x385 }, { 0x387, 0x387 },
	{ 0x38b, 0x38b }, { 0x38d, 0x38d }, { 0x3a2, 0x3a2 }, { 0x3f6, 0x3f6 },
	{ 0x482, 0x489 }, { 0x530, 0x530 }, { 0x557, 0x558 }, { 0x55a, 0x55f },
	{ 0x589, 0x58f } };

/* Letters and digits among the signs from U+2000 on. */
static const struct sign_range letters[] = { { 0x2070, 0x2071 },
	{ 0x2074, 0x2079 }, { 0x207f, 0x2089 }, { 0x2090, 0x209c },
	{ 0x2102, 0x2102 }, { 0x2107, 0x2107 }, { 0x210a, 0x2113 },
	{ 0x2115, 0x2115 }, { 0x2119, 0x211d }, { 0x2124, 0x2124 },
	{ 0x2126, 0x2126 }, { 0x2128, 0x2128 }, { 0x212a, 0x212d },
	{ 0x212f, 0x2139 }, { 0x213c, 0x213f }, { 0x2145, 0x2149 },
	{ 0x214e, 0x214e }, { 0x2150, 0x2189 }, { 0x2460, 0x249b },
	{ 0x24ea, 0x24ff }, { 0x2776, 0x2793 }, { 0x3005, 0x3007 },
	{ 0x3021, 0x3029 }, { 0x3031, 0x3035 }, { 0x3038, 0x303c } };

static bool
is_in(unsigned c, const struct sign_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	}
	return false;
}

/*
 * Is it a letter or a digit anywhere in the world?  A guess for scripts that
 * are neither European nor Chinese.
 */
static bool
is_word(unsigned c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || c == '_';
	if (c < 0x2000)
		return !is_in(c, signs, sizeof(signs) / sizeof(signs[0]));
	if (c < 0x3040)
		return is_in(c, letters, sizeof(letters) / sizeof(letters[0]));
	return c < 0xd800 || (c >= 0xf900 && c < 0xfe00) ||
	    (c >= 0xff10 && c < 0xffe0) || (c >= 0x20000 && c < 0x30000);
}

char *
obico_safe_name(const char *name)
{
	struct text out = { 0 };

	text_puts(&out, "");
	while (*name != '\0') {
		const char *from = name;
		unsigned c = text_character(&name);

		if (c == '.' || is_word(c))
			text_add(&out, from, (size_t)(name - from));
		else
			text_puts(&out, "_");
	}
	return out.data;
}

size_t
obico_length(const char *text)
{
	size_t count = 0;

	while (text_character(&text) != 0)
		count++;
	return count;
}

/* The length of the character at the front, 0 if it is none. */
static size_t
character_length(const unsigned char *at, size_t len)
{
	char one[5] = "";
	size_t size = 1;

	if (*at < 0x80)
		return 1;
	if (*at >= 0xf0)
		size = 4;
	else if (*at >= 0xe0)
		size = 3;
	else if (*at >= 0xc0)
		size = 2;
	if (size == 1 || size > len)
		return 0;
	memcpy(one, at, size);
	return text_is_utf8(one) ? size : 0;
}

bool
obico_is_utf8(const char *data, size_t len)
{
	const unsigned char *at = (const unsigned char *)data;

	while (len > 0) {
		size_t size = character_length(at, len);

		if (size == 0)
			return false;
		at += size;
		len -= size;
	}
	return true;
}

void
obico_clean(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t size = character_length((unsigned char *)text, left);

		if (size == 0) {
			*text = '?';
			size = 1;
		}
		text += size;
		left -= size;
	}
}

void
obico_random(char *out, size_t digits)
{
	for (size_t i = 0; i < digits; i++)
		out[i] = "0123456789abcdef"[arc4random() % 16];
	out[digits] = '\0';
}

void
obico_set(char **place, const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	free(*place);
	*place = copy;
}
