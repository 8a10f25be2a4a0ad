#ifndef CLIENT_BASE_STREAM_H
#define CLIENT_BASE_STREAM_H

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
 * The rest of what is sent, from the offset at on, waits until the server's
 * end has acknowledged all before it.  Then release, which runs in the thread
 * of the request and must be done within seconds, says whether it goes out: 0,
 * and nobody who leaves calls it off any more; or a negative errno, which ends
 * the request in an orderly way.
 */
struct hold {
	off_t at;
	int (*release)(void *arg);
	void *arg;
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
