#ifndef CLIENT_PRINTER_H
#define CLIENT_PRINTER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "client/base/stream.h"

struct buf;
struct counts;
struct entry;
struct listing;
struct traits;
struct wait;

/*
 * The documents that a printer tells, in the published v1 shape.  Tables have
 * them as indices; their order means nothing.
 */
enum topic {
	TOPIC_STATUS,
	TOPIC_JOB,
	TOPIC_INFO,
	TOPIC_VERSION,
	TOPIC_STORAGE,
	TOPIC_TRANSFER,
	TOPIC_CAMERAS,
	TOPIC_LEGACY_PRINTER, /* the OctoPrint-compatible API's answers */
	TOPIC_LEGACY_JOB,
	TOPIC_LEGACY_FILES,
	TOPIC_PRINTER,	/* all that an account tells, without its secrets */
	TOPIC_FAILURE,	/* is it watched for failures, and what was seen */
	TOPIC_SETTINGS, /* those that printer_change_settings changes */
	TOPIC_PRINTS,	/* its history: an array, the newest print first */
	TOPIC_CAMERA,	/* of one camera: how it is set up */
	TOPIC_PICTURE,	/* as it comes */
	TOPIC_PNG,	/* the same as a PNG */
	TOPIC_COUNT,
	TOPIC_FOLDER = TOPIC_COUNT /* beside them: what is in a folder */
};

/* Is it of one camera, so that printer_camera tells it? */
bool topic_is_of_camera(enum topic);

enum verb {
	VERB_PRINT,
	VERB_START, /* the same, now or not at all */
	VERB_PAUSE,
	VERB_RESUME,
	VERB_STOP,
	VERB_REFRESH,
	VERB_STOP_TRANSFER,
	VERB_READY,
	VERB_UNREADY,
	VERB_REBOOT,
	VERB_RESTART,
	VERB_SNAP,
	VERB_MUTE,
	VERB_UNMUTE,
	VERB_ACKNOWLEDGE,
	VERB_ARCHIVE,
	VERB_UNARCHIVE,
	VERB_COUNT
};

#define STORE_WORDS 160
#define STORE_NONE  (-1) /* there was no file of that name */

/* A file to be stored.  Paths begin with the storage, as on the wire. */
struct store {
	const char *folder; /* "usb/PARTS" */
	const char *name;   /* the long name */
	struct source source;
	bool replace;	   /* a file of that name may be there */
	int64_t old_mtime; /* of that file; 0: not known; STORE_NONE */
	int *start;	   /* NULL: just store it; else print it, and the
			      verdict of that: 0, or -EBUSY with words */
	bool trust;	   /* do not compare what the printer has then */
	bool *more;	   /* set: not only this file has changed; or NULL */
	void (*queued)(void *arg); /* somebody else's transfer is waited for;
				      or NULL */
	void *queued_arg;
	char *words; /* STORE_WORDS bytes for what the printer says, or NULL */
};

/*
 * A printer: a table of functions around a state of its own, so that the file
 * system cannot tell a cache from a server or a test's fake.  A slot may be
 * NULL: not supported; of a printer around another, those about files and
 * counts are then what inner does.  All return 0 or a negative errno, may
 * block, and end with -EINTR when given up.  Any thread may call.
 */
struct printer;

struct printer_ops {
	int (*document)(struct printer *, const struct wait *, enum topic,
	    struct buf *out);
	int (*list)(struct printer *, const struct wait *, const char *folder,
	    struct listing **out);
	int (*size)(struct printer *, const struct wait *, const char *folder,
	    const struct entry *, off_t *out);
	int (*look)(struct printer *, const struct wait *, const char *folder,
	    const struct entry *, struct entry *out);
	int (*verify)(struct printer *, const struct wait *, const char *folder,
	    struct entry *, bool bytes);
	int (*fetch)(struct printer *, const struct wait *, const char *folder,
	    const struct entry *, const struct sink *);
	int (*store)(struct printer *, const struct wait *,
	    const struct store *, struct entry *out);
	int (*make_folder)(struct printer *, const struct wait *,
	    const char *folder, const char *name);
	int (*remove)(struct printer *, const struct wait *, const char *folder,
	    const struct entry *);
	int (*rename)(struct printer *, const struct wait *, const char *folder,
	    const struct entry *, const char *new_folder, const char *new_name,
	    bool replace, struct entry *out);
	int (*camera)(struct printer *, const struct wait *, enum topic,
	    const char *id, struct buf *out);
	int (*change_settings)(struct printer *, const struct wait *,
	    const char *text, size_t len);
	int64_t (*told_ms)(struct printer *, enum topic);
	bool (*refuses)(struct printer *, enum topic);
	int (*command)(struct printer *, const struct wait *, enum verb,
	    const char *path);
	void (*count)(struct printer *, struct counts *out);
	void (*free)(struct printer *);
};

struct printer {
	const struct printer_ops *ops;
	const struct traits *traits;
	struct printer *inner; /* of one around another; or NULL */
	bool has_pictures;     /* it may have a camera */
	bool is_watched;       /* an account looks for failures */
};

