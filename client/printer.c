/*
 * The calls of a printer: an empty slot means that inner is called, or "not
 * supported".
 */
#include <errno.h>

#include "client/listing.h"
#include "client/printer.h"
#include "client/traits.h"

bool
topic_is_of_camera(enum topic topic)
{
	return topic == TOPIC_CAMERA || topic == TOPIC_PICTURE ||
	    topic == TOPIC_PNG;
}

bool
printer_has(const struct printer *printer, unsigned what)
{
	const struct traits *traits = printer->traits;
	unsigned has = traits->has;

	if (*traits->printable != NULL)
		has |= HAS_PRINT;
	if (traits->upload_storage != NULL)
		has |= HAS_UPLOADS;
	if (printer->has_pictures)
		has |= HAS_PICTURES;
	if (printer->is_watched)
		has |= HAS_WATCHER;
	return (what & ~has) == 0;
}

int
printer_document(struct printer *printer, const struct wait *wait,
    enum topic topic, struct buf *out)
{
	if (printer->ops->document == NULL || topic_is_of_camera(topic))
		return -EOPNOTSUPP;
	return printer->ops->document(printer, wait, topic, out);
}

int
printer_list(struct printer *printer, const struct wait *wait,
    const char *folder, struct listing **out)
{
	if (printer->ops->list != NULL)
		return printer->ops->list(printer, wait, folder, out);
	return printer->inner == NULL ?
	    -EOPNOTSUPP :
	    printer_list(printer->inner, wait, folder, out);
}

int
printer_size(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, off_t *out)
{
	struct entry told;
	int error;

	if (entry->size >= 0) {
		*out = entry->size;
		return 0;
	}
	if (printer->ops->size != NULL)
		return printer->ops->size(printer, wait, folder, entry, out);
	if (printer->inner != NULL)
		return printer_size(printer->inner, wait, folder, entry, out);
	if (printer->ops->look == NULL)
		return -EOPNOTSUPP;
	error = printer->ops->look(printer, wait, folder, entry, &told);
	if (error == 0) {
		*out = told.size;
		entry_free(&told);
	}
	return error;
}

int
printer_look(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, struct entry *out)
{
	off_t size = -1;
	int error;

	if (printer->ops->look != NULL)
		return printer->ops->look(printer, wait, folder, entry, out);
	if (printer->inner != NULL)
		return printer_look(printer->inner, wait, folder, entry, out);
	error = printer_size(printer, wait, folder, entry, &size);
	if (error == 0)
		error = entry_copy(out, entry);
	if (error == 0)
		out->size = size;
	return error;
}

int
printer_look_again(struct printer *printer, const struct wait *wait,
    const char *folder, struct entry *entry)
{
	struct entry told;
	int error = printer_look(printer, wait, folder, entry, &told);

	if (error != 0)
		return error;
	entry->size = told.size;
	entry->mtime_s = told.mtime_s;
	entry->read_only = told.read_only;
	entry->partial = told.partial;
	entry_free(&told);
	return 0;
}

int
printer_check_version(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, int64_t version, off_t size)
{
	struct entry told;
	int error = printer_look(printer, wait, folder, entry, &told);

	if (error != 0)
		return error;
	if (told.size != size || entry_version(&told) != version)
		error = -ESTALE;
	entry_free(&told);
	return error;
}

int
printer_verify(struct printer *printer, const struct wait *wait,
    const char *folder, struct entry *entry, bool bytes)
{
	return printer->ops->verify == NULL ?
	    0 :
	    printer->ops->verify(printer, wait, folder, entry, bytes);
}

int
printer_fetch(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, const struct sink *sink)
{
	if (printer->ops->fetch != NULL)
		return printer->ops->fetch(printer, wait, folder, entry, sink);
	return printer->inner == NULL ?
	    -EOPNOTSUPP :
	    printer_fetch(printer->inner, wait, folder, entry, sink);
}

int
printer_store(struct printer *printer, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	off_t most = printer->traits->size_max;

	if (store->source.len <= 0)
		return -EINVAL;
	if (most != 0 && store->source.len > most)
		return -EFBIG;
	if (printer->ops->store != NULL)
		return printer->ops->store(printer, wait, store, out);
	return printer->inner == NULL ?
	    -EOPNOTSUPP :
	    printer_store(printer->inner, wait, store, out);
}

int
printer_make_folder(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name)
{
	if (printer->ops->make_folder != NULL)
		return printer->ops->make_folder(printer, wait, folder, name);
	return printer->inner == NULL ?
	    -EOPNOTSUPP :
	    printer_make_folder(printer->inner, wait, folder, name);
}

int
printer_remove(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry)
{
	if (printer->ops->remove != NULL)
		return printer->ops->remove(printer, wait, folder, entry);
	return printer->inner == NULL ?
	    -EOPNOTSUPP :
	    printer_remove(printer->inner, wait, folder, entry);
}

int
printer_rename(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, const char *new_folder,
    const char *new_name, bool replace, struct entry *out)
{
	if (printer->ops->rename != NULL)
		return printer->ops->rename(printer, wait, folder, entry,
		    new_folder, new_name, replace, out);
	return printer->inner == NULL ?
	    -EOPNOTSUPP :
	    printer_rename(printer->inner, wait, folder, entry, new_folder,
		new_name, replace, out);
}

int
printer_change_settings(struct printer *printer, const struct wait *wait,
    const char *text, size_t len)
{
	if (printer->ops->change_settings == NULL)
		return -EOPNOTSUPP;
	return printer->ops->change_settings(printer, wait, text, len);
}

int64_t
printer_told_ms(struct printer *printer, enum topic topic)
{
	return printer->ops->told_ms == NULL ?
	    0 :
	    printer->ops->told_ms(printer, topic);
}

bool
printer_refuses(struct printer *printer, enum topic topic)
{
	return printer->ops->refuses != NULL &&
	    printer->ops->refuses(printer, topic);
}

int
printer_camera(struct printer *printer, const struct wait *wait,
    enum topic topic, const char *id, struct buf *out)
{
	if (printer->ops->camera == NULL)
		return -EOPNOTSUPP;
	return printer->ops->camera(printer, wait, topic, id, out);
}

int
printer_command(struct printer *printer, const struct wait *wait,
    enum verb verb, const char *path)
{
	if (printer->ops->command == NULL)
		return -EOPNOTSUPP;
	return printer->ops->command(printer, wait, verb, path);
}

void
printer_count(struct printer *printer, struct counts *out)
{
	if (printer->ops->count != NULL)
		printer->ops->count(printer, out);
	else if (printer->inner != NULL)
		printer_count(printer->inner, out);
}

void
printer_free(struct printer *printer)
{
	if (printer != NULL && printer->ops->free != NULL)
		printer->ops->free(printer);
}

bool
printer_is_unclear(int error)
{
	return error == -EIO || error == -ETIMEDOUT || error == -EPROTO;
}

bool
printer_may_be_changed(int error)
{
	return printer_is_unclear(error) || error == -EREMOTEIO ||
	    error == -EINTR;
}
