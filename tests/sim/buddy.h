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
struct reader {
	struct sim *sim;
	const char *real;
	double until; /* real seconds: when it lets go; < 0: not yet known */
	LIST_ENTRY(reader) entry;
};

/* What a buddy has beyond any printer.  Under sim.lock. */
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
	LIST_HEAD(, reader) readers;
	pthread_t reaper;
};

/* How the connection goes on after an answer. */
enum closing {
	CLOSING_NOT,
	CLOSING_PLAIN,
	CLOSING_ERROR, /* holds its slot until the client closes */
};

/* A request being served. */
struct call {
	struct sim *sim;
	struct buddy *buddy;
	struct conn *conn;
	struct exchange *ex;
	bool has_slot;
	enum closing closing;
	char path[TARGET_SIZE]; /* decoded: /usb/… */
};

/* buddy_reply.c */

/* The status page; an error is JSON if the client prefers that. */
void buddy_page(struct call *, int status, const char *message);

/* The same, and the connection ends, or never because of it. */
void buddy_page_close(struct call *, int status, const char *message);
void buddy_page_keep(struct call *, int status, const char *message);

/* A closing error that is text whatever the client accepts. */
void buddy_page_text(struct call *, int status, const char *message);

/* The bare line, with its NUL, that ends a silence. */
void buddy_time_out(struct call *);

/* 401 with a challenge, the header's value. */
void buddy_challenge(struct call *, const char *challenge);

/* An answer whose body's length is not announced; extra are header lines. */
void buddy_send(struct call *, int status, const char *type, const char *extra,
    const struct text *body);

/* 200 and JSON. */
void buddy_json(struct call *, const struct text *json);

/* 304 with an ETag. */
void buddy_not_modified(struct call *, const char *etag);

/* The head of an answer of known length. */
void buddy_head(struct call *, struct text *head, int status, const char *type,
    const char *extra, long long len);

bool buddy_json_head(struct exchange *, struct text *head, long long len);
void buddy_fail(struct conn *, struct exchange *, int status,
    const char *message);

/* buddy_auth.c: is the login right?  If not, it has been answered. */
bool buddy_login(struct call *);

/* What a header field that comes again amounts to; to be freed. */
char *buddy_repeated(enum header, const char *before, const char *value);

/* Does one of the fields begin with the value, letter case aside? */
bool buddy_says(const struct exchange *, enum header, const char *value);

/* The length of the multipart boundary that the request has; 0: none. */
size_t buddy_boundary(const struct exchange *);

/* Does the client know this ETag?  Only its digits count. */
bool buddy_knows(const struct exchange *, const char *etag);

/* A length as the firmware reads it: every byte is a digit, in 32 bits. */
uint32_t buddy_length(const char *value);

/* buddy_status.c: the GET-only routes. */
void buddy_version(struct call *);
void buddy_info(struct call *);
void buddy_status(struct call *);
void buddy_job(struct call *);
void buddy_storage(struct call *);
void buddy_settings(struct call *);
void buddy_legacy_printer(struct call *);
void buddy_legacy_job(struct call *);

/* buddy_job.c */
void buddy_job_command(struct call *);
void buddy_legacy_job_command(struct call *);
void buddy_transfer(struct call *);
void buddy_legacy_transfer(struct call *);
void buddy_legacy_files(struct call *);

/* Start a print of the file at call.path.  Returns 0, -ENOENT, -EBUSY. */
int buddy_start_print(struct call *);

/* buddy_files.c */
void buddy_files(struct call *);
void buddy_delete(struct call *); /* what is at call.path */
void buddy_download(struct call *);
void buddy_thumbnail(struct call *);

/* Is the file held open by the preview, a print, a download?  Locked. */
bool buddy_is_busy(struct sim *, const char *real);

/* Does a download?  Locked. */
bool buddy_is_read(struct sim *, const char *real);

/* Does the preview hold this file?  Locked. */
bool buddy_previews(struct sim *, const char *real);

/* Show a file in the preview if the screen is free.  Locked. */
void buddy_show(struct sim *, const char *real);

/* Decode a URL's path into call.path.  Returns 0, or the status 404 or 403. */
int buddy_decode(struct call *, const char *encoded);

/* Follow call.path.  As fat_find; -ENOENT when the stick is out.  Locked. */
int buddy_find(struct call *, struct fat_place *);

/* buddy_render.c */

/* A file's information.  path is as spelt by the client.  Locked. */
void buddy_render_file(const struct sim *, struct text *, const char *path,
    const struct fat_place *);

/* A folder's listing; *etag gets its value.  Locked. */
void buddy_render_folder(struct call *, struct text *, const struct fat_place *,
    char etag[32]);

/* What is at call.path has changed: so do all the ETags.  Locked. */
void buddy_changed(struct call *);

/* The value of the ETag of what is at call.path.  Locked. */
void buddy_etag(struct call *, char etag[32]);

/* The same in the older API; a folder that does not exist is empty. */
void buddy_render_legacy_folder(struct call *, struct text *,
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
void buddy_upload(struct call *);

#endif
