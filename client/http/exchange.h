#ifndef CLIENT_HTTP_EXCHANGE_H
#define CLIENT_HTTP_EXCHANGE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_limits;
struct http_reply;
struct http_request;
struct wait;

/* A request on its way; to begin with zero but for the first six. */
struct exchange {
	void *easy; /* libcurl's handle */
	const struct http_limits *limits;
	const struct wait *wait;
	const struct http_request *request;
	struct http_reply *reply;
	int64_t moved_ms; /* when something last moved */
	off_t sent;	  /* bytes of the body handed to libcurl */
	size_t headers;	  /* bytes of header lines that came */
	int queued;	  /* bytes that the kernel has not sent yet */
	bool held;	  /* the last bytes wait for the others */
	bool released;	  /* what the request holds back goes out */
	bool connected;
	bool headed;	       /* all header lines came */
	bool begun;	       /* the sink's begin was called */
	int64_t challenged_ms; /* when a login was asked for; 0: not */
	int error;	       /* why we stopped the transfer */
};

/* libcurl's callbacks; the argument is the exchange. */
size_t exchange_on_header(char *, size_t size, size_t count, void *);
size_t exchange_on_body(char *, size_t size, size_t count, void *);
size_t exchange_on_read(char *, size_t size, size_t count, void *);
int exchange_on_seek(void *, int64_t offset, int origin);

/* Shall it go on?  Returns 0, -EINTR or -ETIMEDOUT. */
int exchange_check(struct exchange *);

/* Leave an unfinished upload in an orderly way. */
void exchange_part(struct exchange *);

#endif
