#ifndef FS_LOCAL_H
#define FS_LOCAL_H

struct dialect;
struct options;

/* The places on this computer that a mount needs.  Strings are owned. */
struct local {
	char *mountpoint; /* canonical */
	char *cache_dir;  /* ours alone: mode 0700 */
	char *name;	  /* of this printer's files in it */
	char *ca_file;	  /* canonical, or NULL */
};

/*
 * Check the mount point and ca_file, and make the cache directory.  Returns 0,
 * or an exit status after one line on stderr.  Caller: local_free, in any case.
 */
int local_prepare(struct local *, const struct options *, const char *url);
void local_free(struct local *);

/*
 * The user's home directory, borrowed: $HOME, else, for anybody but root, what
 * the password database says; or NULL.
 */
const char *local_home(void);

/* Remember what kind of printer it is, for a mount while it is away. */
void local_note_dialect(const struct local *, const struct dialect *);
const struct dialect *local_dialect(const struct local *);

#endif
