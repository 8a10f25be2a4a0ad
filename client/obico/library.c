/*
 * Records of an Obico account's cloud folder, one by one and all of a folder.
 * What is listed comes in pages, which are counted: the URL of the next page
 * that the server tells has whatever host it believes to be.  No state, any
 * thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/obico/library.h"
#include "client/obico/obico_internal.h"

#define PAGE	 200 /* records; each has all prints that were made of it */
#define FEW	 5   /* records, if those are too much for one answer */
#define MUCH	 (1 << 20) /* bytes of an answer that may be no good for that */
#define RECORDS	 20000
#define ATTEMPTS 5 /* at a folder that changes meanwhile */

/* What files and folders are called. */
static const struct genre {
	const char *api;
	const char *name;
	const char *safe_name;
	char letter;
} genres[] = {
	{ "/api/v1/g_code_files/", "filename", "safe_filename", 'f' },
	{ "/api/v1/g_code_folders/", "name", "safe_name", 'd' },
};

void
record_free(struct record *record)
{
	free(record->name);
	free(record->safe_name);
	free(record->url);
	memset(record, 0, sizeof(*record));
}

void
records_free(struct records *records)
{
	size_t i;

	for (i = 0; i < records->count; i++)
		record_free(&records->all[i]);
	free(records->all);
	memset(records, 0, sizeof(*records));
}

int
library_wire(const struct record *record, struct buf *out)
{
	return buf_printf(out, "@%c%" PRId64, genres[record->is_folder].letter,
	    record->id);
}

int
library_id(const char *wire_name, bool is_folder, int64_t *out)
{
	const char *why;
	long long id;

	if (wire_name[0] != '@' || wire_name[1] != genres[is_folder].letter)
		return -ENOENT;
	id = strtonum(wire_name + 2, 0, JSON_INTEGER_MAX, &why);
	if (why != NULL)
		return -ENOENT;
	*out = id;
	return 0;
}

int
library_folder_id(const char *wire, int64_t *out)
{
	if (strcmp(wire, LIBRARY_ROOT) != 0)
		return library_id(name_of(wire), true, out);
	*out = LIBRARY_NO_ID;
	return 0;
}

const char *
library_api(bool is_folder)
{
	return genres[is_folder].api;
}

/* By place an object, an id, or null. */
static int64_t
read_parent(const cJSON *object)
{
	const cJSON *parent = json_at(object, "parent_folder");
	int64_t id = LIBRARY_NO_ID;

	if (cJSON_IsObject(parent))
		(void)json_integer(parent, "id", &id);
	else
		(void)json_integer(object, "parent_folder", &id);
	return id;
}

static void
read_date(const cJSON *object, const char *name, int64_t *out)
{
	const char *text = json_string(object, name);

	if (text != NULL)
		(void)time_read(text, out);
}

static char *
copy_string(const cJSON *object, const char *name)
{
	const char *text = json_string(object, name);

	return strdup(text == NULL ? "" : text);
}

static int
read_bytes(const cJSON *object, struct record *record)
{
	const char *url = json_string(object, "url");
	int64_t size;

	record->size = -1;
	if (url == NULL || *url == '\0')
		return 0;
	if (json_integer(object, "num_bytes", &size))
		record->size = (off_t)size;
	record->url = strdup(url);
	return record->url == NULL ? -ENOMEM : 0;
}

static int
read_record(const cJSON *object, bool is_folder, struct record *out)
{
	const struct genre *genre = &genres[is_folder];
	struct record record = { .is_folder = is_folder, .size = -1 };
	int64_t files = 0, folders = 0;
	int error = 0;

	if (!cJSON_IsObject(object) ||
	    !json_integer(object, "id", &record.id) ||
	    json_string(object, genre->name) == NULL)
		return -EPROTO;
	record.parent = read_parent(object);
	record.is_placed = json_at(object, "parent_folder") != NULL;
	record.is_deleted = obico_has(object, "deleted");
	record.is_on_printer = obico_has(object, "resident_printer");
	read_date(object, "created_at", &record.created_us);
	read_date(object, "updated_at", &record.updated_us);
	(void)json_integer(object, "g_code_file_count", &files);
	(void)json_integer(object, "g_code_folder_count", &folders);
	record.inside = files + folders;
	record.name = copy_string(object, genre->name);
	record.safe_name = copy_string(object, genre->safe_name);
	if (!is_folder)
		error = read_bytes(object, &record);
	if (record.name == NULL || record.safe_name == NULL)
		error = -ENOMEM;
	if (error != 0)
		record_free(&record);
	else
		*out = record;
	return error;
}

int
library_read(const char *text, size_t len, bool is_folder, struct record *out)
{
	cJSON *tree;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	error = read_record(tree, is_folder, out);
	cJSON_Delete(tree);
	return error;
}

int
library_get(struct obico *obico, const struct wait *wait, bool is_folder,
    int64_t id, struct record *out)
{
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	struct record record;
	int error = buf_printf(&target, "%s%" PRId64 "/", genres[is_folder].api,
	    id);

	if (error == 0)
		error = obico_ask_trimmed(obico, wait, target.data, &reply);
	if (error == 0) {
		error = library_read(buf_text(&reply.body), reply.body.len,
		    is_folder, &record);
		obico_explain(error, target.data, &reply);
	}
	http_reply_free(&reply);
	buf_free(&target);
	if (error != 0)
		return error;
	if (record.is_deleted || record.id != id) {
		error = record.is_deleted ? -ENOENT : -EPROTO;
		record_free(&record);
		return error;
	}
	*out = record;
	return 0;
}

