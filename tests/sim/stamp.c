/*
 * The time stamps of files on a printer whose clock may never have been set.
 */
#include <errno.h>
#include <string.h>

#include "tests/sim/sim.h"
#include "tests/sim/stamp.h"
#include "tests/sim/text.h"

static const struct clock {
	const char *word;
	long long stamp;
} clocks[] = {
	[CLOCK_GOOD] = { "good", 0 },
	[CLOCK_NONE] = { "none", 0 },
	[CLOCK_1980] = { "fixed", 315532800 }, /* FAT's first day */
	[CLOCK_2097] = { "2097", 4039372740 }, /* 2097-12-31 23:59 */
};

void
stamp_put(const struct sim *sim, struct text *out, const char *before,
    long long when, const char *after)
{
	if (sim->clock == CLOCK_NONE)
		return;
	if (sim->clock != CLOCK_GOOD)
		when = clocks[sim->clock].stamp;
	text_printf(out, "%s%lld%s", before, when, after);
}

int
stamp_set(struct sim *sim, const char *word)
{
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		if (strcmp(clocks[i].word, word) != 0)
			continue;
		sim->clock = (enum sim_clock)i;
		return 0;
	}
	return -EINVAL;
}
