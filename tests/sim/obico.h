#ifndef TESTS_SIM_OBICO_H
#define TESTS_SIM_OBICO_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/sim/conn.h"
#include "tests/sim/exchange.h"
#include "tests/sim/obico_rows.h"
#include "tests/sim/sim.h"
#include "tests/sim/text.h"

struct cJSON;

/* A parameter of the query. */
struct param {
	char *name, *value;
};

enum {
	OBICO_PARAMS = 64
};

/* Where the bytes of an answer are. */
enum source {
	SOURCE_TEXT,
	SOURCE_FILE
};

/* A request being served. */
struct obico_call {
	struct sim *sim;
	struct obico_server *obico;
	struct conn *conn;
	struct sim_exchange *ex;
	struct obico_account *account; /* NULL: nobody is logged in */
	char path[TARGET_SIZE];	       /* decoded */
	char *arg;		       /* what the star in the route matched */
	struct param params[OBICO_PARAMS];
	size_t param_count;

	char *body; /* mapped */
	size_t body_len;
	struct cJSON *data; /* the body as JSON or form */
	bool is_form;
	bool has_file; /* a part of the form that is a file */
	char file_field[32];
	const char *file; /* in body */
	size_t file_len;

	int status; /* of the answer */
	const char *type;
	bool is_api;
	bool with_session;    /* its cookies are sent */
	unsigned short allow; /* methods, a bit each */
	long records;	      /* that it rendered */
	struct text out;      /* the answer's body */
	struct text extra;    /* header lines */
	enum source source;
	int fd;		  /* of SOURCE_FILE */
	long long offset; /* in it */
	long long length; /* announced; may be less than none */
	long long size;	  /* that is sent; for streams */
};

/* obico_value.c */

/* Now, in microseconds. */
date obico_now(void);

/* A member and its quotes and comma: "name": */
void obico_key(struct text *, const char *name);

/* A date as JSON; null for 0. */
void obico_date(struct text *, date);

/* A float as Python writes it: 6.5, 1.0.  null for NAN. */
void obico_float(struct text *, double);

/*
 * A number as Python's int() reads it.  Returns 0, -EINVAL, or -ERANGE for
 * one that the database cannot hold; *out is then the nearest one.
 */
int obico_int(const char *text, long *out);

/* A date with or without a time.  Returns 0 or -EINVAL. */
int obico_parse_date(const char *text, date *out);

/* Letters, digits, _ and . stay, the rest becomes _.  Returned with free. */
char *obico_safe_name(const char *name);

/* How many characters the UTF-8 text has. */
size_t obico_length(const char *text);

/* Is it all UTF-8, NULs included? */
bool obico_is_utf8(const char *data, size_t len);

/* Put question marks for what is no UTF-8. */
void obico_clean(char *text);

/* So many random hexadecimal digits and a NUL. */
void obico_random(char *out, size_t digits);

/* Put a copy of the text in place of another.  NULL is copied too. */
void obico_set(char **place, const char *text);

/* obico_reply.c */

