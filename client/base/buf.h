#ifndef CLIENT_BASE_BUF_H
#define CLIENT_BASE_BUF_H

#include <stddef.h>

/*
 * Growable bytes.  data is NULL while nothing was stored, and always ends in
 * a NUL that len does not count.  A zeroed struct is an empty buffer.
 */
struct buf {
	char *data;
	size_t len;
	size_t size;
};

/* Append len bytes.  Returns 0 or -ENOMEM, leaving the buffer as it was. */
int buf_append(struct buf *, const void *data, size_t len);

/* Append text made by a printf format.  Returns 0 or -ENOMEM. */
int buf_printf(struct buf *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text in the buffer; "" when it is empty.  Borrowed from it. */
const char *buf_text(const struct buf *);

/* Forget the bytes, keep the memory. */
void buf_clear(struct buf *);

/* Release the memory; the buffer is empty and usable afterwards. */
void buf_free(struct buf *);

#endif
