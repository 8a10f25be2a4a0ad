#ifndef CLIENT_LISTING_H
#define CLIENT_LISTING_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file or folder of a storage, as its printer tells it. */
struct entry {
	char *name;	  /* the long name, which users see */
	char *short_name; /* the name on the wire; 8.3 on Buddy firmware */
	bool named;	  /* the printer told the long name */
	bool folder;
	bool print_file; /* can be printed */
	bool read_only;
	bool partial;	 /* still being transferred: has no contents yet */
	int64_t mtime_s; /* Unix time and version stamp; 0: not told */
	int64_t id;	 /* of what the server never changes; 0: none */
	off_t size;	 /* bytes; -1: not told */
};

void entry_free(struct entry *);

/* Copy from into to, whose members are overwritten.  Returns 0 or -ENOMEM. */
int entry_copy(struct entry *to, const struct entry *from);

/*
 * The number that differs between two versions of a file: its id, or without
 * one its time stamp, which versions of one second share.
 */
int64_t entry_version(const struct entry *);

/*
 * What is in one folder: never changes once finished, shared by counting.
 */
struct listing;

/*
 * Returns 0 and an empty listing that the caller holds, told now, or -ENOMEM.
 */
int listing_new(struct listing **out);
struct listing *listing_hold(struct listing *);
void listing_release(struct listing *);

/*
 * Add an entry while the listing is made; takes its strings in any case.
 * Returns 0 or -ENOMEM.
 */
int listing_add(struct listing *, struct entry *);

/*
 * Note what cannot be in it; name as told, or NULL.  Returns 0 or -ENOMEM.
 */
int listing_leave_out(struct listing *, const char *name);

/* What could not, as a text for users; "" if it has all.  Borrowed. */
const char *listing_left_out(const struct listing *);

/*
 * Make ready for finding: names are compared as folds says.  Of several entries
 * with one name the first has it; the others go by their short names, which
 * tell them apart on the printer, or are left out if that does not.  Returns 0
 * or -ENOMEM.
 */
int listing_finish(struct listing *, bool folds);

/*
 * A finished listing without one of its entries, just as old (caller:
 * listing_release).  Returns 0 or -ENOMEM.
 */
int listing_but(const struct listing *, const struct entry *gone,
    struct listing **out);

/*
 * A finished listing as it is without that entry (caller: listing_release);
 * it gets no younger.
 * -EAGAIN: only the printer can say, for there were more of that name or it
 * stands for another file now, or nothing else is left.
 */
int listing_without(struct listing *, const struct entry *,
    struct listing **out);

/*
 * A finished listing with an entry that is new, or takes the place of the one
 * of its name (caller: listing_release).  -EAGAIN: only the printer can say.
 */
int listing_with(const struct listing *, const struct entry *,
    struct listing **out);

/* The entry with that long or short name, or NULL.  Borrowed. */
const struct entry *listing_find(const struct listing *, const char *name);

/*
 * Was it told age_ms ago at the most?  What an older one lacks may be there by
 * now.
 */
bool listing_is_recent(const struct listing *, int64_t age_ms);

size_t listing_count(const struct listing *);
const struct entry *listing_at(const struct listing *, size_t);

#endif
