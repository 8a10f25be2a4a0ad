/*
 * The namespace of a printer, as one table.  The manual is checked against it
 * (scripts/lint).  Constant, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/name.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/tree/document.h"
#include "fs/tree/node.h"

static const struct traits *
traits_of(const struct mounted *mounted)
{
	return mounted->printer->traits;
}

static bool
has_storage(const struct mounted *mounted, const struct node *node)
{
	return traits_storage(traits_of(mounted), node->path) != NULL;
}

static bool
has_pictures(const struct mounted *mounted, const struct node *node)
{
	(void)node;
	return mounted->printer->has_pictures;
}

static bool
is_watched(const struct mounted *mounted, const struct node *node)
{
	(void)node;
	return mounted->printer->is_watched;
}

/* What PrusaLink tells, and Obico does not. */
static bool
is_near(const struct mounted *mounted, const struct node *node)
{
	(void)node;
	return !traits_of(mounted)->is_cloud;
}

static bool
is_cloud(const struct mounted *mounted, const struct node *node)
{
	(void)node;
	return traits_of(mounted)->is_cloud;
}

/* An archived printer is a memory only. */
static bool
is_live(const struct mounted *mounted, const struct node *node)
{
	(void)node;
	return !traits_of(mounted)->is_archived;
}

static bool
takes_files(const struct mounted *mounted, const struct node *node)
{
	(void)node;
	return traits_of(mounted)->upload_storage != NULL;
}

/* clang-format off */
#define DIR(path, is_there)	{ path, S_IFDIR | 0755, &kind_directory, 0, NULL, is_there }
#define JSON(path, topic, is_there) { path, S_IFREG | 0444, &kind_document, topic, NULL, is_there }
#define TEXT(path, topic, field, is_there) { path, S_IFREG | 0444, &kind_document, topic, field, is_there }
#define PICTURE(path, topic)	{ path, S_IFREG | 0444, &kind_document, topic, NULL, has_pictures }
#define STORAGE(path)		{ path, S_IFDIR | 0777, &kind_storage, 0, path, has_storage }

static const struct node nodes[] = { /* ID stands for any */
	DIR("", NULL),
	{ "control", S_IFREG | 0600, &kind_control, 0, NULL, NULL },
	JSON("status.json",		TOPIC_STATUS, is_live),
	JSON("job.json",		TOPIC_JOB, is_live),
	JSON("info.json",		TOPIC_INFO, NULL),
	JSON("version.json",		TOPIC_VERSION, is_live),
	JSON("storage.json",		TOPIC_STORAGE, is_live),
	JSON("transfer.json",		TOPIC_TRANSFER, is_near),
	JSON("printer.json",		TOPIC_PRINTER, is_cloud),
	JSON("failure.json",		TOPIC_FAILURE, is_watched),
	{ "settings.json", S_IFREG | 0644, &kind_settings, TOPIC_SETTINGS, NULL, is_watched },
	{ "prints", S_IFDIR | 0755, &kind_ids, TOPIC_PRINTS, NULL, is_cloud },
	JSON("prints/ID.json",		TOPIC_PRINTS, NULL),
	DIR("status", is_live),
	TEXT("status/state",		TOPIC_STATUS, "printer.state", NULL),
	TEXT("status/progress",		TOPIC_STATUS, "job.progress", NULL),
	TEXT("status/time_left",	TOPIC_STATUS, "job.time_remaining", NULL),
	TEXT("status/time_printing",	TOPIC_STATUS, "job.time_printing", NULL),
	TEXT("status/file",		TOPIC_JOB,    "file.display_name", NULL),
	TEXT("status/job_id",		TOPIC_STATUS, "job.id", NULL),
	TEXT("status/temp_nozzle",	TOPIC_STATUS, "printer.temp_nozzle", NULL),
	TEXT("status/target_nozzle",	TOPIC_STATUS, "printer.target_nozzle", NULL),
	TEXT("status/temp_bed",		TOPIC_STATUS, "printer.temp_bed", NULL),
	TEXT("status/target_bed",	TOPIC_STATUS, "printer.target_bed", NULL),
	TEXT("status/axis_z",		TOPIC_STATUS, "printer.axis_z", NULL),
	TEXT("status/speed",		TOPIC_STATUS, "printer.speed", is_near),
	TEXT("status/flow",		TOPIC_STATUS, "printer.flow", is_near),
	TEXT("status/fan_hotend",	TOPIC_STATUS, "printer.fan_hotend", is_near),
	TEXT("status/fan_print",	TOPIC_STATUS, "printer.fan_print", is_near),
	TEXT("status/online",		DOCUMENT_ONLINE, NULL, NULL),
	PICTURE("snapshot.jpg",		TOPIC_PICTURE),
	PICTURE("snapshot.png",		TOPIC_PNG),
	PICTURE("cameras.json",		TOPIC_CAMERAS),
	{ "cameras", S_IFDIR | 0755, &kind_ids, TOPIC_CAMERAS, NULL, has_pictures },
	{ "cameras/ID", S_IFDIR | 0755, &kind_directory, 0, NULL, has_pictures },
	PICTURE("cameras/ID/config.json", TOPIC_CAMERA),
	PICTURE("cameras/ID/snapshot.jpg", TOPIC_PICTURE),
	{ "events", S_IFREG | 0444, &kind_events, 0, NULL, is_live },
	TEXT("log",			DOCUMENT_LOG, NULL, NULL),
	TEXT("metrics",			DOCUMENT_METRICS, NULL, is_live),
	JSON("uploads.json",		DOCUMENT_UPLOADS, takes_files),
	{ "print", S_IFDIR | 0777, &kind_print_directory, 0, NULL, is_near },
	DIR("legacy", is_near),
	JSON("legacy/printer.json",	TOPIC_LEGACY_PRINTER, NULL),
	JSON("legacy/job.json",		TOPIC_LEGACY_JOB, NULL),
	JSON("legacy/files.json",	TOPIC_LEGACY_FILES, NULL),
	{ "unsent", S_IFDIR | 0777, &kind_unsent_directory, 0, NULL, takes_files },
	STORAGE("usb"),
	STORAGE("local"),
	STORAGE("sdcard"),
	STORAGE("gcodes"),
};
/* clang-format on */

