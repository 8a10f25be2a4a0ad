#ifndef FS_ROOT_CONTROL_H
#define FS_ROOT_CONTROL_H

struct buf;
struct caller;
struct farm;

/* What the file "control" of many printers reads. */
int root_control_help(struct buf *out);

/*
 * Run its lines, "NAME... COMMAND" each; the text is changed.  All are
 * understood before the first is run.  The printers work at once, each on its
 * own lines, and each stops at its first failure.  Returns the answer if one
 * printer was named, else -EIO if any has failed; log says which, and why.
 */
int root_control_run(const struct caller *, struct farm *, char *text);

#endif
