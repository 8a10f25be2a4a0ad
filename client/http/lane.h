#ifndef CLIENT_HTTP_LANE_H
#define CLIENT_HTTP_LANE_H

#include <stdint.h>

struct http_config;
struct http_reply;
struct http_request;
struct lane;
struct wait;

/* To be called before threads make lanes. */
void lane_prepare(void);

/* Returns 0 and a lane (caller: lane_free), or -ENOMEM. */
int lane_new(const struct http_config *, struct lane **out);
void lane_free(struct lane *);

/*
 * Send a request to url with these header lines (NULL ends them), wait for
 * its answer.  connect_ms is a limit for the connection, 0 the usual one.
 * Returns as http_perform does; fills in reply but for message.
 */
int lane_run(struct lane *, const struct wait *, const struct http_request *,
    const char *url, const char *const *lines, int64_t connect_ms,
    struct http_reply *);

/* When the server last asked for a login (time_now_ms); 0: never. */
int64_t lane_challenged_ms(const struct lane *);

/* What libcurl said about the last failure, or "".  Borrowed. */
const char *lane_words(const struct lane *);

#endif
