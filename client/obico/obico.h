#ifndef CLIENT_OBICO_OBICO_H
#define CLIENT_OBICO_OBICO_H

#include "client/backend.h"

/*
 * Accounts on an Obico server (its "Printer API", /api/v1/).  One request lists
 * all of its printers with all that is to be told of them, so they share one
 * answer.
 */
extern const struct backend obico_backend;

#endif
