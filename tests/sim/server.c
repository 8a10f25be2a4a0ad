/*
 * The listening socket, a thread for each connection, and what connections
 * share: the active slots and the idle time.  All of it is under sim.lock; a
 * connection is ended from outside by shutting its socket down.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sim/conn.h"
#include "tests/sim/sim.h"

enum {
	ACTIVE_SLOTS = 3,
	STACK_SIZE = 512 * 1024,
	SLOW_BUFFER = 32768
};

#define IDLE_SECONDS 75.0

static int
listen_on(struct server *server, long port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int yes = 1;

	server->listen_fd = socket(AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listen_fd < 0)
		return -errno;
	setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &yes,
	    sizeof(yes));
	if (bind(server->listen_fd, (struct sockaddr *)&address, len) != 0 ||
	    listen(server->listen_fd, 128) != 0 ||
	    getsockname(server->listen_fd, (struct sockaddr *)&address, &len) !=
		0)
		return -errno;
	server->port = ntohs(address.sin_port);
	return 0;
}

int
server_open(struct sim *sim, long port)
{
	struct server *server = &sim->server;
	sigset_t signals;

	TAILQ_INIT(&server->conns);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	server->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->signal_fd < 0 || server->wake_fd < 0)
		return -errno;
	return listen_on(server, port);
}

void
server_wake(struct sim *sim)
{
	uint64_t one = 1;

	if (write(sim->server.wake_fd, &one, sizeof(one)) < 0)
		return; /* it is awake already */
}

static void
conn_close(struct conn *conn)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	struct sim *sim = conn->sim;

	if (conn->reset_at_end)
		setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger,
		    sizeof(linger));
	pthread_mutex_lock(&sim->lock);
	TAILQ_REMOVE(&sim->server.conns, conn, entry);
	close(conn->fd);
	sim->server.count--;
	server_wake(sim);
	pthread_cond_broadcast(&sim->changed);
	pthread_mutex_unlock(&sim->lock);
	free(conn->in);
	free(conn);
}

static void *
conn_run(void *arg)
{
	struct conn *conn = arg;

	sim_gate(conn->sim);
	conn->sim->personality->serve(conn);
	conn_close(conn);
	return NULL;
}

static void
conn_options(struct sim *sim, int fd)
{
	int yes = 1, small = SLOW_BUFFER;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (atomic_load(&sim->rate) > 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	}
}

/* Free a place for a new connection: the oldest idle one has to go. */
static void
make_room(struct sim *sim)
{
	struct conn *oldest = NULL, *conn;

	TAILQ_FOREACH (conn, &sim->server.conns, entry) {
		if (conn->idle &&
		    (oldest == NULL || conn->idle_since < oldest->idle_since))
			oldest = conn;
	}
	if (oldest != NULL) {
		oldest->idle = false;
		sim->server.idle_count--;
		shutdown(oldest->fd, SHUT_RDWR);
	}
}

static int
conn_start(struct conn *conn)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attr, conn_run, conn);
	pthread_attr_destroy(&attr);
	return -error;
}

