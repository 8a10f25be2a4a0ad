#ifndef CACHE_CREW_H
#define CACHE_CREW_H

/*
 * Threads that do one thing and end: downloads, held-back deletions.  The
 * crew knows how many are at work, so that the end of the program can wait
 * for the last of them.
 */
struct crew;

/* Returns 0 and a crew (caller: crew_free), or -ENOMEM. */
int crew_new(struct crew **out);

/*
 * Have work(arg) done by a thread of its own.  Returns 0, -EAGAIN or
 * -ENOMEM.
 */
int crew_start(struct crew *, void (*work)(void *), void *arg);

/* Wait until all have ended, and release the crew. */
void crew_free(struct crew *);

#endif
