#ifndef FS_CONTROL_H
#define FS_CONTROL_H

struct buf;
struct unit;

/*
 * Append what the file "control" reads: each command that the printer's
 * server may have, and what it does.
 */
int control_help(const struct unit *, struct buf *out);

#endif
