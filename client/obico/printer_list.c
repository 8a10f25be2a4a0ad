/*
 * The printers of an Obico account.  Made by one thread, then read by many:
 * only the count of holders changes.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/obico/obico_internal.h"
#include "client/obico/printer_list.h"

struct counted {
	struct printer_list list;
	atomic_int holders;
};

struct printer_list *
printer_list_hold(struct printer_list *list)
{
	atomic_fetch_add(&((struct counted *)list)->holders, 1);
	return list;
}

void
printer_list_release(struct printer_list *list)
{
	struct counted *counted = (struct counted *)list;
	size_t i;

	if (list == NULL || atomic_fetch_sub(&counted->holders, 1) > 1)
		return;
	for (i = 0; i < list->count; i++) {
		free(list->printers[i].name);
		free(list->printers[i].text);
		free(list->printers[i].picture);
	}
	free(list->printers);
	free(counted);
}

static int
copy_picture(const cJSON *object, char **out)
{
	const cJSON *pic = cJSON_GetObjectItemCaseSensitive(object, "pic");
	const char *url = json_string(pic, "img_url");

	if (url == NULL)
		return 0;
	*out = strdup(url);
	return *out == NULL ? -ENOMEM : 0;
}

/* Cleans the object. */
static int
read_one(cJSON *object, struct printer_list *list)
{
	struct listed_printer *printer = &list->printers[list->count];
	const cJSON *archived;
	const char *name = json_string(object, "name");
	struct buf text = { 0 };
	int error;

	if (!json_integer(object, "id", &printer->id))
		return 0;
	archived = cJSON_GetObjectItemCaseSensitive(object, "archived_at");
	list->count++;
	printer->archived = archived != NULL && !cJSON_IsNull(archived);
	printer->name = strdup(name == NULL ? "" : name);
	error = printer->name == NULL ? -ENOMEM : 0;
	if (error == 0)
		error = copy_picture(object, &printer->picture);
	obico_clean(object); /* takes a name that looks like a secret, too */
	if (error == 0)
		error = json_print(object, &text);
	printer->text = text.data;
	return error;
}

static int
compare(const void *a, const void *b)
{
	const struct listed_printer *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/* Two with one id: the first stays. */
static void
sort(struct printer_list *list)
{
	size_t i, kept = 0;

	qsort(list->printers, list->count, sizeof(*list->printers), compare);
	for (i = 0; i < list->count; i++) {
		struct listed_printer *printer = &list->printers[i];

		if (kept > 0 && list->printers[kept - 1].id == printer->id) {
			free(printer->name);
			free(printer->text);
			free(printer->picture);
		} else {
			list->printers[kept++] = *printer;
		}
	}
	list->count = kept;
}

static int
read_all(cJSON *array, struct printer_list *list)
{
	cJSON *object;
	int error = 0;

	list->printers = calloc((size_t)cJSON_GetArraySize(array) + 1,
	    sizeof(*list->printers));
	if (list->printers == NULL)
		return -ENOMEM;
	cJSON_ArrayForEach (object, array) {
		if (error == 0 && cJSON_IsObject(object))
			error = read_one(object, list);
	}
	if (error == 0)
		sort(list);
	return error;
}

int
printer_list_read(const char *text, size_t len, struct printer_list **out)
{
	struct counted *counted;
	cJSON *tree;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	if (!cJSON_IsArray(tree)) {
		cJSON_Delete(tree);
		return -EPROTO;
	}
	counted = calloc(1, sizeof(*counted));
	if (counted != NULL) {
		atomic_init(&counted->holders, 1);
		error = read_all(tree, &counted->list);
	}
	cJSON_Delete(tree);
	if (counted == NULL)
		return -ENOMEM;
	if (error != 0) {
		printer_list_release(&counted->list);
		return error;
	}
	*out = &counted->list;
	return 0;
}

static bool
is_same(const struct printer_list *a, const struct printer_list *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		const struct listed_printer *one = &a->printers[i];
		const struct listed_printer *other = &b->printers[i];

		if (one->id != other->id || one->archived != other->archived ||
		    strcmp(one->name, other->name) != 0)
			return false;
	}
	return true;
}

void
printer_list_number(struct printer_list *list,
    const struct printer_list *former)
{
	if (former == NULL)
		list->serial = 1;
	else
		list->serial = former->serial + !is_same(list, former);
}

const struct listed_printer *
printer_list_find(const struct printer_list *list, int64_t id)
{
	const struct listed_printer key = { .id = id };

	return bsearch(&key, list->printers, list->count, sizeof(key), compare);
}
