/*
 * client/frame: the first picture of a stream, however it comes in pieces.
 */
#include <errno.h>

#include "client/camera/mjpeg.h"
#include "client/camera/picture.h"
#include "tests/unit/check.h"

struct example {
	const char *what;
	const char *text;
	const char *picture; /* NULL: an error */
	bool at_end;	     /* the body has to end first */
};

static const struct example examples[] = {
	{ "a plain body is the picture", "\xff\xd8\xff picture",
	    "\xff\xd8\xff picture", true },
	{ "a part with a length",
	    "--b\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\nabc",
	    "abc", false },
	{ "a length in another spelling", "--b\ncontent-length:3\n\nabcdef",
	    "abc", false },
	{ "a part that ends where the next begins",
	    "--b\r\nX: y\r\n\r\na\r\n--c\r\n--b\r\n", "a\r\n--c", false },
	{ "blank lines before the first boundary",
	    "\r\n\r\n--b \r\n\r\nabc\r\n--b", "abc", false },
	{ "a part that ends with the stream", "--b\r\n\r\nabc", "abc", true },
	{ "dashes that are in the boundary", "----b--\r\n\r\nabc\n----b--\r\n",
	    "abc", false },
	{ "an empty part is none", "--b\r\n\r\n--b\r\n", NULL, false },
	{ "a length beyond all limits",
	    "--b\r\nContent-Length: 99999999999\r\n\r\n", NULL, false },
	{ "a length of nonsense is not told",
	    "--b\r\nContent-Length: -3\r\n\r\nabc\r\n--b\r\n", "abc", false },
	{ "a line of dashes is no boundary", "--\r\n\r\nabc", "--\r\n\r\nabc",
	    true },
};

/* Fed in pieces of that size, does the right thing come out? */
static bool
is_right(const struct example *example, size_t piece)
{
	struct mjpeg frame = { 0 };
	size_t len = strlen(example->text), at, got_len = 0;
	const char *got = NULL;
	int result = 0;
	bool right;

	for (at = 0; at < len && result == 0; at += piece)
		result = mjpeg_take(&frame, example->text + at,
		    len - at < piece ? len - at : piece);
	if (example->picture == NULL)
		right = result == -EPROTO;
	else
		right = result == (example->at_end ? 0 : 1) &&
		    mjpeg_picture(&frame, example->at_end, &got, &got_len) &&
		    got_len == strlen(example->picture) &&
		    memcmp(got, example->picture, got_len) == 0;
	mjpeg_free(&frame);
	return right;
}

static void
test_examples(struct check *check)
{
	size_t i, piece;
	bool right;

	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		right = true;
		for (piece = 1; piece <= strlen(examples[i].text); piece++)
			right = is_right(&examples[i], piece) && right;
		CHECK(check, right, "%s, in pieces of any size",
		    examples[i].what);
	}
}

static void
test_limits(struct check *check)
{
	static char piece[65536];
	struct mjpeg frame = { 0 };
	size_t count = 0;
	int result;

	memset(piece, 'x', sizeof(piece));
	while ((result = mjpeg_take(&frame, piece, sizeof(piece))) == 0)
		count += sizeof(piece);
	CHECK(check, result == -EPROTO && count == PICTURE_BYTES,
	    "a body without an end is given up at the limit");
	mjpeg_free(&frame);
	memset(&frame, 0, sizeof(frame));
	piece[0] = piece[1] = '-';
	CHECK(check, mjpeg_take(&frame, piece, sizeof(piece)) == -EPROTO,
	    "and so is a header without an end");
	mjpeg_free(&frame);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_examples(&check);
	test_limits(&check);
	return check_end(&check);
}
