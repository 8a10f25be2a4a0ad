#ifndef TESTS_SIM_BUDDY_H
#define TESTS_SIM_BUDDY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "tests/sim/conn.h"
#include "tests/sim/exchange.h"
#include "tests/sim/fat.h"
#include "tests/sim/sim.h"
#include "tests/sim/text.h"

/* The stall limit of the firmware, and the longest paths and URLs. */
#define BUDDY_STALL_S 12.5
enum {
	BUDDY_PATH = 103,
	BUDDY_URL = 168,
	BUDDY_OBJECTS = 6
};

/* A file that somebody reads. */
struct file_reader {
	struct sim *sim;
	const char *real;
	double until; /* real seconds: when it lets go; < 0: not yet known */
	LIST_ENTRY(file_reader) entry;
};

/* A buddy, beyond what any printer has.  Under sim.lock. */
struct buddy {
	struct fat fat;
	uint32_t salt;	  /* of nonces, new at each boot */
	uint32_t changes; /* a hash of those made through the server */
	double boot_at;
	bool stick_out;
	bool seen_out; /* when the server looked last */
	unsigned temp_number;
	unsigned objects;     /* open on the stick */
	char preview[1024];   /* the real file it holds; empty: none */
	double preview_until; /* simulated; < 0: until dismissed */
	LIST_HEAD(, file_reader) readers;
	pthread_t reaper;
};

/* How the connection goes on after an answer. */
enum closing {
	CLOSING_NOT,
	CLOSING_PLAIN,
	CLOSING_ERROR, /* holds its slot until the client closes */
};

/* A request being served. */
struct buddy_call {
	struct sim *sim;
	struct buddy *buddy;
	struct conn *conn;
	struct sim_exchange *ex;
	bool has_slot;
	enum closing closing;
	char path[TARGET_SIZE]; /* decoded: /usb/… */
};

/* buddy_reply.c */

/* The status page; an error is JSON if the client prefers that. */
void buddy_page(struct buddy_call *, int status, const char *message);

/* The same, and the connection ends, or never because of it. */
void buddy_page_close(struct buddy_call *, int status, const char *message);
void buddy_page_keep(struct buddy_call *, int status, const char *message);

/* A closing error that is text whatever the client accepts. */
void buddy_page_text(struct buddy_call *, int status, const char *message);

/* The bare line, with its NUL, that ends a silence. */
void buddy_time_out(struct buddy_call *);

/* 401 with a challenge, the header's value. */
void buddy_challenge(struct buddy_call *, const char *challenge);

/* An answer whose body's length is not announced; extra are header lines. */
void buddy_send(struct buddy_call *, int status, const char *type,
    const char *extra, const struct text *body);

/* 200 and JSON. */
void buddy_json(struct buddy_call *, const struct text *json);

/* 304 with an ETag. */
void buddy_not_modified(struct buddy_call *, const char *etag);

/* The head of an answer of known length. */
void buddy_head(struct buddy_call *, struct text *head, int status,
    const char *type, const char *extra, long long len);

bool buddy_json_head(struct sim_exchange *, struct text *head, long long len);
void buddy_fail(struct conn *, struct sim_exchange *, int status,
    const char *message);

/* buddy_auth.c: is the login right?  If not, it has been answered. */
bool buddy_login(struct buddy_call *);

/* The value of a header field that comes again; to be freed. */
char *buddy_repeated(enum header, const char *before, const char *value);

/* Does one of the fields begin with the value, letter case aside? */
bool buddy_says(const struct sim_exchange *, enum header, const char *value);

/* The length of the multipart boundary that the request has; 0: none. */
size_t buddy_boundary(const struct sim_exchange *);

/* Does the client know this ETag?  Only its digits count. */
bool buddy_knows(const struct sim_exchange *, const char *etag);

/* A length as the firmware reads it: every byte is a digit, in 32 bits. */
uint32_t buddy_length(const char *value);

/* buddy_status.c: the GET-only routes. */
void buddy_version(struct buddy_call *);
void buddy_info(struct buddy_call *);
void buddy_status(struct buddy_call *);
void buddy_job(struct buddy_call *);
void buddy_storage(struct buddy_call *);
void buddy_settings(struct buddy_call *);
void buddy_legacy_printer(struct buddy_call *);
void buddy_legacy_job(struct buddy_call *);

/* buddy_job.c */
void buddy_job_command(struct buddy_call *);
void buddy_legacy_job_command(struct buddy_call *);
void buddy_transfer(struct buddy_call *);
void buddy_legacy_transfer(struct buddy_call *);
void buddy_legacy_files(struct buddy_call *);

/* Start a print of the file at call.path.  Returns 0, -ENOENT, -EBUSY. */
int buddy_start_print(struct buddy_call *);

/* buddy_files.c */
void buddy_files(struct buddy_call *);
void buddy_delete(struct buddy_call *); /* what is at call.path */
void buddy_download(struct buddy_call *);
void buddy_thumbnail(struct buddy_call *);

/* Is the file held open by the preview, a print, a download?  Locked. */
bool buddy_is_busy(struct sim *, const char *real);

/* Does a download?  Locked. */
bool buddy_is_read(struct sim *, const char *real);

/* Does the preview hold this file?  Locked. */
bool buddy_previews(struct sim *, const char *real);

/* Show a file in the preview if the screen is free.  Locked. */
void buddy_show(struct sim *, const char *real);

/* Decode a URL's path into call.path.  Returns 0, or the status 404 or 403. */
int buddy_decode(struct buddy_call *, const char *encoded);

/* Follow call.path.  As fat_find; -ENOENT when the stick is out.  Locked. */
int buddy_find(struct buddy_call *, struct fat_place *);

/* buddy_render.c */

/* A file's information.  path is as spelt by the client.  Locked. */
void buddy_render_file(const struct sim *, struct text *, const char *path,
    const struct fat_place *);

/* A folder's listing; *etag gets its value.  Locked. */
void buddy_render_folder(struct buddy_call *, struct text *,
    const struct fat_place *, char etag[32]);

/* The file at call.path has changed: so do all the ETags.  Locked. */
void buddy_changed(struct buddy_call *);

/* The value of the ETag of what is at call.path.  Locked. */
void buddy_etag(struct buddy_call *, char etag[32]);

/* The same in the older API; a folder that does not exist is empty. */
void buddy_render_legacy_folder(struct buddy_call *, struct text *,
    const struct fat_place *);
void buddy_render_legacy_file(struct text *, const char *path,
    const struct fat_place *);

/* Copy the path with repeated slashes merged. */
void buddy_merge_slashes(char *out, size_t size, const char *path);

/* Do the folder, and the folder with the short name, fit?  Locked. */
bool buddy_fits(const char *path, const struct fat_place *);

/* The path as spelt with its last part short, unless a slash ends it. */
void buddy_short_path(char *out, size_t size, const char *path,
    const struct fat_place *);

/* The same with every part short, as a job has it.  Locked. */
void buddy_job_path(struct fat *, char *out, size_t size, const char *path);

/* Is it a printable file by its long name? */
bool buddy_is_printable(const char *name);

/* The time as the firmware tells it. */
long long buddy_timestamp(time_t);

/* buddy_upload.c: PUT of a file to call.path. */
void buddy_upload(struct buddy_call *);

#endif
