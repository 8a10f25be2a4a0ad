/*
 * The older upload of PrusaLink on a Raspberry Pi.  No state, any thread.
 */
#include <errno.h>
#include <string.h>

#include "client/http/form.h"
#include "client/http/http.h"
#include "client/http/multipart.h"
#include "client/printer.h"

/* Names with a quote or a line end were refused by the name rules. */
static int
make_form(struct form *form, const struct store *store)
{
	const char *folder = strchr(store->folder, '/');
	int error = 0;

	if (store->start != NULL)
		error = form_add(form, "print", "true");
	if (error == 0)
		error = form_add(form, "path", folder == NULL ? "/" : folder);
	return error != 0 ? error :
			    form_end(form, "file", store->name, &store->source);
}

int
multipart_store(struct http *http, const struct wait *wait,
    const struct store *store, struct http_reply *reply)
{
	struct form form = { 0 };
	struct source body;
	const struct http_request request = { .connection = CONNECTION_UP,
		.method = "POST",
		.target = "/api/files/local",
		.headers = { FORM_HEADER },
		.body = &body,
		.once = true };
	int error = make_form(&form, store);

	if (error == 0) {
		body = form_source(&form);
		error = http_perform(http, wait, &request, reply);
	}
	/* 413 here means that the free space is smaller (files_legacy.py). */
	if (error == 0 && reply->status == 413)
		reply->status = 507;
	form_free(&form);
	return error;
}
