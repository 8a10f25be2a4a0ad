/*
 * A printer in the mount is put together and taken apart here, above all the
 * parts that it has.
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
#include "client/base/workers.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/rendering.h"
#include "fs/core/space.h"
#include "fs/core/upload_list.h"
#include "fs/farm/mounted_new.h"
#include "fs/storage/backup.h"
#include "fs/storage/exdev_copy.h"
#include "fs/storage/print.h"
#include "fs/storage/upload.h"
#include "fs/tree/events.h"
#include "fs/tree/job_path.h"

static int
set_up(struct mounted *mounted, const struct mounted_config *config,
    struct printer *inner)
{
	int error = 0;

	if (config->folder != NULL) {
		mounted->folder = strdup(config->folder);
		error = mounted->folder == NULL ?
		    -ENOMEM :
		    log_subject_new(config->folder, &mounted->subject);
	}
	if (error == 0)
		error = file_facts_open(config->cache_dir, config->name,
		    &mounted->facts);
	if (error != 0) {
		printer_free(inner);
		return error;
	}
	mounted->name = strdup(config->folder != NULL ? config->folder :
							config->name);
	mounted->kept = strdup(config->name);
	error = cache_new(inner, mounted->facts, config->ttl_ms,
	    &mounted->printer);
	if (error == 0 && (mounted->name == NULL || mounted->kept == NULL))
		error = -ENOMEM;
	if (error == 0)
		error = stage_new(&mounted->stage);
	if (error == 0)
		error = stage_folders_new(&mounted->folders);
	if (error == 0 && config->unsent != NULL)
		mounted->unsent = unsent_hold(config->unsent);
	else if (error == 0)
		error = unsent_open(config->cache_dir, config->name,
		    mounted->printer->traits->folds, &mounted->unsent);
	if (error == 0)
		error = workers_new(&mounted->workers);
	if (error == 0)
		error = deferred_new(mounted->workers, &mounted->deferred);
	if (error == 0)
		error = backups_new(&mounted->backups);
	if (error == 0)
		error = renderings_new(&mounted->renderings);
	if (error == 0)
		error = exdev_copy_new(&mounted->exdev_copy);
	if (error == 0)
		error = job_paths_new(&mounted->job_paths);
	if (error == 0)
		error = upload_list_new(&mounted->uploads);
	if (error == 0)
		error = events_new(mounted, &mounted->events);
	if (error == 0)
		error = space_new(mounted, &mounted->space);
	if (error == 0)
		error = content_new(config->settings->spool_dir,
		    config->cache_size, mounted->printer,
		    file_facts_stamps(mounted->facts), mounted->workers,
		    &mounted->content);
	if (error == 0)
		stage_set_relief(mounted->stage,
		    &(struct relief){ content_make_room, mounted->content });
	return error;
}

int
mounted_new(const struct mounted_config *config, struct printer *inner,
    struct mounted **out)
{
	struct mounted *mounted = calloc(1, sizeof(*mounted));
	int error;

	if (mounted == NULL) {
		printer_free(inner);
		return -ENOMEM;
	}
	mounted->settings = config->settings;
	atomic_init(&mounted->holders, 1);
	mounted->commands = &storage_commands;
	pthread_mutex_init(&mounted->lock, NULL);
	error = set_up(mounted, config, inner);
	if (error != 0) {
		mounted_free(mounted);
		return error;
	}
	*out = mounted;
	return 0;
}

void
mounted_free(struct mounted *mounted)
{
	struct log_subject *former;

	if (mounted == NULL)
		return;
	mounted_end(mounted);
	former = log_about(mounted->subject);
	if (mounted->deferred != NULL)
		deferred_stop(mounted->deferred);
	if (mounted->content != NULL)
		content_stop(mounted->content);
	if (mounted->events != NULL)
		events_stop(mounted->events);
	workers_free(mounted->workers);
	if (mounted->stage != NULL && mounted->unsent != NULL)
		upload_give_up(mounted, 0);
	deferred_free(mounted->deferred);
	backups_free(mounted->backups);
	content_free(mounted->content);
	renderings_free(mounted->renderings);
	events_free(mounted->events);
	upload_list_free(mounted->uploads);
	space_free(mounted->space);
	stage_free(mounted->stage);
	stage_folders_free(mounted->folders);
	unsent_close(mounted->unsent);
	printer_free(mounted->printer);
	file_facts_close(mounted->facts);
	exdev_copy_free(mounted->exdev_copy);
	job_paths_free(mounted->job_paths);
	pthread_mutex_destroy(&mounted->lock);
	(void)log_about(former);
	log_subject_free(mounted->subject);
	buf_free(&mounted->glance.text);
	free(mounted->folder);
	free(mounted->last.key);
	free(mounted->printed.key);
	free(mounted->shown.key);
	free(mounted->name);
	free(mounted->kept);
	free(mounted);
}
