/*
 * client/http: the table of errors (prusafs.8, "ERROR NUMBERS"), and
 * client/base/name: percent-encoding (RFC 3986).
 */
#include <errno.h>

#include "client/base/name.h"
#include "client/http/http.h"
#include "tests/unit/check.h"

static int
verdict(int status, const char *message)
{
	struct http_reply reply = { .status = status };

	snprintf(reply.message, sizeof(reply.message), "%s", message);
	return http_error(&reply);
}

static void
test_statuses(struct check *check)
{
	static const struct {
		int status;
		int error;
	} rows[] = {
		{ 200, 0 },
		{ 201, 0 },
		{ 202, 0 },
		{ 204, 0 },
		{ 299, 0 },
		{ 400, EINVAL },
		{ 411, EINVAL },
		{ 415, EINVAL },
		{ 422, EINVAL },
		{ 401, EACCES },
		{ 403, EACCES },
		{ 404, ENOENT },
		{ 405, EOPNOTSUPP },
		{ 410, EOPNOTSUPP },
		{ 501, EOPNOTSUPP },
		{ 408, ETIMEDOUT },
		{ 504, ETIMEDOUT },
		{ 409, EBUSY },
		{ 413, EFBIG },
		{ 414, ENAMETOOLONG },
		{ 431, ENAMETOOLONG },
		{ 429, EBUSY },
		{ 503, EBUSY },
		{ 507, ENOSPC },
		{ 500, EREMOTEIO },
		{ 502, EREMOTEIO },
		{ 505, EREMOTEIO },
		{ 599, EREMOTEIO },
		{ 0, EPROTO },
		{ 100, EPROTO },
		{ 199, EPROTO },
		{ 300, EPROTO },
		{ 301, EPROTO },
		{ 304, EPROTO },
		{ 399, EPROTO },
		{ 402, EPROTO },
		{ 418, EPROTO },
		{ 499, EPROTO },
		{ -1, EPROTO },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(check, verdict(rows[i].status, "") == -rows[i].error,
		    "status %d is %s", rows[i].status,
		    rows[i].error == 0 ? "success" : strerror(rows[i].error));
}

static void
test_conflicts(struct check *check)
{
	static const struct {
		const char *message;
		int error;
	} rows[] = {
		{ "File already exists", EEXIST },
		{ "Already exists", EEXIST },
		{ "409: Conflict File already exists", EEXIST },
		{ "File Already Exists", EEXIST },
		{ "Directory is not empty", ENOTEMPTY },
		{ "SD Card Read Only", EROFS },
		{ "File is busy", EBUSY },
		{ "Another transfer in progress", EBUSY },
		{ "Conflicting upload path", EBUSY },
		{ "Is a directory or ongoing transfer", EBUSY },
		{ "Can't print right now", EBUSY },
		{ "File is being transferred", EBUSY },
		{ "Not in state to print", EBUSY },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(check, verdict(409, rows[i].message) == -rows[i].error,
		    "a conflict that says \"%s\" is %s", rows[i].message,
		    strerror(rows[i].error));
	CHECK(check,
	    verdict(404, "File already exists") == -ENOENT &&
		verdict(201, "File already exists") == 0 &&
		verdict(500, "Read Only") == -EREMOTEIO,
	    "words matter for conflicts only");
}

static bool
escapes_to(const char *segment, size_t len, const char *expected)
{
	struct buf out = { 0 };
	bool right = name_escape(&out, segment, len) == 0 &&
	    strcmp(buf_text(&out), expected) == 0;

	buf_free(&out);
	return right;
}

static void
test_escape(struct check *check)
{
	static const char plain[] = "ABCXYZabcxyz0189-._~";

	CHECK(check, escapes_to("", 0, ""), "nothing stays nothing");
	CHECK(check, escapes_to(plain, sizeof(plain) - 1, plain),
	    "unreserved characters stay");
	CHECK(check, escapes_to("a b+c", 5, "a%20b%2Bc"),
	    "a blank and a plus sign are encoded");
	CHECK(check,
	    escapes_to("100%#?&'[/]", 11, "100%25%23%3F%26%27%5B%2F%5D"),
	    "reserved characters are encoded");
	CHECK(check, escapes_to("é漢", 5, "%C3%A9%E6%BC%A2"),
	    "UTF-8 is encoded byte by byte, in upper-case digits");
	CHECK(check, escapes_to("\xff\x80", 2, "%FF%80"),
	    "bytes that are no UTF-8 are encoded");
	CHECK(check, escapes_to("a\0b", 3, "a%00b"), "a NUL is encoded");
	CHECK(check, escapes_to("\r\n\x01\x7f", 4, "%0D%0A%01%7F"),
	    "control characters are encoded");
	CHECK(check, escapes_to("abc", 2, "ab"),
	    "no byte behind the length is looked at");
}

/* Decode every escape again: all bytes survive, none is left bare. */
static void
test_every_byte(struct check *check)
{
	struct buf out = { 0 };
	char bytes[256];
	bool same = true;
	size_t i, at = 0;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	if (name_escape(&out, bytes, sizeof(bytes)) != 0)
		return;
	for (i = 0; i < sizeof(bytes) && at < out.len; i++) {
		char digits[3] = { 0 };
		long value = (unsigned char)out.data[at];

		if (value == '%') {
			memcpy(digits, out.data + at + 1, 2);
			value = strtol(digits, NULL, 16);
			at += 2;
		}
		at++;
		same = same && value == (long)i;
	}
	CHECK(check, same && i == sizeof(bytes) && at == out.len,
	    "every byte is the same after decoding");
	CHECK(check,
	    strspn(out.data,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789-._~%") == out.len,
	    "only unreserved characters and percent signs come out");
	buf_free(&out);
}

static bool
path_escapes_to(const char *path, const char *expected)
{
	struct buf out = { 0 };
	bool right = name_escape_path(&out, path) == 0 &&
	    strcmp(buf_text(&out), expected) == 0;

	buf_free(&out);
	return right;
}

static void
test_path(struct check *check)
{
	struct buf out = { 0 };

	CHECK(check,
	    path_escapes_to("usb/a b/c#.gcode", "usb/a%20b/c%23.gcode"),
	    "the slashes of a path stay");
	CHECK(check, path_escapes_to("/usb/", "/usb/"),
	    "slashes at both ends stay");
	CHECK(check, path_escapes_to("a//b", "a//b"), "double slashes stay");
	CHECK(check, path_escapes_to("", "") && path_escapes_to("/", "/"),
	    "an empty path and the root stay");
	if (buf_append(&out, "/api/", 5) == 0)
		CHECK(check,
		    name_escape_path(&out, "ä/b") == 0 &&
			strcmp(buf_text(&out), "/api/%C3%A4/b") == 0,
		    "the path is appended to what is there");
	buf_free(&out);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_statuses(&check);
	test_conflicts(&check);
	test_escape(&check);
	test_every_byte(&check);
	test_path(&check);
	return check_end(&check);
}
