#ifndef FS_SETUP_SIGNALS_H
#define FS_SETUP_SIGNALS_H

struct signals;

/* What happens when a signal asks the program to end. */
struct signals_plan {
	void (*prepare)(void *arg); /* while calls are still answered */
	void (*finish)(void *arg);  /* no further calls */
	void (*reread)(void *arg);  /* for HUP; NULL: it is an end too */
	void *arg;
};

/*
 * TERM, INT and HUP are for the thread of signals_start only; to be called
 * before any other thread starts.  And libfuse cancels its threads at the end:
 * glibc loads libgcc_s for that, and aborts when there is no descriptor left.
 * It is loaded here.
 */
void signals_prepare(void);

/*
 * Wait for a signal in a thread of its own: then prepare and finish are
 * called, and the calling thread is woken from whatever it waits for, until
 * signals_stop.  Returns 0 and the ending, or a negative errno.
 */
int signals_start(const struct signals_plan *, struct signals **out);

/* The caller has noticed, or ends by himself. */
void signals_stop(struct signals *);

#endif
