#ifndef CLIENT_HTTP_HTTP_H
#define CLIENT_HTTP_HTTP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "client/base/buf.h"

struct counts;
struct hold;
struct http;
struct sink;
struct source;
struct wait;

/*
 * One server, reached over three connections.  Each carries one request at a
 * time, in the order of asking: Buddy firmware serves three connections
 * (nhttp/server.h, ACTIVE_CONNS) and one transfer, and one for each kind of
 * traffic keeps status answers quick under a long upload.
 */
enum http_connection {
	CONNECTION_BRIEF,
	CONNECTION_DOWN,
	CONNECTION_UP,
	CONNECTION_COUNT
};

struct http_limits {
	int64_t connect_ms;
	int64_t answer_ms; /* the first byte of an answer */
	int64_t stall_ms;  /* a transfer without movement */
};

/* All strings are borrowed for the call of http_new, which copies them. */
struct http_config {
	const char
	    *url; /* scheme://host[:port][/prefix], no slash at its end */
	const char *user;
	const char *password; /* for Digest, or NULL */
	const char *api_key;  /* for X-Api-Key, or NULL */
	const char *token;    /* for Authorization: Bearer, or NULL */
	const char *ca_file;  /* or NULL: the system's authorities */
	struct http_limits limits;
	bool logs;    /* when it goes away and comes back */
	bool is_away; /* it did not answer just now */
};

struct http_request {
	enum http_connection connection;
	const char *method;
	const char *target;	   /* begins with a slash, percent-encoded */
	const char *headers[3];	   /* more header lines; NULL ends them */
	const struct source *body; /* or NULL */
	const struct hold *hold;   /* the body's end waits, or NULL */
	const struct sink *sink;   /* for the body of a 2xx answer, or NULL */
	int64_t more_ms; /* that its answer may take beyond the limit */
	bool once;	 /* never repeat it by itself */
	bool is_signed;	 /* its query is a secret and the login */
};

struct http_reply {
	int status;	     /* 0: no answer */
	off_t sent;	     /* bytes of the request's body */
	off_t received;	     /* bytes of the answer's body */
	struct buf body;     /* what did not go to the sink, within HTTP_BODY */
	char message[160];   /* words about what went wrong, the server's own */
	char realm[64];	     /* of the last login challenge, or "" */
	struct buf redirect; /* the whole URL that a 3xx answer tells, or "" */
};

#define HTTP_BODY ((size_t)8 << 20)

/*
 * Copy a config with all its strings, but for the login if it is without.
 * Returns 0 or -ENOMEM; caller: http_config_free, in any case.
 */
int http_config_copy(const struct http_config *, bool with_login,
    struct http_config *out);
void http_config_free(struct http_config *);

/*
 * Nothing is sent, and a connection is made when it is first used: many
 * printers that are only looked at need little.  Returns 0 and an object
 * (caller: http_free), or -ENOMEM.
 */
int http_new(const struct http_config *, struct http **out);
void http_free(struct http *);

/*
 * Send a request, wait for its answer.  Returns 0 when there is a whole
 * answer, whatever its status; else -EINTR: given up, -ETIMEDOUT,
 * -EHOSTUNREACH, -EHOSTDOWN: refused, -EIO: cut short, -EPROTO: no HTTP or
 * larger than HTTP_BODY, or what source or sink returned.  Caller:
 * http_reply_free, in any case.
 */
int http_perform(struct http *, const struct wait *,
    const struct http_request *, struct http_reply *);
void http_reply_free(struct http_reply *);

/* The same; returns the errno for the answer, too. */
int http_ask(struct http *, const struct wait *, const struct http_request *,
    struct http_reply *);

/*
 * See that the connection can send its next request without a login challenge:
 * asks for /api/version when the last challenge is older than max_age_ms.
 * Returns 0 or a negative errno.
 */
int http_login(struct http *, const struct wait *, enum http_connection,
    int64_t max_age_ms);

/*
 * Would http_perform say -EHOSTDOWN at once?  So it does while the server is
 * away, also while somebody else's request finds out whether it is back.
 */
bool http_refuses(struct http *);

/*
 * Note in the log how a request went that began then: what it was, len bytes of
 * its target, and how many bytes were moved.
 */
void http_record(const char *what, const char *target, size_t len, off_t bytes,
    const struct http_reply *, int error, int64_t began_ms);

/* Add to out how the requests went so far. */
void http_count(struct http *, struct counts *out);

/*
 * The errno for an answer: 0 for 2xx.  The only place where a status becomes
 * an errno; prusafs.8 has the same table.
 */
int http_error(const struct http_reply *);

#endif
