#ifndef TESTS_SIM_PI_H
#define TESTS_SIM_PI_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/sim/conn.h"
#include "tests/sim/exchange.h"
#include "tests/sim/gcode.h"
#include "tests/sim/sim.h"
#include "tests/sim/text.h"

#define PI_STORAGE "PrusaLink gcodes"
#define PI_CARD	   "SD Card"
#define PI_BLOCK   65365 /* bytes that the server reads at a time */

enum {
	PI_ARGS = 3,
	PI_CACHE = 512,
	PI_KEY = 64,
	PI_NAME = 248
};

/* A path that the watched tree does not show yet. */
struct pending {
	char *real;
	double until; /* simulated */
	TAILQ_ENTRY(pending) entry;
};

/* A file's words about itself, for as long as it stays the same. */
struct pi_gcode {
	ino_t inode;
	struct timespec mtime;
	off_t size;
	struct gcode gcode;
};

/* PrusaLink, beyond what any printer has.  Under sim.lock. */
struct pi {
	char *local; /* real folders */
	char *card;
	bool card_out;
	bool stuck;	    /* the print of a folder that nothing ends */
	char selected[512]; /* display path, by the older API; empty: none */
	char secret[65];
	char key[PI_KEY];
	time_t changed; /* the tree */
	TAILQ_HEAD(, pending) pending;
	struct pi_gcode cache[PI_CACHE];
	struct text picture;
	long picture_number;
};

/* A request being served. */
struct pi_call {
	struct sim *sim;
	struct pi *pi;
	struct conn *conn;
	struct sim_exchange *ex;
	char path[TARGET_SIZE]; /* decoded, without the query */
	const char *query;	/* as sent; empty if there is none */
	char *arg[PI_ARGS];	/* what the route's stars stand for */
	struct text body;	/* a small one has been read */
	long long length;	/* announced; 0 for none or nonsense */
};

/* pi_reply.c */

/* The errors that have a page of their own. */
enum pi_error {
	PI_BAD_REQUEST,
	PI_SAME_DESTINATION,
	PI_NO_FILE,
	PI_SIZE_MISMATCH,
	PI_FORBIDDEN_CHARACTERS,
	PI_NAME_TOO_LONG,
	PI_FOLDER_TOO_LONG,
	PI_NO_HOST,
	PI_TOO_COLD,
	PI_TOO_HOT,
	PI_UPLOAD_FAILED,
	PI_FORBIDDEN,
	PI_NOT_FOUND,
	PI_FILE_NOT_FOUND,
	PI_FOLDER_NOT_FOUND,
	PI_LOCATION_NOT_FOUND,
	PI_NOT_CURRENT_JOB,
	PI_PRINTING,
	PI_NOT_PRINTING,
	PI_NOT_PAUSED,
	PI_NOT_ABLE,
	PI_FILE_PRINTED,
	PI_FILE_EXISTS,
	PI_FOLDER_EXISTS,
	PI_NOT_EMPTY,
	PI_TRANSFER_CONFLICT,
	PI_REQUEST_TIMEOUT,
	PI_NO_THUMBNAIL,
	PI_LENGTH_REQUIRED,
	PI_TOO_LARGE,
	PI_CARD_READ_ONLY,
	PI_NOT_SUPPORTED,
	PI_UNSUPPORTED,
	PI_INTERNAL,
	PI_NOT_IN_TREE,
	PI_UNAVAILABLE,
};

/* Answer with an error: JSON, HTML or text, as the client accepts. */
void pi_error(struct pi_call *, enum pi_error);

/* An exception nobody expected: a page of its own on GET and POST only. */
void pi_crash(struct pi_call *);

/* The framework's HTML page for a status; extra are header lines. */
void pi_html(struct pi_call *, int status, const char *extra);

/* Any answer; extra are header lines. */
void pi_send(struct pi_call *, int status, const char *type, const char *extra,
    const void *body, size_t len);

/* An answer without a body. */
void pi_empty(struct pi_call *, int status);

/* An answer that is JSON. */
void pi_json(struct pi_call *, int status, const char *extra,
    const struct text *json);

/* The same with JSON that is there already. */
void pi_json_string(struct pi_call *, int status, const char *json);

