#ifndef CLIENT_BASE_DATE_H
#define CLIENT_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A point in time as Obico tells it, "2026-11-21T02:31:52.436368Z": ISO 8601,
 * always UTC, with or without a fraction.  Returns false and leaves out alone
 * when it is none; out gets microseconds since 1970.
 */
bool date_read(const char *text, int64_t *out);

#endif
