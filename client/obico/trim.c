/*
 * JSON without its long parts, as it comes.  Brackets and strings are all that
 * is looked at: whether it is JSON the one who reads it finds out.  No state
 * but the caller's, any thread.
 */
#include <errno.h>
#include <string.h>

#include "client/http/http.h"
#include "client/obico/trim.h"

#define LONG_KEY "print_set"
#define TAKEN	 ((size_t)64 << 20)

/* A character of a string; returns whether the string has ended with it. */
static bool
read_string(struct trim *trim, char c)
{
	if (trim->is_escaped || c != '"') {
		trim->is_escaped = !trim->is_escaped && c == '\\';
		if (trim->key_len < sizeof(trim->key))
			trim->key[trim->key_len] = c;
		trim->key_len++;
		return false;
	}
	trim->in_string = false;
	return true;
}

static bool
is_long_key(const struct trim *trim)
{
	return trim->key_len == strlen(LONG_KEY) &&
	    memcmp(trim->key, LONG_KEY, trim->key_len) == 0;
}

static void
begin_string(struct trim *trim)
{
	trim->in_string = true;
	trim->is_escaped = false;
	trim->key_len = 0;
}

/* A character of what is left out. */
static void
skip(struct trim *trim, char c)
{
	if (trim->in_string)
		(void)read_string(trim, c);
	else if (c == '"')
		begin_string(trim);
	else if (c == '[' || c == '{')
		trim->depth++;
	else if (c == ']' || c == '}')
		trim->depth--;
}

/* A character that stays; behind it something may begin that does not. */
static void
pass(struct trim *trim, char c)
{
	if (trim->in_string) {
		if (read_string(trim, c))
			trim->is_next = is_long_key(trim);
	} else if (c == '"') {
		trim->is_next = false;
		begin_string(trim);
	} else if (trim->is_next && c == '[') {
		trim->is_next = false;
		trim->depth = 1;
	} else if (c != ':' && c != ' ') {
		trim->is_next = false;
	}
}

static int
take(void *arg, const void *data, size_t len)
{
	struct trim *trim = arg;
	const char *text = data;
	size_t i, from = 0;
	int error = 0;

	trim->taken += len;
	for (i = 0; i < len && error == 0; i++) {
		if (trim->depth == 0) {
			pass(trim, text[i]);
			if (trim->depth > 0)
				error = buf_append(&trim->out, text + from,
				    i + 1 - from);
			continue;
		}
		skip(trim, text[i]);
		from = i; /* the bracket that closes it stays */
	}
	if (error == 0 && trim->depth == 0)
		error = buf_append(&trim->out, text + from, len - from);
	if (error == 0 && (trim->out.len > HTTP_BODY || trim->taken > TAKEN))
		error = -EPROTO;
	return error;
}

static int
begin(void *arg, off_t len)
{
	struct trim *trim = arg;

	(void)len;
	buf_free(&trim->out);
	memset(trim, 0, sizeof(*trim));
	return 0;
}

struct sink
trim_sink(struct trim *trim)
{
	return (struct sink){ .begin = begin, .write = take, .arg = trim };
}
