/*
 * The print simulation: phases with durations, progress, temperatures.  All
 * of it is computed from the simulated clock when somebody looks.  Under
 * sim.lock.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/machine.h"
#include "tests/sim/sim.h"

#define ROOM	      23.0
#define NOZZLE_TARGET 215.0
#define BED_TARGET    60.0
#define TRANSITION_S  1.0 /* pausing, resuming, stopping */

struct phase_row {
	const char *state;
	const char *early; /* where the transition itself is reported */
	const char *legacy;
	double lasts; /* < 0: until something happens */
	enum phase next;
	bool job;
};

static const struct phase_row phases[PHASE_COUNT] = {
	[PHASE_IDLE] = { "IDLE", NULL, "Operational", -1, PHASE_IDLE, false },
	[PHASE_HEATING] = { "PRINTING", NULL, "Printing", 2, PHASE_PRINTING,
	    true },
	[PHASE_PRINTING] = { "PRINTING", NULL, "Printing", -1, PHASE_FINISHED,
	    true },
	[PHASE_PAUSING] = { "PRINTING", "PAUSED", "Pausing", TRANSITION_S,
	    PHASE_PAUSED, true },
	[PHASE_PAUSED] = { "PAUSED", NULL, "Paused", -1, PHASE_PAUSED, true },
	[PHASE_RESUMING] = { "PAUSED", NULL, "Resuming", TRANSITION_S,
	    PHASE_PRINTING, true },
	[PHASE_STOPPING] = { "PRINTING", NULL, "Cancelling", TRANSITION_S,
	    PHASE_STOPPED, true },
	[PHASE_FINISHED] = { "FINISHED", NULL, "Operational", -1, PHASE_IDLE,
	    false },
	[PHASE_STOPPED] = { "STOPPED", NULL, "Operational", -1, PHASE_IDLE,
	    false },
};

static double
heat_at(const struct heat *heat, double now)
{
	return heat->target +
	    (heat->from - heat->target) *
	    exp((heat->since - now) / heat->time_constant);
}

static void
heat_to(struct heat *heat, double target, double now)
{
	heat->from = heat_at(heat, now);
	heat->since = now;
	heat->target = target;
}

/* How long the phase lasts in all; < 0: for ever. */
static double
phase_lasts(const struct sim *sim)
{
	const struct machine *machine = &sim->machine;

	if (machine->phase == PHASE_PRINTING)
		return machine->duration - machine->printed;
	if (machine->phase == PHASE_FINISHED || machine->phase == PHASE_STOPPED)
		return sim->personality->clears_s;
	return phases[machine->phase].lasts;
}

/* Enter a phase at a moment, past or present. */
static void
enter(struct machine *machine, enum phase phase, double when)
{
	double spent = when - machine->since;
	bool job = phases[phase].job;

	if (phases[machine->phase].job)
		machine->elapsed += spent;
	if (machine->phase == PHASE_PRINTING)
		machine->printed += spent;
	machine->phase = phase;
	machine->since = when;
	heat_to(&machine->nozzle, job ? NOZZLE_TARGET : 0, when);
	heat_to(&machine->bed, job ? BED_TARGET : 0, when);
}

void
machine_init(struct sim *sim)
{
	struct machine *machine = &sim->machine;

	machine->job = 41;
	machine->duration = 1;
	machine->nozzle = (struct heat){ ROOM, 0, 0, 20 };
	machine->bed = (struct heat){ ROOM, 0, 0, 40 };
}

void
machine_update(struct sim *sim)
{
	struct machine *machine = &sim->machine;
	double now = sim_now(sim);
	double attention_s = sim->personality->attention_s;

	if (machine->attention && attention_s >= 0 &&
	    now - machine->attention_since > attention_s) {
		machine->attention = false;
		machine->since += attention_s; /* the print stood still */
	}
	if (machine->attention)
		return;
	for (;;) {
		double lasts = phase_lasts(sim);

		if (lasts < 0 || machine->since + lasts > now)
			return;
		enter(machine, phases[machine->phase].next,
		    machine->since + lasts);
	}
}

