/*
 * The folder of the file in print as users see it: each of its names is looked
 * up in the listing that it is in.  Any thread; job_paths.lock guards what is
 * remembered.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/listing.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/tree/job_path.h"

struct job_paths {
	pthread_mutex_t lock;
	char *told; /* the job and its folder as told, or NULL; under lock */
	char *shown;
};

int
job_paths_new(struct job_paths **out)
{
	struct job_paths *folders = calloc(1, sizeof(*folders));

	if (folders == NULL)
		return -ENOMEM;
	pthread_mutex_init(&folders->lock, NULL);
	*out = folders;
	return 0;
}

void
job_paths_free(struct job_paths *folders)
{
	if (folders == NULL)
		return;
	free(folders->told);
	free(folders->shown);
	pthread_mutex_destroy(&folders->lock);
	free(folders);
}

/* Append what is remembered of it to shown.  Returns 0, -ENODATA or -ENOMEM. */
static int
recall(struct job_paths *folders, const char *told, struct buf *shown)
{
	int error = -ENODATA;

	pthread_mutex_lock(&folders->lock);
	if (folders->told != NULL && folders->shown != NULL &&
	    strcmp(folders->told, told) == 0)
		error = buf_printf(shown, "%s", folders->shown);
	pthread_mutex_unlock(&folders->lock);
	return error;
}

static void
remember(struct job_paths *folders, const char *told, const char *shown)
{
	pthread_mutex_lock(&folders->lock);
	free(folders->told);
	free(folders->shown);
	folders->told = strdup(told);
	folders->shown = strdup(shown);
	pthread_mutex_unlock(&folders->lock);
}

/* Append "/" and the long name of what is in the folder under that name. */
static int
add_name(struct mounted *mounted, const struct caller *caller,
    const char *folder, const char *name, struct buf *shown)
{
	struct listing *listing;
	const struct entry *entry;
	int error = printer_list(mounted->printer, &caller->wait, folder,
	    &listing);

	if (error != 0)
		return error;
	entry = listing_find(listing, name);
	error = entry == NULL || !entry->folder ?
	    -ENOENT :
	    buf_printf(shown, "/%s", entry->name);
	listing_release(listing);
	return error;
}

/* "/usb/LONGFO~1" to "/usb/long folder name". */
static int
look_up(struct mounted *mounted, const struct caller *caller, const char *told,
    struct buf *shown)
{
	char *copy = strdup(told + strspn(told, "/")), *rest = copy;
	const char *name = strsep(&rest, "/");
	struct buf folder = { 0 };
	int error = copy == NULL ? -ENOMEM : 0;

	if (error == 0)
		error = buf_printf(shown, "/%s", name);
	if (error == 0)
		error = buf_printf(&folder, "%s", name);
	while (error == 0 && (name = strsep(&rest, "/")) != NULL) {
		error = add_name(mounted, caller, folder.data, name, shown);
		if (error == 0)
			error = buf_printf(&folder, "/%s", name);
	}
	buf_free(&folder);
	free(copy);
	return error;
}

/* Have the document tell that path. */
static int
tell(struct buf *job, const char *shown)
{
	struct buf other = { 0 };
	int error = json_replace(job->data, job->len, "file", "path", shown,
	    &other);

	if (error == 0) {
		struct buf old = *job;

		*job = other;
		other = old;
	}
	buf_free(&other);
	return error;
}

static int
show(struct mounted *mounted, const struct caller *caller, const char *path,
    const char *told, struct buf *job)
{
	struct buf shown = { 0 };
	int error = recall(mounted->job_paths, told, &shown);

	if (error == -ENODATA) {
		error = look_up(mounted, caller, path, &shown);
		if (error == 0)
			remember(mounted->job_paths, told, shown.data);
	}
	if (error == 0 && strcmp(shown.data, path) != 0)
		error = tell(job, shown.data);
	buf_free(&shown);
	return error;
}

int
job_paths_show(struct mounted *mounted, const struct caller *caller,
    struct buf *job)
{
	struct buf path = { 0 }, told = { 0 };
	int error = 0;

	if (!mounted->printer->traits->folds ||
	    json_field(job->data, job->len, "file.path", &path) != 0)
		goto out;
	if (path.data[0] != '/' || strchr(path.data + 1, '/') == NULL)
		goto out;
	error = json_field(job->data, job->len, "id", &told);
	if (error == -ENODATA)
		error = 0;
	if (error == 0)
		error = buf_printf(&told, " %s", path.data);
	if (error == 0)
		error = show(mounted, caller, path.data, told.data, job);
out:
	buf_free(&path);
	buf_free(&told);
	return error == -EINTR || error == -ENOMEM ? error : 0;
}
