/*
 * The cloud folder of an Obico account as a storage: what is in it, and the
 * bytes of its files.  A file's bytes never change, so the time of its making
 * is its time stamp; the time that the server notes for a record changes with
 * its name too.  No state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/log.h"
#include "client/base/safe_name.h"
#include "client/listing.h"
#include "client/obico/library.h"
#include "client/obico/obico_internal.h"

#define MEDIA  "/media/" /* what the server itself has */
#define SECOND 1000000

int
library_entry(const struct record *record, const char *name, struct entry *out)
{
	struct buf wire = { 0 };
	int error = library_wire(record, &wire);

	if (error != 0)
		return error;
	memset(out, 0, sizeof(*out));
	out->short_name = strdup(wire.data);
	out->name = strdup(name);
	out->folder = record->is_folder;
	out->mtime_s = record->created_us / SECOND;
	out->id = record->id;
	if (record->url == NULL)
		out->size = 0; /* nothing was sent with its name */
	else
		out->size = record->size;
	buf_free(&wire);
	if (out->name != NULL && out->short_name != NULL)
		return 0;
	entry_free(out);
	return -ENOMEM;
}

/*
 * Who comes first keeps a plain name: folders, then the newest file, for it is
 * the one that was meant to be there from then on.
 */
static int
compare(const void *a, const void *b)
{
	const struct record *one = a, *other = b;

	if (one->is_folder != other->is_folder)
		return one->is_folder ? -1 : 1;
	if (one->updated_us != other->updated_us)
		return one->updated_us > other->updated_us ? -1 : 1;
	return (one->id < other->id) - (one->id > other->id);
}

/*
 * Is anything told of a record in the cloud folder?  Returns 1, 0, or a
 * negative errno: a folder that merely cannot be looked at is not absent.
 */
static int
is_shown(const char *wire, const struct record *record)
{
	struct buf name = { 0 };
	const char *found;
	bool is_above = false;
	int error;

	if (!record->is_folder)
		return !record->is_deleted && !record->is_on_printer;
	/* Folders may be in a circle. */
	error = library_wire(record, &name);
	if (error != 0)
		return error;
	for (found = strstr(wire, name.data); found != NULL && !is_above;
	     found = strstr(found + 1, name.data))
		is_above = found[name.len] == '/' || found[name.len] == '\0';
	buf_free(&name);
	return !is_above;
}

static int
drop_hidden(const char *wire, struct records *records)
{
	size_t i, kept = 0;
	int shown, error = 0;

	for (i = 0; i < records->count; i++) {
		shown = is_shown(wire, &records->all[i]);
		if (shown < 0)
			error = shown;
		if (shown != 0)
			records->all[kept++] = records->all[i];
		else
			record_free(&records->all[i]);
	}
	records->count = kept;
	return error;
}

/* All records in a folder. */
static int
ask_records(struct obico *obico, const struct wait *wait, const char *wire,
    struct records *out)
{
	struct record folder;
	int64_t id;
	int error = library_folder_id(wire, &id);

	if (error == 0)
		error = library_list(obico, wait, true, id, out);
	if (error == 0)
		error = library_list(obico, wait, false, id, out);
	/* A folder that is not there seems to be empty. */
	if (error == 0 && out->count == 0 && id != LIBRARY_NO_ID) {
		error = library_get(obico, wait, true, id, &folder);
		if (error == 0)
			record_free(&folder);
	}
	return error;
}

static void
note_numbers(struct obico *obico, const struct records *records,
    const struct safe_name *labels)
{
	char plain[SAFE_NAME_SIZE];
	size_t i;

	for (i = 0; i < records->count; i++) {
		const struct record *record = &records->all[i];

		safe_name_make(record->name, plain);
		if (!record->is_folder && strcmp(plain, labels[i].name) != 0)
			numbered_note(&obico->numbered, record->id,
			    record->name);
	}
}

static int
make_labels(struct obico *obico, const struct records *records,
    struct safe_name *labels)
{
	size_t i;
	int error;

	for (i = 0; i < records->count; i++) {
		const struct record *record = &records->all[i];

		labels[i].text = record->name;
		labels[i].id = record->id;
		labels[i].is_numbered = !record->is_folder &&
		    numbered_has(&obico->numbered, record->id, record->name);
	}
	error = safe_name_all(labels, records->count, NULL);
	if (error == 0)
		note_numbers(obico, records, labels);
	return error;
}

static int
make_listing(const struct records *records, const struct safe_name *labels,
    struct listing **out)
{
	struct listing *listing;
	struct entry entry;
	size_t i;
	int error = listing_new(&listing);

	if (error != 0)
		return error;
	for (i = 0; i < records->count && error == 0; i++) {
		error = library_entry(&records->all[i], labels[i].name, &entry);
		if (error == 0)
			error = listing_add(listing, &entry);
	}
	if (error == 0)
		error = listing_finish(listing, false);
	if (error != 0)
		listing_release(listing);
	else
		*out = listing;
	return error;
}

