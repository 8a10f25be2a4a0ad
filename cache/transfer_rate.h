#ifndef CACHE_TRANSFER_RATE_H
#define CACHE_TRANSFER_RATE_H

#include <sys/types.h>

#include <pthread.h>
#include <stdint.h>

#include "client/base/stream.h"

/*
 * How quick a printer's transfers are, by those that went before, and how long
 * one would take.  This is the only place where that is estimated.
 */
enum transfer_rate_way {
	TRANSFER_DOWN,
	TRANSFER_UP,
	TRANSFER_WAYS
};

struct transfer_rate {
	pthread_mutex_t lock;
	int64_t
	    rate[TRANSFER_WAYS]; /* under lock: bytes a second; 0: not known */
	int uploads;		 /* under lock: under way, or waiting */
};

void transfer_rate_init(struct transfer_rate *);
void transfer_rate_destroy(struct transfer_rate *);

/* An upload begins, and waits for its turn; it has ended. */
void transfer_rate_upload(struct transfer_rate *, int more);

/* So many bytes took so long. */
void transfer_rate_note(struct transfer_rate *, enum transfer_rate_way,
    off_t bytes, int64_t ms);

/*
 * The milliseconds for so many bytes each way; -1: nobody can say, for others
 * are being uploaded.
 */
int64_t transfer_rate_estimate_ms(struct transfer_rate *, off_t down, off_t up);

/*
 * A source that notes when its first byte was asked for: what an upload waits
 * for before is no part of its time.
 */
struct paced_source {
	struct source inner;
	int64_t began_ms; /* 0: not yet */
};

struct source transfer_rate_source(struct paced_source *,
    const struct source *inner);

#endif
