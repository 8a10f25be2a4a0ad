#ifndef TESTS_SIM_SERVER_H
#define TESTS_SIM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct conn;
struct sim;

TAILQ_HEAD(conn_list, conn);

/* The listening socket and its connections.  Under sim.lock, but for fds. */
struct server {
	int listen_fd;
	int wake_fd;
	int signal_fd;
	long port;
	struct conn_list conns;
	size_t count;
	size_t idle_count;
	bool refuses;
	long accepted;
	unsigned long tickets;	/* handed out for an active slot */
	unsigned blocked;	/* answers whose readers pause */
	unsigned long finished; /* slots given back */
};

/* Listen on 127.0.0.1; 0 takes any port.  Returns 0 or -errno. */
int server_open(struct sim *, long port);

/* Accept connections until a signal ends it, then wait for all threads. */
void server_run(struct sim *);

/* Look again whether connections may be accepted. */
void server_wake(struct sim *);

/* Cut all connections of this or an older boot.  Locked. */
void server_cut(struct sim *);

/* Take no connections, and end those there are; or take them again.  Locked. */
void server_refuse(struct sim *, bool refuse);

/* Release the sockets. */
void server_close(struct sim *);

/*
 * Wait for one of the three active slots; first come, first served.  false
 * when the server stops.
 */
bool server_take_slot(struct sim *);

/* Give an active slot back. */
void server_give_slot(struct sim *);

/* A reader pauses in an answer, or goes on. */
void server_block(struct sim *, bool blocked);

/*
 * Wait until fewer answers stand still than there are send buffers.  false:
 * none came free for so long that the answer is given up.
 */
bool server_may_answer(struct sim *);

/* The connection waits for a request, or has one. */
void server_idle(struct conn *, bool idle);

/* Thread: end connections whose share of the idle time is used up. */
void *server_reap(void *sim);

#endif
