#ifndef FS_EVENTS_H
#define FS_EVENTS_H

struct events;
struct unit;

/*
 * What happens to a printer, for the file "events": a line of JSON for each
 * change.  The printer is asked only while somebody has the file open.
 */
int events_new(struct unit *, struct events **out);

/* Whoever reads comes to the end: there will be nothing more. */
void events_end(struct events *);

/* The same, and no more questions. */
void events_stop(struct events *);

/* After the crew has ended, and when nobody has the file open any more. */
void events_free(struct events *);

/*
 * A file was stored or removed through this mount: its path in the mount as
 * old, new, or both; NULL: it is not there.  Safe with NULL for events.
 */
void events_note_file(struct events *, const char *old_path,
    const char *new_path);

#endif