/* Set the answer: {"detail": …}. */
void obico_detail(struct obico_call *, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * 400 with what table_accept found wrong, if it did; the text is released.
 * Returns whether there was anything.
 */
bool obico_refused(struct obico_call *, struct text *wrong);

/* An HTML page: 404, 500. */
void obico_page(struct obico_call *, int status);

/* "No Printer matches the given query." */
void obico_missing(struct obico_call *, const char *what);

/* 204 and nothing. */
void obico_nothing(struct obico_call *);

/* 301 to the path with a slash at its end. */
void obico_moved(struct obico_call *);

/* Send what has been set. */
void obico_reply(struct obico_call *);

bool obico_json_head(struct sim_exchange *, struct text *head, long long len);
void obico_fail(struct conn *, struct sim_exchange *, int status,
    const char *message);

/* obico_gzip.c: the text compressed.  Returns 0 or -ENOMEM. */
int obico_gzip(struct text *out, const struct text *);

/* Send a file compressed and in chunks. */
void obico_gzip_file(struct obico_call *);

/* obico_body.c */

/*
 * Receive the body into call.body.  Returns 0; -EPIPE, -ECONNRESET or
 * -ETIMEDOUT when the rest will not come; -ENOSPC; -EFBIG; -EINVAL for a
 * length or chunks that are none.
 */
int obico_receive(struct obico_call *);

/* Release the body. */
void obico_drop_body(struct obico_call *);

/* Make call.data of it.  false: it has been answered with 400 or 415. */
bool obico_parse(struct obico_call *, bool takes_json);

/* obico_form.c: the parts of a form.  false: it has been answered. */
bool obico_parse_multipart(struct obico_call *, const char *type);

/* The pairs of a form's or query's text. */
void obico_parse_pairs(const char *text, size_t len,
    void (*each)(void *, char *name, char *value), void *arg);

/* obico_query.c */
void obico_parse_query(struct obico_call *);
void obico_drop_query(struct obico_call *);

/* The value of a parameter, the last if there are several; or NULL. */
const char *obico_param(const struct obico_call *, const char *name);

/* Does a list of parameters hold the value? */
bool obico_param_has(const struct obico_call *, const char *name,
    const char *value);

/* One page of a list. */
/* A word for an order, and how qsort makes it. */
struct sorting {
	const char *word;
	int (*compare)(const void *, const void *);
};

/* Sort pointers as the query wants it; the first one is what it is else. */
void obico_sort(const struct obico_call *, const struct sorting *sortings,
    size_t sorting_count, void *list, size_t count);

/*
 * Answer with the page of the list that the query wants; render appends an
 * item.  The list is freed; NULL: no memory.
 */
void obico_list(struct obico_call *, void *list, size_t count,
    void (*render)(struct obico_call *, const void *item));

/* start and limit.  false: it has been answered. */
bool obico_slice(struct obico_call *, long *start, long *limit);

/* Does position belong to what Python calls list[start:start + limit]? */
bool obico_in_slice(long position, long count, long start, long limit);

/* A member of call.data, or NULL. */
const struct cJSON *obico_member(const struct obico_call *, const char *name);

/* obico_tables.c */
extern const struct table obico_printer_table, obico_print_table,
    obico_folder_table, obico_file_table, obico_account_table;

/* A printer with 17 or 22 members. */
void obico_render_printer(struct obico_call *, struct text *,
    const struct obico_printer_row *, bool whole);
void obico_render_print(struct obico_call *, struct text *,
    const struct obico_print *, bool whole);
void obico_render_folder(struct obico_call *, struct text *,
    const struct obico_folder *, bool nested);

/* How a file is told of. */
enum file_form {
	FILE_WHOLE,
	FILE_WRITTEN,
	FILE_NESTED,
};
void obico_render_file(struct obico_call *, struct text *,
    const struct obico_file *, enum file_form);

/* obico_status.c */
void obico_render_status(struct obico_call *, struct text *,
    const struct obico_printer_row *);
void obico_render_settings(struct text *, const struct obico_printer_row *);
void obico_render_picture(struct obico_call *, struct text *,
    const struct obico_printer_row *);

/* The URL of a printer's picture, or nothing. */
void obico_picture_url(struct obico_call *, struct text *,
    const struct obico_printer_row *);

/* The reason not to watch, or NULL. */
const char *obico_not_watching(struct sim *, const struct obico_printer_row *);

/* The last report, unless it is too old; or NULL. */
const struct report *obico_report(struct sim *,
    const struct obico_printer_row *);

/* obico_agent.c: all of it with sim.lock held. */

/* Let time pass for all agents. */
void obico_update(struct sim *);

/* A command is sent to the agent, if there is one to hear it. */
void obico_send_command(struct sim *, struct obico_printer_row *, enum command);

/* The agent starts a job. */
void obico_agent_print(struct sim *, struct obico_printer_row *,
    const char *file, double duration);

/* The job is at its end, or was cancelled at the printer. */
int obico_agent_end(struct sim *, struct obico_printer_row *, bool cancelled);

/* Somebody at the printer does it.  Returns 0 or -EBUSY. */
int obico_agent_command(struct sim *, struct obico_printer_row *, enum command);

/* The agent comes and tells how things are, or leaves. */
void obico_agent_connect(struct sim *, struct obico_printer_row *, bool there);

/* The agent tells how things are. */
void obico_agent_report(struct sim *, struct obico_printer_row *);

/* The server's own notion of a print begins or ends. */
struct obico_print *obico_begin_print(struct sim *, struct obico_printer_row *,
    const char *filename);
void obico_end_print(struct sim *, struct obico_printer_row *);

/* obico_events.c */
void obico_log_event(struct sim *, struct obico_printer_row *,
    const char *type);

void obico_forget_events(struct obico_server *);

/* obico_data.c: rows are made and found. */
int obico_fill(struct sim *);
void obico_empty(struct sim *);
struct obico_printer_row *obico_new_printer(struct obico_server *, long id,
    long user_id, const char *name);
struct obico_print *obico_new_print(struct obico_server *,
    struct obico_printer_row *, const char *filename);
struct obico_printer_row *obico_find_printer(struct obico_server *, long id);
struct obico_folder *obico_find_folder(struct obico_server *, long id);
struct obico_file *obico_find_file(struct obico_server *, long id);
struct obico_account *obico_find_account(struct obico_server *, long id);
void obico_free_file(struct obico_server *, struct obico_file *);
void obico_free_folder(struct obico_server *, struct obico_folder *);

/* obico_media.c */

/* Append the signed URL of a path that begins with /media/. */
void obico_sign(struct obico_server *, struct text *, const char *path);
void obico_media(struct obico_call *);

/* The real path of a file's bytes or one of its pictures, with free. */
char *obico_stored(struct sim *, const struct obico_file *, int thumbnail);

/* obico_meta.c: what is in the G-code; its pictures are stored. */
void obico_read_gcode(struct obico_call *, struct obico_file *);

/* obico_upload.c: a file without bytes, or NULL; and with those stored. */
struct obico_file *obico_new_file(struct obico_server *, long user_id,
    struct obico_folder *parent);
void obico_set_bytes(struct obico_server *, struct obico_file *, long len);

/* obico_shelf.c: the library of all accounts, as JSON, and an empty one. */
void obico_tell_library(struct sim *, struct text *);
void obico_clear_library(struct sim *);

/*
 * The library as a tree of files in the directory "tree" of the storage; one
 * whose name is taken there has its id behind it.  Returns 0 or -errno.
 */
int obico_plant_library(struct sim *);

/*
 * Somebody else puts a file of so many x there, in place of any of that name.
 * Returns 0 or -errno.
 */
int obico_put_file(struct sim *, const char *path, long len);

/* obico_control.c */
int obico_control(struct sim *, int count, char **words, struct text *answer);

/* obico_route.c: is there such a path? */
bool obico_is_path(struct obico_call *, const char *path);

/* Find the route below /api/v1/ and set the answer.  Locked. */
bool obico_route(struct obico_call *, const char *path);

/* obico_bulk.c: what requests for files and for folders have in common. */

/* Does the server understand the member as a list of ids? */
bool obico_check_ids(const struct obico_call *, const char *name);

/* Is the id in that list? */
bool obico_has_id(const struct obico_call *, const char *name, long id);

/*
 * The folder that parent_folder names; NULL for the root.  *given tells
 * whether it is there at all; what is wrong with it is added.
 */
void obico_read_parent(const struct obico_call *, struct obico_folder **,
    bool *given, struct text *wrong);

/*
 * The same for bulk_move, which looks at less: any account's folder will do.
 * Returns 0, -EINVAL for what is no id, -ENOENT for a missing folder.
 */
int obico_read_target(const struct obico_call *, struct obico_folder **);

/* The folder in the query. */
struct parent_filter {
	bool any;
	long id; /* 0: the root */
};

/* false: it has been answered. */
bool obico_read_filter(struct obico_call *, struct parent_filter *);
bool obico_fits(const struct parent_filter *, const struct obico_folder *);

/* The id in the path.  false: it has been answered. */
bool obico_read_id(struct obico_call *, long *id, const char *what);

/* obico_printers.c: the printer in the path, or NULL: it is answered. */
struct obico_printer_row *obico_command_printer(struct obico_call *);

/* {"succeeded": …, "printer": …} */
void obico_answer_command(struct obico_call *, const struct obico_printer_row *,
    bool succeeded);

#endif
