#ifndef FS_TREE_SIGHT_H
#define FS_TREE_SIGHT_H

#include <stdint.h>

struct printer;
struct sight;
struct wait;

/* Hears of a change; old and new are JSON, "" is null. */
struct hearer {
	void (*tell)(void *arg, const char *kind, const char *old,
	    const char *new);
	void *arg;
};

/*
 * What was seen of a printer, which is borrowed, the last time that somebody
 * looked.  Belongs to one thread at a time.  Returns 0 or -ENOMEM.
 */
int sight_new(struct printer *, struct sight **out);
void sight_free(struct sight *);

/* What will be seen next is the ground that changes are measured from. */
void sight_forget(struct sight *);

/* Look, and tell what is other than before.  Returns 0 or -EINTR. */
int sight_look(struct sight *, const struct wait *, const struct hearer *);

/* How long to wait before the next look; 0: there was none yet. */
int64_t sight_pause_ms(const struct sight *);

#endif
