/*
 * Foreign JSON made strict.  Buddy firmware 5.0 to 6.1 leaves a comma before a
 * brace in /api/v1/job, PrusaLink on a Pi passes on what Python's json writes
 * (NaN, halves of surrogate pairs), and either may send names in some code
 * page.  One pass with a stack of our own; no state, any thread.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/json_mend.h"
#include "client/base/utf8.h"

#define NUMBER_MAX 64 /* characters; no number has more */

struct mender {
	const char *text, *at, *end;
	struct buf *out;
	struct json_fault *fault;
	size_t values, depth;
	bool filled[JSON_DEPTH]; /* has something, so that a comma is due */
	char close[JSON_DEPTH];	 /* what ends it */
};

static int
fail(const struct mender *mender, const char *why)
{
	mender->fault->why = why;
	mender->fault->at = (size_t)(mender->at - mender->text);
	return -EPROTO;
}

static void
skip_blanks(struct mender *mender)
{
	while (mender->at < mender->end && *mender->at != '\0' &&
	    strchr(" \t\r\n", *mender->at) != NULL)
		mender->at++;
}

/* The next character, or NUL at the end. */
static char
next(const struct mender *mender)
{
	return mender->at < mender->end ? *mender->at : '\0';
}

/* Four hexadecimal digits behind "\u", or -1. */
static int
read_unit(const char *at, const char *end)
{
	int unit = 0, i;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		if (!isxdigit((unsigned char)at[i]))
			return -1;
		unit = unit * 16 +
		    (isdigit((unsigned char)at[i]) ? at[i] - '0' :
						     (at[i] | 32) - 'a' + 10);
	}
	return unit;
}

static bool
is_half(int unit, int first)
{
	return unit >= first && unit < first + 0x400;
}

/* "\uXXXX" and "\uXXXX\uXXXX"; what is no character is replaced. */
static int
mend_unit(struct mender *mender)
{
	int unit = read_unit(mender->at, mender->end);
	bool pair = is_half(unit, 0xd800) &&
	    is_half(read_unit(mender->at + 6, mender->end), 0xdc00);
	size_t len = unit < 0 ? 2 : pair ? 12 : 6;
	const char *from = mender->at;

	mender->at += len;
	if (unit <= 0 || (!pair && is_half(unit & ~0x400, 0xd800)))
		return buf_append(mender->out, UTF8_REPLACEMENT,
		    strlen(UTF8_REPLACEMENT));
	return buf_append(mender->out, from, len);
}

static int
mend_escape(struct mender *mender)
{
	char c;

	if (mender->end - mender->at < 2) {
		mender->at = mender->end;
		return fail(mender, "it ends within a string");
	}
	c = mender->at[1];
	if (c == 'u')
		return mend_unit(mender);
	if (c != '\0' && strchr("\"\\/bfnrt", c) != NULL) {
		mender->at += 2;
		return buf_append(mender->out, mender->at - 2, 2);
	}
	mender->at++; /* the character stands for itself */
	return 0;
}

static int
mend_character(struct mender *mender)
{
	unsigned char c = (unsigned char)*mender->at;
	size_t len = utf8_measure(mender->at,
	    (size_t)(mender->end - mender->at));
	const char *from = mender->at;

	mender->at += len == 0 ? 1 : len;
	if (len == 0 || c == 0)
		return buf_append(mender->out, UTF8_REPLACEMENT,
		    strlen(UTF8_REPLACEMENT));
	if (c < ' ')
		return buf_printf(mender->out, "\\u%04x", c);
	return buf_append(mender->out, from, len);
}

static int
mend_string(struct mender *mender)
{
	int error = buf_append(mender->out, "\"", 1);

	mender->at++;
	while (error == 0 && next(mender) != '"') {
		if (mender->at == mender->end)
			return fail(mender, "it ends within a string");
		error = *mender->at == '\\' ? mend_escape(mender) :
					      mend_character(mender);
	}
	if (error == 0) {
		mender->at++;
		error = buf_append(mender->out, "\"", 1);
	}
	return error;
}