static void
accept_one(struct sim *sim)
{
	struct server *server = &sim->server;
	size_t limit = sim->personality->connection_limit;
	struct conn *conn;
	int fd = accept4(server->listen_fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	conn = calloc(1, sizeof(*conn));
	if (conn == NULL || (conn->in = malloc(CONN_BUFFER)) == NULL) {
		free(conn);
		close(fd);
		return;
	}
	conn_options(sim, fd);
	conn->sim = sim;
	conn->fd = fd;
	conn->limit = -1;
	conn->stall_s = -1;
	pthread_mutex_lock(&sim->lock);
	if (limit > 0 && server->count >= limit)
		make_room(sim);
	conn->number = ++server->accepted;
	conn->boot = sim->boot;
	server->count++;
	TAILQ_INSERT_TAIL(&server->conns, conn, entry);
	pthread_mutex_unlock(&sim->lock);
	if (conn_start(conn) != 0)
		conn_close(conn);
}

/* May a connection be accepted?  *wait_ms is when to ask again, or -1. */
static bool
may_accept(struct sim *sim, int *wait_ms)
{
	struct server *server = &sim->server;
	size_t limit = sim->personality->connection_limit;
	double left;
	bool may;

	*wait_ms = -1;
	pthread_mutex_lock(&sim->lock);
	may = limit == 0 || server->count < limit || server->idle_count > 0;
	left = sim->frozen_until - sim_real();
	if (left > 0) {
		may = false;
		*wait_ms = (int)(left * 1000) + 1;
	}
	pthread_mutex_unlock(&sim->lock);
	return may;
}

static void
stop(struct sim *sim)
{
	sim->stopping = true;
	pthread_mutex_lock(&sim->lock);
	sim->boot++;
	server_cut(sim);
	pthread_cond_broadcast(&sim->changed);
	while (sim->server.count > 0)
		sim_wait(sim, -1);
	pthread_mutex_unlock(&sim->lock);
}

/* Stop listening when connections are refused, and listen again after. */
static void
listen_or_not(struct sim *sim)
{
	struct server *server = &sim->server;
	bool refuses;

	pthread_mutex_lock(&sim->lock);
	refuses = server->refuses;
	pthread_mutex_unlock(&sim->lock);
	if (refuses == (server->listen_fd < 0))
		return;
	if (!refuses) {
		if (listen_on(server, server->port) != 0)
			perror("simprinter: listen");
		return;
	}
	close(server->listen_fd);
	server->listen_fd = -1;
}

void
server_refuse(struct sim *sim, bool refuse)
{
	struct conn *conn;

	if (sim->server.refuses == refuse)
		return;
	sim->server.refuses = refuse;
	TAILQ_FOREACH (conn, &sim->server.conns, entry)
		shutdown(conn->fd, SHUT_RDWR);
	server_wake(sim);
}

void
server_run(struct sim *sim)
{
	struct server *server = &sim->server;
	struct pollfd fds[3] = { { .fd = server->signal_fd, .events = POLLIN },
		{ .fd = server->wake_fd, .events = POLLIN },
		{ .events = POLLIN } };

	for (;;) {
		uint64_t count;
		int wait_ms;

		listen_or_not(sim);
		fds[2].fd = may_accept(sim, &wait_ms) ? server->listen_fd : -1;
		if (poll(fds, 3, wait_ms) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0)
			break;
		if (fds[1].revents != 0 &&
		    read(server->wake_fd, &count, sizeof(count)) < 0)
			continue;
		if (fds[2].fd >= 0 && fds[2].revents != 0)
			accept_one(sim);
	}
	stop(sim);
}

void
server_cut(struct sim *sim)
{
	struct conn *conn;

	TAILQ_FOREACH (conn, &sim->server.conns, entry) {
		if (conn->boot != sim->boot)
			shutdown(conn->fd, SHUT_RDWR);
	}
}

void
server_close(struct sim *sim)
{
	close(sim->server.listen_fd);
	close(sim->server.wake_fd);
	close(sim->server.signal_fd);
}

bool
server_take_slot(struct sim *sim)
{
	struct server *server = &sim->server;
	unsigned long ticket;
	bool stopping;

	pthread_mutex_lock(&sim->lock);
	ticket = server->tickets++;
	while (!sim->stopping && ticket >= server->finished + ACTIVE_SLOTS)
		sim_wait(sim, -1);
	stopping = sim->stopping;
	if (stopping)
		server->finished++;
	pthread_mutex_unlock(&sim->lock);
	return !stopping;
}

void
server_give_slot(struct sim *sim)
{
	pthread_mutex_lock(&sim->lock);
	sim->server.finished++;
	pthread_cond_broadcast(&sim->changed);
	pthread_mutex_unlock(&sim->lock);
}

void
server_block(struct sim *sim, bool blocked)
{
	if (sim->personality->answers_at_once == 0)
		return;
	pthread_mutex_lock(&sim->lock);
	sim->server.blocked += blocked ? 1 : (unsigned)-1;
	if (!blocked)
		pthread_cond_broadcast(&sim->changed);
	pthread_mutex_unlock(&sim->lock);
}

bool
server_may_answer(struct sim *sim)
{
	const struct personality *personality = sim->personality;
	double patience = personality->answer_patience_s *
	    sim->options.time_scale;
	double since = sim_real();
	bool may;

	if (personality->answers_at_once == 0)
		return true;
	pthread_mutex_lock(&sim->lock);
	while (!sim->stopping &&
	    sim->server.blocked >= personality->answers_at_once &&
	    sim_real() < since + patience)
		sim_wait(sim, since + patience);
	may = sim->server.blocked < personality->answers_at_once &&
	    sim_real() < since + patience / 2;
	while (!may && !sim->stopping && sim_real() < since + patience)
		sim_wait(sim, since + patience);
	pthread_mutex_unlock(&sim->lock);
	return may;
}

void
server_idle(struct conn *conn, bool idle)
{
	struct sim *sim = conn->sim;

	pthread_mutex_lock(&sim->lock);
	if (conn->idle != idle) {
		conn->idle = idle;
		conn->idle_since = sim_real();
		sim->server.idle_count += idle ? 1 : (size_t)-1;
		if (idle) {
			server_wake(sim);
			pthread_cond_broadcast(&sim->changed);
		}
	}
	pthread_mutex_unlock(&sim->lock);
}

/* When the next idle connection has to go, real seconds; < 0: none is. */
static double
reap_some(struct sim *sim)
{
	double share = IDLE_SECONDS * sim->options.time_scale /
	    (double)(sim->server.idle_count + (sim->server.idle_count == 0));
	double now = sim_real(), next = -1;
	struct conn *conn;

	TAILQ_FOREACH (conn, &sim->server.conns, entry) {
		if (!conn->idle)
			continue;
		if (conn->idle_since + share <= now) {
			conn->idle = false;
			sim->server.idle_count--;
			shutdown(conn->fd, SHUT_RDWR);
		} else if (next < 0 || conn->idle_since + share < next) {
			next = conn->idle_since + share;
		}
	}
	return next;
}

void *
server_reap(void *arg)
{
	struct sim *sim = arg;

	pthread_mutex_lock(&sim->lock);
	while (!sim->stopping)
		sim_wait(sim, reap_some(sim));
	pthread_mutex_unlock(&sim->lock);
	return NULL;
}
