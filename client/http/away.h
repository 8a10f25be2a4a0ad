#ifndef CLIENT_HTTP_AWAY_H
#define CLIENT_HTTP_AWAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Does a server answer?  One that stopped answering is away: requests are
 * refused at once, and the first one AWAY_MS or more after the last attempt
 * is let through as the next attempt.  Nothing is asked on its own account.
 */
struct away {
	const char *name; /* for the log, borrowed for life; NULL: silent */
	pthread_mutex_t lock;
	bool is_away; /* all below under lock */
	bool attempting;
	int64_t attempt_ms;
};

#define AWAY_MS		5000
#define AWAY_CONNECT_MS 2000 /* the limit for an attempt's connection */

/* is_away: it did not answer just now, of which nothing is said. */
void away_init(struct away *, const char *name, bool is_away);
void away_destroy(struct away *);

/*
 * May a request go out?  Returns 0, and whether it is an attempt (then
 * away_note must follow), or -EHOSTDOWN.
 */
int away_enter(struct away *, bool *attempt);

/* Would away_enter refuse now?  For a thread that has to wait first. */
bool away_refuses(struct away *);

/* Is it away?  For a request that had to wait for its turn. */
bool away_is(struct away *);

/* Is this error the silence of a server? */
bool away_is_silence(int error);

/* How a request ended: answered tells that a status came. */
void away_note(struct away *, bool attempt, bool answered, int error);

#endif
