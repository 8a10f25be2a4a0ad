#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * A random test against a model.  Each step does the same to a storage of the
 * mount and to a plain directory, and compares: what both answer, what both
 * have, and what the simulated printer's disk has with what was to be sent.
 * One thread; everything hangs on the seed.
 *
 * The model's two directories hold files under their keys: the path with its
 * letters folded where the printer folds them.  "plain" is what users must
 * see, "sent" what the printer must have.  Permitted differences:
 *
 *   - a refused name fails when it is made, and nothing else happens;
 *   - an empty file is a placeholder until the unmount, and hides the
 *     printer's file; it cannot be renamed to a printable name;
 *   - a file that is not in the cache, a folder, and anything printed that
 *     goes to another folder, are EXDEV to rename; one that gets a temporary
 *     name in its folder is a temporary file then;
 *   - the cache keeps so many files: it may have dropped what was sent before
 *     as many others were sent or read;
 *   - a rename between two spellings changes nothing (0 or EPERM);
 *   - on the Pi, a file of an unlucky size that is no G-code is EINVAL when
 *     it is sent;
 *   - in the cloud folder of an Obico account nothing printed is EXDEV but
 *     what goes to a temporary name elsewhere, and folders are renamed too;
 *   - a truncation to the size that a file has changes nothing and sends
 *     nothing;
 *   - a temporary file with bytes in it is in unsent/ after the unmount;
 *   - a handle that was opened before another one's first change keeps the
 *     version that it opened (so the steps do not do that);
 *   - times are whole seconds, unless they were set.
 */

enum {
	PATH_SIZE = 1024,
	ITEMS = 2048, /* every name in every folder, with ".tmp" too */
	KEPT = 120,   /* less those in use: see cache/content.c */
	HISTORY = 14,
	HISTORY_LINE = 200,
	LARGEST = 300000,
	ODD_CHUNK = 65365 /* see client/traits.c */
};

struct options {
	const char *mount; /* the mount point */
	const char *storage;
	const char *disk; /* where the simulator keeps that storage */
	const char *work; /* a directory of the model's own */
	const char *fifo;
	const char *simctl;
	char **command; /* starts the file system in the foreground */
	long seed;
	long steps;
	long seconds;
	const char *home;  /* the directory that has the storage, or "" */
	const char *url;   /* where a second client goes, or NULL */
	const char *key;   /* the header line that lets it in */
	const char *clock; /* what the printer's is */
	bool folds;
	bool cloud; /* an Obico account's: text only, and it renames */
	bool verbose;
};

/* What is known of a path beyond its bytes; forever, as numbers are. */
struct item {
	char key[PATH_SIZE];
	ino_t ino;
	bool cached;	       /* a rename needs no copy, */
	long cached_at;	       /* unless it is long ago by model.given */
	int64_t copied_till;   /* a rename to it was EXDEV: mv copies */
	int64_t withheld_till; /* its deletion may still be on its way */
	struct timespec mtime;
	bool mtime_set;
};

/* A path as a program spells it, relative to the storage. */
struct path {
	char shown[PATH_SIZE];
	char key[PATH_SIZE];
};

struct model {
	const struct options *options;
	uint64_t random;
	long step;
	char home[PATH_SIZE];  /* the printer in the mount */
	char mount[PATH_SIZE]; /* its storage */
	char plain[PATH_SIZE];
	char sent[PATH_SIZE];
	char unsent[PATH_SIZE];
	struct item items[ITEMS];
	size_t count;
	char history[HISTORY][HISTORY_LINE];
	char touched[2][PATH_SIZE]; /* keys to be compared byte by byte */
	pid_t server;
	long given;	     /* files that the cache got, at the most */
	size_t kept;	     /* temporary files that must be in unsent/ */
	unsigned char *data; /* two buffers of LARGEST + 1 bytes each */
	unsigned char *other;
};

/* tests/model/world.c */
uint64_t model_random(struct model *, uint64_t below);
void model_fill(struct model *, unsigned char *out, size_t len);
size_t model_size(struct model *);
struct item *model_item(struct model *, const char *key);
void model_fold(const struct model *, const char *name, char *out);
void model_join(char *out, const char *folder, const char *name);
void model_at(const char *root, const char *key, char *out);
void model_note(struct model *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void model_fail(struct model *, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
void model_copy(struct model *, const char *from, const char *to);
bool model_are_same(struct model *, const char *one, const char *two);
bool model_exists(const char *path);
bool model_is_folder(const char *path);
off_t model_length(const char *path);
void model_touch(struct model *, const char *key);

/* tests/model/names.c */
bool name_is_temporary(const char *key);
bool name_is_refused(const struct model *, const char *shown);
bool name_is_model(const char *key);
bool pick_any(struct model *, struct path *);
bool pick_file(struct model *, struct path *);
bool pick_folder(struct model *, struct path *);
bool has_folder(struct model *, const char *key);
void pick_new_folder(struct model *, struct path *);

/* tests/model/mount.c */
void mount_start(struct model *);
void mount_stop(struct model *);
void mount_abandon(struct model *);
void mount_check(struct model *);
void mount_refresh(struct model *, const char *home);
void mount_simctl(struct model *, const char *const *words);

/* tests/model/compare.c */
void compare_all(struct model *, bool thorough);
void compare_file(struct model *, const char *key);

/* tests/model/effects.c */
int effect_verdict(const struct model *, const char *key, off_t size);
bool effect_is_cached(struct model *, const char *key);
void effect_reverted(struct model *, const char *key);
void effect_sent(struct model *, const char *key);
void effect_changed(struct model *, const char *key);
void effect_moved(struct model *, const char *from, const char *to);
void effect_folder_moved(struct model *, const char *from, const char *to);
void effect_closed(struct model *, const char *key, int error);
void effect_removed(struct model *, const char *key);
void effect_remounted(struct model *);

/* tests/model/files.c, mkdir_unlink.c, handles.c: the steps */
void step_write(struct model *);
void step_patch(struct model *);
void step_append(struct model *);
void step_truncate(struct model *);
void step_read(struct model *);
void step_touch(struct model *);
void step_rename(struct model *);
void step_unlink(struct model *);
void step_mkdir(struct model *);
void step_rmdir(struct model *);
void step_stat(struct model *);
void step_slicer(struct model *);
void step_two_handles(struct model *);
void step_unlink_open(struct model *);
void step_rename_open(struct model *);
void step_inherit(struct model *);
void step_kill(struct model *);
void step_leave(struct model *);
void step_behind(struct model *);
void step_refresh(struct model *);
void step_remount(struct model *);

/* tests/model/files.c: the same in both, with what is open */
void write_both(struct model *, int fd, int plain, size_t len, off_t offset);
void read_both(struct model *, int fd, int plain, size_t len, off_t offset);
void truncate_both(struct model *, int fd, int plain, off_t size);
void size_both(struct model *, int fd, int plain);

/* Both do it; the errno (or 0) of each must be the same. */
void same_result(struct model *, const char *what, int mount, int plain);

#endif