/*
 * Those that are shown in the folder, as they come first for a name, with names
 * that differ.
 */
static int
name_records(struct obico *obico, const char *wire, struct records *records,
    struct listing **out)
{
	struct safe_name *labels = calloc(records->count + 1, sizeof(*labels));
	int error = labels == NULL ? -ENOMEM : drop_hidden(wire, records);

	if (error == 0 && records->count > 0)
		qsort(records->all, records->count, sizeof(*records->all),
		    compare);
	if (error == 0)
		error = make_labels(obico, records, labels);
	if (error == 0)
		error = make_listing(records, labels, out);
	free(labels);
	return error;
}

int
obico_list(struct printer *printer, const struct wait *wait, const char *folder,
    struct listing **out)
{
	struct obico *obico = ((struct obico_printer *)printer)->obico;
	struct records records = { 0 };
	int error = ask_records(obico, wait, folder, &records);

	if (error == 0)
		error = name_records(obico, folder, &records, out);
	records_free(&records);
	return error;
}

int
obico_list_named(struct obico *obico, const struct wait *wait,
    const char *folder, const char *name, struct listing **out)
{
	struct records records = { 0 };
	int64_t id;
	int error = library_folder_id(folder, &id);

	if (error == 0)
		error = library_list_named(obico, wait, id, name, &records);
	if (error == 0)
		error = name_records(obico, folder, &records, out);
	records_free(&records);
	return error;
}

/* A target is text without blanks and the like. */
static bool
is_target(const char *text)
{
	for (; *text > ' ' && *text < 0x7f; text++)
		;
	return *text == '\0';
}

const char *
library_media(const char *base, const char *url)
{
	size_t len = strlen(base);
	const char *path = url;

	if (strncmp(url, base, len) == 0 && url[len] == '/')
		return is_target(url + len) ? url + len : NULL;
	if (*url != '/') {
		path = strstr(url, "://");
		path = path == NULL ? NULL : strchr(path + 3, '/');
	}
	if (path == NULL || strncmp(path, MEDIA, strlen(MEDIA)) != 0 ||
	    !is_target(path))
		return NULL;
	return path;
}

static int
get_bytes(struct obico *obico, const struct wait *wait, const char *target,
    const struct sink *sink, off_t size)
{
	const struct http_request request = { .connection = CONNECTION_DOWN,
		.method = "GET",
		.target = target,
		.headers = { "Accept-Encoding: identity" },
		.sink = sink,
		.is_signed = true };
	struct http_reply reply;
	int error = http_ask(obico->http, wait, &request, &reply);

	if (error == 0 && size >= 0 && reply.received != size)
		error = -EIO;
	http_reply_free(&reply);
	return error;
}

/* Where the bytes of a record are; NULL: not on this server. */
static const char *
find_media(const struct obico *obico, const struct record *record)
{
	return record->url == NULL ?
	    NULL :
	    library_media(obico->config.url, record->url);
}

static int
note_size(void *arg, off_t announced)
{
	*(off_t *)arg = announced;
	return -ECANCELED; /* that is all that is wanted */
}

/*
 * The record does not tell: the head of the bytes does.  What the server has
 * lost is of no size, for one such file shall not spoil its folder.
 */
int
obico_size(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, off_t *out)
{
	struct obico *obico = ((struct obico_printer *)printer)->obico;
	off_t size = 0;
	const struct sink sink = { .begin = note_size, .arg = &size };
	const char *target;
	struct record record;
	int64_t id;
	int error = library_id(entry->short_name, false, &id);

	(void)folder;
	if (error == 0)
		error = library_get(obico, wait, false, id, &record);
	if (error != 0)
		return error;
	target = find_media(obico, &record);
	if (record.size >= 0)
		size = record.size;
	else if (target != NULL)
		error = get_bytes(obico, wait, target, &sink, -1);
	record_free(&record);
	if (error == -EINTR || error == -ENOMEM || printer_is_unclear(error))
		return error;
	*out = size < 0 ? 0 : size;
	return 0;
}

int
obico_fetch(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, const struct sink *sink)
{
	struct obico *obico = ((struct obico_printer *)printer)->obico;
	const char *target = NULL;
	struct record record;
	int64_t id;
	int error = library_id(entry->short_name, false, &id);

	if (error == 0)
		error = library_get(obico, wait, false, id, &record);
	if (error != 0)
		return error;
	if (record.url == NULL)
		error = -ENODATA;
	else
		target = library_media(obico->config.url, record.url);
	if (error == 0 && target == NULL) {
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: Obico has its bytes on another server, which is "
		    "not asked",
		    folder, entry->name);
		error = -EPROTO;
	}
	if (error == 0)
		error = get_bytes(obico, wait, target, sink, entry->size);
	record_free(&record);
	return error;
}
