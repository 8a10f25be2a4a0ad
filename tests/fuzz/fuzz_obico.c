/*
 * What a hostile Obico server tells: the list of printers, their documents,
 * records of the cloud folder.  No secret comes through, ids rise, and each
 * name becomes one that a directory can have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/base/name.h"
#include "client/base/safe_name.h"
#include "client/obico/library.h"
#include "client/obico/obico_internal.h"
#include "tests/fuzz/fuzz.h"

/* Members whose name says so, and URLs with a query. */
static void
check_clean(const cJSON *tree)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, tree) {
		HOLDS(item->string == NULL ||
		    strcasestr(item->string, "token") == NULL);
		HOLDS(!cJSON_IsString(item) ||
		    strstr(item->valuestring, "://") == NULL ||
		    strchr(item->valuestring, '?') == NULL);
		check_clean(item);
	}
}

static void
check_document(enum topic topic, const char *text)
{
	struct buf out = { 0 };
	cJSON *tree = NULL;
	int error = obico_normalise(topic, text, strlen(text), &out);

	if (error == 0) {
		HOLDS(out.len > 2 && out.data[out.len - 1] == '\n');
		HOLDS(memchr(out.data, '\n', out.len - 1) == NULL);
		HOLDS(json_parse(out.data, out.len, &tree) == 0);
		check_clean(tree);
	} else {
		HOLDS(error == -EHOSTDOWN || error == -ENODATA ||
		    error == -EOPNOTSUPP || error == -EPROTO);
	}
	cJSON_Delete(tree);
	buf_free(&out);
}

static void
check_printer(const struct listed_printer *printer)
{
	cJSON *tree = NULL;
	int topic;

	HOLDS(printer->id >= 0 && printer->name != NULL);
	HOLDS(printer->text != NULL);
	if (json_parse(printer->text, strlen(printer->text), &tree) == 0)
		check_clean(tree);
	cJSON_Delete(tree);
	for (topic = 0; topic < TOPIC_COUNT; topic++)
		check_document((enum topic)topic, printer->text);
}

static void
check_names(const struct printer_list *list)
{
	struct safe_name *labels = calloc(list->count + 1, sizeof(*labels));
	size_t i;

	HOLDS(labels != NULL);
	for (i = 0; i < list->count; i++) {
		labels[i].text = list->printers[i].name;
		labels[i].id = list->printers[i].id;
	}
	HOLDS(safe_name_all(labels, list->count, NULL) == 0);
	for (i = 0; i < list->count; i++) {
		HOLDS(name_is_sane(labels[i].name));
		HOLDS(i == 0 ||
		    strcmp(labels[i].name, labels[i - 1].name) != 0);
	}
	free(labels);
}

static void
check_roster(const char *text, size_t len)
{
	struct printer_list *list;
	size_t i;
	int error = obico_read_list(text, len, &list);

	if (error != 0) {
		HOLDS(error == -EPROTO);
		return;
	}
	for (i = 0; i < list->count; i++) {
		check_printer(&list->printers[i]);
		HOLDS(i == 0 ||
		    list->printers[i - 1].id < list->printers[i].id);
		HOLDS(printer_list_find(list, list->printers[i].id) ==
		    &list->printers[i]);
	}
	check_names(list);
	printer_list_release(list);
}

static void
check_record(const char *text, size_t len, bool is_folder)
{
	struct record record = { 0 };
	int error = library_read(text, len, is_folder, &record);

	HOLDS(error == 0 || error == -EPROTO || error == -ENOENT);
	if (error == 0)
		HOLDS(record.id >= 0 && record.name != NULL);
	record_free(&record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;

	check_roster(text, len);
	check_record(text, len, false);
	check_record(text, len, true);
	return 0;
}
