#ifndef CACHE_UNSENT_NAME_H
#define CACHE_UNSENT_NAME_H

#include <stdbool.h>

/* Names in unsent/, for cache/unsent.c. */

/*
 * "model (2).gcode" of "model.gcode" and 2, cut where it would be too long
 * (caller: free).  NULL without memory.
 */
char *unsent_name_numbered(const char *name, int number);

/* Are these destinations the same file?  folds: its printer folds names. */
bool unsent_name_is_same(bool folds, const char *one, const char *two);

#endif
