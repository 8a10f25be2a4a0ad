/*
 * Foreign JSON, read with bounds.  cJSON spends about 64 bytes on each value,
 * so values are counted before it sees the text, which is made strict then
 * (client/base/json_mend.c).  No state, any thread.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/json_mend.h"
#include "client/base/log.h"
#include "client/base/utf8.h"

int
json_parse(const char *text, size_t len, struct cJSON **out)
{
	struct json_fault fault;
	struct buf strict = { 0 };
	int error;

	if (text == NULL || len == 0)
		return -EPROTO;
	error = json_mend(text, len, &strict, &fault);
	if (error == 0) {
		*out = cJSON_ParseWithLength(strict.data, strict.len);
		error = *out == NULL ? -ENOMEM : 0;
	}
	buf_free(&strict);
	return error;
}

/* Is there nothing but white space from here on? */
static bool
is_blank(const char *text, const char *end)
{
	while (text < end && strchr(" \t\r\n", *text) != NULL && *text != '\0')
		text++;
	return text == end;
}

int
json_parse_strict(const char *text, size_t len, struct cJSON **out)
{
	const char *rest = NULL;
	cJSON *tree;
	int error = json_parse(text, len, out);

	if (error != 0)
		return error;
	/* As bounded as it was; but now nothing is mended. */
	tree = cJSON_ParseWithLengthOpts(text, len, &rest, false);
	if (tree == NULL || !is_blank(rest, text + len)) {
		cJSON_Delete(tree);
		cJSON_Delete(*out);
		*out = NULL;
		return -EPROTO;
	}
	cJSON_Delete(tree);
	return 0;
}

/* Some characters around a byte. */
#define BEFORE 24
#define AFTER  24

void
json_complain(const char *what, const char *text, size_t len, bool quotes)
{
	struct json_fault fault = { "it lacks what is needed", 0 };
	struct buf strict = { 0 };
	size_t from, to;

	if (text == NULL || len == 0) {
		log_record("%s: the answer is empty", what);
		return;
	}
	(void)json_mend(text, len, &strict, &fault);
	buf_free(&strict);
	from = fault.at > BEFORE ? fault.at - BEFORE : 0;
	to = len - fault.at > AFTER ? fault.at + AFTER : len;
	log_record(
	    "%s: the answer is not understood: %s (byte %zu of %zu%s%.*s)",
	    what, fault.why, fault.at, len, quotes ? ": " : "",
	    quotes ? (int)(to - from) : 0, text + from);
}

/*
 * Null, and a number that no double holds, are values that are not known.
 * cJSON rounds to 15 digits when it prints, which takes the largest doubles
 * out of range.
 */
static bool
is_unknown(const cJSON *value)
{
	return cJSON_IsNull(value) ||
	    (cJSON_IsNumber(value) && !(fabs(value->valuedouble) <= 1e308));
}

const struct cJSON *
json_at(const struct cJSON *tree, const char *path)
{
	char name[64];
	size_t len;

	while (tree != NULL && *path != '\0') {
		len = strcspn(path, ".");
		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		tree = cJSON_GetObjectItemCaseSensitive(tree, name);
		path += len + (path[len] == '.');
	}
	return tree;
}

int
json_print(const struct cJSON *tree, struct buf *out)
{
	char *text = cJSON_PrintUnformatted(tree);
	int error;

	if (text == NULL)
		return -ENOMEM;
	error = buf_append(out, text, strlen(text));
	cJSON_free(text);
	return error;
}

int
json_quote(struct buf *out, const char *text)
{
	struct buf clean = { 0 };
	cJSON *string = NULL;
	int error = utf8_append(&clean, text, strlen(text));

	if (error == 0) {
		string = cJSON_CreateString(buf_text(&clean));
		error = string == NULL ? -ENOMEM : json_print(string, out);
	}
	cJSON_Delete(string);
	buf_free(&clean);
	return error;
}

int
json_field(const char *text, size_t len, const char *path, struct buf *out)
{
	const cJSON *value;
	cJSON *tree = NULL;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	value = json_at(tree, path);
	if (value == NULL || is_unknown(value))
		error = -ENODATA;
	else if (cJSON_IsString(value))
		error = buf_append(out, value->valuestring,
		    strlen(value->valuestring));
	else
		error = json_print(value, out);
	cJSON_Delete(tree);
	return error;
}

int
json_replace(const char *text, size_t len, const char *object, const char *name,
    const char *value, struct buf *out)
{
	cJSON *tree = NULL, *parent, *string;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	parent = cJSON_GetObjectItemCaseSensitive(tree, object);
	string = cJSON_CreateString(value);
	if (string == NULL)
		error = -ENOMEM;
	else if (!cJSON_ReplaceItemInObjectCaseSensitive(parent, name, string))
		error = -ENODATA;
	if (error == -ENODATA)
		cJSON_Delete(string);
	if (error == 0)
		error = json_print(tree, out);
	cJSON_Delete(tree);
	return error;
}

/*
 * The tree is walked with a stack of our own; json_parse bounds its depth.
 */
void
json_prune(struct cJSON *tree,
    bool (*remove)(const struct cJSON *parent, struct cJSON *item))
{
	cJSON *parent[JSON_DEPTH + 1], *value[JSON_DEPTH + 1];
	size_t depth = 0;

	parent[0] = tree;
	value[0] = tree == NULL ? NULL : tree->child;
	for (;;) {
		cJSON *item = value[depth];

		if (item == NULL) {
			if (depth-- == 0)
				return;
			continue;
		}
		value[depth] = item->next;
		if (remove(parent[depth], item)) {
			cJSON_DetachItemViaPointer(parent[depth], item);
			cJSON_Delete(item);
		} else if (item->child != NULL && depth < JSON_DEPTH) {
			depth++;
			parent[depth] = item;
			value[depth] = item->child;
		}
	}
}

static bool
drop_unknown(const cJSON *parent, cJSON *item)
{
	if (!is_unknown(item))
		return false;
	if (cJSON_IsObject(parent))
		return true;
	cJSON_SetNumberValue(item, NAN); /* printed as null */
	return false;
}

void
json_drop_nulls(struct cJSON *tree)
{
	json_prune(tree, drop_unknown);
}

const char *
json_string(const struct cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool
json_number(const struct cJSON *object, const char *name, double *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	double value;

	if (cJSON_IsNumber(item) && isfinite(item->valuedouble)) {
		*out = item->valuedouble;
		return true;
	}
	if (!cJSON_IsString(item) || item->valuestring[0] == '\0' ||
	    strspn(item->valuestring, "0123456789") !=
		strlen(item->valuestring))
		return false;
	value = strtod(item->valuestring, NULL);
	if (!isfinite(value))
		return false;
	*out = value;
	return true;
}

bool
json_integer(const struct cJSON *object, const char *name, int64_t *out)
{
	double number;

	if (!json_number(object, name, &number) ||
	    !(number >= 0 && number <= (double)JSON_INTEGER_MAX))
		return false;
	*out = (int64_t)number;
	return true;
}

bool
json_true(const struct cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
