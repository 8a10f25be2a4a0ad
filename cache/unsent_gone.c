/*
 * What a success took away from unsent/ just before its mover removes it.
 * Whoever calls has unsent.lock.
 */
#include <stdlib.h>
#include <string.h>

#include "cache/unsent_gone.h"
#include "client/base/time.h"

#define GONE_MS 60000 /* between the close of a copy and mv's unlink */

void
unsent_gone_forget(struct unsent_gones *gones, struct unsent_gone *gone)
{
	TAILQ_REMOVE(gones, gone, link);
	free(gone->name);
	free(gone);
}

void
unsent_gone_forget_all(struct unsent_gones *gones)
{
	struct unsent_gone *gone;

	while ((gone = TAILQ_FIRST(gones)) != NULL)
		unsent_gone_forget(gones, gone);
}

static void
forget_old(struct unsent_gones *gones)
{
	struct unsent_gone *gone;
	int64_t now_ms = time_now_ms();

	while ((gone = TAILQ_FIRST(gones)) != NULL && gone->until_ms <= now_ms)
		unsent_gone_forget(gones, gone);
}

void
unsent_gone_note(struct unsent_gones *gones, const char *name, pid_t reader,
    off_t size, const struct timespec *kept)
{
	struct unsent_gone *gone;

	forget_old(gones);
	gone = calloc(1, sizeof(*gone));
	if (gone == NULL)
		return;
	gone->name = strdup(name);
	if (gone->name == NULL) {
		free(gone);
		return;
	}
	gone->reader = reader;
	gone->size = size;
	gone->kept = *kept;
	gone->until_ms = time_now_ms() + GONE_MS;
	TAILQ_INSERT_TAIL(gones, gone, link);
}

struct unsent_gone *
unsent_gone_find(struct unsent_gones *gones, const char *name, pid_t reader)
{
	struct unsent_gone *gone;

	forget_old(gones);
	TAILQ_FOREACH (gone, gones, link) {
		if (gone->reader == reader && strcmp(gone->name, name) == 0)
			return gone;
	}
	return NULL;
}
