#ifndef FS_TREE_BROADCAST_H
#define FS_TREE_BROADCAST_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct broadcast;
struct broadcast_reader;
struct caller;
struct waker;

/*
 * Lines for many readers, each of which gets those that are said after it has
 * joined.  Any thread may say and read.  Returns 0 or -ENOMEM.
 */
int broadcast_new(struct broadcast **out);

/* When all readers have left. */
void broadcast_free(struct broadcast *);

/* Returns 0 and a reader (caller: broadcast_leave), or -ENOMEM. */
int broadcast_join(struct broadcast *, struct broadcast_reader **out);
void broadcast_leave(struct broadcast_reader *);

/* Give the text, which ends in a newline, to all readers. */
void broadcast_say(struct broadcast *, const char *text, size_t len);

/* There will be no more: readers come to the end. */
void broadcast_end(struct broadcast *);

/*
 * Copy up to len bytes of what was said; waits until there are some unless
 * may_wait is false (then -EAGAIN).  Returns 0 at the end, -EINTR when a
 * signal came or nobody waits, -EOVERFLOW: the reader was so slow that lines
 * are missing here.
 */
ssize_t broadcast_read(struct broadcast_reader *, const struct caller *,
    void *out, size_t len, bool may_wait);

/*
 * Is there something to read?  If not, the waker, which is taken in any case,
 * wakes when there is.  NULL: just tell.
 */
bool broadcast_poll(struct broadcast_reader *, const struct waker *);

#endif
