#ifndef FS_CONTROL_H
#define FS_CONTROL_H

struct buf;

/* Append what the file "control" reads: each command and what it does. */
int control_help(struct buf *out);

#endif
