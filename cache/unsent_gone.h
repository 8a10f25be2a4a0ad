#ifndef CACHE_UNSENT_GONE_H
#define CACHE_UNSENT_GONE_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Names that a success has just taken away from unsent/.  Who copied such a
 * file to its destination, as mv does, removes it next: to him it is still
 * there, for a minute or until he has removed it.
 */
struct unsent_gone {
	TAILQ_ENTRY(unsent_gone) link;
	char *name;
	pid_t reader; /* who has had it open */
	off_t size;
	struct timespec kept;
	int64_t until_ms;
};

TAILQ_HEAD(unsent_gones, unsent_gone);

/* Note one; without memory it is gone at once. */
void unsent_gone_note(struct unsent_gones *, const char *name, pid_t reader,
    off_t size, const struct timespec *kept);

/* The one of that name that is still there to that process, or NULL. */
struct unsent_gone *unsent_gone_find(struct unsent_gones *, const char *name,
    pid_t reader);

/* He has removed it; or there is a new one of its name. */
void unsent_gone_forget(struct unsent_gones *, struct unsent_gone *);

void unsent_gone_forget_all(struct unsent_gones *);

#endif
