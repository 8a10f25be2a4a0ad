#ifndef CACHE_STAGE_H
#define CACHE_STAGE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct relief;
struct spool;
struct stage;
struct staged;
struct unsent_ticket;
struct wait;

/*
 * The names that exist here and not, or not so, on the printer: temporary
 * names, files that are being written, empty files.  While a name is listed
 * here it hides the printer's file of that name.
 *
 * A staged file is shared by counting.  Its gate is the right to change its
 * bytes or to upload them; members marked so belong to the gate's holder.
 */

/* Where a file is: strings borrowed for the call. */
struct stage_place {
	const char *key;  /* path as compared: folded where FAT folds */
	const char *path; /* as users see it: "usb/parts/Cube.gcode" */
	const char *wire; /* on the wire: "usb/PARTS/CUBE.GCO" */
	bool prints;	  /* what is new there shall be printed */
};

/* The answer of staged_look. */
struct staged_facts {
	off_t size;
	bool temporary;
	bool listed;
	bool backup;	       /* a former file, not one to be sent */
	bool prints;	       /* shall be printed once it is there */
	bool dirty;	       /* has bytes that the printer has not */
	bool sending;	       /* its upload is under way, or waits its turn */
	bool cancelled;	       /* somebody called that upload off */
	bool incomplete;       /* its size was set, and its end not written */
	int writers;	       /* handles that may write */
	int verdict;	       /* of its last upload */
	int spoiled;	       /* 0, or why a write of it failed */
	bool replaces;	       /* the printer has a file of this name */
	int64_t old_mtime_s;   /* whose time stamp is this */
	bool mtime_set;	       /* and not just the time of a write */
	struct timespec mtime; /* of the last write, or as set */
};

int stage_new(struct stage **out);

/* The help when the disk is full; before the first file. */
void stage_set_relief(struct stage *, const struct relief *);
void stage_free(struct stage *);

/*
 * List a new staged file; takes the spool in any case.  Returns 0 and the
 * file (caller: staged_release), -EEXIST: that name is listed, or -ENOMEM.
 */
int stage_add(struct stage *, const struct stage_place *, bool temporary,
    struct spool *, struct staged **out);

/*
 * The same under a name that others are writing to: the name is the new
 * file's, and theirs goes to the printer when they close it, as if they had
 * come first or last.  Returns 0 or -ENOMEM.
 */
int stage_take_over(struct stage *, const struct stage_place *, struct spool *,
    struct staged **out);

/* The listed file with that key (caller: staged_release), or NULL. */
struct staged *stage_find(struct stage *, const char *key);

/*
 * A file listed anywhere below the folder with that key (caller:
 * staged_release), or NULL.
 */
struct staged *stage_find_below(struct stage *, const char *folder_key);

/*
 * Is no file listed that somebody may still come for?  Litter that is closed
 * does not count, nor what was closed age_ms ago in a working directory.
 */
bool stage_is_idle(struct stage *, int64_t age_ms);

/* How long a temporary file may wait to be renamed. */
#define STAGE_RENAME_MS ((int64_t)3600 * 1000)

struct staged *staged_hold(struct staged *);
void staged_release(struct staged *);

/* Call with the path of each file listed in the folder with that key. */
int stage_each(struct stage *, const char *folder_key,
    int (*call)(void *arg, const char *path), void *arg);

/*
 * A temporary file was closed by its writer, all of it: until it is written or
 * renamed again it waits here.  Not so litter, and not in a working directory
 * (stage_folders.h), where files are expected to be.
 */
void staged_note_closed(struct staged *);

/* A file that waits so; the strings are borrowed for the call. */
struct stage_waiting {
	const char *path;
	off_t size;
	time_t since; /* wall clock */
};

/* Call with each that is listed. */
int stage_each_waiting(struct stage *,
    int (*call)(void *arg, const struct stage_waiting *), void *arg);

/*
 * A listed temporary file that has bytes, all that were written, and that
 * nobody has had open for age_ms, however it was closed (caller:
 * staged_release), or NULL.  A backup, and one in a working directory
 * (stage_folders.h), is forgotten at the end only, with an age of 0: there its
 * program looks for it.  Litter that is no backup never is.
 */
