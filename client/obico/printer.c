/*
 * A printer of an Obico account: its documents are parts of the object that
 * the account's list has of it, so however many printers are looked at, one
 * request answers.  No state of its own, any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/obico/obico_internal.h"
#include "client/traits.h"

#define API_PRINTS "/api/v1/prints/"
#define PRINTS	   "200" /* of a printer's history; older ones are not shown */

int
obico_find(struct obico *obico, const struct wait *wait, int64_t id,
    struct printer_list **list, const struct listed_printer **out)
{
	int error;

	*list = NULL;
	error = account_server_printers(&obico->server, wait, list);
	if (error != 0)
		return error;
	*out = printer_list_find(*list, id);
	return *out == NULL ? -ENOENT : 0;
}

int
obico_look(struct obico *obico, const struct wait *wait, int64_t id,
    struct cJSON **out)
{
	const struct listed_printer *found;
	struct printer_list *list;
	int error = obico_find(obico, wait, id, &list, &found);

	if (error == 0)
		error = json_parse(found->text, strlen(found->text), out);
	printer_list_release(list);
	return error;
}

static int
tell_version(struct obico_printer *printer, const struct wait *wait,
    struct buf *out)
{
	struct http_reply reply;
	struct buf version = { 0 };
	int error = obico_ask(printer->obico, wait, "GET", NULL, &reply,
	    "/api/v1/version/");

	if (error == 0)
		error = json_field(buf_text(&reply.body), reply.body.len,
		    "version", &version);
	if (error == 0)
		error = buf_printf(out, "{\"text\":\"Obico\",\"api\":");
	if (error == 0)
		error = json_quote(out, version.data);
	if (error == 0)
		error = buf_printf(out, "}\n");
	http_reply_free(&reply);
	buf_free(&version);
	return error == -ENODATA ? -EPROTO : error;
}

static int
tell_storage(struct obico_printer *printer, const struct wait *wait,
    struct buf *out)
{
	(void)printer;
	(void)wait;
	return buf_printf(out,
	    "{\"storage_list\":[{\"path\":\"/gcodes\",\"name\":\"gcodes\","
	    "\"type\":\"CLOUD\",\"available\":true,\"read_only\":false}]}\n");
}

static int
tell_prints(struct obico_printer *printer, const struct wait *wait,
    struct buf *out)
{
	struct http_reply reply;
	cJSON *tree = NULL;
	int error = obico_ask(printer->obico, wait, "GET", NULL, &reply,
	    API_PRINTS "?filter_by_printer_ids%%5B%%5D=%" PRId64
		       "&limit=" PRINTS,
	    printer->id);

	if (error == 0) {
		error = json_parse(buf_text(&reply.body), reply.body.len,
		    &tree);
		if (error == 0 && !cJSON_IsArray(tree))
			error = -EPROTO;
		obico_explain(error, API_PRINTS, &reply);
	}
	if (error == 0) {
		obico_clean(tree);
		error = json_print(tree, out);
	}
	if (error == 0)
		error = buf_append(out, "\n", 1);
	cJSON_Delete(tree);
	http_reply_free(&reply);
	return error;
}

/* The one camera that the server has pictures of. */
static int
tell_cameras(struct obico_printer *printer, const struct wait *wait,
    struct buf *out)
{
	int error = buf_printf(out,
	    "{\"camera_list\":[{\"camera_id\":\"camera\",\"config\":");

	if (error == 0)
		error = obico_camera(&printer->printer, wait, TOPIC_CAMERA, "",
		    out);
	if (error != 0)
		return error;
	out->data[--out->len] = '\0'; /* the line end */
	return buf_printf(out, "}]}\n");
}

static int
document(struct printer *printer, const struct wait *wait, enum topic topic,
    struct buf *out)
{
	static int (*const tellers[TOPIC_COUNT])(struct obico_printer *,
	    const struct wait *, struct buf *) = {
		[TOPIC_VERSION] = tell_version,
		[TOPIC_STORAGE] = tell_storage,
		[TOPIC_PRINTS] = tell_prints,
		[TOPIC_CAMERAS] = tell_cameras,
	};
	struct obico_printer *ours = (struct obico_printer *)printer;
	const struct listed_printer *found;
	struct printer_list *list;
	int error;

	if (tellers[topic] != NULL)
		return tellers[topic](ours, wait, out);
	error = obico_find(ours->obico, wait, ours->id, &list, &found);
	if (error == 0)
		error = topic == TOPIC_PRINTER ?
		    buf_printf(out, "%s\n", found->text) :
		    obico_normalise(topic, found->text, strlen(found->text),
			out);
	printer_list_release(list);
	return error;
}

/* What comes from the list is as old as the list. */
static int64_t
told_ms(struct printer *printer, enum topic topic)
{
	struct obico *obico = ((struct obico_printer *)printer)->obico;
	struct printer_list *list;
	int64_t ms = 0;

	if (topic == TOPIC_VERSION || topic == TOPIC_PRINTS)
		return 0;
	list = account_server_known(&obico->server);
	if (list != NULL)
		ms = list->told_ms;
	printer_list_release(list);
	return ms;
}

static bool
refuses(struct printer *printer, enum topic topic)
{
	(void)topic; /* pictures too are found by asking it */
	return http_refuses(((struct obico_printer *)printer)->obico->http);
}

static void
release(struct printer *printer)
{
	account_server_release(&((struct obico_printer *)printer)
				    ->obico->server);
	free(printer);
}

int
obico_library_new(struct account_server *server, struct printer **out)
{
	static const struct printer_ops ops = {
		.list = obico_list,
		.size = obico_size,
		.fetch = obico_fetch,
		.store = obico_store,
		.make_folder = obico_make_folder,
		.remove = obico_remove,
		.rename = obico_move,
		.refuses = refuses,
		.free = release,
	};
	struct obico_printer *library = calloc(1, sizeof(*library));

	if (library == NULL)
		return -ENOMEM;
	library->printer.ops = &ops;
	library->printer.traits = &traits_library;
	library->obico = (struct obico *)account_server_hold(server);
	*out = &library->printer;
	return 0;
}

int
obico_printer_new(struct account_server *server, int64_t id, bool archived,
    struct printer **out)
{
	static const struct printer_ops ops = {
		.document = document,
		.camera = obico_camera,
		.change_settings = obico_change_settings,
		.told_ms = told_ms,
		.refuses = refuses,
		.command = obico_command,
		.free = release,
	};
	struct obico_printer *printer = calloc(1, sizeof(*printer));

	if (printer == NULL)
		return -ENOMEM;
	printer->printer.ops = &ops;
	printer->printer.traits = archived ? &traits_archived : &traits_obico;
	printer->printer.has_pictures = !archived;
	printer->printer.is_watched = !archived;
	printer->obico = (struct obico *)account_server_hold(server);
	printer->id = id;
	printer->archived = archived;
	*out = &printer->printer;
	return 0;
}
