/*
 * Counting requests: by method and outcome, and how long they took in each
 * connection.  No state, no lock: the counts belong to whoever keeps them.
 */
#include <string.h>

#include "client/http/counts.h"

const char *const count_methods[COUNT_METHODS] = { "GET", "HEAD", "PUT", "POST",
	"DELETE", "other" };

const char *const count_outcomes[COUNT_OUTCOMES] = {
	[COUNT_ACCEPTED] = "accepted",
	[COUNT_REFUSED] = "refused",
	[COUNT_FAILED] = "failed",
};

const char *const count_connections[COUNT_CONNECTIONS] = { "brief", "down",
	"up" };

const int64_t count_bounds_ms[COUNT_BUCKETS - 1] = { 10, 50, 100, 500, 1000,
	5000, 30000, 120000 };

static enum count_outcome
outcome_of(int status)
{
	if (status == 0)
		return COUNT_FAILED;
	return status < 300 ? COUNT_ACCEPTED : COUNT_REFUSED;
}

void
counts_note(struct counts *counts, int connection, const char *method,
    int status, int64_t took_ms)
{
	size_t i, bucket;

	for (i = 0; i < COUNT_METHODS - 1; i++) {
		if (strcmp(count_methods[i], method) == 0)
			break;
	}
	for (bucket = 0; bucket < COUNT_BUCKETS - 1; bucket++) {
		if (took_ms <= count_bounds_ms[bucket])
			break;
	}
	counts->requests[i][outcome_of(status)]++;
	counts->connections[connection].took[bucket]++;
	counts->connections[connection].total_ms += took_ms;
}

void
counts_add(struct counts *out, const struct counts *more)
{
	size_t i, j;

	for (i = 0; i < COUNT_METHODS; i++) {
		for (j = 0; j < COUNT_OUTCOMES; j++)
			out->requests[i][j] += more->requests[i][j];
	}
	for (i = 0; i < COUNT_CONNECTIONS; i++) {
		for (j = 0; j < COUNT_BUCKETS; j++)
			out->connections[i].took[j] += more->connections[i]
							   .took[j];
		out->connections[i].total_ms += more->connections[i].total_ms;
	}
}