/* Is it a number as RFC 8259, section 6, has it? */
static bool
is_number(const char *text)
{
	text += *text == '-';
	if (!isdigit((unsigned char)*text) ||
	    (text[0] == '0' && isdigit((unsigned char)text[1])))
		return false;
	text += strspn(text, "0123456789");
	if (*text == '.') {
		if (!isdigit((unsigned char)*++text))
			return false;
		text += strspn(text, "0123456789");
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '+' || *text == '-';
		if (!isdigit((unsigned char)*text))
			return false;
		text += strspn(text, "0123456789");
	}
	return *text == '\0';
}

/* Does it look like a decimal number, whatever JSON says of it? */
static bool
is_near_number(const char *text, double *value)
{
	char *end;

	if (text[strspn(text, "0123456789+-.eE")] != '\0' ||
	    strpbrk(text, "0123456789") == NULL)
		return false;
	*value = strtod(text, &end);
	return *end == '\0' && isfinite(*value);
}

/* A word without quotes. */
static int
mend_word(struct mender *mender)
{
	const char *from = mender->at;
	char word[NUMBER_MAX] = "";
	double value;
	size_t len;

	while (isalnum((unsigned char)next(mender)) ||
	    (next(mender) != '\0' && strchr("+-._", next(mender)) != NULL))
		mender->at++;
	len = (size_t)(mender->at - from);
	if (len == 0)
		return fail(mender, "a value is expected");
	if (mender->at == mender->end && mender->depth > 0)
		return fail(mender, "it ends before its end");
	if (len < sizeof(word))
		memcpy(word, from, len);
	if (is_number(word) || strcmp(word, "true") == 0 ||
	    strcmp(word, "false") == 0)
		return buf_append(mender->out, word, len);
	if (is_near_number(word, &value))
		return buf_printf(mender->out, "%.17g", value);
	return buf_printf(mender->out, "null");
}

/* Begin an object or an array. */
static int
open_level(struct mender *mender)
{
	if (mender->depth == JSON_DEPTH)
		return fail(mender, "it is nested too deeply");
	mender->filled[mender->depth] = false;
	mender->close[mender->depth++] = *mender->at == '{' ? '}' : ']';
	return buf_append(mender->out, mender->at++, 1);
}

static int
mend_value(struct mender *mender)
{
	if (++mender->values > JSON_VALUES)
		return fail(mender, "it has too many values");
	switch (next(mender)) {
	case '{':
	case '[':
		return open_level(mender);
	case '"':
		return mend_string(mender);
	default:
		return mend_word(mender);
	}
}

/* The name of a member, and its colon; a value that is missing is null. */
static int
mend_name(struct mender *mender)
{
	int error;

	if (next(mender) != '"')
		return fail(mender, "a member's name is expected");
	error = mend_string(mender);
	skip_blanks(mender);
	if (error == 0 && next(mender) != ':')
		error = fail(mender, "a colon is expected");
	if (error == 0)
		error = buf_append(mender->out, mender->at++, 1);
	skip_blanks(mender);
	return error;
}

/* The next member of an object or item of an array, or its end. */
static int
mend_item(struct mender *mender)
{
	size_t level = mender->depth - 1;
	int error = 0;

	while (skip_blanks(mender), next(mender) == ',')
		mender->at++;
	if (mender->at == mender->end)
		return fail(mender, "it ends before its end");
	if (*mender->at == mender->close[level]) {
		mender->depth--;
		return buf_append(mender->out, mender->at++, 1);
	}
	if (mender->filled[level])
		error = buf_append(mender->out, ",", 1);
	mender->filled[level] = true;
	if (error == 0 && mender->close[level] == '}') {
		error = mend_name(mender);
		if (error == 0 && (next(mender) == ',' || next(mender) == '}'))
			return buf_printf(mender->out, "null");
	}
	return error != 0 ? error : mend_value(mender);
}

int
json_mend(const char *text, size_t len, struct buf *out,
    struct json_fault *fault)
{
	struct mender mender = { .text = text,
		.at = text,
		.end = text + len,
		.out = out,
		.fault = fault };
	bool is_tree;
	int error;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		mender.at += 3; /* a byte order mark */
	skip_blanks(&mender);
	is_tree = next(&mender) == '{' || next(&mender) == '[';
	error = mend_value(&mender);
	while (error == 0 && mender.depth > 0)
		error = mend_item(&mender);
	skip_blanks(&mender);
	if (error == 0 && !is_tree && mender.at < mender.end)
		error = fail(&mender, "it is not JSON");
	return error;
}
