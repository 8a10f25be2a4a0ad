#ifndef FS_SETUP_PRINTERS_FILE_H
#define FS_SETUP_PRINTERS_FILE_H

#include <stdbool.h>

#include "fs/setup/printer_config.h"

struct options;

/* Is this source a printers file, and not a printer? */
bool printers_file_is(const char *source);

/*
 * Read a printers file: a section for each printer, with its login, and with
 * these options where it has none of its own.  Returns 0 (caller:
 * printer_configs_free), or STATUS_USAGE after a line for each thing that is
 * wrong, with the number of the line that is.  is_taken: what no section can
 * be called, because something beside the printers is.
 */
int printers_file_read(const char *path, const struct options *,
    bool (*is_taken)(const char *name), struct printer_configs *out);

/* The default printers file of this user (caller: free), or NULL. */
char *printers_file_default(void);

/*
 * The section of the default printers file whose name or url is the source, if
 * there is one, completes the options of a printer that is mounted alone.
 * Returns 0, or STATUS_USAGE after a line for each thing that is wrong in that
 * section.
 */
int printers_file_complete(struct options *);

#define PRINTERS_FILE_MAX 1000

#endif
