/*
 * A form around a file: the parts before and after it are in memory, the file
 * itself is read as it is sent.  No state, any thread.
 */
#include <errno.h>
#include <string.h>

#include "client/http.h"
#include "client/multipart.h"
#include "client/printer.h"

#define BOUNDARY "prusafs-9d1c5be2f07a4463"

struct form {
	struct buf head;
	struct buf tail;
	const struct source *file;
};

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

/* Names with a quote or a line end were refused by the name rules. */
static int
form_make(struct form *form, const struct store *store)
{
	const char *folder = strchr(store->folder, '/');
	int error = 0;

	form->file = &store->source;
	if (store->start != NULL)
		error = buf_printf(&form->head,
		    "--" BOUNDARY "\r\n"
		    "Content-Disposition: form-data; name=\"print\"\r\n\r\n"
		    "true\r\n");
	if (error == 0)
		error = buf_printf(&form->head,
		    "--" BOUNDARY "\r\n"
		    "Content-Disposition: form-data; name=\"path\"\r\n\r\n%s\r\n"
		    "--" BOUNDARY "\r\n"
		    "Content-Disposition: form-data; name=\"file\"; "
		    "filename=\"%s\"\r\n"
		    "Content-Type: application/octet-stream\r\n\r\n",
		    folder == NULL ? "/" : folder, store->name);
	if (error == 0)
		error = buf_printf(&form->tail, "\r\n--" BOUNDARY "--\r\n");
	return error;
}

int
multipart_store(struct http *http, const struct wait *wait,
    const struct store *store, struct http_reply *reply)
{
	struct form form = { 0 };
	struct source body = { .read = form_read, .arg = &form };
	const struct http_request request = { .lane = LANE_UP,
		.method = "POST",
		.target = "/api/files/local",
		.headers = { "Content-Type: multipart/form-data; boundary=" BOUNDARY },
		.body = &body,
		.once = true };
	int error = form_make(&form, store);

	if (error == 0) {
		body.len = (off_t)(form.head.len + form.tail.len) +
		    store->source.len;
		error = http_perform(http, wait, &request, reply);
	}
	/* 413 here means that the free space is smaller (files_legacy.py). */
	if (error == 0 && reply->status == 413)
		reply->status = 507;
	buf_free(&form.head);
	buf_free(&form.tail);
	return error;
}
