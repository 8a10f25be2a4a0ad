#ifndef FS_FARM_CONTROL_H
#define FS_FARM_CONTROL_H

#include <stddef.h>

struct buf;
struct caller;
struct place;

/* What the file "control" reads: beside the printers of a file, of an account.
 */
int farm_control_help(struct buf *out);
int account_control_help(struct buf *out);

/*
 * Run its lines, "NAME... COMMAND" each; the text is changed.  All are
 * understood before the first is run.  The printers work at once, each on its
 * own lines, and each stops at its first failure.  "delete ID NAME", in an
 * account, is done after that, and only if nothing has failed; "refresh" is
 * last, in any case.  Returns the answer if one printer was named, else -EIO if
 * any has failed; log says which, and why.  before: so many lines were written
 * through the same open file.
 */
int farm_control_run(const struct caller *, const struct place *, char *text,
    size_t before);

#endif
