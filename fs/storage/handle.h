#ifndef FS_STORAGE_HANDLE_H
#define FS_STORAGE_HANDLE_H

#include <sys/types.h>

struct caller;
struct file;
struct place;

/* For the kind of a storage, and for others that have files in one. */
int handle_open(const struct caller *, struct place *, int flags,
    struct file **out);
int handle_create(const struct caller *, struct place *folder, const char *name,
    int flags, struct place **place, struct file **out);

/* truncate(2) by name: a change of its own, uploaded at once. */
int handle_truncate(const struct caller *, struct place *, off_t size);

#endif
