#ifndef CLIENT_PRUSALINK_PRUSALINK_INTERNAL_H
#define CLIENT_PRUSALINK_PRUSALINK_INTERNAL_H

#include <pthread.h>

#include "client/backend.h"
#include "client/base/turn.h"
#include "client/printer.h"
#include "client/prusalink/foreign_transfer.h"
#include "client/prusalink/part_cleanup.h"

struct camera;
struct hold;
struct shape_storage;

/*
 * What the parts of the PrusaLink back end share: client/prusalink/prusalink.c,
 * which names the others, and those.
 */
struct prusalink {
	struct printer printer;
	struct http *http;
	struct camera *camera; /* or NULL */
	struct turn upload;    /* a server takes one upload at a time */
	pthread_mutex_t lock;
	struct buf display_name; /* under lock: the Pi's name for "local" */
	int64_t read_ms;	 /* under lock: when the last download ended */
	struct buf job_path;	 /* under lock: the last job's file, or "" */
	struct buf left_out;	 /* under lock: what the log was told of */
	struct foreign_transfer foreign; /* under lock */
	struct parts parts;		 /* under lock */
};

/* First contact, as struct backend says; and the traits that may be told. */
int prusalink_probe(struct http *, const struct wait *, struct probe *out);
extern const struct traits *const prusalink_traits[];

/* GET target.  Returns http_perform's or http_error's verdict. */
int prusalink_get(struct prusalink *, const struct wait *, const char *target,
    struct http_reply *);

/* A request without a body, whose answer is its verdict. */
int prusalink_ask(struct prusalink *, const struct wait *, const char *method,
    const char *target, const char *header, bool once, struct http_reply *);

/*
 * Append root, the encoded folder and, unless NULL, "/" and the name.  Returns
 * 0, -ENOMEM, or -ENAMETOOLONG for more than the server reads: a folder that
 * claims to contain itself has an end there.
 */
int prusalink_target(const struct prusalink *, const char *root,
    const char *folder, const char *name, struct buf *out);

/* The file or folder of that name as the server tells it. */
int prusalink_entry(struct prusalink *, const struct wait *, const char *folder,
    const char *name, struct entry *out);

/* The storage that the folder is on. */
int prusalink_storage(struct prusalink *, const struct wait *,
    const char *folder, struct shape_storage *out);

/* -ENOMEDIUM if the folder's storage is out, else error. */
int prusalink_check_medium(struct prusalink *, const struct wait *,
    const char *folder, int error);

/* If a refusal says that the printer holds the file open, tell users why. */
void prusalink_explain_busy(const struct http_reply *, int error,
    const char *folder, const char *name);

/* PUT the file, as store and hold say: one request, whatever its answer. */
int prusalink_put(struct prusalink *, const struct wait *, const struct store *,
    const struct hold *, struct http_reply *);

/* The document TOPIC_CAMERAS of a prusalink whose only camera has a URL. */
int prusalink_own_cameras(struct prusalink *, struct buf *out);

/*
 * Is the file of that path the one that is printed?  Looks for some seconds,
 * for a print takes a while to show.
 */
bool prusalink_does_print(struct printer *, const struct wait *,
    const char *path);

/* Is the end of the last print shown: FINISHED or STOPPED? */
bool prusalink_shows_end(struct printer *, const struct wait *);

/* Have a camera take a picture; "": the one that snapshot.jpg shows. */
int prusalink_snap(struct prusalink *, const struct wait *, const char *id);

/* The functions of a printer that have files of their own, for a prusalink. */
int prusalink_store(struct printer *, const struct wait *, const struct store *,
    struct entry *out);
int prusalink_camera(struct printer *, const struct wait *, enum topic,
    const char *id, struct buf *out);
int prusalink_command(struct printer *, const struct wait *, enum verb,
    const char *path);
int prusalink_make_folder(struct printer *, const struct wait *,
    const char *folder, const char *name);
int prusalink_remove(struct printer *, const struct wait *, const char *folder,
    const struct entry *);

#endif