/* An answer that is a message in JSON. */
void pi_message(struct pi_call *, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The head of an answer. */
void pi_head(struct text *head, int status, const char *type, const char *extra,
    long long len);

bool pi_json_head(struct sim_exchange *, struct text *head, long long len);
void pi_fail(struct conn *, struct sim_exchange *, int status,
    const char *message);

/* pi_auth.c: is the login right?  If not, it has been answered. */
bool pi_login(struct pi_call *, bool with_key);

/* pi_tree.c */

/* A file or folder as the server sees it. */
struct pi_place {
	char *real;
	char path[TARGET_SIZE]; /* with the storage's name: /PrusaLink … */
	struct stat st;
	bool exists; /* and is shown */
	bool is_root;
	bool card;
	bool slash; /* the path ends with one */
};

/*
 * Follow a path below a storage.  Returns 0, or -ENXIO if there is no such
 * storage.  The place must be released in any case.  Locked.
 */
int pi_find(struct pi_call *, const char *storage, const char *path,
    struct pi_place *);

/* The same for a display path: its first part is the storage's name. */
int pi_find_display(struct pi_call *, const char *path, struct pi_place *);

void pi_release(struct pi_place *);

/*
 * The real path below the local storage, whatever is shown; to be freed.
 * NULL if it leads out of it.
 */
char *pi_real(struct pi *, const char *path);

/* The tree has changed; a new path shows up a little later.  Locked. */
void pi_changed(struct sim *, const char *appeared);

/* Bytes below a folder, hidden ones not counted. */
long long pi_tree_size(const char *real);

/* Is it shown in a listing? */
bool pi_shows(struct sim *, const char *real, const char *name);

/* The file's words about itself.  Locked. */
const struct gcode *pi_gcode(struct pi *, const char *real,
    const struct stat *);

/* The type of a file by its name. */
const char *pi_type(const char *name);

/* A listing or a file's information.  Locked. */
void pi_render(struct pi_call *, struct text *, const struct pi_place *);

/* The refs member of a file.  Locked. */
void pi_render_refs(struct pi *, struct text *, const struct pi_place *,
    bool printable);

/* The meta member of a file.  Locked. */
void pi_render_meta(struct pi *, struct text *, const struct pi_place *);

/* Remove a folder with all that is in it.  Returns 0 or -errno. */
int pi_remove_tree(const char *real);

/* Make all the folders of a path below local.  0 or -errno.  Locked. */
int pi_make_folders(struct pi_call *, const char *path);

/* Is this file in print?  Locked. */
bool pi_prints(struct sim *, const char *real);

/* The local storage's free and whole space. */
void pi_space(struct sim *, long long *free_space, long long *total);

/* Parse a date in the one form that is taken.  Returns 0 or -EINVAL. */
int pi_parse_date(const char *text, time_t *when);

/* The routes: pi_files.c, pi_upload.c, pi_form.c, pi_status.c and so on. */
void pi_files_get(struct pi_call *);
void pi_files_put(struct pi_call *);
void pi_files_post(struct pi_call *);
void pi_files_delete(struct pi_call *);
void pi_upload(struct pi_call *);
void pi_multipart(struct pi_call *);
void pi_legacy_start(struct pi_call *);
void pi_legacy_delete(struct pi_call *);
void pi_legacy_get(struct pi_call *);
void pi_legacy_list(struct pi_call *);
void pi_thumbnail(struct pi_call *);
void pi_folder_create(struct pi_call *);
void pi_folder_delete(struct pi_call *);
void pi_modify(struct pi_call *);
void pi_version(struct pi_call *);
void pi_info(struct pi_call *);
void pi_status(struct pi_call *);
void pi_job(struct pi_call *);
void pi_job_stop(struct pi_call *);
void pi_job_word(struct pi_call *);
void pi_storage(struct pi_call *);
void pi_transfer(struct pi_call *);
void pi_transfer_stop(struct pi_call *);
void pi_legacy_transfer(struct pi_call *);
void pi_legacy_printer(struct pi_call *);
void pi_legacy_job(struct pi_call *);
void pi_legacy_job_command(struct pi_call *);
void pi_settings(struct pi_call *);
void pi_page(struct pi_call *);
void pi_page_head(struct pi_call *);
void pi_ports(struct pi_call *);
void pi_card_ready(struct pi_call *);
void pi_connection(struct pi_call *);
void pi_logs(struct pi_call *);
void pi_log(struct pi_call *);
void pi_update(struct pi_call *);
void pi_nothing(struct pi_call *);
void pi_ready(struct pi_call *);
void pi_key(struct pi_call *);
void pi_serial(struct pi_call *);
void pi_timelapse(struct pi_call *);
void pi_done(struct pi_call *);
void pi_fetch(struct pi_call *);
void pi_settings_change(struct pi_call *);
void pi_serial_change(struct pi_call *);
void pi_connect(struct pi_call *);
void pi_logged_in(struct pi_call *);
void pi_error_page(struct pi_call *);
void pi_printhead(struct pi_call *);
void pi_tool(struct pi_call *);
void pi_bed(struct pi_call *);
void pi_cameras(struct pi_call *);
void pi_camera(struct pi_call *);
void pi_camera_change(struct pi_call *);
void pi_snap(struct pi_call *);
void pi_snap_default(struct pi_call *);
void pi_snap_now(struct pi_call *);
const char *pi_camera_id(void);

/*
 * The JSON object in the body, to be deleted by the caller; an empty one if
 * the body is of another type.  NULL when it has been answered.
 */
struct cJSON *pi_read_json(struct pi_call *);

/* A member that is a string, or an empty string. */
const char *pi_string_of(const struct cJSON *, const char *name);

/*
 * Is the storage there, and may it be written to if that is wanted?  If not,
 * it has been answered.
 */
bool pi_check_storage(struct pi_call *, bool to_write);

/*
 * The headers that tell how old the tree is; place may be NULL.  Returns
 * whether it has been answered: the client knows it, or asks nonsense.
 */
bool pi_answer_cached(struct pi_call *, struct text *extra,
    const struct pi_place *);

/* Store the body in memory at call.path.  Returns 0 or -EIO. */
int pi_store_body(struct pi_call *);

/*
 * Start a print of call.path once the tree shows it.  Returns 0, -ENOENT if
 * it does not show it in time, or as pi_start_print.
 */
int pi_print_stored(struct pi_call *);

/* Does the name or path hold a character that is refused anywhere? */
bool pi_is_forbidden(const char *path);

/*
 * Start a print.  Returns 0, -EBUSY, -EISDIR for the folder that wedges the
 * server.  Locked.
 */
int pi_start_print(struct sim *, const struct pi_place *);

#endif
