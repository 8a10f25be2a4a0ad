#ifndef CLIENT_OBICO_ROSTER_H
#define CLIENT_OBICO_ROSTER_H

#include <stddef.h>

struct roster;

/*
 * Read what GET /api/v1/printers/ answers: a bare array, in no order (caller:
 * roster_release).  What is no printer is left out.  Returns 0, -EPROTO or
 * -ENOMEM.
 */
int roster_read(const char *text, size_t len, struct roster **out);

struct roster *roster_hold(struct roster *);

/*
 * Give a new list its serial number: that of the former one, which may be
 * NULL, if it has the same printers under the same names.
 */
void roster_number(struct roster *, const struct roster *former);

#endif
