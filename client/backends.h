#ifndef CLIENT_BACKENDS_H
#define CLIENT_BACKENDS_H

#include "client/backend.h"

/* All back ends; ends with NULL.  The first is what an address is of. */
extern const struct backend *const backends[];

/* Their types, for the usage. */
#define BACKENDS_TYPES "prusalink|obico"

#endif
