#ifndef CLIENT_BACKEND_H
#define CLIENT_BACKEND_H

#include <stdint.h>

#include "client/base/buf.h"

struct account_server;
struct http;
struct http_config;
struct printer;
struct traits;
struct wait;

/* What first contact finds out. */
struct probe {
	const struct traits *traits; /* of a printer */
	struct buf storage; /* the storage document, if it could be had */
	char words[160];    /* more about a failure, or "" */
};

/*
 * A kind of server, and how to get to know it: a printer's own, or one with
 * accounts of many printers.  One const row each, in its own folder; the table
 * of them is client/backends.h.
 */
struct backend {
	const char *type; /* -o type= */
	/* Of its printers, ends with NULL; the first if nothing is known. */
	const struct traits *const *traits;
	/* What the environment has a secret in; the token of an account. */
	const char *secret_variable;
	/* Why first contact failed, where there is more to say than errno. */
	const struct backend_reason {
		int error; /* negative; 0 ends them */
		const char *text;
	} * reasons;
	/*
	 * Is it such a server, and does it let us in?  Returns 0 (caller:
	 * buf_free the document), -EACCES: login refused, -EPROTO: it is no
	 * such server, -EOPNOTSUPP: it is too old, -EINVAL: that is no address,
	 * or why it cannot be reached.
	 */
	int (*probe)(struct http *, const struct wait *, struct probe *out);
	/*
	 * A printer with these traits (caller: printer_free), or NULL: it has
	 * accounts.  Pictures come from the camera's URL unless that is NULL.
	 * Returns 0 or -ENOMEM.
	 */
	int (*printer_new)(const struct http_config *, const struct traits *,
	    const char *camera, struct printer **out);
	/*
	 * An account, whose answers are remembered for ttl_ms (caller:
	 * account_server_release), or NULL: it has none.  Returns 0 or
	 * -ENOMEM.
	 */
	int (*account_new)(const struct http_config *, int64_t ttl_ms,
	    struct account_server **out);
};

#endif
