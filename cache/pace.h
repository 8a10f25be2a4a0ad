#ifndef CACHE_PACE_H
#define CACHE_PACE_H

#include <sys/types.h>

#include <pthread.h>
#include <stdint.h>

#include "client/base/stream.h"

/*
 * How quick a printer's transfers are, by those that went before, and how long
 * one would take.  This is the only place where that is estimated.
 */
enum pace_way {
	PACE_DOWN,
	PACE_UP,
	PACE_WAYS
};

struct pace {
	pthread_mutex_t lock;
	int64_t rate[PACE_WAYS]; /* under lock: bytes a second; 0: not known */
	int uploads;		 /* under lock: under way, or waiting */
};

void pace_init(struct pace *);
void pace_destroy(struct pace *);

/* An upload begins, and waits for its turn; it has ended. */
void pace_upload(struct pace *, int more);

/* So many bytes took so long. */
void pace_note(struct pace *, enum pace_way, off_t bytes, int64_t ms);

/*
 * The milliseconds for so many bytes each way; -1: nobody can say, for others
 * are being uploaded.
 */
int64_t pace_estimate_ms(struct pace *, off_t down, off_t up);

/*
 * A source that notes when its first byte was asked for: what an upload waits
 * for before is no part of its time.
 */
struct paced_source {
	struct source inner;
	int64_t began_ms; /* 0: not yet */
};

struct source pace_source(struct paced_source *, const struct source *inner);

#endif
