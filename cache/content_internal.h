#ifndef CACHE_CONTENT_INTERNAL_H
#define CACHE_CONTENT_INTERNAL_H

#include <sys/queue.h>
#include <sys/types.h>

#include <pthread.h>
#include <stdbool.h>

#include "client/listing.h"

/*
 * What cache/content.c (readers and downloads) and cache/content_keep.c (what
 * is kept) share.
 */
enum state {
	NEW,
	FILLING,
	ENDING,
	COMPLETE,
	FAILED
};

struct content_file {
	TAILQ_ENTRY(content_file) link; /* oldest first */
	struct content *content;
	char *folder;
	struct entry entry;
	off_t size;
	int64_t seen_s; /* when its bytes began to be what they are */
	struct spool *spool;
	enum state state; /* all below under content.lock */
	int readers;
	pid_t reader; /* the last who came when all was here; 0: none */
	int holders;  /* readers, the list, a download */
	bool listed;
};

struct content {
	const char *dir;
	off_t limit;
	size_t count_limit;
	struct printer *printer;
	struct stamps *stamps; /* or NULL */
	struct workers *workers;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t ended; /* a download has */
	bool stopping;
	off_t kept;
	size_t count;
	TAILQ_HEAD(, content_file) files;
};

/* With the lock: the file that new readers may join, or NULL. */
struct content_file *content_find(struct content *, const char *folder,
    const struct entry *, off_t size);

/*
 * With the lock: what is kept of other versions of that file goes.  Within the
 * moment of a stamp they might be taken for the one that there is now.
 */
void content_drop_former(struct content *, const char *folder,
    const char *name);

/* A new one around this spool, which it takes in any case; not listed. */
struct content_file *content_make_file(struct content *, const char *folder,
    const struct entry *, off_t size, struct spool *);

/* With the lock: on the list, which holds it; off it; one holder less. */
void content_enlist(struct content_file *);
void content_unlist(struct content_file *);
void content_let_go(struct content_file *);

#endif
