#ifndef TESTS_SIM_NTH_H
#define TESTS_SIM_NTH_H

#include <stdbool.h>

struct conn;
struct sim_exchange;
struct sim;
struct text;

struct nth_mode;

/* The request on which one fault was ordered.  Under sim.lock. */
struct nth {
	const struct nth_mode *mode;
	long left; /* requests until then; 0: none was ordered */
	long seen; /* requests since the order */
};

/*
 * Count a request that has got past the login, and note in its exchange what
 * goes wrong with its answer.  Locked.
 */
void nth_begin(struct sim *, struct sim_exchange *);

/* Drop the connection if that is what goes wrong.  false: it goes on. */
bool nth_dropped(struct conn *, struct sim_exchange *);

/*
 * "fault MODE K": the K-th request from now goes wrong; "fault off": none
 * does, and a server that refuses connections takes them again.  "count": how
 * many requests there were since.  Returns as faults_control.  Locked.
 */
int nth_control(struct sim *, int count, char **words, struct text *answer);

#endif
