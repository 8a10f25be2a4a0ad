#ifndef CLIENT_OBICO_OBICO_H
#define CLIENT_OBICO_OBICO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/base/buf.h"

struct counts;
struct http;
struct http_config;
struct obico;
struct printer;
struct wait;

/*
 * An account on an Obico server (its "Printer API", /api/v1/).  One request
 * lists all of its printers with all that is to be told of them, so they share
 * one answer, not older than ttl_ms.  Shared by counting; any thread may call.
 */

/*
 * First contact: is it an Obico server, and does it take the token?  Returns
 * 0, -EACCES: it does not, -EPROTO: that is no Obico, or why it cannot be
 * reached; words (OBICO_WORDS bytes) tells more.
 */
int obico_probe(struct http *, const struct wait *, char *words);

#define OBICO_WORDS 160

/*
 * The config, with its token, is copied.  Returns 0 and an account (caller:
 * obico_release), or -ENOMEM.
 */
int obico_new(const struct http_config *, int64_t ttl_ms, struct obico **out);
struct obico *obico_hold(struct obico *);
void obico_release(struct obico *);

/* A printer of an account, as the server lists it. */
struct listed_printer {
	int64_t id;
	char *name; /* as people gave it: any text, perhaps not unique */
	bool archived;
	char *text;    /* its object as JSON, without secrets */
	char *picture; /* the signed URL of its last picture, or NULL */
};

/* All of them, by rising id.  Never changes, shared by counting. */
struct printer_list {
	uint64_t serial; /* another one for another list of ids or names */
	int64_t told_ms; /* when it came, by time_now_ms */
	size_t count;
	struct listed_printer *printers;
};

/*
 * The printers as they are now (caller: printer_list_release).  Returns 0,
 * -EACCES: the token is refused, -EPROTO, or what http_perform says.
 */
int obico_printers(struct obico *, const struct wait *,
    struct printer_list **out);

/* The last ones that were heard of (caller: printer_list_release), or NULL. */
struct printer_list *obico_known(struct obico *);
void printer_list_release(struct printer_list *);

/* The printer of that id, or NULL.  Borrowed. */
const struct listed_printer *printer_list_find(const struct printer_list *,
    int64_t id);

/* How all its requests went, for whichever printer. */
void obico_count(struct obico *, struct counts *out);

/* What is remembered is void: the next question goes to the server. */
void obico_forget(struct obico *);

/*
 * One of its printers, which holds the account.  Returns 0 and the printer
 * (caller: printer_free), or -ENOMEM.
 */
int obico_printer_new(struct obico *, int64_t id, bool archived,
    struct printer **out);

/*
 * The account's cloud folder as a printer that is nothing but a storage
 * "gcodes"; it holds the account.  As obico_printer_new.
 */
int obico_library_new(struct obico *, struct printer **out);

/*
 * Give a printer another name (1 to 256 characters), or delete it, which
 * cannot be undone: only if that is its name.  Returns 0 when it is seen to be
 * so, -ENOENT: no such printer, -EINVAL: the name is none, or not its own.
 */
int obico_rename(struct obico *, const struct wait *, int64_t id,
    const char *name);
int obico_delete(struct obico *, const struct wait *, int64_t id,
    const char *name);

#endif
