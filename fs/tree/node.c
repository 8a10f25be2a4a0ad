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

/* clang-format off */
#define DIR(path, needs)	{ path, S_IFDIR | 0755, &kind_directory, 0, NULL, needs }
#define JSON(path, topic, needs) { path, S_IFREG | 0444, &kind_document, topic, NULL, needs }
#define TEXT(path, topic, field, needs) { path, S_IFREG | 0444, &kind_document, topic, field, needs }
#define PICTURE(path, topic)	{ path, S_IFREG | 0444, &kind_document, topic, NULL, HAS_PICTURES }
#define STORAGE(path)		{ path, S_IFDIR | 0777, &kind_storage, 0, NULL, 0 }

static const struct node nodes[] = { /* ID stands for any */
	DIR("", 0),
	{ "control", S_IFREG | 0600, &kind_control, 0, NULL, 0 },
	JSON("status.json",		TOPIC_STATUS, HAS_STATUS),
	JSON("job.json",		TOPIC_JOB, HAS_JOBS),
	JSON("info.json",		TOPIC_INFO, 0),
	JSON("version.json",		TOPIC_VERSION, HAS_STATUS),
	JSON("storage.json",		TOPIC_STORAGE, HAS_STATUS),
	JSON("transfer.json",		TOPIC_TRANSFER, HAS_TRANSFERS),
	JSON("printer.json",		TOPIC_PRINTER, HAS_RECORD),
	JSON("failure.json",		TOPIC_FAILURE, HAS_WATCHER),
	{ "settings.json", S_IFREG | 0644, &kind_settings, TOPIC_SETTINGS, NULL, HAS_WATCHER },
	{ "prints", S_IFDIR | 0755, &kind_ids, TOPIC_PRINTS, NULL, HAS_HISTORY },
	JSON("prints/ID.json",		TOPIC_PRINTS, 0),
	DIR("status", HAS_STATUS),
	TEXT("status/state",		TOPIC_STATUS, "printer.state", 0),
	TEXT("status/progress",		TOPIC_STATUS, "job.progress", 0),
	TEXT("status/time_left",	TOPIC_STATUS, "job.time_remaining", 0),
	TEXT("status/time_printing",	TOPIC_STATUS, "job.time_printing", 0),
	TEXT("status/file",		TOPIC_JOB,    "file.display_name", 0),
	TEXT("status/job_id",		TOPIC_STATUS, "job.id", 0),
	TEXT("status/temp_nozzle",	TOPIC_STATUS, "printer.temp_nozzle", 0),
	TEXT("status/target_nozzle",	TOPIC_STATUS, "printer.target_nozzle", 0),
	TEXT("status/temp_bed",		TOPIC_STATUS, "printer.temp_bed", 0),
	TEXT("status/target_bed",	TOPIC_STATUS, "printer.target_bed", 0),
	TEXT("status/axis_z",		TOPIC_STATUS, "printer.axis_z", 0),
	TEXT("status/speed",		TOPIC_STATUS, "printer.speed", HAS_SPEED),
	TEXT("status/flow",		TOPIC_STATUS, "printer.flow", HAS_SPEED),
	TEXT("status/fan_hotend",	TOPIC_STATUS, "printer.fan_hotend", HAS_FANS),
	TEXT("status/fan_print",	TOPIC_STATUS, "printer.fan_print", HAS_FANS),
	TEXT("status/online",		DOCUMENT_ONLINE, NULL, 0),
	PICTURE("snapshot.jpg",		TOPIC_PICTURE),
	PICTURE("snapshot.png",		TOPIC_PNG),
	PICTURE("cameras.json",		TOPIC_CAMERAS),
	{ "cameras", S_IFDIR | 0755, &kind_ids, TOPIC_CAMERAS, NULL, HAS_PICTURES },
	{ "cameras/ID", S_IFDIR | 0755, &kind_directory, 0, NULL, HAS_PICTURES },
	PICTURE("cameras/ID/config.json", TOPIC_CAMERA),
	PICTURE("cameras/ID/snapshot.jpg", TOPIC_PICTURE),
	{ "events", S_IFREG | 0444, &kind_events, 0, NULL, HAS_STATUS },
	TEXT("log",			DOCUMENT_LOG, NULL, 0),
	TEXT("metrics",			DOCUMENT_METRICS, NULL, HAS_STATUS),
	JSON("uploads.json",		DOCUMENT_UPLOADS, HAS_UPLOADS),
	{ "print", S_IFDIR | 0777, &kind_print_directory, 0, NULL, HAS_PRINT },
	DIR("legacy", HAS_LEGACY),
	JSON("legacy/printer.json",	TOPIC_LEGACY_PRINTER, 0),
	JSON("legacy/job.json",		TOPIC_LEGACY_JOB, 0),
	JSON("legacy/files.json",	TOPIC_LEGACY_FILES, 0),
	{ "unsent", S_IFDIR | 0777, &kind_unsent_directory, 0, NULL, HAS_UPLOADS },
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
		NULL, 0 };

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
	const struct printer *printer = mounted->printer;

	return printer_has(printer, node->needs) &&
	    (node->kind != &kind_storage ||
		traits_storage(printer->traits, node->path) != NULL);
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

void
node_add_contents(struct stat *out, off_t size, const struct timespec *mtime)
{
	out->st_size = size;
	out->st_blocks = (size + 511) / 512;
	out->st_mtim = out->st_ctim = out->st_atim = *mtime;
}

int
node_look(const struct caller *caller, struct place *place, struct stat *out)
{
	(void)caller;
	node_attributes(place, out);
	return 0;
}
