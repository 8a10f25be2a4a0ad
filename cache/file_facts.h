#ifndef CACHE_FILE_FACTS_H
#define CACHE_FILE_FACTS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct stamps;

/*
 * Facts about a printer's files that outlive a mount, kept as text in the cache
 * directory: sizes, which Buddy firmware has for one file at a
 * time only, and the modification times that users gave.  A fact is good for
 * the version of a file that it was noted for: its time stamp on the printer.
 */
struct file_facts;

/*
 * Open the file "dir/name.book", or begin without any facts when it cannot be
 * read.  Returns 0 (caller: file_facts_close), or -ENOMEM.
 */
int file_facts_open(const char *dir, const char *name, struct file_facts **out);
void file_facts_close(struct file_facts *);

/* The judge of these files' time stamps.  Borrowed. */
struct stamps *file_facts_stamps(struct file_facts *);

/*
 * The size of a file, and when the printer answered with it.  Folders are as on
 * the wire, names are long ones.
 */
bool file_facts_size(struct file_facts *, const char *folder, const char *name,
    int64_t stamp, off_t *out, int64_t *seen_s);

/* Another size is another version, whatever the stamp says. */
void file_facts_note_size(struct file_facts *, const char *folder,
    const char *name, int64_t stamp, off_t size, int64_t seen_s);

/* The file is gone: another one may come with the same stamp. */
void file_facts_forget_size(struct file_facts *, const char *folder,
    const char *name);

/*
 * A file was stored anew, with this size; -1: perhaps, and its size is not
 * known.  Time stamps are too coarse to tell it from its former version.
 */
void file_facts_renew(struct file_facts *, const char *folder, const char *name,
    int64_t stamp, off_t size, int64_t seen_s);

/*
 * When was this version of a file or folder first asked for here?  For a stamp
 * that is no time.
 */
int64_t file_facts_first_seen(struct file_facts *, const char *folder,
    const char *name, int64_t stamp, int64_t now_s);

bool file_facts_mtime(struct file_facts *, const char *folder, const char *name,
    int64_t stamp, struct timespec *out);
void file_facts_note_mtime(struct file_facts *, const char *folder,
    const char *name, int64_t stamp, const struct timespec *mtime);

/* A folder with all that is in it got another path. */
void file_facts_move(struct file_facts *, const char *old_folder,
    const char *folder);

/* Forget the sizes, for later mounts too: the printer is asked again. */
void file_facts_forget_sizes(struct file_facts *);

#endif
