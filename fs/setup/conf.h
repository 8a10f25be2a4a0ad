#ifndef FS_SETUP_CONF_H
#define FS_SETUP_CONF_H

#include <stddef.h>

struct buf;

/*
 * The text of a printers file: sections that begin with "[NAME]", and in them
 * lines "KEY = VALUE" (or "KEY: VALUE").  A line that begins with # or ; is a
 * comment, and so is the rest of a line behind a blank and a semicolon.
 */
struct conf_line {
	size_t number;	     /* counted from 1 */
	const char *section; /* NULL: the first has not begun yet */
	const char *key;     /* NULL: the section begins here */
	const char *value;   /* may be "" */
	const char *problem; /* NULL; else why there is no more to be told */
};

/*
 * Call with each line that is not empty, until it does not return 0.  The text
 * is changed.  Returns what it returned last.
 */
int conf_parse(char *text, size_t len,
    int (*take)(void *arg, const struct conf_line *), void *arg);

/*
 * Read a file, CONF_MAX bytes at most (caller: buf_free).  Returns 0, or a
 * negative errno: -EINVAL: it is no regular file.
 */
int conf_load(const char *path, struct buf *out);

#define CONF_MAX ((size_t)1 << 20)

#endif
