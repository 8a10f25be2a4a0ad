/*
 * One file of the stage: its bytes, its times, who has it open.  stage.lock
 * guards its members; those that belong to the gate are changed by the gate's
 * holder only, under the lock too, because others look at them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/stage_folders.h"
#include "cache/stage_internal.h"
#include "cache/unsent.h"
#include "client/base/litter.h"
#include "client/base/time.h"

int
staged_target(struct staged *staged, char **out_folder, char **out_path)
{
	char *folder, *path;

	pthread_mutex_lock(&staged->stage->lock);
	folder = strdup(staged->place.folder);
	path = strdup(staged->place.path);
	pthread_mutex_unlock(&staged->stage->lock);
	if (folder == NULL || path == NULL) {
		free(folder);
		free(path);
		return -ENOMEM;
	}
	*out_folder = folder;
	*out_path = path;
	return 0;
}

void
staged_see_target(struct staged *staged, const char **folder, const char **path)
{
	pthread_mutex_lock(&staged->stage->lock);
	*folder = staged->place.folder;
	*path = staged->place.path;
	pthread_mutex_unlock(&staged->stage->lock);
}

void
staged_look(struct staged *staged, struct staged_facts *out)
{
	pthread_mutex_lock(&staged->stage->lock);
	out->size = spool_size(staged->spool);
	out->temporary = staged->temporary;
	out->listed = staged->listed;
	out->backup = staged->backup;
	out->prints = staged->prints;
	out->dirty = staged->dirty && !staged->removed;
	out->sending = staged->sending;
	out->cancelled = staged->cancelled;
	out->incomplete = staged->reached > 0 &&
	    staged->reached < staged->announced;
	out->spoiled = staged->spoiled;
	out->writers = staged->writers;
	out->verdict = staged->verdict;
	out->replaces = staged->replaces;
	out->old_mtime_s = staged->old_mtime_s;
	out->mtime_set = staged->mtime_set;
	out->mtime = staged->mtime;
	pthread_mutex_unlock(&staged->stage->lock);
}

struct spool *
staged_spool(struct staged *staged)
{
	struct spool *spool;

	pthread_mutex_lock(&staged->stage->lock);
	spool = spool_hold(staged->spool);
	pthread_mutex_unlock(&staged->stage->lock);
	return spool;
}

int
staged_lock(struct staged *staged, const struct wait *wait)
{
	return turn_take(&staged->gate, wait);
}

void
staged_unlock(struct staged *staged)
{
	turn_give(&staged->gate);
}

/* Before a change: bytes that readers share are left to them. */
static int
make_own(struct staged *staged, const char *dir)
{
	struct spool *copy, *old = staged->spool;
	struct unsent_ticket *ticket;
	int error;

	if (!staged->shared)
		return 0;
	error = spool_clone(old, dir, &copy);
	if (error != 0)
		return error;
	pthread_mutex_lock(&staged->stage->lock);
	staged->spool = copy;
	staged->shared = false;
	ticket = staged->ticket;
	staged->ticket = NULL;
	pthread_mutex_unlock(&staged->stage->lock);
	unsent_drop(ticket);
	spool_release(old);
	return 0;
}

void
staged_secure(struct staged *staged, const struct spool *spool,
    struct unsent_ticket *ticket)
{
	struct unsent_ticket *spare = ticket;

	pthread_mutex_lock(&staged->stage->lock);
	if (staged->spool == spool && !staged->removed) {
		spare = staged->ticket;
		staged->ticket = ticket;
	}
	pthread_mutex_unlock(&staged->stage->lock);
	unsent_drop(spare);
}

struct unsent_ticket *
staged_take_ticket(struct staged *staged)
{
	struct unsent_ticket *ticket;

	pthread_mutex_lock(&staged->stage->lock);
	ticket = staged->ticket;
	staged->ticket = NULL;
	pthread_mutex_unlock(&staged->stage->lock);
	return ticket;
}

void
staged_mark_backup(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->backup = true;
	staged->shared = true;
	pthread_mutex_unlock(&staged->stage->lock);
}

