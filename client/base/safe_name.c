/*
 * Names for what has any text as its name.  No state, any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "client/base/name.h"
#include "client/base/safe_name.h"

/* The character at text: its length, and whether a name may have it. */
static size_t
next_character(const char *text, bool *is_good)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t len = mbrtowc(&wide, text, strlen(text), &state);

	if (len == 0 || len > MB_LEN_MAX) {
		*is_good = false;
		return 1;
	}
	*is_good = wide >= 0x20 && wide != '/' &&
	    (wide < 0x7f || wide > 0x9f) && wide <= 0x10ffff;
	return len;
}

void
safe_name_make(const char *text, char *out)
{
	size_t len = 0, step;
	bool is_good;

	for (; *text != '\0'; text += step) {
		step = next_character(text, &is_good);
		if (*text == '.' && len == 0)
			is_good = false;
		if (len + (is_good ? step : 1) >= SAFE_NAME_SIZE)
			break;
		if (is_good) {
			memcpy(out + len, text, step);
			len += step;
		} else {
			out[len++] = '_';
		}
	}
	if (len == 0)
		out[len++] = '_';
	out[len] = '\0';
}

/*
 * Put " (id)" behind the text's name, which is cut for that; a person may have
 * given just that name to another one, so there is more to try.
 */
static void
add_id(struct safe_name *label, unsigned try)
{
	char tail[48];
	size_t room;
	int len = try == 1 ?
	    snprintf(tail, sizeof(tail), " (%" PRId64 ")", label->id) :
	    snprintf(tail, sizeof(tail), " (%" PRId64 ".%u)", label->id, try);

	safe_name_make(label->text, label->name);
	room = name_fit(label->name, SAFE_NAME_SIZE - 1 - (size_t)len);
	memcpy(label->name + room, tail, (size_t)len + 1);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Returns false without memory. */
static bool
find_name(struct safe_name *label, void **taken,
    bool (*is_reserved)(const char *))
{
	unsigned try = 0;

	if (label->names)
		add_id(label, ++try);
	while ((try == 0 && is_reserved != NULL && is_reserved(label->name)) ||
	    tfind(label->name, taken, compare) != NULL)
		add_id(label, ++try);
	return tsearch(label->name, taken, compare) != NULL;
}

int
safe_name_all(struct safe_name *labels, size_t count,
    bool (*is_reserved)(const char *))
{
	void *taken = NULL;
	size_t i, done = 0;
	int error = 0;

	for (i = 0; i < count && error == 0; i++) {
		safe_name_make(labels[i].text, labels[i].name);
		if (find_name(&labels[i], &taken, is_reserved))
			done++;
		else
			error = -ENOMEM;
	}
	for (i = 0; i < done; i++)
		tdelete(labels[i].name, &taken, compare);
	return error;
}
