/*
 * Growable bytes: the one string builder of the project.  A buffer belongs to
 * one thread.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"

static int
reserve(struct buf *buf, size_t more)
{
	size_t size;
	char *data;

	if (more > SIZE_MAX / 2 - buf->len)
		return -ENOMEM;
	if (buf->len + more + 1 <= buf->size)
		return 0;
	size = buf->size < 256 ? 256 : buf->size;
	while (size < buf->len + more + 1)
		size *= 2;
	data = realloc(buf->data, size);
	if (data == NULL)
		return -ENOMEM;
	buf->data = data;
	buf->size = size;
	return 0;
}

int
buf_append(struct buf *buf, const void *data, size_t len)
{
	int error = reserve(buf, len);

	if (error != 0)
		return error;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int error, len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return -ENOMEM;
	error = reserve(buf, (size_t)len);
	if (error != 0)
		return error;
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
	return 0;
}

const char *
buf_text(const struct buf *buf)
{
	return buf->data == NULL ? "" : buf->data;
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void
buf_free(struct buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}
