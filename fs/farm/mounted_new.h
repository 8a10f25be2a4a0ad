#ifndef FS_FARM_MOUNTED_NEW_H
#define FS_FARM_MOUNTED_NEW_H

#include <sys/types.h>

#include <stdint.h>

struct mounted;
struct printer;
struct settings;
struct unsent;

struct mounted_config {
	const struct settings *settings;
	const char *folder; /* as above, copied */
	const char *cache_dir;
	const char *name;      /* of its files in the cache directory */
	struct unsent *unsent; /* shared with another printer, or NULL */
	off_t cache_size;      /* bytes */
	int64_t ttl_ms;
};

/*
 * Set up around a printer, which it takes in any case.  Returns 0 and the
 * printer (caller: mounted_free), or a negative errno.
 */
int mounted_new(const struct mounted_config *, struct printer *,
    struct mounted **out);

/* End what is under way, then release.  Nobody may use it any more. */
void mounted_free(struct mounted *);

#endif