struct staged *stage_find_forgotten(struct stage *, int64_t age_ms);

/* Take the name off the list; the printer's file is seen again. */
void stage_unlist(struct staged *);

/* An empty file of that key that nobody has open is taken off the list. */
void stage_drop_empty(struct stage *, const char *key);

/*
 * The file of that key was deleted: whoever has it open, listed or not, may
 * go on, and what he writes is lost.
 */
void stage_remove(struct stage *, const char *key);

/* A file that was deleted before the first change of it, not listed. */
int stage_add_removed(struct stage *, const struct stage_place *,
    struct spool *, struct staged **out);

/* Give it another name, listed; a file that is listed there is taken off. */
int stage_move(struct staged *, const struct stage_place *, bool temporary);

/*
 * With the gate: the printer's file that this one was, and is no more on the
 * list, has another name now.  Returns 0 or -ENOMEM.
 */
int stage_follow(struct staged *, const struct stage_place *);

/*
 * The name that an upload goes to: folder as on the wire, and path (caller:
 * free both).  Returns 0 or -ENOMEM.
 */
int staged_target(struct staged *, char **folder, char **path);

/* The same, borrowed: with the gate no rename changes it. */
void staged_see_target(struct staged *, const char **folder, const char **path);

void staged_look(struct staged *, struct staged_facts *out);

/* Its bytes (caller: spool_release). */
struct spool *staged_spool(struct staged *);

/* Wait for the gate, then hold it.  Returns 0 or -EINTR. */
int staged_lock(struct staged *, const struct wait *);
void staged_unlock(struct staged *);

/* With the gate: change bytes.  List it again if it was taken off. */
ssize_t staged_write(struct staged *, const char *dir, const void *data,
    size_t len, off_t offset);
int staged_truncate(struct staged *, const char *dir, off_t size);

/*
 * With the gate: a write of it failed (0: all of it is written anew).  A file
 * that lacks a write is not to be taken for a whole one.
 */
void staged_spoil(struct staged *, int error);

/*
 * With the gate: there is nothing more to upload.  The spool is shared with
 * readers from now on: the next change works on a copy.
 */
void staged_clean(struct staged *);

/* With the gate: how its upload ended, for all who have it open. */
void staged_judge(struct staged *, int verdict);

/*
 * The bytes of that spool, if they are still the file's, have a name on the
 * local disk.  Takes the ticket, which is dropped when the bytes change or the
 * file goes.  staged_take_ticket gives it back, or NULL.
 */
void staged_secure(struct staged *, const struct spool *,
    struct unsent_ticket *);
struct unsent_ticket *staged_take_ticket(struct staged *);

/* It is a backup: it shares its bytes, and waits for no rename. */
void staged_mark_backup(struct staged *);

/* With the gate: others share the bytes; the next change works on a copy. */
void staged_share(struct staged *);

/* With the gate: the printer has a file of this name with this time stamp. */
void staged_replaces(struct staged *, int64_t mtime_s);

/*
 * With the gate: its upload begins, moves its bytes or waits, ends.  In between
 * anybody may call it off; then its uploader gives up and has not stored it.
 * The end returns whether that is so: false also when it was too late.
 */
void staged_begin_sending(struct staged *);
void staged_note_moving(struct staged *, bool moves);
bool staged_end_sending(struct staged *, bool is_stored);

/* Returns whether there is an upload to be called off. */
bool staged_cancel(struct staged *);

/* The file whose bytes are on their way (caller: staged_release), or NULL. */
struct staged *stage_find_sending(struct stage *);

void staged_set_mtime(struct staged *, const struct timespec *);

/* Count the handles that may write; returns how many are left. */
void staged_open(struct staged *);
int staged_close(struct staged *, pid_t process);

/* Did this process close the listed file of that key in the last ms? */
bool stage_was_closed_by(struct stage *, const char *key, pid_t process,
    int64_t ms);

/* Wait until the file of that key is not waiting to be uploaded. */
int stage_settle(struct stage *, const struct wait *, const char *key);

#endif
