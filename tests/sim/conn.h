#ifndef TESTS_SIM_CONN_H
#define TESTS_SIM_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

struct sim;

enum {
	CONN_BUFFER = 16384
};

/*
 * A connection.  Everything belongs to its own thread, but for the members
 * at the end, which sim.lock protects.
 */
struct conn {
	struct sim *sim;
	int fd;
	long number;
	char *in; /* CONN_BUFFER bytes received and not used: pos..len */
	size_t pos, len;
	bool dead;	   /* nothing more is sent */
	long long limit;   /* bytes that may still be sent; -1: any */
	double stall_s;	   /* a reader may pause so long; < 0: for ever */
	double due;	   /* real moment when the rate allows more */
	bool reset_at_end; /* close with a reset */

	TAILQ_ENTRY(conn) entry;
	bool idle;
	double idle_since; /* real seconds */
	unsigned boot;
};

/*
 * Receive up to len bytes, those buffered first.  Returns how many, 0 at the
 * end, -ETIMEDOUT after so many simulated seconds of silence (< 0: never), or
 * -ECONNRESET.
 */
ssize_t conn_receive(struct conn *, void *out, size_t len, double silence_s);

/* The same, no faster than the rate that is set. */
ssize_t conn_receive_paced(struct conn *, void *out, size_t len,
    double silence_s);

/* One byte, or -ENOTCONN at the end, or as conn_receive. */
int conn_byte(struct conn *, double silence_s);

/* Wait for the first byte of a request.  false: the client left. */
bool conn_wait(struct conn *);

/* Send all of it.  Returns 0 or -errno; then the connection is dead. */
int conn_send(struct conn *, const void *data, size_t len);

/* The same, no faster than the rate that is set. */
int conn_send_paced(struct conn *, const void *data, size_t len);

/* Send size bytes from the file's offset on; *sent counts them. */
int conn_send_file(struct conn *, int fd, off_t size, off_t *sent);

/* Hold small packets back, or let them go. */
void conn_cork(struct conn *, bool on);

/* Send no more than so many bytes from now on, then cut the connection. */
void conn_limit(struct conn *, long long bytes);

/* End the sending side and drop what comes, for so many simulated seconds. */
void conn_linger(struct conn *, double seconds);

#endif
