#ifndef CACHE_UNSENT_H
#define CACHE_UNSENT_H

#include <sys/types.h>

#include <stdbool.h>
#include <time.h>

struct spool;
struct unsent;
struct unsent_ticket;

/*
 * Files whose upload failed, kept on the local disk: they survive the mount,
 * a crash and a reboot.  Before an upload begins its bytes get a name there
 * and a note of their destination, in a directory that is this mount's alone
 * (cache/unsent_disk.h), so that no second mount takes them for left over.  One
 * copy is kept for each destination.  What is kept has no descriptor.
 */

/*
 * Open the directory "dir/name.unsent" and take over what was left there;
 * folds: the printer takes all spellings of a name for one.  Returns 0
 * (caller: unsent_close) or a negative errno.
 */
int unsent_open(const char *dir, const char *name, bool folds,
    struct unsent **out);
void unsent_close(struct unsent *);

/* Share it: each holder closes it. */
struct unsent *unsent_hold(struct unsent *);

/*
 * An upload of these bytes to path, as users see it, begins.  The ticket is
 * ended by one of the three below.  Bytes that have one share it: listed ones
 * stay so until they are stored, and of others the newest path counts.  NULL:
 * the disk would not have it, and the upload goes without.
 */
struct unsent_ticket *unsent_begin(struct unsent *, struct spool *,
    const char *path);

/* It is stored: an older copy for that destination goes too. */
void unsent_stored(struct unsent_ticket *, const char *path);

/* It failed: the file is listed from now on. */
void unsent_keep(struct unsent_ticket *);

/* Nobody wants it any more, but others who share the ticket may. */
void unsent_drop(struct unsent_ticket *);

/* Call with each name.  Returns 0, or what call returned. */
int unsent_each(struct unsent *, int (*call)(void *arg, const char *name),
    void *arg);

/* The file of that name: its size, when it was listed.  Returns 0 or -ENOENT.
 */
int unsent_look(struct unsent *, const char *name, off_t *size,
    struct timespec *since);

/*
 * Its bytes (caller: spool_release).  Returns 0, -ENOENT, or why the local disk
 * does not give them, such as -EMFILE.
 */
int unsent_open_bytes(struct unsent *, const char *name, struct spool **out);

/*
 * A process opens the file of that name.  If it is moving it to its
 * destination, the success takes the file away before its unlink comes: to
 * that process, and to no listing, it is there for a minute more.
 */
void unsent_note_reader(struct unsent *, const char *name, pid_t reader);
bool unsent_has_gone(struct unsent *, const char *name, pid_t reader,
    off_t *size, struct timespec *since);

/*
 * Remove the file of that name; one that has gone in that way is removed once
 * by its reader, and a newer one of its name stays.  Returns 0 or -ENOENT.
 */
int unsent_remove(struct unsent *, const char *name, pid_t remover);

#endif
