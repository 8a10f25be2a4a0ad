#ifndef FS_PRINTERS_H
#define FS_PRINTERS_H

#include <stdbool.h>

#include "fs/section.h"

struct options;

/* Is this source a printers file, and not a printer? */
bool printers_is_file(const char *source);

/*
 * Read a printers file: a section for each printer, with its login, and with
 * these options where it has none of its own.  Returns 0 (caller:
 * sections_free), or STATUS_USAGE after a line for each thing that is wrong,
 * with the number of the line that is.
 */
int printers_read(const char *path, const struct options *,
    struct sections *out);

#define PRINTERS_MAX 1000

#endif
