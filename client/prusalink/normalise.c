/*
 * One shape for every printer: what Buddy firmware and PrusaLink on a
 * Raspberry Pi say differently is ironed out here, by rules for single
 * members.  No state, any thread.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/name.h"
#include "client/base/utf8.h"
#include "client/listing.h"
#include "client/prusalink/normalise.h"
#include "client/traits.h"

/* What the Pi calls its card in paths (prusa/prusalink/const.py). */
#define PI_CARD "/SD Card"

/* Replace or add a member; takes value.  Returns 0 or -ENOMEM. */
static int
put(cJSON *object, const char *name, cJSON *value)
{
	if (value == NULL)
		return -ENOMEM;
	while (cJSON_GetObjectItemCaseSensitive(object, name) != NULL)
		cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (cJSON_AddItemToObject(object, name, value))
		return 0;
	cJSON_Delete(value);
	return -ENOMEM;
}

/* Give a member another name, unless that one is taken. */
static int
rename_member(cJSON *object, const char *from, const char *to)
{
	cJSON *value;

	if (cJSON_GetObjectItemCaseSensitive(object, to) != NULL)
		return 0;
	value = cJSON_DetachItemFromObjectCaseSensitive(object, from);
	return value == NULL ? 0 : put(object, to, value);
}

/* Sizes come as strings of digits from Buddy. */
static int
make_number(cJSON *object, const char *name)
{
	double value;

	if (!json_number(object, name, &value))
		return 0;
	return put(object, name, cJSON_CreateNumber(value));
}

/* "/usb/" and "/local": no slash at the end. */
static int
trim_path(cJSON *object)
{
	const char *path = json_string(object, "path");
	char *text;
	size_t len;
	int error;

	if (path == NULL)
		return 0;
	len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	text = strndup(path, len);
	if (text == NULL)
		return -ENOMEM;
	error = put(object, "path", cJSON_CreateString(text));
	free(text);
	return error;
}

static int
normalise_one_storage(cJSON *storage)
{
	int error = rename_member(storage, "ro", "read_only");

	return error != 0 ? error : trim_path(storage);
}

/* PrusaLink on a Pi tells an array; the upload storage is the one meant. */
static int
pick_storage(const struct traits *traits, cJSON *status)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(status, "storage");
	cJSON *item, *found = NULL;

	if (!cJSON_IsArray(list))
		return cJSON_IsObject(list) ? normalise_one_storage(list) : 0;
	cJSON_ArrayForEach (item, list) {
		const char *path;

		if (!cJSON_IsObject(item) || normalise_one_storage(item) != 0)
			continue;
		path = json_string(item, "path");
		if (path != NULL &&
		    strcmp(name_of(path), traits->upload_storage) == 0)
			found = item;
	}
	if (found == NULL) {
		cJSON_DeleteItemFromObjectCaseSensitive(status, "storage");
		return 0;
	}
	cJSON_DetachItemViaPointer(list, found);
	return put(status, "storage", found);
}

/* Buddy tells a fraction, the Pi a percentage. */
static int
make_percent(const struct traits *traits, cJSON *transfer)
{
	double value;

	if (!traits->tells_fractions ||
	    !json_number(transfer, "progress", &value) || value > 1e6)
		return 0;
	return put(transfer, "progress",
	    cJSON_CreateNumber(round(value * 10000) / 100));
}

static int
normalise_status(const struct traits *traits, cJSON *status)
{
	cJSON *transfer;
	int error = pick_storage(traits, status);

	transfer = cJSON_GetObjectItemCaseSensitive(status, "transfer");
	if (error != 0 || !cJSON_IsObject(transfer))
		return error;
	error = rename_member(transfer, "transferred", "data_transferred");
	return error != 0 ? error : make_percent(traits, transfer);
}

/* The Pi mixes two clocks in time_remaining of an upload: count it anew. */
static int
estimate_remaining(const struct traits *traits, cJSON *transfer)
{
	double size, done, seconds;

	if (!traits->mixes_clocks)
		return 0;
	cJSON_DeleteItemFromObjectCaseSensitive(transfer, "time_remaining");
	if (!json_number(transfer, "size", &size) ||
	    !json_number(transfer, "transferred", &done) ||
	    !json_number(transfer, "time_transferring", &seconds) ||
	    done <= 0 || done > size)
		return 0;
	return put(transfer, "time_remaining",
	    cJSON_CreateNumber(floor((size - done) * seconds / done)));
}

static int
normalise_transfer(const struct traits *traits, cJSON *transfer)
{
	int error = make_number(transfer, "size");

	if (error == 0)
		error = rename_member(transfer, "data_transferred",
		    "transferred");
	if (error == 0)
		error = make_percent(traits, transfer);
	if (error == 0)
		error = trim_path(transfer);
	return error != 0 ? error : estimate_remaining(traits, transfer);
}

/*
 * file.path is the folder as the mount shows it.  Buddy tells just that; the
 * Pi tells the whole path, below the storage's display name.
 */
static int
normalise_job(const struct traits *traits, cJSON *job)
{
	cJSON *file = cJSON_GetObjectItemCaseSensitive(job, "file");
	const char *path = json_string(file, "path"), *rest;
	struct buf folder = { 0 };
	bool is_card;
	int error;

	if (!traits->tells_whole_path || path == NULL || *path != '/')
		return trim_path(file);
	rest = strchr(path + 1, '/');
	if (rest == NULL)
		return 0;
	is_card = strncmp(path, PI_CARD "/", strlen(PI_CARD "/")) == 0;
	error = buf_printf(&folder, "/%s%.*s",
	    is_card ? "sdcard" : traits->upload_storage,
	    (int)(strrchr(path, '/') - rest), rest);
	if (error == 0)
		error = put(file, "path", cJSON_CreateString(folder.data));
	buf_free(&folder);
	return error;
}