static int
add_record(struct records *records, const cJSON *object, bool is_folder)
{
	size_t room = records->room == 0 ? 64 : records->room * 2;
	struct record *all = records->all;
	int error;

	if (records->count == records->room) {
		all = reallocarray(all, room, sizeof(*all));
		if (all == NULL)
			return -ENOMEM;
		records->all = all;
		records->room = room;
	}
	error = read_record(object, is_folder, &all[records->count]);
	if (error == 0)
		records->count++;
	return error == -EPROTO ? 0 : error; /* it is none */
}

/* One page: which one it is, and what it and the folder have. */
struct page {
	int number;
	int size;	  /* records that it may have */
	const char *part; /* of their safe names; NULL: all of them */
	int64_t here;
	int64_t count;
};

static int
make_page_target(bool is_folder, int64_t folder, const struct page *page,
    struct buf *out)
{
	int error = buf_printf(out, "%s?parent_folder=", genres[is_folder].api);

	if (error == 0)
		error = folder == LIBRARY_NO_ID ?
		    buf_printf(out, "null") :
		    buf_printf(out, "%" PRId64, folder);
	if (error == 0 && page->part != NULL)
		error = buf_printf(out, "&q=");
	if (error == 0 && page->part != NULL)
		error = name_escape(out, page->part, strlen(page->part));
	if (error == 0)
		error = buf_printf(out,
		    "&sorting=created_at_asc&page_size=%d&page=%d", page->size,
		    page->number);
	return error;
}

static int
read_page(const struct http_reply *reply, bool is_folder,
    struct records *records, struct page *page)
{
	const cJSON *results, *object;
	cJSON *tree;
	int error = json_parse(buf_text(&reply->body), reply->body.len, &tree);

	if (error != 0)
		return error;
	results = json_at(tree, "results");
	if (!json_integer(tree, "count", &page->count) ||
	    !cJSON_IsArray(results))
		error = -EPROTO;
	page->here = cJSON_GetArraySize(results);
	if (error == 0 && page->here > page->size)
		error = -EPROTO;
	cJSON_ArrayForEach (object, results) {
		if (error == 0)
			error = add_record(records, object, is_folder);
	}
	cJSON_Delete(tree);
	return error;
}

/* As for ask_all. */
static int
ask_page(struct obico *obico, const struct wait *wait, bool is_folder,
    int64_t folder, struct page *page, struct records *records)
{
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	int error = make_page_target(is_folder, folder, page, &target);

	if (error == 0)
		error = obico_ask_trimmed(obico, wait, target.data, &reply);
	if (error == 0) {
		error = read_page(&reply, is_folder, records, page);
		obico_explain(error, target.data, &reply);
	}
	if (error == -EPROTO && reply.received > MUCH)
		error = -EMSGSIZE;
	http_reply_free(&reply);
	buf_free(&target);
	return error;
}

/*
 * All pages, oldest records first, so that what is added meanwhile comes at
 * the end; what is deleted makes others move to pages that were read, and the
 * count tells.  Returns 0, -EAGAIN: it changed, -EMSGSIZE: pages of that size
 * have too much in them, or a negative errno.
 */
static int
ask_all(struct obico *obico, const struct wait *wait, bool is_folder,
    int64_t folder, const char *part, int size, struct records *out)
{
	struct page page = { .size = size, .part = part };
	int64_t seen = 0, count = 0;
	int error;

	for (page.number = 1; page.number <= RECORDS / size; page.number++) {
		error = ask_page(obico, wait, is_folder, folder, &page, out);
		if (page.number > 1 && (error == -ENOENT || page.count < count))
			return -EAGAIN;
		if (error != 0)
			return error;
		count = page.count;
		seen += page.here;
		if (seen >= count)
			return 0;
		if (page.here < size)
			return -EAGAIN;
	}
	log_say(LOG_LEVEL_ERROR, "a folder with more than %d entries: too many",
	    RECORDS);
	return -EOVERFLOW;
}

static int
list_part(struct obico *obico, const struct wait *wait, bool is_folder,
    int64_t folder, const char *part, struct records *out)
{
	size_t before = out->count;
	int size = PAGE, error = -EAGAIN, attempt;

	for (attempt = 0; attempt < ATTEMPTS && error == -EAGAIN; attempt++) {
		while (out->count > before)
			record_free(&out->all[--out->count]);
		error = ask_all(obico, wait, is_folder, folder, part, size,
		    out);
		if (error != -EMSGSIZE)
			continue;
		error = size > FEW ? -EAGAIN : -EPROTO;
		size = FEW;
	}
	return error == -EAGAIN ? -EBUSY : error;
}

int
library_list(struct obico *obico, const struct wait *wait, bool is_folder,
    int64_t folder, struct records *out)
{
	return list_part(obico, wait, is_folder, folder, NULL, out);
}

int
library_list_named(struct obico *obico, const struct wait *wait, int64_t folder,
    const char *name, struct records *out)
{
	char *part = library_safe_name(name);
	int error = part == NULL ?
	    -ENOMEM :
	    list_part(obico, wait, false, folder, part, out);

	free(part);
	return error;
}
