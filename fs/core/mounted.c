/*
 * One printer in the mount.  mounted.lock guards what was uploaded last.
 */
#include <stdlib.h>
#include <string.h>

#include "cache/stage.h"
#include "client/base/time.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/upload_list.h"

#define SHOWN_MS ((int64_t)120 * 1000) /* then it may be dismissed */

void
mounted_end(struct mounted *mounted)
{
	atomic_store(&mounted->ending, true);
}

struct mounted *
mounted_hold(struct mounted *mounted)
{
	atomic_fetch_add(&mounted->holders, 1);
	return mounted;
}

void
mounted_release(struct mounted *mounted)
{
	if (mounted != NULL && atomic_fetch_sub(&mounted->holders, 1) == 1 &&
	    mounted->unused != NULL)
		mounted->unused(mounted, mounted->unused_arg);
}

void
mounted_note_idle(struct mounted *mounted)
{
	if (mounted->idle != NULL && atomic_load(&mounted->open) == 0)
		mounted->idle(mounted->idle_arg);
}

bool
mounted_is_in_use(struct mounted *mounted)
{
	return atomic_load(&mounted->open) > 0 ||
	    upload_list_is_busy(mounted->uploads) ||
	    !stage_is_idle(mounted->stage, STAGE_RENAME_MS);
}

bool
mounted_is_ending(void *arg)
{
	const struct mounted *mounted = arg;

	return atomic_load(&mounted->ending);
}

/* With the lock. */
static void
set(struct recent *recent, const char *key)
{
	free(recent->key);
	recent->key = key == NULL ? NULL : strdup(key);
	recent->since_ms = time_now_ms();
}

static bool
is(const struct recent *recent, const char *key)
{
	return recent->key != NULL && strcmp(recent->key, key) == 0;
}

static bool
is_over(const struct recent *recent, int64_t ms)
{
	return recent->key == NULL || time_now_ms() - recent->since_ms >= ms;
}

static void
note(struct mounted *mounted, struct recent *recent, const char *key)
{
	pthread_mutex_lock(&mounted->lock);
	set(recent, key);
	pthread_mutex_unlock(&mounted->lock);
}

static bool
was(struct mounted *mounted, const struct recent *recent, const char *key,
    int64_t ms)
{
	bool was;

	pthread_mutex_lock(&mounted->lock);
	was = is(recent, key) && !is_over(recent, ms);
	pthread_mutex_unlock(&mounted->lock);
	return was;
}

void
mounted_note_upload(struct mounted *mounted, const char *path)
{
	note(mounted, &mounted->last, path);
}

char *
mounted_last_upload(struct mounted *mounted)
{
	const char *path;
	char *copy;

	pthread_mutex_lock(&mounted->lock);
	path = mounted->last.key;
	copy = path == NULL ? NULL : strdup(path);
	pthread_mutex_unlock(&mounted->lock);
	return copy;
}

void
mounted_note_print(struct mounted *mounted, const char *key)
{
	note(mounted, &mounted->printed, key);
}

bool
mounted_just_printed(struct mounted *mounted, const char *key, int64_t ms)
{
	return was(mounted, &mounted->printed, key, ms);
}

void
mounted_note_shown(struct mounted *mounted, const char *key)
{
	struct recent *shown = &mounted->shown;

	if (!mounted->printer->traits->previews)
		return;
	pthread_mutex_lock(&mounted->lock);
	if (is_over(shown, SHOWN_MS) || is(shown, key))
		set(shown, key);
	pthread_mutex_unlock(&mounted->lock);
}

void
mounted_note_removal(struct mounted *mounted, const char *key)
{
	pthread_mutex_lock(&mounted->lock);
	if (is(&mounted->shown, key))
		set(&mounted->shown, NULL);
	pthread_mutex_unlock(&mounted->lock);
}

bool
mounted_may_show(struct mounted *mounted, const char *key)
{
	return was(mounted, &mounted->shown, key, SHOWN_MS);
}
