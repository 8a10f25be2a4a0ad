/*
 * One printer in the mount.  unit.lock guards what was uploaded last.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/content.h"
#include "cache/deferred.h"
#include "cache/file_facts.h"
#include "cache/spool.h"
#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "cache/unsent.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/workers.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/space.h"
#include "fs/core/unit.h"
#include "fs/core/upload_list.h"
#include "fs/storage/backup.h"
#include "fs/storage/upload.h"
#include "fs/tree/document.h"
#include "fs/tree/events.h"
#include "fs/tree/node.h"

#define SHOWN_MS ((int64_t)120 * 1000) /* then it may be dismissed */

static int
set_up(struct unit *unit, const struct unit_config *config,
    struct printer *inner)
{
	int error = 0;

	if (config->folder != NULL) {
		unit->folder = strdup(config->folder);
		error = unit->folder == NULL ?
		    -ENOMEM :
		    log_subject_new(config->folder, &unit->subject);
	}
	if (error == 0)
		error = file_facts_open(config->cache_dir, config->name,
		    &unit->facts);
	if (error != 0) {
		printer_free(inner);
		return error;
	}
	unit->name = strdup(config->folder != NULL ? config->folder :
						     config->name);
	unit->kept = strdup(config->name);
	error = cache_new(inner, unit->facts, config->ttl_ms, &unit->printer);
	if (error == 0 && (unit->name == NULL || unit->kept == NULL))
		error = -ENOMEM;
	if (error == 0)
		error = stage_new(&unit->stage);
	if (error == 0)
		error = stage_folders_new(&unit->folders);
	if (error == 0 && config->unsent != NULL)
		unit->unsent = unsent_hold(config->unsent);
	else if (error == 0)
		error = unsent_open(config->cache_dir, config->name,
		    unit->printer->traits->folds, &unit->unsent);
	if (error == 0)
		error = workers_new(&unit->workers);
	if (error == 0)
		error = deferred_new(unit->workers, &unit->deferred);
	if (error == 0)
		error = backups_new(&unit->backups);
	if (error == 0)
		error = documents_new(&unit->documents);
	if (error == 0)
		error = upload_list_new(&unit->uploads);
	if (error == 0)
		error = events_new(unit, &unit->events);
	if (error == 0)
		error = space_new(unit, &unit->space);
	if (error == 0)
		error = content_new(config->settings->spool_dir,
		    config->cache_size, unit->printer, unit->workers,
		    &unit->content);
	if (error == 0) {
		content_set_stamps(unit->content,
		    file_facts_stamps(unit->facts));
		stage_set_relief(unit->stage,
		    &(struct relief){ content_make_room, unit->content });
	}
	return error;
}

int
unit_new(const struct unit_config *config, struct printer *inner,
    struct unit **out)
{
	struct unit *unit = calloc(1, sizeof(*unit));
	int error;

	if (unit == NULL) {
		printer_free(inner);
		return -ENOMEM;
	}
	unit->settings = config->settings;
	atomic_init(&unit->holders, 1);
	copying_init(&unit->copying);
	job_folders_init(&unit->job_folders);
	pthread_mutex_init(&unit->lock, NULL);
	error = set_up(unit, config, inner);
	if (error != 0) {
		unit_free(unit);
		return error;
	}
	*out = unit;
	return 0;
}

void
unit_end(struct unit *unit)
{
	atomic_store(&unit->ending, true);
}

