/*
 * A fault on the k-th request, in every way that a network or a server can
 * fail.  tests/torture goes through all k and all ways.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/conn.h"
#include "tests/sim/exchange.h"
#include "tests/sim/nth.h"
#include "tests/sim/sim.h"
#include "tests/sim/text.h"

enum {
	IN_HEAD = 12, /* "HTTP/1.1 200" */
	LINGER_S = 2
};

#define PATIENCE_S 12.5

struct nth_mode {
	const char *word;
	/* Happens in place of an answer; NULL: the members below. */
	void (*drop)(struct conn *, struct sim_exchange *);
	long long cut; /* it is cut after so many bytes; 0: not */
	int status;    /* it is such an error, nothing is done; 0: it is not */
	bool lose;     /* it is lost, but what was asked is done */
	bool cut_body; /* it is cut in the middle of its body */
	bool garbage;  /* nobody understands it, nothing is done */
};

/* Nobody is there from now on: the connection is refused. */
static void
refuse(struct conn *conn, struct sim_exchange *ex)
{
	(void)ex;
	conn->reset_at_end = true;
	pthread_mutex_lock(&conn->sim->lock);
	server_refuse(conn->sim, true);
	pthread_mutex_unlock(&conn->sim->lock);
}

static void
reset(struct conn *conn, struct sim_exchange *ex)
{
	(void)ex;
	conn->reset_at_end = true;
}

/* An end without an answer, in an orderly way. */
static void
finish(struct conn *conn, struct sim_exchange *ex)
{
	(void)ex;
	conn_linger(conn, LINGER_S);
}

/* Silence until one side has had enough; nothing is read. */
static void
stall(struct conn *conn, struct sim_exchange *ex)
{
	struct pollfd fd = { .fd = conn->fd, .events = POLLRDHUP };

	(void)ex;
	poll(&fd, 1,
	    (int)(PATIENCE_S * 1000 * conn->sim->options.time_scale) + 1);
}

static const struct nth_mode modes[] = {
	{ .word = "refuse", .drop = refuse },
	{ .word = "reset", .drop = reset },
	{ .word = "close", .drop = finish },
	{ .word = "stall", .drop = stall },
	{ .word = "cut-head", .cut = IN_HEAD },
	{ .word = "cut-body", .cut_body = true },
	{ .word = "lose", .lose = true },
	{ .word = "408", .status = 408 },
	{ .word = "500", .status = 500 },
	{ .word = "503", .status = 503 },
	{ .word = "garbage", .garbage = true },
};

void
nth_begin(struct sim *sim, struct sim_exchange *ex)
{
	struct nth *nth = &sim->nth;
	const struct nth_mode *mode = nth->mode;

	nth->seen++;
	if (nth->left == 0 || --nth->left > 0)
		return;
	ex->drop = mode->drop == NULL ? NULL : mode;
	ex->lose = ex->lose || mode->lose;
	ex->cut_body = mode->cut_body;
	if (mode->cut > 0)
		ex->cut = mode->cut;
	if (mode->status != 0)
		ex->fail_status = mode->status;
	if (mode->garbage)
		ex->wrong_body = BODY_GARBAGE;
}

bool
nth_dropped(struct conn *conn, struct sim_exchange *ex)
{
	if (ex->drop == NULL)
		return false;
	ex->drop->drop(conn, ex);
	conn->dead = true;
	return true;
}

int
nth_control(struct sim *sim, int count, char **words, struct text *answer)
{
	struct nth *nth = &sim->nth;
	size_t i;

	if (strcmp(words[0], "count") == 0) {
		text_printf(answer, "%ld", nth->seen);
		return 0;
	}
	if (strcmp(words[0], "fault") != 0)
		return -EOPNOTSUPP;
	memset(nth, 0, sizeof(*nth));
	server_refuse(sim, false);
	if (count == 2 && strcmp(words[1], "off") == 0)
		return 0;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]) && count == 3; i++) {
		if (strcmp(modes[i].word, words[1]) != 0)
			continue;
		nth->mode = &modes[i];
		nth->left = strtol(words[2], NULL, 10);
		return nth->left > 0 ? 0 : -EINVAL;
	}
	return -EINVAL;
}
