/*
 * The last picture of a printer's primary camera, at a signed URL that the
 * account's list tells.  No state of its own, any thread.
 */
#include <errno.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/camera/camera.h"
#include "client/obico/library.h"
#include "client/obico/obico_internal.h"

/*
 * The host in the URL is the one that the server believes to be; only the path
 * is signed, so the server's own media are asked for where it was found.
 */
static int
make_url(const struct obico *obico, const char *told, struct buf *out)
{
	const char *target = library_media(obico->config.url, told);

	return target == NULL ?
	    buf_printf(out, "%s", told) :
	    buf_printf(out, "%s%s", obico->config.url, target);
}

static int
get_picture(struct obico_printer *printer, const struct wait *wait,
    struct buf *out)
{
	const struct listed_printer *found;
	struct printer_list *list;
	struct buf url = { 0 };
	struct camera *camera = NULL;
	int error = obico_find(printer->obico, wait, printer->id, &list,
	    &found);

	if (error == 0 && found->picture == NULL)
		error = -ENODATA;
	if (error == 0)
		error = make_url(printer->obico, found->picture, &url);
	printer_list_release(list);
	if (error == 0 && camera_check_url(url.data) != 0)
		error = -EPROTO;
	if (error == 0)
		error = camera_new(&printer->obico->config, url.data, &camera);
	if (error == 0)
		error = camera_picture(camera, wait, out);
	camera_free(camera);
	buf_free(&url);
	return error;
}

/* How its pictures are to be turned. */
static int
get_config(struct obico_printer *printer, const struct wait *wait,
    struct buf *out)
{
	const cJSON *webcams;
	cJSON *tree = NULL;
	int error = obico_look(printer->obico, wait, printer->id, &tree);

	if (error == 0) {
		webcams = json_at(tree, "settings.webcams");
		error = cJSON_GetArraySize(webcams) > 0 ?
		    json_print(cJSON_GetArrayItem(webcams, 0), out) :
		    buf_printf(out, "{}");
	}
	if (error == 0)
		error = buf_append(out, "\n", 1);
	cJSON_Delete(tree);
	return error;
}

int
obico_camera(struct printer *printer, const struct wait *wait, enum topic topic,
    const char *id, struct buf *out)
{
	struct obico_printer *ours = (struct obico_printer *)printer;

	if (*id != '\0' && strcmp(id, "camera") != 0)
		return -ENODATA;
	return topic == TOPIC_PICTURE ? get_picture(ours, wait, out) :
					get_config(ours, wait, out);
}
