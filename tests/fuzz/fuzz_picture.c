/*
 * What a hostile camera sends: a body in pieces, which may be a stream, and
 * the picture in it.  What comes out as PNG is a PNG that we take ourselves,
 * and what fails leaves nothing.
 */
#include <errno.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/camera/mjpeg.h"
#include "client/camera/picture.h"
#include "tests/fuzz/fuzz.h"

static void
check_picture(const void *data, size_t len)
{
	struct buf png = { 0 }, again = { 0 };
	int error = buf_append(&png, "x", 1);

	HOLDS(error == 0);
	error = picture_to_png(data, len, &png);
	HOLDS(error == 0 || error == -EPROTO || error == -ENOMEM);
	HOLDS((error == 0) == (png.len > 1));
	HOLDS(png.data[0] == 'x');
	if (error == 0) {
		HOLDS(picture_is_png(png.data + 1, png.len - 1));
		HOLDS(picture_to_png(png.data + 1, png.len - 1, &again) == 0);
		HOLDS(again.len == png.len - 1);
	}
	buf_free(&png);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t piece = (size_t)fuzz_byte(&data, &len) + 1, at, got_len;
	struct mjpeg frame = { 0 };
	const char *got;
	int result = 0;

	for (at = 0; at < len && result == 0; at += piece)
		result = mjpeg_take(&frame, data + at,
		    len - at < piece ? len - at : piece);
	HOLDS(result == 0 || result == 1 || result == -EPROTO);
	if (mjpeg_picture(&frame, result == 0, &got, &got_len)) {
		HOLDS(got >= frame.text.data);
		HOLDS(got + got_len <= frame.text.data + frame.text.len);
		check_picture(got, got_len);
	} else {
		HOLDS(result != 1);
	}
	mjpeg_free(&frame);
	return 0;
}