void
unit_free(struct unit *unit)
{
	struct log_subject *former;

	if (unit == NULL)
		return;
	unit_end(unit);
	former = log_about(unit->subject);
	if (unit->deferred != NULL)
		deferred_stop(unit->deferred);
	if (unit->content != NULL)
		content_stop(unit->content);
	if (unit->events != NULL)
		events_stop(unit->events);
	workers_free(unit->workers);
	if (unit->stage != NULL && unit->unsent != NULL)
		upload_give_up(unit, 0);
	deferred_free(unit->deferred);
	backups_free(unit->backups);
	content_free(unit->content);
	documents_free(unit->documents);
	events_free(unit->events);
	upload_list_free(unit->uploads);
	space_free(unit->space);
	stage_free(unit->stage);
	stage_folders_free(unit->folders);
	unsent_close(unit->unsent);
	printer_free(unit->printer);
	file_facts_close(unit->facts);
	copying_destroy(&unit->copying);
	job_folders_destroy(&unit->job_folders);
	pthread_mutex_destroy(&unit->lock);
	(void)log_about(former);
	log_subject_free(unit->subject);
	buf_free(&unit->glance.text);
	free(unit->folder);
	free(unit->last);
	free(unit->printed);
	free(unit->shown);
	free(unit->name);
	free(unit->kept);
	free(unit);
}

struct unit *
unit_hold(struct unit *unit)
{
	atomic_fetch_add(&unit->holders, 1);
	return unit;
}

void
unit_release(struct unit *unit)
{
	if (unit != NULL && atomic_fetch_sub(&unit->holders, 1) == 1 &&
	    unit->unused != NULL)
		unit->unused(unit, unit->unused_arg);
}

void
unit_note_idle(struct unit *unit)
{
	if (unit->idle != NULL && atomic_load(&unit->open) == 0)
		unit->idle(unit->idle_arg);
}

bool
unit_is_in_use(struct unit *unit)
{
	return atomic_load(&unit->open) > 0 ||
	    upload_list_is_busy(unit->uploads) ||
	    !stage_is_idle(unit->stage, UPLOAD_RENAME_MS);
}

bool
unit_is_ending(void *arg)
{
	const struct unit *unit = arg;

	return atomic_load(&unit->ending);
}

void
unit_note_upload(struct unit *unit, const char *path)
{
	char *copy = strdup(path);

	pthread_mutex_lock(&unit->lock);
	free(unit->last);
	unit->last = copy;
	pthread_mutex_unlock(&unit->lock);
}

char *
unit_last_upload(struct unit *unit)
{
	char *copy;

	pthread_mutex_lock(&unit->lock);
	copy = unit->last == NULL ? NULL : strdup(unit->last);
	pthread_mutex_unlock(&unit->lock);
	return copy;
}

void
unit_note_print(struct unit *unit, const char *key)
{
	char *copy = strdup(key);

	pthread_mutex_lock(&unit->lock);
	free(unit->printed);
	unit->printed = copy;
	unit->printed_ms = time_now_ms();
	pthread_mutex_unlock(&unit->lock);
}

bool
unit_just_printed(struct unit *unit, const char *key, int64_t ms)
{
	bool is;

	pthread_mutex_lock(&unit->lock);
	is = unit->printed != NULL && strcmp(unit->printed, key) == 0 &&
	    time_now_ms() - unit->printed_ms < ms;
	pthread_mutex_unlock(&unit->lock);
	return is;
}

/* With the lock. */
static bool
shows(const struct unit *unit)
{
	return unit->shown != NULL && time_now_ms() - unit->shown_ms < SHOWN_MS;
}

void
unit_note_shown(struct unit *unit, const char *key)
{
	char *copy;

	if (!unit->printer->traits->previews)
		return;
	copy = strdup(key);
	pthread_mutex_lock(&unit->lock);
	if (!shows(unit) || strcmp(unit->shown, key) == 0) {
		free(unit->shown);
		unit->shown = copy;
		unit->shown_ms = time_now_ms();
		copy = NULL;
	}
	pthread_mutex_unlock(&unit->lock);
	free(copy);
}

void
unit_note_removal(struct unit *unit, const char *key)
{
	pthread_mutex_lock(&unit->lock);
	if (unit->shown != NULL && strcmp(unit->shown, key) == 0) {
		free(unit->shown);
		unit->shown = NULL;
	}
	pthread_mutex_unlock(&unit->lock);
}

bool
unit_may_show(struct unit *unit, const char *key)
{
	bool may;

	pthread_mutex_lock(&unit->lock);
	may = shows(unit) && strcmp(unit->shown, key) == 0;
	pthread_mutex_unlock(&unit->lock);
	return may;
}
