/*
 * Uploads: a form with a name and a file, looked at in the order of the
 * server; the file's bytes go to the storage folder.
 */
#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

enum {
	MIB = 1 << 20,
	LIMIT_MIB = 50,
	LIMIT_PRO_MIB = 500
};

char *
obico_stored(struct sim *sim, const struct obico_file *file, int thumbnail)
{
	char *path;
	int len;

	if (thumbnail == 0)
		len = asprintf(&path, "%s/gcode-%ld-%ld", sim->options.storage,
		    file->user_id, file->id);
	else
		len = asprintf(&path, "%s/gcode-%ld-%ld-%d.png",
		    sim->options.storage, file->user_id, file->id, thumbnail);
	return len < 0 ? NULL : path;
}

/*
 * The first and the last MiB have to be text.  Up to two MiB the last part
 * begins where the first one ends; beyond, its beginning may cut a letter.
 */
static bool
is_text(const char *data, size_t len)
{
	if (len <= MIB)
		return obico_is_utf8(data, len);
	if (!obico_is_utf8(data, MIB))
		return false;
	if (len <= 2 * (size_t)MIB)
		return obico_is_utf8(data + MIB, len - MIB);
	return obico_is_utf8(data + len - MIB, MIB);
}

/* {"error": …}; returns whether there was any. */
static bool
refuse_file(struct obico_call *call)
{
	size_t limit = call->account->is_pro ? LIMIT_PRO_MIB : LIMIT_MIB;

	if (call->file_len > limit * MIB) {
		call->status = 413;
		text_puts(&call->out, "{\"error\":\"File size too large\"}");
		return true;
	}
	if (!is_text(call->file, call->file_len)) {
		call->status = 400;
		text_puts(&call->out,
		    "{\"error\":\"Invalid G-code file. Please upload a valid "
		    "G-code file.\"}");
		return true;
	}
	return false;
}

/* Returns 0 or -errno. */
static int
store_bytes(struct obico_call *call, const struct obico_file *file)
{
	char *path = obico_stored(call->sim, file, 0);
	size_t done = 0;
	int fd, error = 0;

	if (path == NULL)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	while (fd >= 0 && error == 0 && done < call->file_len) {
		ssize_t did = write(fd, call->file + done,
		    call->file_len - done);

		error = did < 0 ? -errno : 0;
		done += did > 0 ? (size_t)did : 0;
	}
	if (fd < 0)
		error = -errno;
	else
		close(fd);
	if (error != 0)
		unlink(path);
	free(path);
	return error;
}

struct obico_file *
obico_new_file(struct obico_server *obico, long user_id,
    struct obico_folder *parent)
{
	struct obico_file *file;

	if (obico->last_file >= OBICO_ROWS)
		return NULL;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return NULL;
	file->id = ++obico->last_file;
	file->user_id = user_id;
	file->parent = parent;
	file->num_bytes = LONG_MIN;
	file->filament_total = file->estimated_time = NAN;
	file->created_at = file->updated_at = obico_now();
	TAILQ_INSERT_TAIL(&obico->files, file, entry);
	return file;
}

void
obico_set_bytes(struct obico_server *obico, struct obico_file *file, long len)
{
	struct text path = { 0 }, url = { 0 };

	text_printf(&path, "/media/tsd-gcodes/%ld/%ld", file->user_id,
	    file->id);
	obico_sign(obico, &url, text_string(&path));
	obico_set(&file->url, text_string(&url));
	file->num_bytes = len;
	text_free(&path);
	text_free(&url);
}

static int
take_file(struct obico_call *call, struct obico_file *file)
{
	int error = store_bytes(call, file);

	if (error != 0)
		return error;
	obico_read_gcode(call, file);
	obico_set_bytes(call->obico, file, (long)call->file_len);
	return 0;
}

void
obico_files_create(struct obico_call *call)
{
	bool with_file = call->has_file &&
	    strcmp(call->file_field, "file") == 0;
	struct text wrong = { 0 };
	struct obico_folder *parent;
	struct obico_file *file;
	bool given;

	table_check(&obico_file_table, call->data, call->is_form, false,
	    &wrong);
	obico_read_parent(call, &parent, &given, &wrong);
	if (obico_refused(call, &wrong) || (with_file && refuse_file(call)))
		return;
	file = obico_new_file(call->obico, call->account->id, parent);
	if (file == NULL) {
		obico_page(call, 500);
		return;
	}
	table_accept(&obico_file_table, file, call->data, call->is_form, false,
	    &wrong);
	file->safe_filename = obico_safe_name(file->filename);
	if (with_file && take_file(call, file) != 0) {
		obico_free_file(call->obico, file);
		obico_page(call, 500);
		return;
	}
	call->status = 201;
	obico_render_file(call, &call->out, file, FILE_WRITTEN);
}
