#ifndef FS_TREE_STREAM_H
#define FS_TREE_STREAM_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

struct caller;
struct stream;
struct stream_reader;
struct waker;

/*
 * Lines that every reader gets from the moment on that he has joined.  Any
 * thread may say and read.
 */
int stream_new(struct stream **out);

/* When all readers have left. */
void stream_free(struct stream *);

/* Returns 0 and a reader (caller: stream_leave), or -ENOMEM. */
int stream_join(struct stream *, struct stream_reader **out);
void stream_leave(struct stream_reader *);

/* Give the text, which ends in a newline, to all readers. */
void stream_say(struct stream *, const char *text, size_t len);

/* There will be no more: readers come to the end. */
void stream_end(struct stream *);

/*
 * Copy up to len bytes of what was said; waits until there are some unless
 * may_wait is false (then -EAGAIN).  Returns 0 at the end, -EINTR when a
 * signal came or nobody waits, -EOVERFLOW: he was so slow that lines are
 * missing here.
 */
ssize_t stream_read(struct stream_reader *, const struct caller *, void *out,
    size_t len, bool may_wait);

/*
 * Is there something to read?  If not, the waker, which is taken in any case,
 * wakes when there is.  NULL: just tell.
 */
bool stream_poll(struct stream_reader *, const struct waker *);

#endif
