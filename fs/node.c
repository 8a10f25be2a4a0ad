/*
 * The namespace of a printer, as one table.  The manual is checked against it
 * (scripts/lint).  Constant, any thread.
 */
#include <errno.h>
#include <string.h>

#include "client/dialect.h"
#include "client/name.h"
#include "client/printer.h"
#include "fs/document.h"
#include "fs/node.h"
#include "fs/place.h"
#include "fs/unit.h"

#define CAMERA "cameras/ID" /* ID stands for any */

static bool
has_storage(const struct unit *unit, const struct node *node)
{
	return dialect_storage(unit->printer->dialect, node->path) != NULL;
}

static bool
has_pictures(const struct unit *unit, const struct node *node)
{
	(void)node;
	return unit->printer->has_pictures;
}

/* clang-format off */
#define DIR(path)		{ path, S_IFDIR | 0755, &kind_directory, 0, NULL, NULL }
#define JSON(path, topic)	{ path, S_IFREG | 0444, &kind_document, topic, NULL, NULL }
#define TEXT(path, topic, field) { path, S_IFREG | 0444, &kind_document, topic, field, NULL }
#define PICTURE(path, topic)	{ path, S_IFREG | 0444, &kind_document, topic, NULL, has_pictures }
#define STORAGE(path)		{ path, S_IFDIR | 0777, &kind_storage, 0, path, has_storage }

static const struct node nodes[] = {
	DIR(""),
	{ "control", S_IFREG | 0600, &kind_control, 0, NULL, NULL },
	JSON("status.json",		TOPIC_STATUS),
	JSON("job.json",		TOPIC_JOB),
	JSON("info.json",		TOPIC_INFO),
	JSON("version.json",		TOPIC_VERSION),
	JSON("storage.json",		TOPIC_STORAGE),
	JSON("transfer.json",		TOPIC_TRANSFER),
	DIR("status"),
	TEXT("status/state",		TOPIC_STATUS, "printer.state"),
	TEXT("status/progress",		TOPIC_STATUS, "job.progress"),
	TEXT("status/time_left",	TOPIC_STATUS, "job.time_remaining"),
	TEXT("status/time_printing",	TOPIC_STATUS, "job.time_printing"),
	TEXT("status/file",		TOPIC_JOB,    "file.display_name"),
	TEXT("status/job_id",		TOPIC_STATUS, "job.id"),
	TEXT("status/temp_nozzle",	TOPIC_STATUS, "printer.temp_nozzle"),
	TEXT("status/target_nozzle",	TOPIC_STATUS, "printer.target_nozzle"),
	TEXT("status/temp_bed",		TOPIC_STATUS, "printer.temp_bed"),
	TEXT("status/target_bed",	TOPIC_STATUS, "printer.target_bed"),
	TEXT("status/axis_z",		TOPIC_STATUS, "printer.axis_z"),
	TEXT("status/speed",		TOPIC_STATUS, "printer.speed"),
	TEXT("status/flow",		TOPIC_STATUS, "printer.flow"),
	TEXT("status/fan_hotend",	TOPIC_STATUS, "printer.fan_hotend"),
	TEXT("status/fan_print",	TOPIC_STATUS, "printer.fan_print"),
	TEXT("status/online",		DOCUMENT_ONLINE, NULL),
	PICTURE("snapshot.jpg",		TOPIC_PICTURE),
	PICTURE("snapshot.png",		TOPIC_PNG),
	PICTURE("cameras.json",		TOPIC_CAMERAS),
	{ "cameras", S_IFDIR | 0755, &kind_cameras, 0, NULL, has_pictures },
	{ "cameras/ID", S_IFDIR | 0755, &kind_directory, 0, NULL, has_pictures },
	PICTURE("cameras/ID/config.json", TOPIC_CAMERA),
	PICTURE("cameras/ID/snapshot.jpg", TOPIC_PICTURE),
	{ "events", S_IFREG | 0444, &kind_events, 0, NULL, NULL },
	TEXT("log",			DOCUMENT_LOG, NULL),
	TEXT("metrics",			DOCUMENT_METRICS, NULL),
	JSON("uploads.json",		DOCUMENT_UPLOADS),
	{ "print", S_IFDIR | 0777, &kind_print, 0, NULL, NULL },
	DIR("legacy"),
	JSON("legacy/printer.json",	TOPIC_LEGACY_PRINTER),
	JSON("legacy/job.json",		TOPIC_LEGACY_JOB),
	JSON("legacy/files.json",	TOPIC_LEGACY_FILES),
	{ "unsent", S_IFDIR | 0777, &kind_unsent, 0, NULL, NULL },
	STORAGE("usb"),
	STORAGE("local"),
	STORAGE("sdcard"),
};
/* clang-format on */

const struct node *
node_camera(void)
{
	size_t i = 0;

	while (strcmp(nodes[i].path, CAMERA) != 0)
		i++;
	return &nodes[i];
}

const struct node *
node_root(void)
{
	return &nodes[0];
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
exists(const struct unit *unit, const struct node *node)
{
	return node->is_there == NULL || node->is_there(unit, node);
}

bool
node_is_child(const struct unit *unit, const struct node *node,
    const struct node *folder)
{
	size_t len = strlen(folder->path);

	if (node == folder || strncmp(node->path, folder->path, len) != 0 ||
	    (len > 0 && node->path[len] != '/'))
		return false;
	return strchr(node->path + len + (len > 0), '/') == NULL &&
	    exists(unit, node);
}

const struct node *
node_child(const struct unit *unit, const struct node *folder, const char *name)
{
	size_t i;

	for (i = 0; i < node_count(); i++) {
		if (node_is_child(unit, &nodes[i], folder) &&
		    strcmp(name_of(nodes[i].path), name) == 0)
			return &nodes[i];
	}
	return NULL;
}

void
node_attributes(const struct place *place, struct stat *out)
{
	const struct settings *settings = place->settings;
	const struct node *node = place->node;
	bool is_folder = S_ISDIR(node->mode);

	memset(out, 0, sizeof(*out));
	out->st_ino = place->unit == NULL ?
	    place_number(place->key) :
	    place_row_number(place->unit, place->path);
	out->st_mode = node->mode &
	    ~(is_folder ? settings->dmask : settings->fmask);
	out->st_nlink = is_folder ? 2 : 1;
	out->st_uid = settings->uid;
	out->st_gid = settings->gid;
	out->st_blksize = 4096;
	out->st_mtim = out->st_ctim = out->st_atim = settings->mounted;
}
