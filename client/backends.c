/*
 * The table of back ends: here, and only here, all of them are known.
 */
#include <stddef.h>

#include "client/backends.h"
#include "client/obico/obico.h"
#include "client/prusalink/prusalink.h"

const struct backend *const backends[] = {
	&prusalink_backend,
	&obico_backend,
	NULL,
};
