/*
 * The transfer slot.  It is a plain record under the printer's lock; whoever
 * holds it does the transferring.
 */
#include <string.h>

#include "tests/sim/sim.h"
#include "tests/sim/transfer.h"

#define FOREIGN_SIZE 100000000LL
#define FOREIGN_RATE 20000.0

bool
transfer_refuses(struct sim *sim)
{
	struct transfer *transfer = &sim->transfer;

	if (!transfer->active)
		return false;
	if (transfer->refusals > 0 && --transfer->refusals == 0)
		transfer->active = false;
	return true;
}

long
transfer_begin(struct sim *sim, const char *name, const char *folder,
    long long size, bool to_print)
{
	struct transfer *transfer = &sim->transfer;
	long id = transfer->id;

	if (transfer_refuses(sim))
		return 0;
	memset(transfer, 0, sizeof(*transfer));
	transfer->active = true;
	transfer->id = id == 0 ? 1804289384 : id + 1;
	transfer->to_print = to_print;
	transfer->size = size;
	transfer->started = sim_now(sim);
	transfer->started_at = time(NULL);
	strlcpy(transfer->name, name, sizeof(transfer->name));
	strlcpy(transfer->folder, folder, sizeof(transfer->folder));
	return transfer->id;
}

void
transfer_end(struct sim *sim, long id)
{
	if (sim->transfer.id != id)
		return;
	sim->transfer.active = false;
	if (sim->transfer.next)
		transfer_elsewhere(sim, true, 0);
}

void
transfer_elsewhere(struct sim *sim, bool on, int refusals)
{
	if (!on) {
		if (sim->transfer.foreign)
			sim->transfer.active = false;
		return;
	}
	if (transfer_begin(sim, "elsewhere.gcode", "", FOREIGN_SIZE, false) ==
	    0)
		return;
	sim->transfer.foreign = true;
	sim->transfer.refusals = refusals;
}

const struct transfer *
transfer_look(struct sim *sim)
{
	struct transfer *transfer = &sim->transfer;
	double done;

	if (transfer->active && transfer->foreign) {
		done = (sim_now(sim) - transfer->started) * FOREIGN_RATE;
		transfer->transferred = done < (double)(FOREIGN_SIZE - 1) ?
		    (long long)done :
		    FOREIGN_SIZE - 1;
	}
	return transfer;
}