void
machine_look(struct sim *sim, struct machine_view *view)
{
	struct machine *machine = &sim->machine;
	const struct phase_row *row;
	double now, moment, done;

	machine_update(sim);
	now = sim_now(sim);
	moment = machine->attention ? machine->attention_since : now;
	row = &phases[machine->phase];
	memset(view, 0, sizeof(*view));
	view->phase = machine->phase;
	view->attention = machine->attention;
	view->state = sim->personality->reports_transitions &&
		row->early != NULL ?
	    row->early :
	    row->state;
	view->legacy = row->legacy;
	if (machine->ready && machine->phase == PHASE_IDLE)
		view->state = "READY";
	if (machine->attention)
		view->state = "ATTENTION";
	view->has_job = row->job;
	done = machine->printed +
	    (machine->phase == PHASE_PRINTING ? moment - machine->since : 0);
	if (row->job) {
		view->progress = 100 * done / machine->duration;
		view->time_printing = (long)(machine->elapsed + moment -
		    machine->since);
		view->time_remaining = (long)(machine->duration - done);
		view->fan_hotend = 3200;
		view->fan_print = machine->phase == PHASE_PRINTING ? 5000 : 0;
	}
	view->z = done / machine->duration * 20;
	view->nozzle = fmax(heat_at(&machine->nozzle, now), ROOM);
	view->nozzle_target = machine->nozzle.target;
	view->bed = fmax(heat_at(&machine->bed, now), ROOM - 1);
	view->bed_target = machine->bed.target;
}

bool
machine_prints(struct sim *sim, const char *real)
{
	machine_update(sim);
	return phases[sim->machine.phase].job &&
	    strcmp(sim->machine.real, real) == 0;
}

long
machine_start(struct sim *sim, const char *path, const char *real,
    double duration)
{
	struct machine *machine = &sim->machine;

	machine_update(sim);
	machine->attention = false;
	machine->ready = false;
	machine->printed = 0;
	machine->duration = duration < 1 ? 1 : duration;
	machine->job = (machine->job + 1) % 65536;
	strlcpy(machine->path, path, sizeof(machine->path));
	strlcpy(machine->real, real, sizeof(machine->real));
	enter(machine, PHASE_HEATING, sim_now(sim));
	machine->elapsed = 0;
	return machine->job;
}

int
machine_pause(struct sim *sim, bool at_once)
{
	struct machine *machine = &sim->machine;

	machine_update(sim);
	if (machine->attention)
		return -EBUSY;
	if (machine->phase == PHASE_STOPPING)
		return 0; /* taken, and without effect */
	if (machine->phase != PHASE_PRINTING && machine->phase != PHASE_HEATING)
		return -EBUSY;
	enter(machine, at_once ? PHASE_PAUSED : PHASE_PAUSING, sim_now(sim));
	return 0;
}

int
machine_resume(struct sim *sim, bool at_once)
{
	struct machine *machine = &sim->machine;

	machine_update(sim);
	if (machine->attention)
		return -EBUSY;
	if (machine->phase == PHASE_PAUSING || machine->phase == PHASE_RESUMING)
		return 0; /* taken, and without effect */
	if (machine->phase != PHASE_PAUSED)
		return -EBUSY;
	enter(machine, at_once ? PHASE_PRINTING : PHASE_RESUMING, sim_now(sim));
	return 0;
}

int
machine_stop(struct sim *sim)
{
	struct machine *machine = &sim->machine;

	machine_update(sim);
	if (!phases[machine->phase].job) {
		if (!machine->attention)
			return -EBUSY;
		machine->attention = false;
		return 0;
	}
	if (machine->attention)
		machine->since += sim_now(sim) - machine->attention_since;
	machine->attention = false;
	if (machine->phase != PHASE_STOPPING)
		enter(machine, PHASE_STOPPING, sim_now(sim));
	return 0;
}

int
machine_finish(struct sim *sim)
{
	struct machine *machine = &sim->machine;

	machine_update(sim);
	if (!phases[machine->phase].job)
		return -EBUSY;
	machine->attention = false;
	enter(machine, PHASE_PRINTING, sim_now(sim));
	machine->printed = machine->duration;
	machine_update(sim);
	return 0;
}

void
machine_attention(struct sim *sim)
{
	machine_update(sim);
	sim->machine.attention = true;
	sim->machine.attention_since = sim_now(sim);
}

void
machine_idle(struct sim *sim)
{
	machine_update(sim);
	sim->machine.attention = false;
	sim->machine.ready = false;
	enter(&sim->machine, PHASE_IDLE, sim_now(sim));
	sim->machine.real[0] = '\0';
}
