#ifndef CLIENT_BASE_JSON_H
#define CLIENT_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct cJSON;

/*
 * Parse foreign JSON text.  What printers are known to get wrong costs as
 * little as can be: commas too many or too few are mended; a value that is
 * missing, or a word or number that JSON does not know (NaN, inf, None), is
 * null; text behind an object or array is left out.  In a string, control
 * characters are escaped; a byte that is no UTF-8, NUL and half a surrogate
 * pair become U+FFFD, an escape that JSON does not know its character.  A text
 * that ends before its end is not mended.  A text with more than JSON_DEPTH
 * levels or JSON_VALUES values is refused before a tree is made of it.
 *
 * Returns 0 and a tree (caller: cJSON_Delete), whose strings are UTF-8,
 * -EPROTO or -ENOMEM.
 */
int json_parse(const char *text, size_t len, struct cJSON **out);

#define JSON_DEPTH  32
#define JSON_VALUES 250000

/*
 * The same for what a user writes, where a slip of the pen is to be told and
 * not to be mended: one document as in RFC 8259, else -EPROTO.
 */
int json_parse_strict(const char *text, size_t len, struct cJSON **out);

/*
 * Say in the log why the answer to a request (what: "GET /api/v1/job") could
 * not be understood, and where.  quotes: with the text of that place, which
 * must be no secret.
 */
void json_complain(const char *what, const char *text, size_t len, bool quotes);

/*
 * Append the value at a path of member names ("printer.temp_nozzle") of a
 * JSON text to out: a string as it is, anything else as JSON.  Returns 0,
 * -ENODATA when there is no such value or it is null, -EPROTO or -ENOMEM.
 */
int json_field(const char *text, size_t len, const char *path, struct buf *out);

/*
 * Append the text with another string as the member "name" of its member
 * "object".  Returns 0, -ENODATA when there is no such member, -EPROTO or
 * -ENOMEM.
 */
int json_replace(const char *text, size_t len, const char *object,
    const char *name, const char *value, struct buf *out);

/* The value at such a path, or NULL.  Borrowed from the tree. */
const struct cJSON *json_at(const struct cJSON *, const char *path);

/* Append the tree as one line of text.  Returns 0 or -ENOMEM. */
int json_print(const struct cJSON *, struct buf *out);

/*
 * Append text as a JSON string, with its quotes and with U+FFFD for bytes that
 * are no UTF-8.  Returns 0 or -ENOMEM.
 */
int json_quote(struct buf *out, const char *text);

/* The same behind other text, which is appended as it is. */
int json_quote_behind(struct buf *out, const char *before, const char *text);

/*
 * Remove every member whose value is null, or a number that no double holds,
 * at every depth: a value that is not known is left out.  Such a number in an
 * array becomes null.
 */
void json_drop_nulls(struct cJSON *);

/*
 * Remove, at every depth, what remove says of a member of an object or an
 * array.
 */
void json_prune(struct cJSON *,
    bool (*remove)(const struct cJSON *parent, struct cJSON *item));

/* The string member of that name, or NULL.  Borrowed from the tree. */
const char *json_string(const struct cJSON *, const char *name);

/*
 * The number member of that name; a string of digits counts too, because
 * Buddy firmware sends sizes as such (GET /api/v1/transfer).  Returns false
 * and leaves out alone when there is none.
 */
bool json_number(const struct cJSON *, const char *name, double *out);

#define JSON_INTEGER_MAX INT64_C(9007199254740991) /* a double holds it */

/*
 * The same for a number from 0 to JSON_INTEGER_MAX; a fraction is cut off.
 */
bool json_integer(const struct cJSON *, const char *name, int64_t *out);

/* Is the member of that name there and true? */
bool json_true(const struct cJSON *, const char *name);

#endif
