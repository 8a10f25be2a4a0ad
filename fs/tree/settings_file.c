/*
 * The file "settings.json".  Read it is a document like any other; a write is
 * one whole JSON object, whose members are changed at the printer's server
 * within that write.  No state, any thread.
 */
#include <errno.h>
#include <fcntl.h>

#include "client/base/log.h"
#include "client/printer.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/tree/control.h"
#include "fs/tree/document.h"

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

/* The kernel keeps no pages of it: what is written is not what is read. */
static int
settings_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	static const struct file_ops ops = {
		.read = document_read,
		.write = settings_write,
		.close = file_close,
	};
	struct file *file;
	int error;

	if ((flags & O_ACCMODE) == O_RDONLY) {
		error = kind_document.open(caller, place, flags, out);
		if (error == 0)
			(*out)->direct = true;
		return error;
	}
	file = file_new(sizeof(*file), &ops, place);
	if (file == NULL)
		return -ENOMEM;
	file->direct = true;
	*out = file;
	return 0;
}

const struct kind kind_settings = {
	.attributes = document_attributes,
	.change = kind_ignore_changes,
	.open = settings_open,
	.rendered = true,
	.entry_s = 0,
	.attr_s = 0,
};
