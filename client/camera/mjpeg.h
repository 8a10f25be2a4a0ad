#ifndef CLIENT_CAMERA_MJPEG_H
#define CLIENT_CAMERA_MJPEG_H

#include <stdbool.h>
#include <stddef.h>

#include "client/base/buf.h"

/*
 * The first part of a multipart stream, as cameras send MJPEG
 * (multipart/x-mixed-replace), or a plain body.  Which of them it is, and the
 * boundary, is told by the first line: what servers announce in Content-Type
 * is often not what they send.  Begins with zero.
 */
struct mjpeg {
	struct buf text; /* what came */
	size_t searched; /* there is no boundary up to here */
	size_t begin;	 /* of the part's body; 0: not known yet */
	size_t length;	 /* of the body, when its header tells; 0: not told */
	bool is_stream;
	bool is_known; /* whether it is a stream */
};

#define FRAME_HEADER 8192 /* bytes before the body of the first part */

/*
 * Take more bytes.  Returns 1 when the first part is there, 0 when there must
 * be more, -EPROTO: no sane stream or more than PICTURE_BYTES, or -ENOMEM.
 */
int mjpeg_take(struct mjpeg *, const void *data, size_t len);

/*
 * The part, or when the body has ended (at_end) what there is of a part
 * without a length, or all of a plain body.  Borrowed from the frame.
 * Returns false when it is not there.
 */
bool mjpeg_picture(const struct mjpeg *, bool at_end, const char **data,
    size_t *len);

void mjpeg_free(struct mjpeg *);

#endif
