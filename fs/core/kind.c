/*
 * What the kinds of places and their open files share.  No state, any thread.
 */
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "fs/core/kind.h"
#include "fs/core/place.h"

int
kind_ignore_changes(const struct caller *caller, struct place *place,
    const struct changes *changes)
{
	(void)caller;
	(void)place;
	(void)changes;
	return 0;
}

struct file *
file_new(size_t size, const struct file_ops *ops, struct place *place)
{
	struct file *file = calloc(1, size);

	if (file == NULL)
		return NULL;
	file->ops = ops;
	file->place = place_hold(place);
	return file;
}

void
file_close(struct file *file, const struct caller *caller)
{
	(void)caller;
	place_release(file->place);
	free(file);
}

ssize_t
file_copy(const struct buf *bytes, void *out, size_t len, off_t offset)
{
	size_t left;

	if (offset < 0 || (size_t)offset >= bytes->len)
		return 0;
	left = bytes->len - (size_t)offset;
	len = len < left ? len : left;
	memcpy(out, bytes->data + offset, len);
	return (ssize_t)len;
}
