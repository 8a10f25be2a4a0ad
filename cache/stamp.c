/*
 * Are time stamps to be believed?  Any thread; stamps.lock guards what is
 * known of the clock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cache/stamp.h"
#include "client/base/name.h"

#define YEAR_2015  1420070400
#define SLOT_S	   2	 /* FAT counts in these */
#define CLOSE_S	   120	 /* a clock that is so near is right */
#define DAY_S	   86400 /* such stamps are made by a clock that runs */
#define QUARTER_S  900	 /* time zones differ by these */
#define ZONES_S	   50400 /* and by 14 hours at the most */
#define MANY	   3	 /* files with one stamp; days' stamps */
#define REMEMBERED 64

/* A stamp, and files that have it. */
struct seen {
	int64_t stamp;
	uint64_t files[MANY]; /* hashes of their paths */
	int count;
};

struct stamps {
	pthread_mutex_t lock; /* guards all below */
	bool halves;	      /* seconds are counted at half speed */
	bool stored;	      /* a stamp of our own upload was told */
	bool stored_close;    /* and the last was right */
	bool seen_close;      /* another's was */
	int64_t zone_s;	      /* what our own stamps are ahead of our time */
	int64_t difference_s;
	int64_t recent[MANY]; /* different ones of the last day */
	struct seen seen[REMEMBERED];
	size_t next;
};

int
stamps_new(struct stamps **out)
{
	struct stamps *stamps = calloc(1, sizeof(*stamps));

	if (stamps == NULL)
		return -ENOMEM;
	pthread_mutex_init(&stamps->lock, NULL);
	*out = stamps;
	return 0;
}

void
stamps_free(struct stamps *stamps)
{
	if (stamps == NULL)
		return;
	pthread_mutex_destroy(&stamps->lock);
	free(stamps);
}

void
stamps_halve(struct stamps *stamps)
{
	pthread_mutex_lock(&stamps->lock);
	stamps->halves = true;
	pthread_mutex_unlock(&stamps->lock);
}

bool
stamp_is_time(int64_t stamp)
{
	return stamp >= YEAR_2015;
}

int64_t
stamp_now(void)
{
	return (int64_t)time(NULL);
}

static int64_t
distance(int64_t one, int64_t other)
{
	return one > other ? one - other : other - one;
}

/* With the lock.  What many files have is remembered longest. */
static struct seen *
find_or_add(struct stamps *stamps, int64_t stamp)
{
	struct seen *seen;
	size_t i;

	for (i = 0; i < REMEMBERED; i++) {
		if (stamps->seen[i].stamp == stamp)
			return &stamps->seen[i];
	}
	for (i = 0; i < REMEMBERED; i++) {
		stamps->next = (stamps->next + 1) % REMEMBERED;
		if (stamps->seen[stamps->next].count < MANY)
			break;
	}
	seen = &stamps->seen[stamps->next];
	memset(seen, 0, sizeof(*seen));
	seen->stamp = stamp;
	return seen;
}

/* With the lock. */
static void
count_file(struct seen *seen, uint64_t file)
{
	int i;

	for (i = 0; i < seen->count; i++) {
		if (seen->files[i] == file)
			return;
	}
	if (seen->count < MANY)
		seen->files[seen->count++] = file;
}

/* With the lock: the oldest of the recent ones gives way. */
static void
note_recent(struct stamps *stamps, int64_t stamp)
{
	size_t i, oldest = 0;

	for (i = 0; i < MANY; i++) {
		if (stamps->recent[i] == stamp)
			return;
		if (stamps->recent[i] < stamps->recent[oldest])
			oldest = i;
	}
	if (stamp > stamps->recent[oldest])
		stamps->recent[oldest] = stamp;
}

void
stamps_note(struct stamps *stamps, const char *folder, const char *name,
    int64_t stamp, int64_t now_s)
{
	if (!stamp_is_time(stamp))
		return;
	pthread_mutex_lock(&stamps->lock);
	count_file(find_or_add(stamps, stamp),
	    name_hash(name_hash(NAME_HASH, folder), name));
	stamp -= stamps->zone_s;
	if (stamp <= now_s && now_s - stamp < DAY_S)
		note_recent(stamps, stamp);
	if (stamp <= now_s && now_s - stamp < CLOSE_S)
		stamps->seen_close = true;
	pthread_mutex_unlock(&stamps->lock);
}

void
stamps_note_stored(struct stamps *stamps, int64_t stamp, int64_t now_s)
{
	int64_t ahead = stamp - now_s, zone = 0;

	if (stamp == 0)
		return;
	/* FAT has local time, which the firmware takes for UTC. */
	if (stamp_is_time(stamp) && distance(stamp, now_s) <= ZONES_S + CLOSE_S)
		zone = (ahead + (ahead < 0 ? -QUARTER_S : QUARTER_S) / 2) /
		    QUARTER_S * QUARTER_S;
	pthread_mutex_lock(&stamps->lock);
	stamps->stored = true;
	stamps->stored_close = distance(ahead, zone) <= CLOSE_S;
	stamps->zone_s = stamps->stored_close ? zone : 0;
	stamps->difference_s = stamps->stored_close ? distance(ahead, zone) : 0;
	pthread_mutex_unlock(&stamps->lock);
}

/* With the lock: the last moment that the stamp may stand for. */
static int64_t
latest(const struct stamps *stamps, int64_t stamp)
{
	int64_t seconds = stamp % 60;

	return stamps->halves && seconds < 30 ? stamp + seconds : stamp;
}

/* With the lock. */
static bool
has_good_clock(const struct stamps *stamps, int64_t now_s)
{
	size_t i;

	if (stamps->stored_close || (stamps->seen_close && !stamps->stored))
		return true;
	for (i = 0; i < MANY; i++) {
		if (now_s - stamps->recent[i] > DAY_S)
			return false;
	}
	return true;
}

/* With the lock. */
static bool
is_shared(const struct stamps *stamps, int64_t stamp)
{
	size_t i;

	for (i = 0; i < REMEMBERED; i++) {
		if (stamps->seen[i].stamp == stamp)
			return stamps->seen[i].count == MANY;
	}
	return false;
}

/* With the lock. */
static enum stamp_worth
judge(const struct stamps *stamps, int64_t stamp, int64_t seen_s, int64_t now_s)
{
	int64_t when = latest(stamps, stamp) - stamps->zone_s;
	int64_t unsure_s = SLOT_S + stamps->difference_s;

	if (!stamp_is_time(stamp) || when > now_s + unsure_s)
		return STAMP_NOTHING;
	if (is_shared(stamps, stamp) && !has_good_clock(stamps, now_s))
		return STAMP_NOTHING;
	return seen_s <= when + unsure_s ? STAMP_YOUNG : STAMP_GOOD;
}

enum stamp_worth
stamps_judge(struct stamps *stamps, int64_t stamp, int64_t seen_s,
    int64_t now_s)
{
	enum stamp_worth worth;

	if (stamps == NULL)
		return STAMP_GOOD;
	pthread_mutex_lock(&stamps->lock);
	worth = judge(stamps, stamp, seen_s, now_s);
	pthread_mutex_unlock(&stamps->lock);
	return worth;
}

bool
stamps_hold(struct stamps *stamps, int64_t stamp, int64_t seen_s, int64_t now_s,
    bool bytes)
{
	enum stamp_worth worth = stamps_judge(stamps, stamp, seen_s, now_s);

	if (worth == STAMP_GOOD)
		return true;
	return now_s >= seen_s && now_s - seen_s < STAMP_FRESH_S &&
	    !(bytes && worth == STAMP_NOTHING);
}
