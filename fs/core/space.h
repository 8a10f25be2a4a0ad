#ifndef FS_CORE_SPACE_H
#define FS_CORE_SPACE_H

#include <stddef.h>
#include <stdint.h>

struct mounted;
struct space;

/*
 * How full a printer's storage is, for df.  Never waits: it tells what it
 * knows, and asks in the background when that has grown old.
 */
int space_new(struct mounted *, struct space **out);

/* The printer's workers must have ended. */
void space_free(struct space *);

/* Remember what a storage document in the v1 shape says. */
void space_note(struct space *, const char *text, size_t len);

/*
 * Size and free bytes of the storage that uploads go to.  A printer that does
 * not tell (Buddy firmware, a cloud folder) gets SPACE_TOTAL and SPACE_FREE.
 */
void space_look(struct space *, int64_t *total, int64_t *free);

/* The same by what is known, without a question. */
void space_recall(struct space *, int64_t *total, int64_t *free);

#define SPACE_TOTAL ((int64_t)32 << 30)
#define SPACE_FREE  ((int64_t)16 << 30)

#endif
