#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include <sys/types.h>

/*
 * Bytes to be sent.  read copies up to len bytes at offset into out and
 * returns their number or a negative errno; it never blocks for long and may
 * be asked for the same bytes again.  len is their exact number.
 */
struct source {
	ssize_t (*read)(void *arg, void *out, size_t len, off_t offset);
	void *arg;
	off_t len;
};

/*
 * Where received bytes go.  begin is told their announced number (-1: not
 * announced) before the first of them comes; a negative errno from either
 * ends the transfer with that error.
 */
struct sink {
	int (*begin)(void *arg, off_t len);
	int (*write)(void *arg, const void *data, size_t len);
	void *arg;
};

#endif