/* Has it all of that (traits.h, HAS_…)? */
bool printer_has(const struct printer *, unsigned what);

/*
 * Append a document as JSON text to out.  -ENODATA: there is none now (no
 * job, no transfer).
 */
int printer_document(struct printer *, const struct wait *, enum topic,
    struct buf *out);

/*
 * What is in a folder (caller: listing_release).  -ENOENT, -ENOMEDIUM: no
 * stick, -EPROTO.
 */
int printer_list(struct printer *, const struct wait *, const char *folder,
    struct listing **out);

/* The size of a file in bytes: asks only if the entry does not tell. */
int printer_size(struct printer *, const struct wait *, const char *folder,
    const struct entry *, off_t *out);

/* The file as the printer tells it now (caller: entry_free). */
int printer_look(struct printer *, const struct wait *, const char *folder,
    const struct entry *, struct entry *out);

/* The same, and the entry is as it was told then. */
int printer_look_again(struct printer *, const struct wait *,
    const char *folder, struct entry *);

/*
 * Is it the file of that version (entry_version) and size as the printer tells
 * it now?  Returns 0, -ESTALE: it is another one, or what printer_look says.
 */
int printer_check_version(struct printer *, const struct wait *,
    const char *folder, const struct entry *, int64_t version, off_t size);

/*
 * Before remembered bytes (or only a size) of a file are used: where its time
 * stamp does not prove that they are true, have the printer tell the file's
 * size and stamp, which the entry has then.
 */
int printer_verify(struct printer *, const struct wait *, const char *folder,
    struct entry *, bool bytes);

/* Bring the bytes of a file. -EOPNOTSUPP: this storage cannot be read. */
int printer_fetch(struct printer *, const struct wait *, const char *folder,
    const struct entry *, const struct sink *);

/*
 * Store a file: one request with its exact length; returns the printer's
 * verdict and the stored file as the printer tells it (caller: entry_free).
 * -EEXIST, -EBUSY, -ENOSPC, -EINVAL, -EFBIG, -EIO: what is there is not what
 * was sent.
 */
int printer_store(struct printer *, const struct wait *, const struct store *,
    struct entry *out);

int printer_make_folder(struct printer *, const struct wait *,
    const char *folder, const char *name);

/* Remove a file or an empty folder. -ENOTEMPTY, -EBUSY, -ENOENT. */
int printer_remove(struct printer *, const struct wait *, const char *folder,
    const struct entry *);

/*
 * Give a file or folder another name, in another folder too; replace: what is
 * there gives way, a file to a file, an empty folder to a folder.  out is what
 * it is then (caller: entry_free).  -EOPNOTSUPP: its server cannot (see
 * traits.h), -EEXIST, -EISDIR, -ENOTDIR, -ENOTEMPTY, -EINVAL: a folder into
 * itself.
 */
int printer_rename(struct printer *, const struct wait *, const char *folder,
    const struct entry *, const char *new_folder, const char *new_name,
    bool replace, struct entry *out);

/*
 * Change some of the settings: a JSON object with members of TOPIC_SETTINGS.
 * -EINVAL: not such an object, or a value out of range; nothing was sent, and
 * the log says why.
 */
int printer_change_settings(struct printer *, const struct wait *,
    const char *text, size_t len);

/*
 * When did what printer_document would tell come from the server
 * (time_now_ms)?  0: it would be asked.
 */
int64_t printer_told_ms(struct printer *, enum topic);

/*
 * Would asking for a document or a picture, or for TOPIC_FOLDER that, be
 * -EHOSTDOWN at once?  So it is while the server that tells it is away, also
 * while somebody else's request finds out whether it is back.
 */
bool printer_refuses(struct printer *, enum topic);

/*
 * Append what there is of a camera: one of its topics.  "" is the camera that
 * snapshot.jpg shows.  -ENODATA: there is no picture, -EPROTO: what came is
 * none.
 */
int printer_camera(struct printer *, const struct wait *, enum topic,
    const char *id, struct buf *out);

/*
 * Do what a verb says; path is the file for VERB_PRINT and VERB_START, the
 * camera or NULL for VERB_SNAP, "failed" or "not_failed" for VERB_ACKNOWLEDGE.
 * Returns the printer's answer: -EBUSY: not now, -ESRCH: no job or transfer,
 * -ENOENT: no file, -EOPNOTSUPP: its server does not have that.
 */
int printer_command(struct printer *, const struct wait *, enum verb,
    const char *path);

/* Was the answer lost, cut, late or no answer?  Only the printer knows it. */
bool printer_is_unclear(int error);

/*
 * May a change have been made in spite of this error?  So it may if the answer
 * is unclear, if the server failed over it, and if nobody waited for the end.
 */
bool printer_may_be_changed(int error);

/* Add to out how its requests went.  Asks nothing of the printer. */
void printer_count(struct printer *, struct counts *out);

/* Release it, and whatever it wraps.  NULL is fine. */
void printer_free(struct printer *);

#endif
