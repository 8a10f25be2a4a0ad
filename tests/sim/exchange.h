#ifndef TESTS_SIM_EXCHANGE_H
#define TESTS_SIM_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conn;
struct text;

/* The header fields that any personality looks at. */
enum header {
	HEADER_ACCEPT,
	HEADER_ACCEPT_ENCODING,
	HEADER_API_KEY,
	HEADER_AUTHORIZATION,
	HEADER_CONNECTION,
	HEADER_CONTENT_LENGTH,
	HEADER_CONTENT_TYPE,
	HEADER_CREATE_FOLDER,
	HEADER_EXPECT,
	HEADER_FORCE,
	HEADER_HOST,
	HEADER_IF_MODIFIED_SINCE,
	HEADER_IF_NONE_MATCH,
	HEADER_OVERWRITE,
	HEADER_PRINT_AFTER_UPLOAD,
	HEADER_RANGE,
	HEADER_TRANSFER_ENCODING,
	HEADER_USER_AGENT,
	HEADER_COUNT
};

enum {
	TARGET_SIZE = 4096
};

/* One request, its answer, and what the log says of them. */
struct sim_exchange {
	char method[24];
	char target[TARGET_SIZE];
	char *header[HEADER_COUNT];
	unsigned place[HEADER_COUNT]; /* which field of the head it was */
	unsigned header_count;
	size_t line_len;   /* of the request line as sent */
	size_t target_len; /* of the target as sent; target may be shorter */
	size_t longest;	   /* header line */
	bool malformed;	   /* the request line is no request line */
	bool http_1_1;	   /* or later */
	bool keep_alive;   /* set by the personality */

	int status; /* of the answer; 0 before there is one */
	long long in, out, announced;
	bool logged;

	bool lose;
	bool cut_body;		     /* the answer breaks off in its body */
	const struct nth_mode *drop; /* in place of an answer, or NULL */
	long long cut; /* bytes of the answer that may be sent; -1: all */
	long long cut_upload;
	int fail_status;
	char fail_text[200];
	char body_file[200]; /* what is in it is the answer's body; or "" */

	/* Called before the last byte of a file leaves, or NULL. */
	void (*leaving)(void *arg);
	void *leaving_arg;

	enum {
		BODY_NORMAL,
		BODY_GARBAGE,
		BODY_DEEP,
		BODY_HUGE
	} wrong_body;
};

/* How reading a head ended. */
enum read_result {
	READ_OK,
	READ_END,   /* the client left, nothing was sent */
	READ_CUT,   /* the client stopped sending in the middle */
	READ_LOST,  /* the connection was reset in the middle */
	READ_STALL, /* silence for too long */
};

/*
 * Read a request's head.  Silence may last that many simulated seconds (< 0:
 * for ever).  The exchange must be released with exchange_end whatever the
 * result.
 */
enum read_result exchange_read(struct sim_exchange *, struct conn *,
    double silence_s);

/* Log the exchange if that has not been done, and release what it holds. */
void exchange_end(struct sim_exchange *, struct conn *);

/* The value of a field, or an empty string. */
const char *exchange_header(const struct sim_exchange *, enum header);

/* Send a whole answer: head and body.  Logged before its last byte leaves. */
void exchange_answer(struct sim_exchange *, struct conn *, int status,
    const struct text *head, const void *body, size_t len);

/*
 * Send a head and then size bytes of a file.  Logged before its last byte
 * leaves.  Returns 0 or -errno.
 */
int exchange_answer_file(struct sim_exchange *, struct conn *, int status,
    const struct text *head, int fd, off_t size);

/* Send a head; the body follows piecemeal. */
void exchange_begin(struct sim_exchange *, struct conn *, int status,
    const struct text *head, long long announced);

/* Send a piece of the body; the last one is logged first. */
void exchange_piece(struct sim_exchange *, struct conn *, const void *data,
    size_t len, bool last);

/*
 * Receive body bytes.  Returns how many, 0 at the end of the connection,
 * -ETIMEDOUT, -ECONNRESET, or -EPIPE when the upload is to be cut.
 */
ssize_t exchange_receive(struct sim_exchange *, struct conn *, void *out,
    size_t len, double silence_s);

/* Write the exchange to the log. */
void exchange_log(struct sim_exchange *, struct conn *);

#endif
