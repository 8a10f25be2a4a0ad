/*
 * The query of a URL, and what lists read out of it: pages, slices.
 */
#include <cJSON.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/obico.h"

enum {
	PAGE_SIZE = 6
};

/* A part of a query, decoded.  Bytes that are no text become question marks. */
static char *
decode(const char *from, size_t len)
{
	char *out = malloc(len + 1);

	if (out == NULL)
		return NULL;
	if (text_unescape(out, len + 1, from, len, ESCAPES_LENIENT) < 0)
		out[0] = '\0';
	obico_clean(out);
	return out;
}

void
obico_parse_pairs(const char *text, size_t len,
    void (*each)(void *, char *name, char *value), void *arg)
{
	char *copy = strndup(text, len);
	const char *end = copy == NULL ? NULL : copy + strlen(copy);

	/* A plus is a blank, also where percents stand for themselves. */
	for (char *at = copy; at != NULL && *at != '\0'; at++) {
		if (*at == '+')
			*at = ' ';
	}
	text = copy;
	while (text < end) {
		size_t part = strcspn(text, "&");
		size_t name = strcspn(text, "=&");

		if (part > 0)
			each(arg, decode(text, name),
			    name < part ?
				decode(text + name + 1, part - name - 1) :
				strdup(""));
		text += part + 1;
	}
	free(copy);
}

static void
add_param(void *arg, char *name, char *value)
{
	struct obico_call *call = arg;

	if (name == NULL || value == NULL ||
	    call->param_count == OBICO_PARAMS) {
		free(name);
		free(value);
		return;
	}
	call->params[call->param_count].name = name;
	call->params[call->param_count++].value = value;
}

void
obico_parse_query(struct obico_call *call)
{
	const char *query = strchr(call->ex->target, '?');

	if (query != NULL)
		obico_parse_pairs(query + 1, strcspn(query + 1, "#"), add_param,
		    call);
}

void
obico_drop_query(struct obico_call *call)
{
	for (size_t i = 0; i < call->param_count; i++) {
		free(call->params[i].name);
		free(call->params[i].value);
	}
	call->param_count = 0;
}

const char *
obico_param(const struct obico_call *call, const char *name)
{
	for (size_t i = call->param_count; i-- > 0;) {
		if (strcmp(call->params[i].name, name) == 0)
			return call->params[i].value;
	}
	return NULL;
}

bool
obico_param_has(const struct obico_call *call, const char *name,
    const char *value)
{
	for (size_t i = 0; i < call->param_count; i++) {
		if (strcmp(call->params[i].name, name) == 0 &&
		    (value == NULL ||
			strcmp(call->params[i].value, value) == 0))
			return true;
	}
	return false;
}

const cJSON *
obico_member(const struct obico_call *call, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(call->data, name);
}

/* The page that a query wants of a list. */
struct page_wanted {
	long number, size;
};

static long
pages(const struct page_wanted *page, size_t count)
{
	return count == 0 ? 1 : ((long)count + page->size - 1) / page->size;
}

static bool
begin_page(struct obico_call *call, struct page_wanted *page, size_t count)
{
	const char *number = obico_param(call, "page");
	const char *size = obico_param(call, "page_size");

	page->size = PAGE_SIZE;
	page->number = 1;
	if (size != NULL &&
	    (obico_int(size, &page->size) != 0 || page->size <= 0))
		page->size = PAGE_SIZE;
	if (page->size > OBICO_ROWS)
		page->size = OBICO_ROWS;
	if (number != NULL && strcmp(number, "last") == 0)
		page->number = pages(page, count);
	else if (number != NULL && number[0] != '\0' &&
	    obico_int(number, &page->number) != 0)
		page->number = 0;
	if (page->number < 1 || page->number > pages(page, count)) {
		obico_detail(call, 404, "Invalid page.");
		return false;
	}
	return true;
}

static void
quote(struct text *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (strchr("_.-~", *value) != NULL ||
		    (*value >= '0' && *value <= '9') ||
		    (*value >= 'a' && *value <= 'z') ||
		    (*value >= 'A' && *value <= 'Z'))
			text_add(out, value, 1);
		else if (*value == ' ')
			text_puts(out, "+");
		else
			text_printf(out, "%%%02X", (unsigned char)*value);
	}
}

