#ifndef FS_SETUP_OPTIONS_H
#define FS_SETUP_OPTIONS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "client/base/buf.h"

struct backend;

/* Exit statuses, as in prusafs.8; as a mount helper all failures are 32. */
enum {
	STATUS_USAGE = 1,
	STATUS_UNREACHABLE = 2,
	STATUS_LOGIN = 3,
	STATUS_MOUNT = 4,
	STATUS_NO_PRINTER = 5,
	STATUS_HELPER = 32
};

/* The command line.  Strings are owned by the struct. */
struct options {
	bool helper; /* called as mount.prusafs by mount(8) */
	bool fake;   /* mount -f: do everything but the mount */
	bool foreground;
	bool debug;
	bool verbose;
	bool show_help;
	bool show_version;
	char *source;
	char *mountpoint;
	char *user;
	char *password_file;
	char *api_key_file;
	char *token_file;
	char *camera;
	char *ca_file;
	char *cache_dir;
	int64_t ttl_ms;
	int64_t connect_ms;
	int64_t answer_ms;
	int64_t stall_ms;
	int64_t cache_size; /* bytes */
	int64_t uid;	    /* -1: not given, like those below */
	int64_t gid;
	int64_t umask;
	int64_t fmask;
	int64_t dmask;
	int64_t control_mode;
	int64_t watched; /* its number in the account that watches it, or 0 */
	const struct backend *backend;
	int verify; /* VERIFY_SIZE, … */
	bool offline_ok;
	uint32_t given;	 /* rows that the command line has, by number */
	struct buf fuse; /* options for libfuse, separated by commas */
};

enum {
	VERIFY_SIZE,
	VERIFY_FULL,
	VERIFY_NONE
};

/* An option of -o. */
struct option_row {
	const char *name;
	int (*read)(const char *text, void *out);
	size_t offset;	   /* of its member, which read fills in */
	const char *value; /* what it is called; NULL: it has none */
	const char *help;
};

/* Does the command line, or the environment, say it? */
bool options_is_given(const struct options *, const struct option_row *);

/* Read a string, which out points to; as the functions of option_read.h. */
int options_read_text(const char *text, void *out);

/*
 * A copy without what is for libfuse (caller: options_free, in any case).
 * Returns 0 or -ENOMEM.
 */
int options_copy(struct options *out, const struct options *);

/*
 * The option of that name if it makes sense for one printer of several, or
 * NULL; append their names, a comma before each; set one, which returns 0,
 * -EINVAL or -ENOMEM.
 */
const struct option_row *options_of_printer(const char *name);
int options_list_of_printer(struct buf *out);
int options_set(struct options *, const struct option_row *, const char *value);

/*
 * Read the command line.  Returns 0, or STATUS_USAGE after one line on
 * stderr.  The struct is to be released with options_free in any case.
 */
int options_parse(struct options *, int argc, char **argv);
void options_free(struct options *);

/* Print the usage to stdout. */
void options_usage(void);

#endif
