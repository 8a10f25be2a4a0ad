#ifndef FS_CORE_CALLER_H
#define FS_CORE_CALLER_H

#include <sys/types.h>

#include <stdbool.h>

/*
 * Has the thread that waits for us left?  It has when it is ending because of
 * a signal, or when KILL, INT, TERM, HUP or QUIT is pending and not blocked.
 * Any other signal disturbs nobody, and a thread that ends by itself has not
 * left.  Thread 0 (another pid namespace) never has.
 */
bool caller_has_left(pid_t thread);

/* The process of a thread; the thread itself when that cannot be told. */
pid_t caller_process(pid_t thread);

/* Is there no such process any more? */
bool caller_is_gone(pid_t process);

#endif
