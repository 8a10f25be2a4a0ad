#ifndef TESTS_SIM_CONTROL_H
#define TESTS_SIM_CONTROL_H

#include <pthread.h>

struct sim;

/* The thread that obeys, and what it waits for. */
struct control {
	pthread_t thread;
	int fifo_fd;
	int stop_fd;
};

/*
 * Make the FIFO and a thread that obeys what is written to it.  One line is
 * "REPLY-FIFO WORD\tWORD…"; the answer is "CODE TEXT" written to the reply
 * FIFO.  Returns 0 or -errno.
 */
int control_open(struct sim *);

/* End the thread and remove the FIFO. */
void control_close(struct sim *);

#endif