static int
normalise_storages(const struct traits *traits, cJSON *document)
{
	cJSON *list, *item;
	int error = 0;

	(void)traits;
	list = cJSON_GetObjectItemCaseSensitive(document, "storage_list");
	cJSON_ArrayForEach (item, list) {
		if (error == 0 && cJSON_IsObject(item))
			error = normalise_one_storage(item);
	}
	return error;
}

int
normalise_document(const struct traits *traits, enum topic topic,
    const char *text, size_t len, struct buf *out)
{
	static int (*const rules[TOPIC_COUNT])(const struct traits *,
	    cJSON *) = {
		[TOPIC_STATUS] = normalise_status,
		[TOPIC_JOB] = normalise_job,
		[TOPIC_STORAGE] = normalise_storages,
		[TOPIC_TRANSFER] = normalise_transfer,
	};
	cJSON *tree = NULL;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	json_drop_nulls(tree);
	if (!cJSON_IsObject(tree))
		error = -EPROTO;
	else if (rules[topic] != NULL)
		error = rules[topic](traits, tree);
	json_drop_nulls(tree); /* numbers that a rule counted may overflow */
	if (error == 0)
		error = json_print(tree, out);
	if (error == 0)
		error = buf_append(out, "\n", 1);
	cJSON_Delete(tree);
	return error;
}

static bool
is_type(const cJSON *object, const char *type)
{
	const char *text = json_string(object, "type");

	return text != NULL && strcmp(text, type) == 0;
}

/* A file that Connect is still fetching is read-only and has no download. */
static bool
is_partial(const struct traits *traits, const cJSON *object)
{
	cJSON *refs = cJSON_GetObjectItemCaseSensitive(object, "refs");

	return traits->tells_fetching && json_true(object, "ro") &&
	    json_string(refs, "download") == NULL;
}

/* U+FFFD stands for what could not be read of a name. */
static bool
is_readable(const char *name)
{
	return name_is_sane(name) && strstr(name, UTF8_REPLACEMENT) == NULL;
}

/*
 * What users see: the long name, or the short one of a FAT if no file here can
 * be called so.
 */
static char *
shown_name(const struct traits *traits, const cJSON *object,
    const char *short_name)
{
	const char *name = json_string(object, "display_name");

	if (name == NULL)
		name = short_name;
	return is_readable(name) || !traits->folds ? strdup(name) :
						     name_show(short_name);
}

/* Returns 0, -ENOMEM, or -EPROTO: this is no usable entry. */
static int
make_entry(const struct traits *traits, const cJSON *object, struct entry *out)
{
	const char *short_name = json_string(object, "name");
	struct entry entry = { .size = -1 };
	int64_t size;
	double value;

	if (short_name == NULL || !name_is_part(short_name))
		return -EPROTO;
	entry.name = shown_name(traits, object, short_name);
	if (entry.name == NULL)
		return -ENOMEM;
	if (!is_readable(entry.name)) {
		free(entry.name);
		return -EPROTO;
	}
	entry.named = json_string(object, "display_name") != NULL;
	entry.folder = is_type(object, "FOLDER");
	entry.print_file = is_type(object, "PRINT_FILE");
	entry.read_only = json_true(object, "ro") ||
	    json_true(object, "read_only");
	entry.partial = !entry.folder && is_partial(traits, object);
	if (json_number(object, "m_timestamp", &value) && value > 0 &&
	    value < 253402300800.0) /* the year 10000 */
		entry.mtime_s = (int64_t)value;
	if (!entry.folder && json_integer(object, "size", &size))
		entry.size = (off_t)size;
	entry.short_name = strdup(short_name);
	if (entry.short_name == NULL) {
		entry_free(&entry);
		return -ENOMEM;
	}
	*out = entry;
	return 0;
}

int
normalise_listing(const struct traits *traits, const char *text, size_t len,
    struct listing **out)
{
	struct listing *listing = NULL;
	cJSON *tree = NULL, *item, *children;
	struct entry entry;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	children = cJSON_GetObjectItemCaseSensitive(tree, "children");
	if (!is_type(tree, "FOLDER") || !cJSON_IsArray(children))
		error = is_type(tree, "FOLDER") ? -EPROTO : -ENOTDIR;
	if (error == 0)
		error = listing_new(&listing);
	cJSON_ArrayForEach (item, children) {
		if (error != 0)
			break;
		error = make_entry(traits, item, &entry);
		if (error == 0)
			error = listing_add(listing, &entry);
		else if (error == -EPROTO)
			error = listing_leave_out(listing,
			    json_string(item, "name"));
	}
	if (error == 0)
		error = listing_finish(listing, traits->folds);
	cJSON_Delete(tree);
	if (error != 0) {
		listing_release(listing);
		return error;
	}
	*out = listing;
	return 0;
}

int
normalise_entry(const struct traits *traits, const char *text, size_t len,
    struct entry *out)
{
	cJSON *tree = NULL;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	error = make_entry(traits, tree, out);
	cJSON_Delete(tree);
	return error;
}
