/*
 * client/buf: growable bytes.
 */
#include <errno.h>
#include <stdint.h>

#include "client/base/buf.h"
#include "tests/unit/check.h"

static void
test_empty(struct check *check)
{
	struct buf buf = { 0 };

	CHECK(check, strcmp(buf_text(&buf), "") == 0,
	    "the text of an empty buffer is the empty string");
	CHECK(check, buf.data == NULL && buf.len == 0,
	    "asking for the text stores nothing");
	buf_clear(&buf);
	CHECK(check, buf.data == NULL && buf.len == 0,
	    "an empty buffer can be cleared");
	buf_free(&buf);
	CHECK(check, buf.data == NULL, "an empty buffer can be freed");
	CHECK(check, buf_append(&buf, NULL, 0) == 0 && buf.len == 0,
	    "nothing at all can be appended");
	CHECK(check, strcmp(buf_text(&buf), "") == 0,
	    "nothing appended to nothing is the empty string");
	buf_free(&buf);
}

static void
test_append(struct check *check)
{
	struct buf buf = { 0 };

	CHECK(check, buf_append(&buf, "abc", 3) == 0 && buf.len == 3,
	    "bytes can be appended");
	CHECK(check, buf.data[3] == '\0', "a NUL follows the bytes");
	CHECK(check,
	    buf_append(&buf, "d\0e", 3) == 0 && buf.len == 6 &&
		memcmp(buf.data, "abcd\0e", 7) == 0,
	    "a NUL among the bytes is kept and counted");
	CHECK(check,
	    buf_append(&buf, "", 0) == 0 && buf.len == 6 &&
		memcmp(buf.data, "abcd\0e", 7) == 0,
	    "appending nothing changes nothing");
	buf_clear(&buf);
	CHECK(check,
	    buf.len == 0 && buf.size > 0 && strcmp(buf_text(&buf), "") == 0,
	    "clearing forgets the bytes and keeps the memory");
	CHECK(check,
	    buf_append(&buf, "z", 1) == 0 && strcmp(buf_text(&buf), "z") == 0,
	    "a cleared buffer can be used");
	buf_free(&buf);
	CHECK(check, buf.data == NULL && buf.len == 0 && buf.size == 0,
	    "freeing leaves an empty buffer");
	CHECK(check,
	    buf_append(&buf, "y", 1) == 0 && strcmp(buf_text(&buf), "y") == 0,
	    "a freed buffer can be used");
	buf_free(&buf);
}

static void
test_printf(struct check *check)
{
	struct buf buf = { 0 };
	char wide[1001];

	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	CHECK(check,
	    buf_printf(&buf, "%s", "") == 0 && buf.len == 0 &&
		strcmp(buf_text(&buf), "") == 0,
	    "an empty text can be printed");
	CHECK(check,
	    buf_printf(&buf, "%d-%s", 42, "x") == 0 &&
		strcmp(buf_text(&buf), "42-x") == 0,
	    "a format is carried out");
	CHECK(check,
	    buf_printf(&buf, "%s!", wide) == 0 && buf.len == 1005 &&
		buf.data[1004] == '!' && buf.data[1005] == '\0',
	    "a text longer than the buffer makes it grow");
	CHECK(check, strncmp(buf.data, "42-xwww", 7) == 0,
	    "growing keeps the bytes");
	CHECK(check,
	    buf_printf(&buf, "%s", "100%s") == 0 &&
		strcmp(buf.data + 1005, "100%s") == 0,
	    "a percent sign in an argument is just a character");
	buf_free(&buf);
}

/* Lengths around each growth of the memory: the NUL always has a place. */
static void
test_growth(struct check *check)
{
	struct buf bytes = { 0 }, text = { 0 };
	bool right = true;
	size_t i;

	for (i = 0; i < 5000 && right; i++) {
		char c = (char)('a' + i % 26);

		right = buf_append(&bytes, &c, 1) == 0 &&
		    buf_printf(&text, "%c", c) == 0 && bytes.len == i + 1 &&
		    text.len == i + 1 && bytes.data[i + 1] == '\0' &&
		    text.data[i + 1] == '\0' && bytes.size > bytes.len;
	}
	CHECK(check, right, "growing byte by byte always keeps room for a NUL");
	CHECK(check,
	    bytes.len == text.len &&
		memcmp(bytes.data, text.data, bytes.len + 1) == 0,
	    "printing and appending store the same");
	buf_free(&bytes);
	buf_free(&text);
}

static void
test_huge(struct check *check)
{
	struct buf buf = { 0 };
	volatile size_t more = SIZE_MAX;
	size_t len = (size_t)10 << 20;
	char *block = calloc(1, len);

	if (block == NULL)
		return;
	CHECK(check,
	    buf_append(&buf, block, len) == 0 &&
		buf_append(&buf, block, len) == 0 && buf.len == 2 * len,
	    "20 MiB can be appended");
	free(block);
	buf_free(&buf);
	if (buf_append(&buf, "abc", 3) != 0)
		return;
	CHECK(check, buf_append(&buf, buf.data, more) == -ENOMEM,
	    "a length beyond all memory is ENOMEM");
	CHECK(check, buf_append(&buf, buf.data, more / 2) == -ENOMEM,
	    "a length that would overflow with what is there is ENOMEM");
	CHECK(check, buf.len == 3 && strcmp(buf_text(&buf), "abc") == 0,
	    "a refused append leaves the buffer as it was");
	buf_free(&buf);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_empty(&check);
	test_append(&check);
	test_printf(&check);
	test_growth(&check);
	test_huge(&check);
	return check_end(&check);
}
