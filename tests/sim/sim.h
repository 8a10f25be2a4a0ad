#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/sim/control.h"
#include "tests/sim/exchange.h"
#include "tests/sim/faults.h"
#include "tests/sim/machine.h"
#include "tests/sim/nth.h"
#include "tests/sim/server.h"
#include "tests/sim/transfer.h"

struct conn;
struct sim;
struct text;

/* Has the printer's clock been set, and what are its files' stamps else? */
enum sim_clock {
	CLOCK_GOOD,
	CLOCK_NONE, /* there are none */
	CLOCK_1980,
	CLOCK_2097,
};

/* The command line.  Never changes once the server runs. */
struct sim_options {
	const char *personality;
	const char *storage;
	const char *user;
	const char *password;
	const char *api_key; /* NULL: none is set */
	const char *token;   /* of obico's account */
	const char *log;
	const char *control;
	long port;
	double preview_s;  /* < 0: until dismissed; 0: no preview */
	double time_scale; /* real seconds in a simulated one */
	long rate;
	long latency_ms;
	long record_ms; /* a record of a list costs, obico */
	long mb_ms;	/* and a MB of an upload */
	long printers;	/* more of them, obico */
	long firmware;	/* of a buddy: 3 to 6 for 6.3 to 6.6, 1 for 4.6 */
};

/*
 * A kind of server.  The functions run in any thread and take sim.lock
 * themselves unless said otherwise.
 */
struct personality {
	const char *name;
	size_t connection_limit;  /* 0: none */
	double clears_s;	  /* FINISHED and STOPPED last; < 0: for ever */
	double attention_s;	  /* so does ATTENTION */
	bool reports_transitions; /* PAUSED while still pausing */
	bool reads_words;	  /* a request line may be on several lines */
	unsigned answers_at_once; /* more wait if so many stand; 0: any */
	double answer_patience_s; /* before they give up */
	bool own_verbs;		  /* control knows all about the printer */
	const char *upload_method; /* NULL: PUT */

	/* Make sim.own.  Returns 0 or -errno. */
	int (*open)(struct sim *);

	/* Release sim.own; nothing runs any more. */
	void (*close)(struct sim *);

	/* The value of a header field that comes again; to be freed. */
	char *(*repeated)(enum header, const char *before, const char *value);

	/* Serve one connection to its end; does not close it. */
	void (*serve)(struct conn *);

	/* Answer with an error in the personality's own style. */
	void (*fail)(struct conn *, struct sim_exchange *, int status,
	    const char *message);

	/*
	 * Build the head of a 200 answer of so many bytes of JSON.  Returns
	 * whether its body is sent in chunks.
	 */
	bool (*json_head)(struct sim_exchange *, struct text *head,
	    long long len);

	/* The server process was restarted.  Called with sim.lock held. */
	void (*restart)(struct sim *);

	/*
	 * A control verb that only this personality knows.  Returns 0,
	 * -EOPNOTSUPP for an unknown one, another -errno on failure.
	 */
	int (*control)(struct sim *, int count, char **words,
	    struct text *answer);

	/* The real folder, returned with free, that a copied file goes to. */
	char *(*copy_target)(struct sim *, const char *path);
};

/*
 * The whole simulated printer.  lock protects what follows it and is never
 * held during socket I/O; changed is signalled whenever something waited for
 * may have happened.
 */
struct sim {
	struct sim_options options;
	const struct personality *personality;
	double started; /* monotonic seconds */
	int log_fd;	/* -1: none */
	int record_fd;	/* the same once more, for what nobody truncates */
	atomic_long rate;
	atomic_long latency_ms;
	atomic_long linger_ms; /* a file stays open when it has been sent */
	atomic_bool frozen;
	atomic_bool stopping;
	struct control control;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	double frozen_until; /* monotonic seconds */
	unsigned boot;
	enum sim_clock clock;
	bool full;
	bool writes_fail;
	bool tick_status;
	unsigned ticks;
	struct server server;
	struct machine machine;
	struct transfer transfer;
	struct faults faults;
	struct nth nth;
	void *own; /* the personality's state */
};

/* Make the condition variable and the lock.  Returns 0 or -errno. */
int sim_init(struct sim *);

/*
 * Append lines to the files named by --log and by SIMPRINTER_RECORD in the
 * environment.
 */
int sim_open_logs(struct sim *);
void sim_log(struct sim *, const char *lines, size_t len);
void sim_close_logs(struct sim *);

/* Monotonic real seconds. */
double sim_real(void);

/* Simulated seconds since the start. */
double sim_now(const struct sim *);

/* Real milliseconds for so many simulated seconds; -1 for less than none. */
int sim_ms(const struct sim *, double seconds);

/* Wait for a change, or until that real moment (< 0: for ever).  Locked. */
void sim_wait(struct sim *, double until_real);

/* Sleep so many real seconds, less when the server stops. */
void sim_sleep(struct sim *, double seconds);

/* Come back when the server is not frozen. */
void sim_gate(struct sim *);

/* Freeze for so many real seconds; 0 thaws. */
void sim_freeze(struct sim *, double seconds);

/* The personalities, by name.  NULL for an unknown one. */
const struct personality *sim_personality(const char *name);

extern const struct personality buddy_personality;
extern const struct personality obico_personality;
extern const struct personality pi_personality;

#endif
