#ifndef CLIENT_HTTP_COUNTS_H
#define CLIENT_HTTP_COUNTS_H

#include <stdint.h>

/*
 * How the requests to a printer went since the mount: what the file "metrics"
 * tells.
 */
enum count_outcome {
	COUNT_ACCEPTED, /* an answer of 2xx */
	COUNT_REFUSED,	/* any other answer */
	COUNT_FAILED,	/* none */
	COUNT_OUTCOMES
};

#define COUNT_METHODS	  6
#define COUNT_BUCKETS	  9
#define COUNT_CONNECTIONS 3

extern const char *const count_methods[COUNT_METHODS];
extern const char *const count_outcomes[COUNT_OUTCOMES];
extern const char
    *const count_connections[COUNT_CONNECTIONS]; /* enum http_connection */

/* The upper ends of the buckets but the last, which has none, in ms. */
extern const int64_t count_bounds_ms[COUNT_BUCKETS - 1];

struct counts {
	uint64_t requests[COUNT_METHODS][COUNT_OUTCOMES];
	struct {
		uint64_t took[COUNT_BUCKETS]; /* each bucket by itself */
		int64_t total_ms;
	} connections[COUNT_CONNECTIONS];
	uint64_t cache_hits;
	uint64_t cache_misses;
};

/* Count a request that ended; status 0: no answer.  The caller locks. */
void counts_note(struct counts *, int connection, const char *method,
    int status, int64_t took_ms);

/* Add the requests of more to out. */
void counts_add(struct counts *out, const struct counts *more);

#endif