static void
note_change(struct staged *staged)
{
	struct stage *stage = staged->stage;
	struct staged *there;

	pthread_mutex_lock(&stage->lock);
	there = stage_find_listed(stage, staged->place.key);
	if (there == NULL && !staged->removed)
		stage_list(staged);
	staged->dirty = true;
	staged->closed = false;
	staged->mtime_set = false;
	clock_gettime(CLOCK_REALTIME, &staged->mtime);
	pthread_mutex_unlock(&stage->lock);
}

void
staged_spoil(struct staged *staged, int error)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->spoiled = error;
	pthread_mutex_unlock(&staged->stage->lock);
}

/*
 * A size that is set while a file is empty announces what will be written; one
 * that is set later ends a file with a hole.
 */
static void
note_size(struct staged *staged, off_t former, off_t size)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->announced = former == 0 ? size : 0;
	staged->reached = 0;
	pthread_mutex_unlock(&staged->stage->lock);
}

static void
note_end(struct staged *staged, off_t end)
{
	pthread_mutex_lock(&staged->stage->lock);
	if (end > staged->reached)
		staged->reached = end;
	pthread_mutex_unlock(&staged->stage->lock);
}

ssize_t
staged_write(struct staged *staged, const char *dir, const void *data,
    size_t len, off_t offset)
{
	ssize_t count = make_own(staged, dir);

	if (count == 0)
		count = spool_write(staged->spool, data, len, offset);
	if (count > 0) {
		note_end(staged, offset + count);
		note_change(staged);
	} else if (count < 0) {
		staged_spoil(staged, (int)count);
	}
	return count;
}

int
staged_truncate(struct staged *staged, const char *dir, off_t size)
{
	off_t former = spool_size(staged->spool);
	int error;

	if (former == size && staged->spoiled == 0)
		return 0;
	error = make_own(staged, dir);
	if (error == 0)
		error = spool_truncate(staged->spool, size);
	if (error == 0) {
		note_size(staged, former, size);
		note_change(staged);
	}
	if (error != 0 || size == 0)
		staged_spoil(staged, error);
	return error;
}

void
staged_clean(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->dirty = false;
	staged->announced = 0;
	staged->shared = true;
	pthread_cond_broadcast(&staged->stage->changed);
	pthread_mutex_unlock(&staged->stage->lock);
}

void
staged_judge(struct staged *staged, int verdict)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->verdict = verdict;
	pthread_mutex_unlock(&staged->stage->lock);
}

void
staged_share(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->shared = true;
	pthread_mutex_unlock(&staged->stage->lock);
}

void
staged_replaces(struct staged *staged, int64_t mtime_s)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->replaces = true;
	staged->old_mtime_s = mtime_s;
	pthread_mutex_unlock(&staged->stage->lock);
}

void
staged_set_mtime(struct staged *staged, const struct timespec *mtime)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->mtime = *mtime;
	staged->mtime_set = true;
	pthread_mutex_unlock(&staged->stage->lock);
}

void
staged_open(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->writers++;
	pthread_mutex_unlock(&staged->stage->lock);
}

int
staged_close(struct staged *staged, pid_t process)
{
	int left;

	pthread_mutex_lock(&staged->stage->lock);
	left = --staged->writers;
	staged->closer = process;
	staged->closed_ms = time_now_ms();
	pthread_mutex_unlock(&staged->stage->lock);
	return left;
}

void
staged_note_closed(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	if (!staged->closed)
		staged->since = time(NULL);
	staged->closed = true;
	pthread_mutex_unlock(&staged->stage->lock);
}

/* Is nobody waited for who would rename it? */
static bool
stays(const struct staged *staged)
{
	return stage_folders_claim(staged->place.path) != NULL ||
	    litter_is_in(staged->place.path);
}

bool
stage_is_idle(struct stage *stage, int64_t age_ms)
{
	int64_t latest = time_now_ms() - age_ms;
	const struct staged *staged;
	bool idle = true;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->files, link)
		idle = idle && staged->temporary && staged->writers == 0 &&
		    (litter_is_in(staged->place.path) ||
			(stays(staged) && staged->closed_ms <= latest));
	pthread_mutex_unlock(&stage->lock);
	return idle;
}

