#ifndef FS_TREE_EVENTS_H
#define FS_TREE_EVENTS_H

struct events;
struct mounted;
struct wait;

/*
 * The file "events" of a printer: a line of JSON for each change.  The printer
 * is asked only while somebody has the file open.
 */
int events_new(struct mounted *, struct events **out);

/* Its readers come to the end: there will be nothing more. */
void events_end(struct events *);

/* The same, and no more questions. */
void events_stop(struct events *);

/* After the workers have ended, and when nobody has the file open any more. */
void events_free(struct events *);

/*
 * A file was stored or removed through this mount: its path in the mount as
 * old, new, or both; NULL: it is not there.  Safe with NULL for events.
 */
void events_note_file(struct events *, const char *old_path,
    const char *new_path);

/*
 * The printer was told to start, pause, resume or stop: readers hear of it at
 * once.  Safe with NULL for events.
 */
void events_note_command(struct events *);

/*
 * Before such a command: wait, no longer than seconds, until the last one has
 * been looked at, so that what it did is told.  Safe with NULL for events.
 */
void events_catch_up(struct events *, const struct wait *);

#endif
