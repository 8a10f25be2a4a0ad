#ifndef CLIENT_HTTP_CONNECTION_H
#define CLIENT_HTTP_CONNECTION_H

#include <stdint.h>

struct connection;
struct http_config;
struct http_reply;
struct http_request;
struct wait;

/* To be called before threads make connections. */
void connection_prepare(void);

/* Returns 0 and a connection (caller: connection_free), or -ENOMEM. */
int connection_new(const struct http_config *, struct connection **out);
void connection_free(struct connection *);

/*
 * Send a request to url with these header lines (NULL ends them), wait for
 * its answer.  connect_ms is a limit for the connection, 0 the usual one.
 * Returns as http_perform does; fills in reply but for message.
 */
int connection_run(struct connection *, const struct wait *,
    const struct http_request *, const char *url, const char *const *lines,
    int64_t connect_ms, struct http_reply *);

/* When the server last asked for a login (time_now_ms); 0: never. */
int64_t connection_challenged_ms(const struct connection *);

/* libcurl's words about the last failure, or "".  Borrowed. */
const char *connection_words(const struct connection *);

#endif
