#ifndef CLIENT_PRUSALINK_PRUSALINK_H
#define CLIENT_PRUSALINK_PRUSALINK_H

#include "client/backend.h"

/* Printers behind PrusaLink's v1 API: Buddy firmware and the Raspberry Pi. */
extern const struct backend prusalink_backend;

#endif
