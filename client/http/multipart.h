#ifndef CLIENT_HTTP_MULTIPART_H
#define CLIENT_HTTP_MULTIPART_H

struct http;
struct http_reply;
struct store;
struct wait;

/*
 * POST /api/files/local of PrusaLink on a Raspberry Pi: the older upload, as
 * multipart/form-data (RFC 7578).  Returns http_perform's verdict.
 */
int multipart_store(struct http *, const struct wait *, const struct store *,
    struct http_reply *);

#endif
