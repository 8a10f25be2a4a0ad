/*
 * Text in memory as the body of a request.  No state, any thread.
 */
#include <stdint.h>
#include <string.h>

#include "client/http/text.h"

static ssize_t
read_text(void *arg, void *out, size_t len, off_t offset)
{
	const char *text = arg;
	size_t left = strlen(text) - (size_t)offset;

	len = len < left ? len : left;
	memcpy(out, text + offset, len);
	return (ssize_t)len;
}

struct source
text_source(const char *text)
{
	const struct source source = { .read = read_text,
		.arg = (void *)(uintptr_t)text,
		.len = (off_t)strlen(text) };

	return source;
}
