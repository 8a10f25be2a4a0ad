#ifndef TESTS_UNIT_NORMALISED_H
#define TESTS_UNIT_NORMALISED_H

/*
 * What client/prusalink/normalise makes of a document, looked at field by
 * field.
 */
#include <errno.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/prusalink/normalise.h"
#include "client/traits.h"
#include "tests/unit/check.h"

static inline int
shape(const struct traits *traits, enum topic topic, const char *text,
    struct buf *out)
{
	buf_clear(out);
	return normalise_document(traits, topic, text, strlen(text), out);
}

/* Does the shaped text tell this value at this path?  NULL: none. */
static inline bool
tells(const struct buf *text, const char *path, const char *value)
{
	struct buf out = { 0 };
	int error = json_field(buf_text(text), text->len, path, &out);
	bool right = value == NULL ?
	    error == -ENODATA :
	    error == 0 && strcmp(buf_text(&out), value) == 0;

	buf_free(&out);
	return right;
}

/* Is this piece of JSON in the text?  Tells numbers from strings. */
static inline bool
has(const struct buf *text, const char *piece)
{
	return strstr(buf_text(text), piece) != NULL;
}

/* What shaping gives, in one go. */
static inline bool
shapes_to(const struct traits *traits, enum topic topic, const char *text,
    const char *expected)
{
	struct buf out = { 0 };
	bool right = shape(traits, topic, text, &out) == 0 &&
	    strcmp(buf_text(&out), expected) == 0;

	buf_free(&out);
	return right;
}

#endif