static int
compare_params(const void *a, const void *b)
{
	const struct param *const *left = a, *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	if (order != 0)
		return order;
	return *left < *right ? -1 : *left > *right;
}

/* The address of another page: the same query, sorted, with another page. */
static void
put_link(struct obico_call *call, long number)
{
	const struct param *sorted[OBICO_PARAMS + 1];
	struct param page = { NULL, NULL };
	char name[] = "page", digits[24];
	struct text url = { 0 };
	const char *mark = "?";
	size_t count = 0;

	page.name = name;
	page.value = digits;
	snprintf(digits, sizeof(digits), "%ld", number);
	for (size_t i = 0; i < call->param_count; i++) {
		if (strcmp(call->params[i].name, name) != 0)
			sorted[count++] = &call->params[i];
	}
	if (number > 1)
		sorted[count++] = &page;
	qsort(sorted, count, sizeof(const struct param *), compare_params);
	text_printf(&url, "http://%s%.*s",
	    exchange_header(call->ex, HEADER_HOST),
	    (int)strcspn(call->ex->target, "?"), call->ex->target);
	for (size_t i = 0; i < count; i++) {
		text_puts(&url, mark);
		quote(&url, sorted[i]->name);
		text_puts(&url, "=");
		quote(&url, sorted[i]->value);
		mark = "&";
	}
	text_json(&call->out, text_string(&url));
	text_free(&url);
}

static void
put_page_head(struct obico_call *call, const struct page_wanted *page,
    size_t count)
{
	text_printf(&call->out, "{\"count\":%zu,\"next\":", count);
	if (page->number < pages(page, count))
		put_link(call, page->number + 1);
	else
		text_puts(&call->out, "null");
	text_puts(&call->out, ",\"previous\":");
	if (page->number > 1)
		put_link(call, page->number - 1);
	else
		text_puts(&call->out, "null");
	text_puts(&call->out, ",\"results\":[");
}

void
obico_list(struct obico_call *call, void *list, size_t count,
    void (*render)(struct obico_call *, const void *item))
{
	const void *const *items = list;
	struct page_wanted page;
	size_t from;

	if (list == NULL || !begin_page(call, &page, count)) {
		free(list);
		return;
	}
	put_page_head(call, &page, count);
	from = (size_t)((page.number - 1) * page.size);
	for (size_t i = from; i < count && i < from + (size_t)page.size; i++) {
		text_puts(&call->out, i > from ? "," : "");
		render(call, items[i]);
	}
	text_puts(&call->out, "]}");
	free(list);
}

void
obico_sort(const struct obico_call *call, const struct sorting *sortings,
    size_t sorting_count, void *list, size_t count)
{
	const char *wanted = obico_param(call, "sorting");

	if (wanted == NULL)
		wanted = sortings[0].word;
	for (size_t i = 0; i < sorting_count; i++) {
		if (strcmp(sortings[i].word, wanted) == 0)
			qsort(list, count, sizeof(void *), sortings[i].compare);
	}
}

bool
obico_slice(struct obico_call *call, long *start, long *limit)
{
	const char *from = obico_param(call, "start");
	const char *most = obico_param(call, "limit");

	*start = 0;
	*limit = 12;
	if ((from != NULL && obico_int(from, start) == -EINVAL) ||
	    (most != NULL && obico_int(most, limit) == -EINVAL)) {
		obico_page(call, 500);
		return false;
	}
	return true;
}

/* Python's reading of an end of a slice that may count from behind. */
static long
bound(long at, long count)
{
	if (at < 0)
		at = at < -count ? 0 : at + count;
	return at > count ? count : at;
}

bool
obico_in_slice(long position, long count, long start, long limit)
{
	long end;

	if (__builtin_add_overflow(start, limit, &end))
		end = limit < 0 ? LONG_MIN : LONG_MAX;
	return position >= bound(start, count) && position < bound(end, count);
}
