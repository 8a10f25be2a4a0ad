#ifndef CLIENT_OBICO_OBICO_INTERNAL_H
#define CLIENT_OBICO_OBICO_INTERNAL_H

#include <pthread.h>

#include "client/account_server.h"
#include "client/base/safe_name.h"
#include "client/base/turn.h"
#include "client/http/http.h"
#include "client/printer.h"

/*
 * What the parts of the Obico back end share.  The server's traps: every
 * target ends in a slash (else it is redirected, and a POST that is followed
 * becomes a GET, which executes all the same), and a command that was answered
 * has not been carried out.
 */
struct obico {
	struct account_server server;
	struct http *http;
	struct http_config config; /* without the login; strings owned */
	int64_t ttl_ms;
	struct turn asking;	  /* for the list of printers */
	struct turn upload;	  /* to the cloud folder: one at a time */
	struct numbered numbered; /* files in there */
	pthread_mutex_t lock;
	struct printer_list *list; /* all below under lock */
	uint64_t generation;	   /* of our changes */
	uint64_t told; /* the generation that the list of printers is of */
	bool refused;  /* the token, as was logged */
};

/* A printer of an account. */
struct obico_printer {
	struct printer printer;
	struct obico *obico; /* held */
	int64_t id;
	bool archived;
};

/*
 * A request whose answer is read; text is a JSON body, or NULL, and the target
 * is made by a printf format.  Returns 0 or a negative errno; caller:
 * http_reply_free, in any case.
 */
int obico_ask(struct obico *, const struct wait *, const char *method,
    const char *text, struct http_reply *, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/*
 * An answer to a GET that was not understood (-EPROTO): the log says why, and
 * where; and nothing of it, for it may have tokens.
 */
void obico_explain(int error, const char *target, const struct http_reply *);

/* A GET, whose answer comes without the prints of files (trim.h). */
int obico_ask_trimmed(struct obico *, const struct wait *, const char *target,
    struct http_reply *);

/*
 * A printer as the account's list has it now: borrowed from the list (caller:
 * printer_list_release, in any case).  -ENOENT: it has left the account.
 */
int obico_find(struct obico *, const struct wait *, int64_t id,
    struct printer_list **list, const struct listed_printer **out);

/* Its object as a tree (caller: cJSON_Delete), without secrets. */
struct cJSON;
int obico_look(struct obico *, const struct wait *, int64_t id,
    struct cJSON **out);

/* One of the documents of a printer's object, in the v1 shape (normalise.h). */
int obico_normalise(enum topic, const char *text, size_t len, struct buf *out);

/* What the object says of its state: "PRINTING" and so on; NULL: away. */
const char *obico_state(const struct cJSON *printer);

/* Is there a member of that path, and not null? */
bool obico_has(const struct cJSON *, const char *path);

/* Was a failure seen that nobody has acknowledged yet? */
bool obico_has_alert(const struct cJSON *printer);

/*
 * Take out of a tree, at every depth, what opens a door: tokens, and URLs that
 * are signed.
 */
void obico_clean(struct cJSON *);

/*
 * Read what GET /api/v1/printers/ answers: a bare array, in no order (caller:
 * printer_list_release).  What is no printer is left out.  Returns 0, -EPROTO
 * or -ENOMEM.
 */
int obico_read_list(const char *text, size_t len, struct printer_list **out);

/* The functions of an account that have files of their own. */
int obico_printer_new(struct account_server *, int64_t id, bool archived,
    struct printer **out);
int obico_library_new(struct account_server *, struct printer **out);
int obico_rename(struct account_server *, const struct wait *, int64_t id,
    const char *name);
int obico_delete(struct account_server *, const struct wait *, int64_t id,
    const char *name);

/* The functions of a printer that have files of their own. */
int obico_command(struct printer *, const struct wait *, enum verb,
    const char *word);
int obico_change_settings(struct printer *, const struct wait *,
    const char *text, size_t len);
int obico_unarchive(struct obico_printer *, const struct wait *);
int obico_camera(struct printer *, const struct wait *, enum topic,
    const char *id, struct buf *out);

/* client/obico/files.c and its neighbours: the cloud folder "gcodes". */
int obico_list(struct printer *, const struct wait *, const char *folder,
    struct listing **out);
/* Of the files whose name is like that one. */
int obico_list_named(struct obico *, const struct wait *, const char *folder,
    const char *name, struct listing **out);
int obico_size(struct printer *, const struct wait *, const char *folder,
    const struct entry *, off_t *out);
int obico_fetch(struct printer *, const struct wait *, const char *folder,
    const struct entry *, const struct sink *);
int obico_store(struct printer *, const struct wait *, const struct store *,
    struct entry *out);
int obico_make_folder(struct printer *, const struct wait *, const char *folder,
    const char *name);
int obico_remove(struct printer *, const struct wait *, const char *folder,
    const struct entry *);
int obico_move(struct printer *, const struct wait *, const char *folder,
    const struct entry *, const char *new_folder, const char *new_name,
    bool replace, struct entry *out);

#endif
