#ifndef CACHE_CONTENT_H
#define CACHE_CONTENT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct content;
struct content_file;
struct entry;
struct printer;
struct spool;
struct stamps;
struct wait;
struct workers;

/*
 * The bytes of a printer's files, brought when they are first read and kept
 * while the file on the printer is the same: size and time stamp.  All
 * readers of a file share one download, which runs without pause and ends
 * when the last of them has left.  What is kept is limited; the oldest goes
 * first.
 *
 * Bytes whose time stamp does not prove that they are still those of the file
 * (cache/stamp.h) are not kept, or for a moment; the callers see to it that
 * entries are verified (printer_verify).
 *
 * Folders and entries are as for printer_fetch.  dir, printer, stamps and
 * workers are borrowed for the content's life; limit is in bytes.  stamps NULL:
 * all are good.
 */
int content_new(const char *dir, off_t limit, struct printer *, struct stamps *,
    struct workers *, struct content **out);

/* Stop what runs.  The workers must have ended before content_free. */
void content_stop(struct content *);
void content_free(struct content *);

/*
 * A reader's hold on a file of that size; nothing is asked yet.  Returns 0
 * and the hold (caller: content_close), or -ENOMEM, -ENOSPC and the like.
 */
int content_open(struct content *, const char *folder, const struct entry *,
    off_t size, struct content_file **out);
void content_close(struct content_file *);

/* As spool_read; starts the download if none was. */
ssize_t content_read(struct content_file *, const struct wait *, void *out,
    size_t len, off_t offset);

/* Start the download if none was. */
int content_begin(struct content_file *);

/* Its bytes, of which some may be still to come (caller: spool_release). */
struct spool *content_bytes(struct content_file *);

/* Did reading fail because the printer's file has another length? */
bool content_is_other(struct content_file *);

/* The bytes if all are here (caller: spool_release), or NULL. */
struct spool *content_have(struct content *, const char *folder,
    const struct entry *, off_t size);

/* Are bytes kept of a file of that name, for whatever version? */
bool content_keeps(struct content *, const char *folder, const struct entry *);

/*
 * The oldest bytes that nobody uses go.  Returns whether there were any; the
 * content is a void pointer for struct relief.
 */
bool content_make_room(void *content);

/* These bytes are what the printer has stored as entry.  Holds the spool. */
void content_keep(struct content *, const char *folder, const struct entry *,
    struct spool *);

/*
 * Wait until no download of that file runs whose readers have left: the
 * printer holds the file open until its end.  Returns 0 or -EINTR.
 */
int content_settle(struct content *, const struct wait *, const char *folder,
    const char *name);

/*
 * Before a file is replaced or deleted on the strength of its bytes: forget
 * what is kept of them, unless the time stamp proves that they are the file's.
 * Within the moment of a stamp another client may have stored others.
 */
void content_drop_unproved(struct content *, const char *folder,
    const struct entry *);

/*
 * Such a process reads it.  content_was_read has the remembered bytes that it
 * was given of a file without an id (caller: spool_release), of what version,
 * and whether its time stamp proves that they are the file's; or NULL.
 */
void content_note_reader(struct content_file *, pid_t reader);
struct spool *content_was_read(struct content *, const char *folder,
    const char *name, pid_t reader, int64_t *version, bool *proved);

/* Forget what is kept of that file: it was deleted. */
void content_drop(struct content *, const char *folder, const char *name);

/* Forget all that nobody reads. */
void content_forget(struct content *);

#endif
