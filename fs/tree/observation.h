#ifndef FS_TREE_OBSERVATION_H
#define FS_TREE_OBSERVATION_H

#include <stdint.h>

struct observation;
struct printer;
struct wait;

/* Called with a change; old and new are JSON, "" is null. */
typedef void observation_tell(void *arg, const char *kind, const char *old,
    const char *new);

/*
 * The last look at a printer, which is borrowed.  Belongs to one thread at a
 * time.  Returns 0 or -ENOMEM.
 */
int observation_new(struct printer *, observation_tell *tell, void *arg,
    struct observation **out);
void observation_free(struct observation *);

/* Begin anew: the next look tells nothing, and later ones compare with it. */
void observation_forget(struct observation *);

/* Look, and tell each change since the last look.  Returns 0 or -EINTR. */
int observation_look(struct observation *, const struct wait *);

/* How long to wait before the next look; 0: there was none yet. */
int64_t observation_pause_ms(const struct observation *);

#endif
