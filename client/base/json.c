/*
 * Foreign JSON, read with bounds.  cJSON spends about 64 bytes on each value,
 * so a text is made strict, and its values counted, before cJSON sees it. Buddy
 * firmware 5.0 to 6.1 leaves a comma before a brace in /api/v1/job, PrusaLink
 * on a Pi passes on what Python's json writes (NaN, halves of surrogate pairs),
 * and either may send names in some code page.  No state, any thread.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/utf8.h"

#define NUMBER_MAX 64 /* characters; no number has more */
#define BEFORE	   24 /* characters around a fault */
#define AFTER	   24

/* Why and where (byte, from 0) a text could not be read. */
struct fault {
	const char *why;
	size_t at;
};

/* One pass, with a stack of our own. */
struct mender {
	const char *text, *at, *end;
	struct buf *out;
	struct fault *fault;
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

/* The first byte that is no white space, or the end. */
static const char *
skip(const char *text, const char *end)
{
	while (text < end && *text != '\0' && strchr(" \t\r\n", *text) != NULL)
		text++;
	return text;
}

static void
skip_blanks(struct mender *mender)
{
	mender->at = skip(mender->at, mender->end);
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

/*
 * Append foreign JSON text to out as strict JSON (see json_parse).  Returns 0,
 * -ENOMEM, or -EPROTO and the fault.
 */
static int
mend(const char *text, size_t len, struct buf *out, struct fault *fault)
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

int
json_parse(const char *text, size_t len, struct cJSON **out)
{
	struct fault fault;
	struct buf strict = { 0 };
	int error;

	if (text == NULL || len == 0)
		return -EPROTO;
	error = mend(text, len, &strict, &fault);
	if (error == 0) {
		*out = cJSON_ParseWithLength(strict.data, strict.len);
		error = *out == NULL ? -ENOMEM : 0;
	}
	buf_free(&strict);
	return error;
}

int
json_parse_strict(const char *text, size_t len, struct cJSON **out)
{
	const char *rest = NULL;
	cJSON *tree;
	int error = json_parse(text, len, out);

	if (error != 0)
		return error;
	/* As bounded as it was; but now nothing is mended. */
	tree = cJSON_ParseWithLengthOpts(text, len, &rest, false);
	if (tree == NULL || skip(rest, text + len) != text + len) {
		cJSON_Delete(tree);
		cJSON_Delete(*out);
		*out = NULL;
		return -EPROTO;
	}
	cJSON_Delete(tree);
	return 0;
}

void
json_complain(const char *what, const char *text, size_t len, bool quotes)
{
	struct fault fault = { "it lacks what is needed", 0 };
	struct buf strict = { 0 };
	size_t from, to;

	if (text == NULL || len == 0) {
		log_say(LOG_LEVEL_DETAIL, "%s: the answer is empty", what);
		return;
	}
	(void)mend(text, len, &strict, &fault);
	buf_free(&strict);
	from = fault.at > BEFORE ? fault.at - BEFORE : 0;
	to = len - fault.at > AFTER ? fault.at + AFTER : len;
	log_say(LOG_LEVEL_DETAIL,
	    "%s: the answer is not understood: %s (byte %zu of %zu%s%.*s)",
	    what, fault.why, fault.at, len, quotes ? ": " : "",
	    quotes ? (int)(to - from) : 0, text + from);
}

/*
 * Null, and a number that no double holds, are values that are not known.
 * cJSON rounds to 15 digits when it prints, which takes the largest doubles
 * out of range.
 */
static bool
is_unknown(const cJSON *value)
{
	return cJSON_IsNull(value) ||
	    (cJSON_IsNumber(value) && !(fabs(value->valuedouble) <= 1e308));
}

const struct cJSON *
json_at(const struct cJSON *tree, const char *path)
{
	char name[64];
	size_t len;

	while (tree != NULL && *path != '\0') {
		len = strcspn(path, ".");
		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		tree = cJSON_GetObjectItemCaseSensitive(tree, name);
		path += len + (path[len] == '.');
	}
	return tree;
}

int
json_print(const struct cJSON *tree, struct buf *out)
{
	char *text = cJSON_PrintUnformatted(tree);
	int error;

	if (text == NULL)
		return -ENOMEM;
	error = buf_append(out, text, strlen(text));
	cJSON_free(text);
	return error;
}

int
json_quote(struct buf *out, const char *text)
{
	struct buf clean = { 0 };
	cJSON *string = NULL;
	int error = utf8_append(&clean, text, strlen(text));

	if (error == 0) {
		string = cJSON_CreateString(buf_text(&clean));
		error = string == NULL ? -ENOMEM : json_print(string, out);
	}
	cJSON_Delete(string);
	buf_free(&clean);
	return error;
}

int
json_quote_behind(struct buf *out, const char *before, const char *text)
{
	int error = buf_printf(out, "%s", before);

	return error != 0 ? error : json_quote(out, text);
}

int
json_field(const char *text, size_t len, const char *path, struct buf *out)
{
	const cJSON *value;
	cJSON *tree = NULL;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	value = json_at(tree, path);
	if (value == NULL || is_unknown(value))
		error = -ENODATA;
	else if (cJSON_IsString(value))
		error = buf_append(out, value->valuestring,
		    strlen(value->valuestring));
	else
		error = json_print(value, out);
	cJSON_Delete(tree);
	return error;
}

int
json_replace(const char *text, size_t len, const char *object, const char *name,
    const char *value, struct buf *out)
{
	cJSON *tree = NULL, *parent, *string;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	parent = cJSON_GetObjectItemCaseSensitive(tree, object);
	string = cJSON_CreateString(value);
	if (string == NULL)
		error = -ENOMEM;
	else if (!cJSON_ReplaceItemInObjectCaseSensitive(parent, name, string))
		error = -ENODATA;
	if (error == -ENODATA)
		cJSON_Delete(string);
	if (error == 0)
		error = json_print(tree, out);
	cJSON_Delete(tree);
	return error;
}

/*
 * The tree is walked with a stack of our own; json_parse bounds its depth.
 */
void
json_prune(struct cJSON *tree,
    bool (*remove)(const struct cJSON *parent, struct cJSON *item))
{
	cJSON *parent[JSON_DEPTH + 1], *value[JSON_DEPTH + 1];
	size_t depth = 0;

	parent[0] = tree;
	value[0] = tree == NULL ? NULL : tree->child;
	for (;;) {
		cJSON *item = value[depth];

		if (item == NULL) {
			if (depth-- == 0)
				return;
			continue;
		}
		value[depth] = item->next;
		if (remove(parent[depth], item)) {
			cJSON_DetachItemViaPointer(parent[depth], item);
			cJSON_Delete(item);
		} else if (item->child != NULL && depth < JSON_DEPTH) {
			depth++;
			parent[depth] = item;
			value[depth] = item->child;
		}
	}
}

static bool
drop_unknown(const cJSON *parent, cJSON *item)
{
	if (!is_unknown(item))
		return false;
	if (cJSON_IsObject(parent))
		return true;
	cJSON_SetNumberValue(item, NAN); /* printed as null */
	return false;
}

void
json_drop_nulls(struct cJSON *tree)
{
	json_prune(tree, drop_unknown);
}

const char *
json_string(const struct cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool
json_number(const struct cJSON *object, const char *name, double *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	double value;

	if (cJSON_IsNumber(item) && isfinite(item->valuedouble)) {
		*out = item->valuedouble;
		return true;
	}
	if (!cJSON_IsString(item) || item->valuestring[0] == '\0' ||
	    strspn(item->valuestring, "0123456789") !=
		strlen(item->valuestring))
		return false;
	value = strtod(item->valuestring, NULL);
	if (!isfinite(value))
		return false;
	*out = value;
	return true;
}

bool
json_integer(const struct cJSON *object, const char *name, int64_t *out)
{
	double number;

	if (!json_number(object, name, &number) ||
	    !(number >= 0 && number <= (double)JSON_INTEGER_MAX))
		return false;
	*out = (int64_t)number;
	return true;
}

bool
json_true(const struct cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
