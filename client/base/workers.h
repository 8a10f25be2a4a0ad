#ifndef CLIENT_BASE_WORKERS_H
#define CLIENT_BASE_WORKERS_H

/*
 * Threads that do one thing and end: downloads, held-back deletions.  They are
 * counted while they are at work, so that the end of the program can wait for
 * the last of them.
 */
struct workers;

/* Returns 0 (caller: workers_free), or -ENOMEM. */
int workers_new(struct workers **out);

/*
 * Have work(arg) done by a thread of its own.  Returns 0, -EAGAIN or
 * -ENOMEM.
 */
int workers_start(struct workers *, void (*work)(void *), void *arg);

/* Wait until all have ended, and release the workers. */
void workers_free(struct workers *);

#endif
