#ifndef FS_CORE_KIND_H
#define FS_CORE_KIND_H

#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "client/base/wait.h"

struct buf;
struct file;
struct place;

/*
 * The one who asks: how he says that he no longer waits, and his process (0:
 * not known, because it lives in another pid namespace).
 */
struct caller {
	struct wait wait;
	bool (*is_disturbed)(void *arg); /* did any signal come?  arg: wait's */
	pid_t thread;
	pid_t process;
};

/* A change of attributes. */
struct changes {
	bool set_size;
	bool set_mtime;
	off_t size;
	struct timespec mtime;
};

/* Takes the names in a directory, one by one.  Returns 0 or -ENOMEM. */
struct lister {
	int (*add)(void *arg, const char *name, ino_t number, mode_t mode);
	void *arg;
};

/*
 * What can be done with a place of the mount.  A slot may be NULL: that is
 * not permitted here.  All return 0 or a negative errno, may block, and end
 * with -EINTR when the caller has left.  Places that are returned are held
 * (caller: place_release); files are the caller's, until ops->close.
 */
struct kind {
	int (*lookup)(const struct caller *, struct place *folder,
	    const char *name, struct place **out);
	int (*list)(const struct caller *, struct place *,
	    const struct lister *);
	int (*attributes)(const struct caller *, struct place *,
	    struct stat *out);
	int (*change)(const struct caller *, struct place *,
	    const struct changes *);
	int (*open)(const struct caller *, struct place *, int flags,
	    struct file **out);
	int (*create)(const struct caller *, struct place *folder,
	    const char *name, int flags, struct place **place,
	    struct file **out);
	int (*make_folder)(const struct caller *, struct place *folder,
	    const char *name, struct place **out);
	int (*remove)(const struct caller *, struct place *folder,
	    const char *name, bool is_folder);
	int (*rename)(const struct caller *, struct place *folder,
	    const char *name, struct place *new_folder, const char *new_name,
	    bool replace, struct place **out);
	bool unlisted;	/* found by its name, and in no listing */
	bool rendered;	/* looking it up makes a rendering (rendering.h) */
	double entry_s; /* how long the kernel may believe a lookup */
	double attr_s;	/* and the attributes */
};

/*
 * For kind.change: there is nothing to change.  Truncating, as the shell's >
 * does, is fine.
 */
int kind_ignore_changes(const struct caller *, struct place *,
    const struct changes *);

/* A row of the namespace. */
struct node {
	const char *path; /* from the root of a printer, "" for itself */
	mode_t mode;
	const struct kind *kind;
	int topic;	   /* of a document; enum topic, or document.h */
	const char *field; /* one-value files: where the value is */
	unsigned needs;	   /* HAS_…: without that there is no such row */
};

extern const struct kind kind_directory;
extern const struct kind kind_member;
extern const struct kind kind_document;
extern const struct kind kind_control;
extern const struct kind kind_events;
extern const struct kind kind_ids;
extern const struct kind kind_print_directory;
extern const struct kind kind_settings;
extern const struct kind kind_storage;
extern const struct kind kind_unsent_directory;

/*
 * One who shall be told when an open file has something to read: wake or drop
 * is called once, and releases the handle.
 */
struct waker {
	void (*wake)(void *handle);
	void (*drop)(void *handle);
	void *handle;
};

/* What can be done with an open file.  NULL: nothing to do, or -EBADF. */
struct file_ops {
	ssize_t (*read)(struct file *, const struct caller *, void *out,
	    size_t len, off_t offset);
	ssize_t (*write)(struct file *, const struct caller *, const void *data,
	    size_t len, off_t offset);
	/* NULL: what its kind does. */
	int (*change)(struct file *, const struct caller *,
	    const struct changes *);
	/* It is at that place now, which is held if it is kept. */
	void (*follow)(struct file *, struct place *);
	/* Can it be read at once?  Takes the waker; NULL: always. */
	bool (*poll)(struct file *, const struct waker *);
	int (*flush)(struct file *, const struct caller *);
	int (*sync)(struct file *);
	void (*abandon)(struct file *); /* its writer cannot finish it */
	void (*close)(struct file *, const struct caller *);
};

/* An open file: the first member of what a kind knows about it. */
struct file {
	TAILQ_ENTRY(file) link; /* for fs/kernel/ops_file.c */
	const struct file_ops *ops;
	struct place *place;  /* held; where it was opened */
	bool direct;	      /* the kernel keeps no pages of it */
	bool is_stream;	      /* there is no seeking in it */
	atomic_bool stored;   /* what is there now was written through it */
	atomic_bool removed;  /* its name was, through this mount */
	atomic_bool outdated; /* others have put another file there */
};

/*
 * An open file of a place in a zeroed struct of that size, whose first member
 * it is.  Released by the close of its ops; NULL without memory.
 */
struct file *file_new(size_t size, const struct file_ops *, struct place *);

/* For file_ops.close: release the file and its place. */
void file_close(struct file *, const struct caller *);

/* For file_ops.read: copy up to len of some bytes, from offset on. */
ssize_t file_copy(const struct buf *, void *out, size_t len, off_t offset);

#endif
