#ifndef CLIENT_PRUSALINK_PART_CLEANUP_H
#define CLIENT_PRUSALINK_PART_CLEANUP_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct listing;
struct prusalink;

/*
 * What the Pi keeps of an upload that was broken off: a hidden file .NAME.part
 * in its storage's root, whatever the folder was (traits.keeps_parts).  An
 * upload of that name to any folder takes its place.  So a tiny one goes to a
 * folder of our own, once, and that is deleted: nobody else's file can be hit.
 * A thread does it that lives only while there is something to do.
 */
struct parts {
	TAILQ_HEAD(, part) list; /* all under prusalink.lock */
	pthread_t thread;
	bool started; /* it is to be joined */
	bool working;
	int64_t ending_ms; /* since when the prusalink ends; 0: it does not */
};

void parts_init(struct parts *);

/* An upload of that name was broken off. */
void parts_note(struct prusalink *, const char *name);

/* One was not: there is nothing left of it. */
void parts_taken(struct prusalink *, const char *name);

/*
 * While our own folder may be there it is not shown: replaces the listing of
 * that folder, which it takes.  Returns 0 or -ENOMEM.
 */
int parts_hide(struct prusalink *, const char *folder, struct listing **);

/* The prusalink ends: what is under way gets two seconds. */
void parts_end(struct prusalink *);

#endif
