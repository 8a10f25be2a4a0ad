#ifndef CLIENT_ACCOUNT_SERVER_H
#define CLIENT_ACCOUNT_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account_server;
struct counts;
struct printer;
struct wait;

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
	atomic_int holders;
};

/* An empty list with room for so many, held once; NULL without memory. */
struct printer_list *printer_list_new(size_t room);
struct printer_list *printer_list_hold(struct printer_list *);
void printer_list_release(struct printer_list *);

/*
 * Make a list that came just now ready: by rising id, of two with one id the
 * first; the serial number is that of the former list, which may be NULL, if
 * it has the same printers under the same names.
 */
void printer_list_finish(struct printer_list *);
void printer_list_number(struct printer_list *,
    const struct printer_list *former);

/* The printer of that id, or NULL.  Borrowed. */
const struct listed_printer *printer_list_find(const struct printer_list *,
    int64_t id);

/*
 * An account on a server that stands for many printers: a table of functions
 * around a state of its own.  All return 0 or a negative errno, may block, and
 * end with -EINTR when given up.  Shared by counting; any thread may call.
 */
struct account_server_ops {
	int (*printers)(struct account_server *, const struct wait *,
	    struct printer_list **out);
	struct printer_list *(*known)(struct account_server *);
	void (*count)(struct account_server *, struct counts *out);
	void (*forget)(struct account_server *);
	int (*printer_new)(struct account_server *, int64_t id, bool archived,
	    struct printer **out);
	int (*library_new)(struct account_server *, struct printer **out);
	int (*rename)(struct account_server *, const struct wait *, int64_t id,
	    const char *name);
	int (*remove)(struct account_server *, const struct wait *, int64_t id,
	    const char *name);
	void (*free)(struct account_server *);
};

struct account_server {
	const struct account_server_ops *ops;
	atomic_int holders; /* 1 to begin with */
};

struct account_server *account_server_hold(struct account_server *);
void account_server_release(struct account_server *);

/*
 * The printers as they are now (caller: printer_list_release).  Returns 0,
 * -EACCES: the login is refused, -EPROTO, or what http_perform says.
 */
int account_server_printers(struct account_server *, const struct wait *,
    struct printer_list **out);

/* The last ones that were heard of (caller: printer_list_release), or NULL. */
struct printer_list *account_server_known(struct account_server *);

/* Add to out how all its requests went, for whichever printer. */
void account_server_count(struct account_server *, struct counts *out);

/* What is remembered is void: the next question goes to the server. */
void account_server_forget(struct account_server *);

/*
 * One of its printers, which holds the account.  Returns 0 and the printer
 * (caller: printer_free), or -ENOMEM.
 */
int account_server_printer_new(struct account_server *, int64_t id,
    bool archived, struct printer **out);

/*
 * The account's cloud folder as a printer that is nothing but a storage, which
 * holds the account.  -EOPNOTSUPP: it has none.
 */
int account_server_library_new(struct account_server *, struct printer **out);

/*
 * Give a printer another name (1 to 256 characters), or delete it, which
 * cannot be undone: only if that is its name.  Returns 0 when it is seen to be
 * so, -ENOENT: no such printer, -EINVAL: the name is none, or not its own,
 * -EBUSY: it has a print.
 */
int account_server_rename(struct account_server *, const struct wait *,
    int64_t id, const char *name);
int account_server_remove(struct account_server *, const struct wait *,
    int64_t id, const char *name);

#endif
