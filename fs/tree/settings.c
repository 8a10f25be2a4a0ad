/*
 * The file "settings.json".  Read it is a document like any other; a write is
 * one whole JSON object, whose members are changed at the printer's server
 * within that write.  No state, any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "client/base/log.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/rendering.h"
#include "fs/tree/control.h"

static int
settings_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	return kind_document.attributes(caller, place, out);
}

/* Truncating, as the shell's > does, is fine and does nothing. */
static int
settings_change(const struct caller *caller, struct place *place,
    const struct changes *changes)
{
	(void)caller;
	(void)place;
	(void)changes;
	return 0;
}

static int
change_open(struct file *file, const struct caller *caller,
    const struct changes *changes)
{
	return settings_change(caller, file->place, changes);
}

static ssize_t
settings_read(struct file *file, const struct caller *caller, void *out,
    size_t len, off_t offset)
{
	(void)caller;
	return rendering_read(file->place->rendering, out, len, offset);
}

/* An appended object is as good as one at the beginning. */
static ssize_t
settings_write(struct file *file, const struct caller *caller, const void *data,
    size_t len, off_t offset)
{
	int error;

	(void)offset;
	if (len > CONTROL_BYTES) {
		log_say(LOG_LEVEL_NOTE,
		    "settings: more than %d bytes in one write", CONTROL_BYTES);
		return -E2BIG;
	}
	error = printer_change_settings(file->place->mounted->printer,
	    &caller->wait, data, len);
	return error != 0 ? error : (ssize_t)len;
}

static void
settings_close(struct file *file, const struct caller *caller)
{
	(void)caller;
	place_release(file->place);
	free(file);
}

/* The kernel keeps no pages of it: what is written is not what is read. */
static int
settings_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	static const struct file_ops ops = {
		.read = settings_read,
		.write = settings_write,
		.change = change_open,
		.close = settings_close,
	};
	struct file *file;
	int error;

	if ((flags & O_ACCMODE) == O_RDONLY) {
		error = kind_document.open(caller, place, flags, out);
		if (error == 0)
			(*out)->direct = true;
		return error;
	}
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	file->ops = &ops;
	file->place = place_hold(place);
	file->direct = true;
	*out = file;
	return 0;
}

const struct kind kind_settings = {
	.attributes = settings_attributes,
	.change = settings_change,
	.open = settings_open,
	.rendered = true,
	.entry_s = 0,
	.attr_s = 0,
};
