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
#include "client/obico/roster.h"

struct counted {
	struct roster roster;
	atomic_int holders;
};

struct roster *
roster_hold(struct roster *roster)
{
	atomic_fetch_add(&((struct counted *)roster)->holders, 1);
	return roster;
}

void
roster_release(struct roster *roster)
{
	struct counted *counted = (struct counted *)roster;
	size_t i;

	if (roster == NULL || atomic_fetch_sub(&counted->holders, 1) > 1)
		return;
	for (i = 0; i < roster->count; i++) {
		free(roster->printers[i].name);
		free(roster->printers[i].text);
		free(roster->printers[i].picture);
	}
	free(roster->printers);
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
read_one(cJSON *object, struct roster *roster)
{
	struct roster_printer *printer = &roster->printers[roster->count];
	const cJSON *archived;
	const char *name = json_string(object, "name");
	struct buf text = { 0 };
	int error;

	if (!json_integer(object, "id", &printer->id))
		return 0;
	archived = cJSON_GetObjectItemCaseSensitive(object, "archived_at");
	roster->count++;
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
	const struct roster_printer *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/* Two with one id: the first stays. */
static void
sort(struct roster *roster)
{
	size_t i, kept = 0;

	qsort(roster->printers, roster->count, sizeof(*roster->printers),
	    compare);
	for (i = 0; i < roster->count; i++) {
		struct roster_printer *printer = &roster->printers[i];

		if (kept > 0 && roster->printers[kept - 1].id == printer->id) {
			free(printer->name);
			free(printer->text);
			free(printer->picture);
		} else {
			roster->printers[kept++] = *printer;
		}
	}
	roster->count = kept;
}

static int
read_all(cJSON *array, struct roster *roster)
{
	cJSON *object;
	int error = 0;

	roster->printers = calloc((size_t)cJSON_GetArraySize(array) + 1,
	    sizeof(*roster->printers));
	if (roster->printers == NULL)
		return -ENOMEM;
	cJSON_ArrayForEach (object, array) {
		if (error == 0 && cJSON_IsObject(object))
			error = read_one(object, roster);
	}
	if (error == 0)
		sort(roster);
	return error;
}

int
roster_read(const char *text, size_t len, struct roster **out)
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
		error = read_all(tree, &counted->roster);
	}
	cJSON_Delete(tree);
	if (counted == NULL)
		return -ENOMEM;
	if (error != 0) {
		roster_release(&counted->roster);
		return error;
	}
	*out = &counted->roster;
	return 0;
}

static bool
is_same(const struct roster *a, const struct roster *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		const struct roster_printer *one = &a->printers[i];
		const struct roster_printer *other = &b->printers[i];

		if (one->id != other->id || one->archived != other->archived ||
		    strcmp(one->name, other->name) != 0)
			return false;
	}
	return true;
}

void
roster_number(struct roster *roster, const struct roster *former)
{
	if (former == NULL)
		roster->serial = 1;
	else
		roster->serial = former->serial + !is_same(roster, former);
}

const struct roster_printer *
roster_find(const struct roster *roster, int64_t id)
{
	const struct roster_printer key = { .id = id };

	return bsearch(&key, roster->printers, roster->count, sizeof(key),
	    compare);
}
