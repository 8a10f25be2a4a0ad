#ifndef FS_TREE_CONTROL_H
#define FS_TREE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct caller;
struct mounted;
struct verb_row;

/*
 * Append what the file "control" reads: each command that the server of one of
 * these printers may have, and what it does.  No printers: every command.
 */
int control_help(struct mounted *const *printers, size_t count,
    struct buf *out);

/* A line that was understood; path points into the line. */
struct control_order {
	const struct verb_row *row;
	const char *path; /* or "" */
	size_t line;	  /* its number */
};

/*
 * Call with each line of what was written, which is cut, and its number, until
 * an error, which is returned; log says that nothing was done.  before: so many
 * lines were written through the same open file.
 */
int control_each_line(char *text, size_t before,
    int (*take)(void *arg, char *line, size_t number), void *arg);

/*
 * Understand one line, which is cut into words.  Returns 0, 1: there is
 * nothing to do in it, -EINVAL, or -EOPNOTSUPP: this printer lacks it; log says
 * why.  Without a printer that is found out by control_run.
 */
int control_parse(const struct mounted *, char *line, size_t number,
    struct control_order *out);

/* Carry it out.  Returns the printer's answer; log says a failure. */
int control_run(const struct caller *, struct mounted *,
    const struct control_order *);

/* The order's word; is this a word? */
const char *control_word(const struct control_order *);
bool control_knows(const char *word);

/* The file that commands several printers has this name for all of them. */
#define CONTROL_ALL "all"

/*
 * More bytes in a write are refused, and so are more lines: the shortest word
 * is "stop".
 */
#define CONTROL_BYTES 4096
#define CONTROL_LINES (CONTROL_BYTES / 5 + 1)

#endif
