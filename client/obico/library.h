#ifndef CLIENT_OBICO_LIBRARY_H
#define CLIENT_OBICO_LIBRARY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct entry;
struct obico;
struct source;
struct wait;

/*
 * The cloud folder of an Obico account: records of files and of folders, each
 * kind numbered for itself.  A name on the wire is made of the kind and the
 * number ("@d3", "@f57"), so that a path tells both: "gcodes/@d3/@f57".
 */
#define LIBRARY_ROOT  "gcodes"
#define LIBRARY_NO_ID INT64_C(-1) /* the root's */

/* A file or a folder as the server tells it. */
struct record {
	int64_t id;
	int64_t parent; /* or LIBRARY_NO_ID */
	bool is_placed; /* the parent is told */
	bool is_folder;
	bool is_deleted; /* a file's record stays */
	bool is_on_printer;
	int64_t created_us; /* since 1970; 0: not told */
	int64_t updated_us;
	off_t size;	 /* bytes of a file; -1: it has none */
	int64_t inside;	 /* files and folders in a folder */
	char *name;	 /* as people gave it: any text, perhaps not unique */
	char *safe_name; /* no two folders in one have the same */
	char *url;	 /* where a file's bytes are; NULL: it has none */
};

struct records {
	size_t count;
	size_t room;
	struct record *all;
};

void record_free(struct record *);
void records_free(struct records *);

/* Append "@d3" or the like.  Returns 0 or -ENOMEM. */
int library_wire(const struct record *, struct buf *out);

/* The id in a name on the wire.  -ENOENT: it has none of that kind. */
int library_id(const char *wire_name, bool is_folder, int64_t *out);

/* The same of a folder's path on the wire; the root has LIBRARY_NO_ID. */
int library_folder_id(const char *wire, int64_t *out);

/* What the targets of all records of a kind begin with; ends in a slash. */
const char *library_api(bool is_folder);

/*
 * A record as it is now, or as an answer's text has it (caller: record_free).
 * -ENOENT: it is not there, or deleted.  -EPROTO.
 */
int library_get(struct obico *, const struct wait *, bool is_folder, int64_t id,
    struct record *out);
int library_read(const char *text, size_t len, bool is_folder,
    struct record *out);

/*
 * Add all records of a kind that are in a folder (caller: records_free, in any
 * case).  -EBUSY: it changes all the time, -EOVERFLOW: there are too many.
 */
int library_list(struct obico *, const struct wait *, bool is_folder,
    int64_t folder, struct records *out);

/* The same of the files whose name is like that one; others may be there. */
int library_list_named(struct obico *, const struct wait *, int64_t folder,
    const char *name, struct records *out);

/*
 * Delete a record, a folder with all that is in it.  Returns 0 when it is seen
 * to be gone.
 */
int library_delete(struct obico *, const struct wait *, bool is_folder,
    int64_t id);

/*
 * The form of a name that no two folders in a folder may share (caller: free);
 * NULL without memory.
 */
char *library_safe_name(const char *name);

/*
 * What a listing has of a record that is shown under that name (caller:
 * entry_free).  Returns 0 or -ENOMEM.
 */
int library_entry(const struct record *, const char *name, struct entry *out);

/*
 * The target on the server itself of a URL that it tells, whose host may be
 * wrong, for only the path is signed.  Borrowed; NULL: it is elsewhere.
 */
const char *library_media(const char *base, const char *url);

/*
 * Will the server take these bytes for G-code?  It wants the first and the
 * last MiB to be UTF-8.  Returns 0, -EINVAL, or what the source says.
 */
int library_check_text(const struct source *);

#endif
