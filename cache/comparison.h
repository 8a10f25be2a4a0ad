#ifndef CACHE_COMPARISON_H
#define CACHE_COMPARISON_H

#include <sys/types.h>

#include <stdbool.h>

#include "client/base/stream.h"

struct spool;

/* Reading back: each piece that comes is compared with ours. */
struct comparison {
	struct source ours;
	off_t offset;
	bool differs; /* -EIO was for that */
};

/*
 * A sink for a download that compares it with the bytes of a spool, which is
 * borrowed for its time; what differs is -EIO.
 */
struct sink comparison_sink(struct comparison *, struct spool *);

#endif
