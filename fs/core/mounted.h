#ifndef FS_CORE_MOUNTED_H
#define FS_CORE_MOUNTED_H

#include <sys/queue.h>
#include <sys/types.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "fs/farm/statuses.h"
#include "fs/storage/copying.h"
#include "fs/tree/job_folder.h"

struct backups;
struct content;
struct deferred;
struct documents;
struct events;
struct file_facts;
struct log_subject;
struct printer;
struct space;
struct stage;
struct stage_folders;
struct unsent;
struct upload_list;
struct workers;

/* What the command line decides about every file of a mount. */
struct settings {
	uid_t uid;
	gid_t gid;
	mode_t fmask;
	mode_t dmask;
	mode_t control_mode;
	bool verify_full;	 /* read every upload back */
	bool verify_none;	 /* do not even compare its size */
	struct timespec mounted; /* the time of directories */
	const char *mountpoint;	 /* canonical */
	const char *spool_dir;
};

/*
 * One printer in the mount, and all that belongs to it.  The parts have locks
 * of their own.
 */
struct mounted {
	TAILQ_ENTRY(mounted) link; /* for fs/farm/farm.c */
	const struct settings *settings;
	char *name;   /* in the metrics */
	char *kept;   /* of its files in the cache directory */
	char *folder; /* at the mount's root; NULL: that itself */
	struct log_subject *subject; /* NULL: the only printer */
	struct printer *printer;     /* through the cache */
	struct file_facts *facts;
	struct stage *stage;
	struct stage_folders *folders;
	struct unsent *unsent;
	struct content *content;
	struct deferred *deferred;
	struct backups *backups;
	struct workers *workers;
	struct documents *documents;
	struct upload_list *uploads;
	struct events *events;
	struct space *space;
	atomic_bool ending;	   /* what is asked in the background ends */
	atomic_bool gone;	   /* it has left the mount */
	atomic_bool library_asked; /* for gcodes, which an account has */
	pthread_mutex_t lock;
	char *last;	      /* under lock: the file uploaded last, or NULL */
	char *printed;	      /* the same of the directory print: its key */
	int64_t printed_ms;   /* when */
	char *shown;	      /* the key of what a preview may show, or NULL */
	int64_t shown_ms;     /* since when */
	struct glance glance; /* under the statuses's lock */
	struct copying copying;
	struct job_folders job_folders;
	atomic_int open;    /* files */
	atomic_int holders; /* the owner, places, those who look at it */
	void (*unused)(struct mounted *, void *arg); /* nobody holds it */
	void *unused_arg;
	void (*looked)(void *arg); /* events was, with idle_arg; or NULL */
	void (*idle)(void *arg);   /* see mounted_note_idle */
	void *idle_arg;
};

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

/* What is under way shall end; for many that are then freed one by one. */
void mounted_end(struct mounted *);

/* End what is under way, then release.  Nobody may use it any more. */
void mounted_free(struct mounted *);

/*
 * Count who uses it.  When the last has released it, unused is called, if
 * there is one: in any thread, perhaps under a lock, so it must not wait.
 */
struct mounted *mounted_hold(struct mounted *);
void mounted_release(struct mounted *);

/* Does somebody have files open, or wait for an upload? */
bool mounted_is_in_use(struct mounted *);

/* Perhaps that has just ended: idle is called, if there is one. */
void mounted_note_idle(struct mounted *);

/* For a struct wait: given up when the printer, its argument, ends. */
bool mounted_is_ending(void *mounted);

/* Remember and tell the file uploaded last (caller: free; NULL: none). */
void mounted_note_upload(struct mounted *, const char *path);
char *mounted_last_upload(struct mounted *);

/*
 * The file of that key was uploaded to be printed ("": none was).  Is that so,
 * and less than ms ago?
 */
void mounted_note_print(struct mounted *, const char *key);
bool mounted_just_printed(struct mounted *, const char *key, int64_t ms);

/*
 * A file was uploaded: the printer shows it and holds it open, unless it still
 * shows another one; it was removed.  May it be the one that is shown?  The
 * printer does not tell, nor when somebody at the printer has dismissed it.
 */
void mounted_note_shown(struct mounted *, const char *key);
void mounted_note_removal(struct mounted *, const char *key);
bool mounted_may_show(struct mounted *, const char *key);

#endif
