/*
 * Socket input and output of one connection: a small receive buffer, stall
 * limits, the rate knob, the cut fault.  sim.lock is never held here while
 * waiting for the network.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sim/conn.h"
#include "tests/sim/sim.h"

enum {
	FILE_PIECE = 1 << 20
};

/* Wait until the socket is ready.  Returns 0 or -ETIMEDOUT. */
static int
wait_ready(struct conn *conn, short events, double silence_s)
{
	struct pollfd poller = { .fd = conn->fd, .events = events };
	int ready = poll(&poller, 1, sim_ms(conn->sim, silence_s));
	bool frozen = conn->sim->frozen;

	sim_gate(conn->sim);
	return ready == 0 && !frozen ? -ETIMEDOUT : 0;
}

/* Wait for a reader that pauses. */
static int
wait_reader(struct conn *conn)
{
	int error;

	server_block(conn->sim, true);
	error = wait_ready(conn, POLLOUT, conn->stall_s);
	server_block(conn->sim, false);
	return error;
}

static ssize_t
receive(struct conn *conn, void *out, size_t len, double silence_s)
{
	for (;;) {
		ssize_t got;
		int error;

		if (conn->sim->stopping)
			return 0;
		sim_gate(conn->sim);
		got = recv(conn->fd, out, len, MSG_DONTWAIT);
		if (got >= 0)
			return got;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -ECONNRESET;
		error = wait_ready(conn, POLLIN, silence_s);
		if (error != 0)
			return error;
	}
}

ssize_t
conn_receive(struct conn *conn, void *out, size_t len, double silence_s)
{
	size_t there = conn->len - conn->pos;

	if (there == 0)
		return receive(conn, out, len, silence_s);
	if (len > there)
		len = there;
	memcpy(out, conn->in + conn->pos, len);
	conn->pos += len;
	return (ssize_t)len;
}

/* How much may go at once so that the rate stays smooth. */
static size_t
piece(struct conn *conn, size_t len, size_t most)
{
	long rate = atomic_load(&conn->sim->rate);

	if (rate > 0 && most > (size_t)rate / 20 + 1)
		most = (size_t)rate / 20 + 1;
	return len < most ? len : most;
}

static void
pace(struct conn *conn, size_t len)
{
	long rate = atomic_load(&conn->sim->rate);
	double now;

	if (rate <= 0)
		return;
	now = sim_real();
	if (conn->due < now)
		conn->due = now;
	conn->due += (double)len / (double)rate;
	sim_sleep(conn->sim, conn->due - now);
}

ssize_t
conn_receive_paced(struct conn *conn, void *out, size_t len, double silence_s)
{
	ssize_t got = conn_receive(conn, out, piece(conn, len, len), silence_s);

	if (got > 0)
		pace(conn, (size_t)got);
	return got;
}

int
conn_byte(struct conn *conn, double silence_s)
{
	ssize_t got;

	if (conn->pos == conn->len) {
		got = receive(conn, conn->in, CONN_BUFFER, silence_s);
		if (got <= 0)
			return got == 0 ? -ENOTCONN : (int)got;
		conn->pos = 0;
		conn->len = (size_t)got;
	}
	return (unsigned char)conn->in[conn->pos++];
}

bool
conn_wait(struct conn *conn)
{
	int c;

	if (conn->pos < conn->len)
		return true;
	c = conn_byte(conn, -1);
	if (c < 0)
		return false;
	conn->pos--;
	return true;
}

/* The rest of the limit; once it is reached the connection is dead. */
static size_t
limited(struct conn *conn, size_t len)
{
	if (conn->limit < 0)
		return len;
	if ((long long)len > conn->limit)
		len = (size_t)conn->limit;
	if (len == 0)
		conn->dead = true;
	return len;
}

static int
sent(struct conn *conn, ssize_t len)
{
	int error;

	if (len >= 0) {
		if (conn->limit >= 0)
			conn->limit -= len;
		return 0;
	}
	if (errno == EINTR)
		return 0;
	error = errno == EAGAIN ? wait_reader(conn) : -EPIPE;
	if (error != 0) {
		conn->reset_at_end = error == -ETIMEDOUT;
		conn->dead = true;
	}
	return error;
}

int
conn_send(struct conn *conn, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		size_t most = limited(conn, len);
		ssize_t did;
		int error;

		if (conn->dead || conn->sim->stopping)
			return -EPIPE;
		sim_gate(conn->sim);
		did = send(conn->fd, at, most, MSG_NOSIGNAL | MSG_DONTWAIT);
		error = sent(conn, did);
		if (error != 0)
			return error;
		if (did > 0) {
			at += did;
			len -= (size_t)did;
		}
	}
	return 0;
}

int
conn_send_paced(struct conn *conn, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		size_t most = piece(conn, len, FILE_PIECE);
		int error = conn_send(conn, at, most);

		if (error != 0)
			return error;
		pace(conn, most);
		at += most;
		len -= most;
	}
	return 0;
}

int
conn_send_file(struct conn *conn, int fd, off_t size, off_t *total)
{
	off_t done = 0;
	int error;

	while (done < size) {
		size_t most = limited(conn,
		    piece(conn, (size_t)(size - done), FILE_PIECE));
		ssize_t did;

		if (conn->dead || conn->sim->stopping)
			return -EPIPE;
		sim_gate(conn->sim);
		did = sendfile(conn->fd, fd, NULL, most);
		if (did == 0) { /* the file has shrunk */
			conn->dead = true;
			return -EIO;
		}
		error = sent(conn, did);
		if (error != 0)
			return error;
		if (did > 0) {
			pace(conn, (size_t)did);
			done += did;
			*total += did;
		}
	}
	return 0;
}

void
conn_cork(struct conn *conn, bool on)
{
	int value = on;

	setsockopt(conn->fd, IPPROTO_TCP, TCP_CORK, &value, sizeof(value));
}

void
conn_limit(struct conn *conn, long long bytes)
{
	conn->limit = bytes;
	conn->dead = conn->dead || bytes == 0;
}

void
conn_linger(struct conn *conn, double seconds)
{
	char waste[CONN_BUFFER];
	double until = sim_real() + seconds * conn->sim->options.time_scale;

	conn->pos = conn->len;
	shutdown(conn->fd, SHUT_WR);
	for (;;) {
		double left = until - sim_real();

		if (receive(conn, waste, sizeof(waste),
			left <= 0 ? 0 : left / conn->sim->options.time_scale) <=
		    0)
			break;
		if (left <= 0)
			break;
	}
}