int
stage_each_waiting(struct stage *stage,
    int (*call)(void *arg, const struct stage_waiting *), void *arg)
{
	const struct staged *staged;
	int error = 0;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->files, link) {
		const struct stage_waiting waiting = {
			.path = staged->place.path,
			.size = spool_size(staged->spool),
			.since = staged->since
		};

		if (error == 0 && staged->temporary && staged->closed &&
		    !stays(staged))
			error = call(arg, &waiting);
	}
	pthread_mutex_unlock(&stage->lock);
	return error;
}

/* With the lock.  A backup's program looks for it until the end. */
static bool
is_forgotten(const struct staged *staged, int64_t latest_ms, bool at_end)
{
	return staged->temporary && staged->writers == 0 &&
	    staged->spoiled == 0 && staged->closed_ms <= latest_ms &&
	    spool_size(staged->spool) > 0 &&
	    (staged->backup || !litter_is_in(staged->place.path)) &&
	    (at_end ||
		(!staged->backup &&
		    stage_folders_claim(staged->place.path) == NULL));
}

struct staged *
stage_find_forgotten(struct stage *stage, int64_t age_ms)
{
	int64_t latest_ms = time_now_ms() - age_ms;
	struct staged *staged;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->files, link) {
		if (is_forgotten(staged, latest_ms, age_ms == 0))
			break;
	}
	if (staged != NULL)
		staged->holders++;
	pthread_mutex_unlock(&stage->lock);
	return staged;
}

bool
stage_was_closed_by(struct stage *stage, const char *key, pid_t process,
    int64_t ms)
{
	const struct staged *staged;
	bool was;

	pthread_mutex_lock(&stage->lock);
	staged = stage_find_listed(stage, key);
	was = staged != NULL && staged->temporary && process != 0 &&
	    staged->closer == process && staged->writers == 0 &&
	    time_now_ms() - staged->closed_ms <= ms;
	pthread_mutex_unlock(&stage->lock);
	return was;
}

/* With the lock.  What was cut to nothing is never sent. */
static bool
awaits_upload(struct stage *stage, const char *key)
{
	const struct staged *staged = stage_find_listed(stage, key);

	return staged != NULL && staged->dirty && !staged->temporary &&
	    spool_size(staged->spool) > 0;
}

int
stage_settle(struct stage *stage, const struct wait *wait, const char *key)
{
	bool left = false;

	pthread_mutex_lock(&stage->lock);
	while (!left && awaits_upload(stage, key)) {
		left = time_cond_tick(&stage->changed, &stage->lock, wait);
	}
	pthread_mutex_unlock(&stage->lock);
	return left ? -EINTR : 0;
}

void
staged_begin_sending(struct staged *staged)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->sending = true;
	staged->moves = false;
	staged->cancelled = false;
	pthread_mutex_unlock(&staged->stage->lock);
}

void
staged_note_moving(struct staged *staged, bool moves)
{
	pthread_mutex_lock(&staged->stage->lock);
	staged->moves = moves;
	pthread_mutex_unlock(&staged->stage->lock);
}

bool
staged_end_sending(struct staged *staged, bool is_stored)
{
	bool is_cancelled;

	pthread_mutex_lock(&staged->stage->lock);
	staged->sending = false;
	staged->cancelled = staged->cancelled && !is_stored;
	is_cancelled = staged->cancelled;
	pthread_mutex_unlock(&staged->stage->lock);
	return is_cancelled;
}

bool
staged_cancel(struct staged *staged)
{
	bool is;

	pthread_mutex_lock(&staged->stage->lock);
	is = staged->sending;
	if (is)
		staged->cancelled = true;
	pthread_mutex_unlock(&staged->stage->lock);
	return is;
}

struct staged *
stage_find_sending(struct stage *stage)
{
	struct staged *staged;

	pthread_mutex_lock(&stage->lock);
	TAILQ_FOREACH (staged, &stage->all, known) {
		if (staged->sending && staged->moves)
			break;
	}
	if (staged != NULL)
		staged->holders++;
	pthread_mutex_unlock(&stage->lock);
	return staged;
}