const struct node *
node_root(void)
{
	return &nodes[0];
}

const struct node *
node_member(const struct mounted *mounted)
{
	static const struct node member = { "", S_IFDIR | 0755, &kind_member, 0,
		NULL, NULL };

	return mounted->printer->traits->is_cloud ? &member : &nodes[0];
}

size_t
node_count(void)
{
	return sizeof(nodes) / sizeof(nodes[0]);
}

const struct node *
node_at(size_t i)
{
	return &nodes[i];
}

/* A row that the printer can never fill is absent. */
static bool
exists(const struct mounted *mounted, const struct node *node)
{
	return node->is_there == NULL || node->is_there(mounted, node);
}

bool
node_is_child(const struct mounted *mounted, const struct node *node,
    const struct node *folder)
{
	size_t len = strlen(folder->path);

	if (*node->path == '\0' || node == folder ||
	    strncmp(node->path, folder->path, len) != 0 ||
	    (len > 0 && node->path[len] != '/'))
		return false;
	return strchr(node->path + len + (len > 0), '/') == NULL &&
	    exists(mounted, node);
}

const struct node *
node_child(const struct mounted *mounted, const struct node *folder,
    const char *name)
{
	size_t i;

	for (i = 0; i < node_count(); i++) {
		if (node_is_child(mounted, &nodes[i], folder) &&
		    strcmp(name_of(nodes[i].path), name) == 0)
			return &nodes[i];
	}
	return NULL;
}

char *
node_path(const struct place *folder, const char *name)
{
	return *folder->path == '\0' ? strdup(name) :
				       name_join(folder->path, name);
}

int
node_list(const struct lister *lister, const struct place *folder,
    const char *name, mode_t mode)
{
	char *path = node_path(folder, name);
	int error = path == NULL ?
	    -ENOMEM :
	    lister->add(lister->arg, name,
		place_row_number(folder->mounted, path), mode);

	free(path);
	return error;
}

void
node_attributes(const struct place *place, struct stat *out)
{
	const struct settings *settings = place->settings;
	const struct node *node = place->node;
	bool is_folder = S_ISDIR(node->mode);

	memset(out, 0, sizeof(*out));
	out->st_ino = place->mounted == NULL ?
	    place_number(place->key) :
	    place_row_number(place->mounted, place->path);
	out->st_mode = node->mode &
	    ~(is_folder ? settings->dmask : settings->fmask);
	out->st_nlink = 1; /* of a folder: how many are below is unknown */
	out->st_uid = settings->uid;
	out->st_gid = settings->gid;
	out->st_blksize = 4096;
	out->st_mtim = out->st_ctim = out->st_atim = settings->mounted;
}

int
node_look(const struct caller *caller, struct place *place, struct stat *out)
{
	(void)caller;
	node_attributes(place, out);
	return 0;
}
