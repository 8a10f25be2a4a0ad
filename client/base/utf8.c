/*
 * UTF-8 as the strictest readers take it.  No state of its own, any thread.
 */
#include <string.h>

#include "client/base/buf.h"
#include "client/base/utf8.h"

#define TAIL_LEAST 0x80
#define TAIL_MOST  0xbf

/* The first bytes of characters of more than one byte (RFC 3629, section 4). */
static const struct lead {
	unsigned char first, last; /* such bytes */
	unsigned char least, most; /* the second byte */
	unsigned char left;	   /* bytes that follow */
} leads[] = {
	{ 0xc2, 0xdf, TAIL_LEAST, TAIL_MOST, 1 },
	{ 0xe0, 0xe0, 0xa0, TAIL_MOST, 2 },
	{ 0xe1, 0xec, TAIL_LEAST, TAIL_MOST, 2 },
	{ 0xed, 0xed, TAIL_LEAST, 0x9f, 2 },
	{ 0xee, 0xef, TAIL_LEAST, TAIL_MOST, 2 },
	{ 0xf0, 0xf0, 0x90, TAIL_MOST, 3 },
	{ 0xf1, 0xf3, TAIL_LEAST, TAIL_MOST, 3 },
	{ 0xf4, 0xf4, TAIL_LEAST, 0x8f, 3 },
};

static bool
begin(struct utf8 *utf8, unsigned char byte)
{
	size_t i;

	for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		const struct lead *lead = &leads[i];

		if (byte < lead->first || byte > lead->last)
			continue;
		utf8->left = lead->left;
		utf8->least = lead->least;
		utf8->most = lead->most;
		return true;
	}
	return false;
}

bool
utf8_go_on(struct utf8 *utf8, const void *data, size_t len)
{
	const unsigned char *at = data;

	for (; len > 0; len--, at++) {
		if (utf8->left == 0) {
			if (*at >= 0x80 && !begin(utf8, *at))
				return false;
			continue;
		}
		if (*at < utf8->least || *at > utf8->most)
			return false;
		utf8->left--;
		utf8->least = TAIL_LEAST;
		utf8->most = TAIL_MOST;
	}
	return true;
}

bool
utf8_is_whole(const struct utf8 *utf8)
{
	return utf8->left == 0;
}

size_t
utf8_measure(const void *text, size_t len)
{
	const char *at = text;
	struct utf8 utf8 = { 0 };
	size_t count = 0;

	do {
		if (count == len || !utf8_go_on(&utf8, at + count, 1))
			return 0;
		count++;
	} while (!utf8_is_whole(&utf8));
	return count;
}

int
utf8_append(struct buf *out, const char *text, size_t len)
{
	size_t at, count;
	int error = 0;

	for (at = 0; at < len && error == 0; at += count == 0 ? 1 : count) {
		count = utf8_measure(text + at, len - at);
		error = count == 0 ? buf_append(out, UTF8_REPLACEMENT,
					 strlen(UTF8_REPLACEMENT)) :
				     buf_append(out, text + at, count);
	}
	return error;
}
