#ifndef TESTS_SIM_TRANSFER_H
#define TESTS_SIM_TRANSFER_H

#include <stdbool.h>
#include <time.h>

struct sim;

/* The one transfer that a printer has at a time.  Under sim.lock. */
struct transfer {
	bool active;
	bool foreign; /* somebody else's, through Connect */
	bool stop;    /* a client asked for its end */
	bool next;    /* somebody else takes the slot when this one ends */
	int refusals; /* of others until it ends; 0: as many as there are */
	bool to_print;
	long id;
	char name[256];
	char folder[256]; /* as the listing shows it */
	long long size;
	long long transferred;
	double started; /* simulated seconds */
	time_t started_at;
};

/* Somebody wants the slot: is it taken?  Locked. */
bool transfer_refuses(struct sim *);

/*
 * Take the slot.  Returns its id, or 0 when it is taken.  Called with sim.lock
 * held.
 */
long transfer_begin(struct sim *, const char *name, const char *folder,
    long long size, bool to_print);

/* Free the slot if it is still the one with this id.  Locked. */
void transfer_end(struct sim *, long id);

/*
 * Take the slot for somebody else, or free it; it frees itself when so many
 * others were refused, unless that is 0.  Locked.
 */
void transfer_elsewhere(struct sim *, bool on, int refusals);

/* The transfer as it is now; a foreign one moves on by itself.  Locked. */
const struct transfer *transfer_look(struct sim *);

#endif
