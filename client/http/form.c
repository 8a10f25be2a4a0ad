/*
 * Bodies of requests: text, and forms around a file.  No state, any thread.
 */
#include <stdint.h>
#include <string.h>

#include "client/http/form.h"

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
form_of_text(const char *text)
{
	const struct source source = { .read = read_text,
		.arg = (void *)(uintptr_t)text,
		.len = (off_t)strlen(text) };

	return source;
}

/* The part of [offset, offset + len) that lies in data, copied to out. */
static ssize_t
copy_part(const struct buf *data, void *out, size_t len, off_t offset)
{
	size_t left = data->len - (size_t)offset;

	len = len < left ? len : left;
	memcpy(out, data->data + offset, len);
	return (ssize_t)len;
}

static ssize_t
form_read(void *arg, void *out, size_t len, off_t offset)
{
	const struct form *form = arg;
	off_t head = (off_t)form->head.len, file = form->file->len;

	if (offset < head)
		return copy_part(&form->head, out, len, offset);
	offset -= head;
	if (offset >= file)
		return copy_part(&form->tail, out, len, offset - file);
	if ((off_t)len > file - offset)
		len = (size_t)(file - offset);
	return form->file->read(form->file->arg, out, len, offset);
}

int
form_add(struct form *form, const char *name, const char *text)
{
	return buf_printf(&form->head,
	    "--" FORM_BOUNDARY "\r\n"
	    "Content-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
	    name, text);
}

int
form_end(struct form *form, const char *name, const char *filename,
    const struct source *file)
{
	int error = buf_printf(&form->head,
	    "--" FORM_BOUNDARY "\r\n"
	    "Content-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
	    "Content-Type: application/octet-stream\r\n\r\n",
	    name, filename);

	form->file = file;
	if (error == 0)
		error = buf_printf(&form->tail,
		    "\r\n--" FORM_BOUNDARY "--\r\n");
	return error;
}

struct source
form_source(struct form *form)
{
	const struct source source = { .read = form_read,
		.arg = form,
		.len = (off_t)(form->head.len + form->tail.len) +
		    form->file->len };

	return source;
}

void
form_free(struct form *form)
{
	buf_free(&form->head);
	buf_free(&form->tail);
}
