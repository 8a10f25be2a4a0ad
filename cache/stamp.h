#ifndef CACHE_STAMP_H
#define CACHE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The worth of the time stamps of a printer's files.  All times are Unix
 * seconds.  A stamp proves that a file is the one that was seen with it, if it
 * is a time that can be true, if no other version can have the same one, and
 * if it is not what a printer without a clock gives to every file.
 */
enum stamp_worth {
	STAMP_NOTHING, /* any version may have it */
	STAMP_YOUNG,   /* so had a version of the same moment */
	STAMP_GOOD
};

#define STAMP_FRESH_S 5 /* what was asked a moment ago is true without */

/* The clock of one printer, as far as it is known.  Any thread. */
struct stamps;

/* Returns 0 (caller: stamps_free), or -ENOMEM. */
int stamps_new(struct stamps **out);
void stamps_free(struct stamps *);

/*
 * From now on: the printer counts seconds at half speed within a minute, so
 * that a stamp may be up to half a minute too old.
 */
void stamps_halve(struct stamps *);

/* A printer has told of a file with this stamp. */
void stamps_note(struct stamps *, const char *folder, const char *name,
    int64_t stamp, int64_t now_s);

/* A file that was stored just now has this stamp; 0: it was not told. */
void stamps_note_stored(struct stamps *, int64_t stamp, int64_t now_s);

/*
 * The worth of a stamp for what was seen with it at seen_s.  stamps NULL: good.
 */
enum stamp_worth stamps_judge(struct stamps *, int64_t stamp, int64_t seen_s,
    int64_t now_s);

/*
 * Is what was asked at seen_s, for a file with that stamp, true now?  So it is
 * for STAMP_FRESH_S, as a listing is, unless any version may have the stamp
 * and it is about bytes.
 */
bool stamps_hold(struct stamps *, int64_t stamp, int64_t seen_s, int64_t now_s,
    bool bytes);

/* Does it tell a time at all?  No printer of ours is older than 2015. */
bool stamp_is_time(int64_t stamp);

/* The time now. */
int64_t stamp_now(void);

#endif
