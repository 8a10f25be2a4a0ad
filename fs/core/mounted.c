/*
 * One printer in the mount.  mounted.lock guards what was uploaded last.
 */
#include <errno.h>
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

void
mounted_note_upload(struct mounted *mounted, const char *path)
{
	char *copy = strdup(path);

	pthread_mutex_lock(&mounted->lock);
	free(mounted->last);
	mounted->last = copy;
	pthread_mutex_unlock(&mounted->lock);
}

char *
mounted_last_upload(struct mounted *mounted)
{
	char *copy;

	pthread_mutex_lock(&mounted->lock);
	copy = mounted->last == NULL ? NULL : strdup(mounted->last);
	pthread_mutex_unlock(&mounted->lock);
	return copy;
}

void
mounted_note_print(struct mounted *mounted, const char *key)
{
	char *copy = strdup(key);

	pthread_mutex_lock(&mounted->lock);
	free(mounted->printed);
	mounted->printed = copy;
	mounted->printed_ms = time_now_ms();
	pthread_mutex_unlock(&mounted->lock);
}

bool
mounted_just_printed(struct mounted *mounted, const char *key, int64_t ms)
{
	bool is;

	pthread_mutex_lock(&mounted->lock);
	is = mounted->printed != NULL && strcmp(mounted->printed, key) == 0 &&
	    time_now_ms() - mounted->printed_ms < ms;
	pthread_mutex_unlock(&mounted->lock);
	return is;
}

/* With the lock. */
static bool
shows(const struct mounted *mounted)
{
	return mounted->shown != NULL &&
	    time_now_ms() - mounted->shown_ms < SHOWN_MS;
}

void
mounted_note_shown(struct mounted *mounted, const char *key)
{
	char *copy;

	if (!mounted->printer->traits->previews)
		return;
	copy = strdup(key);
	pthread_mutex_lock(&mounted->lock);
	if (!shows(mounted) || strcmp(mounted->shown, key) == 0) {
		free(mounted->shown);
		mounted->shown = copy;
		mounted->shown_ms = time_now_ms();
		copy = NULL;
	}
	pthread_mutex_unlock(&mounted->lock);
	free(copy);
}

void
mounted_note_removal(struct mounted *mounted, const char *key)
{
	pthread_mutex_lock(&mounted->lock);
	if (mounted->shown != NULL && strcmp(mounted->shown, key) == 0) {
		free(mounted->shown);
		mounted->shown = NULL;
	}
	pthread_mutex_unlock(&mounted->lock);
}

bool
mounted_may_show(struct mounted *mounted, const char *key)
{
	bool may;

	pthread_mutex_lock(&mounted->lock);
	may = shows(mounted) && strcmp(mounted->shown, key) == 0;
	pthread_mutex_unlock(&mounted->lock);
	return may;
}
