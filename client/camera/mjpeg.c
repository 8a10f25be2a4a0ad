/*
 * Reading the first picture of a stream (RFC 2046 section 5.1, and what
 * cameras make of it).  No state but the frame, no lock: it belongs to its
 * thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/camera/mjpeg.h"
#include "client/camera/picture.h"

/* Blank lines before the first boundary are not rare. */
static size_t
skip_blank(const struct buf *text)
{
	size_t at = 0;

	while (at < text->len &&
	    (text->data[at] == '\r' || text->data[at] == '\n'))
		at++;
	return at;
}

/* The line at an offset without its end; NULL: its end is not there yet. */
static const char *
line_at(const struct buf *text, size_t at, size_t *len, size_t *next)
{
	const char *begin = text->data + at;
	const char *end = memchr(begin, '\n', text->len - at);

	if (end == NULL)
		return NULL;
	*next = at + (size_t)(end - begin) + 1;
	*len = (size_t)(end - begin);
	while (*len > 0 && (begin[*len - 1] == '\r' || begin[*len - 1] == ' '))
		--*len;
	return begin;
}

static void
note_header(struct mjpeg *frame, const char *line, size_t len)
{
	static const char name[] = "Content-Length:";
	char digits[24];
	size_t i = sizeof(name) - 1, count = 0;

	if (len < i || strncasecmp(line, name, i) != 0)
		return;
	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	while (i < len && line[i] >= '0' && line[i] <= '9' &&
	    count < sizeof(digits) - 1)
		digits[count++] = line[i++];
	digits[count] = '\0';
	frame->length = (size_t)strtoull(digits, NULL, 10);
}

/* The header lines of the first part; its body begins behind a blank one. */
static int
read_header(struct mjpeg *frame)
{
	const struct buf *text = &frame->text;
	size_t at = skip_blank(text), len, next;
	const char *line = line_at(text, at, &len, &next);

	frame->length = 0;
	while (line != NULL) {
		at = next;
		line = line_at(text, at, &len, &next);
		if (line != NULL && len == 0) {
			frame->begin = frame->searched = next;
			return frame->length > PICTURE_BYTES ? -EPROTO : 0;
		}
		if (line != NULL)
			note_header(frame, line, len);
	}
	return text->len > FRAME_HEADER ? -EPROTO : 0;
}

/* Where the boundary begins again, and the line end before it; 0: nowhere. */
static size_t
find_end(struct mjpeg *frame)
{
	const struct buf *text = &frame->text;
	size_t at = skip_blank(text), len, next, from = frame->searched;
	const char *boundary = line_at(text, at, &len, &next), *found;

	if (boundary == NULL || text->len - from < len)
		return 0;
	found = memmem(text->data + from, text->len - from, boundary, len);
	if (found == NULL) {
		frame->searched = text->len - len + 1;
		return 0;
	}
	from = (size_t)(found - text->data);
	if (from > frame->begin && text->data[from - 1] == '\n')
		from--;
	if (from > frame->begin && text->data[from - 1] == '\r')
		from--;
	return from;
}

/* A stream begins with "--", and no picture does. */
static void
look_at_begin(struct mjpeg *frame)
{
	const struct buf *text = &frame->text;
	size_t at = skip_blank(text);

	if (frame->is_known || text->len < at + 3)
		return;
	frame->is_known = true;
	frame->is_stream = memcmp(text->data + at, "--", 2) == 0 &&
	    text->data[at + 2] != '\r' && text->data[at + 2] != '\n';
}

int
mjpeg_take(struct mjpeg *frame, const void *data, size_t len)
{
	int error;

	if (frame->text.len + len > PICTURE_BYTES + FRAME_HEADER)
		return -EPROTO;
	error = buf_append(&frame->text, data, len);
	if (error != 0)
		return error;
	look_at_begin(frame);
	if (!frame->is_stream)
		return 0;
	if (frame->begin == 0)
		error = read_header(frame);
	if (error != 0 || frame->begin == 0)
		return error;
	if (frame->length == 0) {
		size_t end = find_end(frame);

		if (end == 0)
			return 0;
		frame->length = end - frame->begin;
		return frame->length == 0 ? -EPROTO : 1;
	}
	return frame->text.len - frame->begin >= frame->length;
}

bool
mjpeg_picture(const struct mjpeg *frame, bool at_end, const char **data,
    size_t *len)
{
	const struct buf *text = &frame->text;

	if (!frame->is_stream) {
		*data = buf_text(text);
		*len = text->len;
		return at_end && text->len > 0;
	}
	if (frame->begin == 0)
		return false;
	*data = text->data + frame->begin;
	*len = frame->length;
	if (*len == 0 && at_end)
		*len = text->len - frame->begin;
	return *len > 0 && text->len - frame->begin >= *len;
}

void
mjpeg_free(struct mjpeg *frame)
{
	buf_free(&frame->text);
}
