#ifndef FS_CORE_MOUNTED_H
#define FS_CORE_MOUNTED_H

#include <sys/queue.h>
#include <sys/types.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "client/base/buf.h"

struct backups;
struct caller;
struct content;
struct deferred;
struct events;
struct exdev_copy;
struct file_facts;
struct job_paths;
struct log_subject;
struct mounted;
struct printer;
struct renderings;
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

/* What happened last to which file. */
struct recent {
	char *key; /* or NULL */
	int64_t since_ms;
};

/* What was last heard of a printer's status, for fs/farm/statuses.c. */
struct glance {
	bool asking;
	bool late; /* it did not answer in time, or not at all */
	int64_t asked_ms;
	uint64_t asked;	   /* the last question, by the count of the statuses */
	uint64_t answered; /* the one that the rest answers */
	int error;
	struct buf text;
};

/* What fs/tree/control.c has fs/storage do.  Return the printer's answer. */
struct file_commands {
	/*
	 * Start a print file, after an upload of it that is under way; "": the
	 * one uploaded last.
	 */
	int (*print)(const struct caller *, struct mounted *, const char *path);

	/* Call off the upload that is under way.  -ESRCH: there is none. */
	int (*stop_upload)(const struct caller *, struct mounted *);
};

/*
 * One printer in the mount, and all that belongs to it.  The parts have locks
 * of their own.  fs/farm/mounted_new.c makes and frees it.
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
	struct renderings *renderings; /* of its documents */
	struct upload_list *uploads;
	struct events *events;
	struct space *space;
	atomic_bool ending;	   /* what is asked in the background ends */
	atomic_bool gone;	   /* it has left the mount */
	atomic_bool library_asked; /* for gcodes, which an account has */
	pthread_mutex_t lock;
	struct recent last;    /* under lock: the path of what was uploaded */
	struct recent printed; /* the same of the directory print: its key */
	struct recent shown;   /* the key of what a preview may show */
	struct glance glance;  /* under the lock of the statuses */
	struct exdev_copy *exdev_copy;
	struct job_paths *job_paths;
	const struct file_commands *commands;
	atomic_int open;    /* files */
	atomic_int holders; /* the owner, places, those who look at it */
	void (*unused)(struct mounted *, void *arg); /* nobody holds it */
	void *unused_arg;
	void (*looked)(void *arg); /* events was, with idle_arg; or NULL */
	void (*idle)(void *arg);   /* see mounted_note_idle */
	void *idle_arg;
};

/* What is under way shall end; for many that are then freed one by one. */
void mounted_end(struct mounted *);

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
