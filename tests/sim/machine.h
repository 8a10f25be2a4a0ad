#ifndef TESTS_SIM_MACHINE_H
#define TESTS_SIM_MACHINE_H

#include <stdbool.h>

struct sim;
struct text;

/* The printer's work at the moment. */
enum phase {
	PHASE_IDLE,
	PHASE_HEATING,
	PHASE_PRINTING,
	PHASE_PAUSING,
	PHASE_PAUSED,
	PHASE_RESUMING,
	PHASE_STOPPING,
	PHASE_FINISHED,
	PHASE_STOPPED,
	PHASE_COUNT
};

/* A temperature on its way to a target. */
struct heat {
	double from, target, since, time_constant;
};

/*
 * The printer itself.  Time moves it on whenever somebody looks; there is no
 * thread.  Under sim.lock.
 */
struct machine {
	enum phase phase;
	double since;	 /* simulated moment the phase began */
	double duration; /* of the print */
	double printed;	 /* seconds of it done when the phase began */
	double elapsed;	 /* seconds of the job before this phase */
	bool attention;
	bool ready;  /* the user said so; only while idle */
	bool clears; /* the end of a print is left when a start is refused */
	double attention_since;
	long job;	/* the last id; kept when idle */
	char path[512]; /* as the server names the file */
	char real[1024];
	struct heat nozzle, bed;
};

/* A look at the machine. */
struct machine_view {
	const char *state;  /* as printer.state */
	const char *legacy; /* as state of the older API's job */
	enum phase phase;
	bool has_job;
	bool attention;
	double progress; /* percent */
	long time_printing;
	long time_remaining;
	double nozzle, nozzle_target, bed, bed_target;
	double z;
	int fan_hotend, fan_print;
};

/* An idle, cold printer. */
void machine_init(struct sim *);

/* Let time pass.  Everything below does it by itself.  Locked, as all. */
void machine_update(struct sim *);

/* Look at the machine. */
void machine_look(struct sim *, struct machine_view *);

/* Is this real file in print, the finished ones included when asked? */
bool machine_prints(struct sim *, const char *real);

/* Begin a print.  path is how the server names it.  Returns the job id. */
long machine_start(struct sim *, const char *path, const char *real,
    double duration);

/* Pause, resume, stop.  Returns 0, or -EBUSY in the wrong state. */
int machine_pause(struct sim *, bool at_once);
int machine_resume(struct sim *, bool at_once);
int machine_stop(struct sim *);

/* The print is at its end.  -EBUSY if there is none. */
int machine_finish(struct sim *);

/* The printer has a question. */
void machine_attention(struct sim *);

/* Whatever was on the screen or in print is gone. */
void machine_idle(struct sim *);

#endif
