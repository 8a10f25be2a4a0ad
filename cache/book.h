#ifndef CACHE_BOOK_H
#define CACHE_BOOK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct stamps;

/*
 * What is worth knowing of a printer's files beyond a mount, kept as text in
 * the cache directory: sizes, which Buddy firmware tells for one file at a
 * time only, and the modification times that users gave.  An entry is good
 * for the version of a file that it was noted for: its time stamp on the
 * printer.
 */
struct book;

/*
 * Open the book "dir/name.book", or an empty one in memory when that cannot
 * be read.  Returns 0 and a book (caller: book_close), or -ENOMEM.
 */
int book_open(const char *dir, const char *name, struct book **out);
void book_close(struct book *);

/* What the stamps of these files are worth.  Borrowed. */
struct stamps *book_stamps(struct book *);

/*
 * The size of a file, and when the printer told it.  Path is a file's path on
 * the wire with its long name.
 */
bool book_size(struct book *, const char *path, int64_t stamp, off_t *out,
    int64_t *seen_s);

/* Another size is another version, whatever the stamp says. */
void book_note_size(struct book *, const char *path, int64_t stamp, off_t size,
    int64_t seen_s);

/* The file is gone: another one may come with the same stamp. */
void book_forget_size(struct book *, const char *path);

/*
 * A file was stored anew, with this size; -1: perhaps, and its size is not
 * known.  Time stamps are too coarse to tell it from its former version.
 */
void book_renew(struct book *, const char *path, int64_t stamp, off_t size,
    int64_t seen_s);

/*
 * When was this version of a file or folder first asked for here?  Of a stamp
 * that tells no time.
 */
int64_t book_first_seen(struct book *, const char *path, int64_t stamp,
    int64_t now_s);

bool book_mtime(struct book *, const char *path, int64_t stamp,
    struct timespec *out);
void book_note_mtime(struct book *, const char *path, int64_t stamp,
    const struct timespec *mtime);

/* A folder with all that is in it got another path. */
void book_move(struct book *, const char *old_folder, const char *folder);

/* Forget the sizes, for later mounts too: the printer is asked again. */
void book_forget_sizes(struct book *);

#endif
