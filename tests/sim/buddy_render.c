/*
 * Files and folders of the stick as the firmware's JSON.  Everything here is
 * called with sim.lock held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/buddy.h"
#include "tests/sim/fat_name.h"
#include "tests/sim/stamp.h"

enum {
	DISPLAY_UNITS = 167
};

bool
buddy_is_printable(const char *name)
{
	static const char *const tails[] = { ".g", ".gc", ".gco", ".gcode",
		".bgc", ".bgcode" };

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		if (text_ends_with(name, tails[i]))
			return true;
	}
	return false;
}

static const char *
file_type(const char *name)
{
	if (buddy_is_printable(name))
		return "PRINT_FILE";
	return text_ends_with(name, ".bbf") ? "FIRMWARE" : "FILE";
}

/* Seconds count at half speed within the minute, as FAT stores them. */
long long
buddy_timestamp(time_t when)
{
	return (long long)when - when % 60 + when % 60 / 2;
}

void
buddy_merge_slashes(char *out, size_t size, const char *path)
{
	size_t used = 0;

	for (; *path != '\0' && used + 1 < size; path++) {
		if (*path == '/' && path[1] == '/')
			continue;
		out[used++] = *path;
	}
	out[used] = '\0';
}

/* The same, and none at the end. */
static void
merge_slashes(char *out, size_t size, const char *path)
{
	size_t len;

	buddy_merge_slashes(out, size, path);
	len = strlen(out);
	if (len > 0 && out[len - 1] == '/')
		out[len - 1] = '\0';
}

/* Give the last part of the path its short name. */
static void
shorten(char *path, size_t size, const struct fat_place *place)
{
	char *last = strrchr(path, '/');

	if (place->found == NULL || last == NULL)
		return;
	last[1] = '\0';
	strlcat(path, place->found->short_name, size);
}

void
buddy_short_path(char *out, size_t size, const char *path,
    const struct fat_place *place)
{
	bool slash = path[0] != '\0' && path[strlen(path) - 1] == '/';

	merge_slashes(out, size, path);
	if (!slash)
		shorten(out, size, place);
}

void
buddy_job_path(struct fat *fat, char *out, size_t size, const char *path)
{
	char spelt[TARGET_SIZE], *at;
	bool last = false;

	merge_slashes(spelt, sizeof(spelt), path);
	strlcpy(out, "/usb", size);
	for (at = spelt + strlen("/usb"); !last && *at == '/';) {
		struct fat_place place;
		char *end = at + 1 + strcspn(at + 1, "/");

		last = *end == '\0';
		*end = '\0';
		fat_find(fat, spelt + strlen("/usb"), &place);
		strlcat(out, "/", size);
		strlcat(out,
		    place.found != NULL ? place.found->short_name : at + 1,
		    size);
		fat_release(&place);
		if (!last)
			*end = '/';
		at = end;
	}
}

bool
buddy_fits(const char *path, const struct fat_place *place)
{
	char spelt[TARGET_SIZE];

	buddy_short_path(spelt, sizeof(spelt), path, place);
	return strlen(spelt) <= BUDDY_PATH;
}

static const char *
display_name(const struct fat_entry *entry)
{
	const char *name = fat_long_name(entry);

	return fat_units(name) > DISPLAY_UNITS ? entry->short_name : name;
}

static void
member(struct text *out, const char *name, const char *before,
    const char *folder, const char *file)
{
	struct text value = { 0 };

	text_printf(&value, "%s%s%s", before, folder,
	    file[0] == '\0' ? "" : "/");
	for (; *file != '\0'; file++) {
		unsigned char byte = (unsigned char)*file;

		text_printf(&value, byte < 0x80 ? "%c" : "%%%02X", byte);
	}
	text_json(out, name);
	text_puts(out, ":");
	text_json(out, text_string(&value));
	text_free(&value);
}

static void
render_refs(struct text *out, const char *folder, const char *file,
    bool printable)
{
	text_puts(out, "\"refs\":{");
	if (printable) {
		member(out, "icon", "/thumb/s", folder, file);
		text_puts(out, ",");
		member(out, "thumbnail", "/thumb/l", folder, file);
		text_puts(out, ",");
	}
	member(out, "download", "", folder, file);
	text_puts(out, "}");
}

void
buddy_render_file(const struct sim *sim, struct text *out, const char *path,
    const struct fat_place *place)
{
	const char *type = file_type(place->found->name);
	char spelt[TARGET_SIZE];
	char *last;

	merge_slashes(spelt, sizeof(spelt), path);
	shorten(spelt, sizeof(spelt), place);
	last = strrchr(spelt, '/');
	text_puts(out, "{\"name\":");
	text_json(out, last == NULL ? spelt : last + 1);
	text_printf(out, ",\"ro\":false,\"type\":\"%s\",", type);
	stamp_put(sim, out,
	    "\"m_timestamp\":", buddy_timestamp(place->st.st_mtim.tv_sec), ",");
	text_printf(out, "\"size\":%lld,", (long long)place->st.st_size);
	render_refs(out, spelt, "", buddy_is_printable(spelt));
	text_puts(out, ",\"display_name\":");
	text_json(out, display_name(place->found));
	text_puts(out, "}");
}

/* An entry of a listing; false if it is not shown. */
static bool
render_child(const struct sim *sim, struct text *out, const struct fat_dir *dir,
    const struct fat_entry *entry, const char *folder, bool first)
{
	bool printable = buddy_is_printable(entry->short_name);
	struct stat st;
	char *path;
	int failed;

	if (entry->name[0] == '.' ||
	    asprintf(&path, "%s/%s", dir->real, entry->name) < 0)
		return false;
	failed = stat(path, &st);
	free(path);
	if (failed != 0 || S_ISDIR(st.st_mode) == printable)
		return false;
	if (!first)
		text_puts(out, ",");
	text_puts(out, "{\"name\":");
	text_json(out, entry->short_name);
	text_printf(out, ",\"ro\":false,\"type\":\"%s\",",
	    printable ? "PRINT_FILE" : "FOLDER");
	stamp_put(sim, out,
	    "\"m_timestamp\":", buddy_timestamp(st.st_mtim.tv_sec), ",");
	if (printable) {
		render_refs(out, folder, entry->short_name, true);
		text_puts(out, ",");
	}
	text_puts(out, "\"display_name\":");
	text_json(out, display_name(entry));
	text_puts(out, "}");
	return true;
}

static uint32_t
hash_on(uint32_t hash, const char *path)
{
	for (; *path != '\0'; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619u;
	return hash;
}

void
buddy_changed(struct buddy_call *call)
{
	call->buddy->changes = hash_on(call->buddy->changes + 1, call->path);
}

void
buddy_etag(struct buddy_call *call, char etag[32])
{
	snprintf(etag, 32, "\"%u\"",
	    (unsigned)hash_on(2166136261u ^ call->buddy->changes, call->path));
}

void
buddy_render_folder(struct buddy_call *call, struct text *out,
    const struct fat_place *place, char etag[32])
{
	struct fat_dir *dir = fat_open(&call->buddy->fat, place->real);
	const struct fat_entry *entry;
	char spelt[TARGET_SIZE];
	bool first = true;

	buddy_short_path(spelt, sizeof(spelt), call->path, place);
	text_puts(out, "{\"type\":\"FOLDER\",\"ro\":false,");
	if (!place->is_root)
		stamp_put(call->sim, out, "\"m_timestamp\":",
		    buddy_timestamp(place->st.st_mtim.tv_sec), ",");
	text_puts(out, "\"name\":");
	text_json(out, strrchr(spelt, '/') + 1);
	text_puts(out, ",\"children\":[");
	if (dir != NULL) {
		TAILQ_FOREACH (entry, &dir->entries, entry) {
			if (render_child(call->sim, out, dir, entry, spelt,
				first))
				first = false;
		}
	}
	text_puts(out, "]}");
	buddy_etag(call, etag);
}

/* One printable file of the older API's listing. */
static void
legacy_child(struct text *json, const struct fat_entry *entry,
    const char *folder, bool *first)
{
	const char *last = strrchr(folder, '/') + 1;

	if (!buddy_is_printable(entry->short_name))
		return;
	text_puts(json, *first ? "{\"name\":" : ",{\"name\":");
	*first = false;
	text_json(json, entry->short_name);
	text_puts(json, ",\"display\":");
	text_json(json, fat_long_name(entry));
	text_printf(json,
	    ",\"path\":\"%s/%s\",\"origin\":\"usb\",\"refs\":{"
	    "\"resource\":\"/api/files%s/%s\","
	    "\"thumbnailSmall\":\"/thumb/s%s/%s\","
	    "\"thumbnailBig\":\"/thumb/l%s/%s\",\"download\":\"%s/%s\"}}",
	    last, entry->short_name, folder, entry->short_name, folder,
	    entry->short_name, folder, entry->short_name, last,
	    entry->short_name);
}

void
buddy_render_legacy_folder(struct buddy_call *call, struct text *json,
    const struct fat_place *place)
{
	struct fat_dir *dir = place->exists ?
	    fat_open(&call->buddy->fat, place->real) :
	    NULL;
	const struct fat_entry *entry;
	char folder[TARGET_SIZE];
	bool first = true;

	buddy_short_path(folder, sizeof(folder), call->path, place);
	text_puts(json,
	    "{\"files\":[{\"name\":\"USB\",\"path\":\"/usb\","
	    "\"display\":\"USB\",\"type\":\"folder\",\"origin\":\"usb\","
	    "\"children\":[");
	if (dir != NULL) {
		TAILQ_FOREACH (entry, &dir->entries, entry)
			legacy_child(json, entry, folder, &first);
	}
	text_puts(json, "]}]}");
}

void
buddy_render_legacy_file(struct text *json, const char *path,
    const struct fat_place *place)
{
	char spelt[TARGET_SIZE];

	buddy_short_path(spelt, sizeof(spelt), path, place);
	text_puts(json, "{\"name\":");
	text_json(json, fat_long_name(place->found));
	text_printf(json,
	    ",\"origin\":\"local\",\"size\":%lld,\"refs\":{"
	    "\"resource\":\"/api/files%s\",\"thumbnailSmall\":\"/thumb/s%s\","
	    "\"thumbnailBig\":\"/thumb/l%s\",\"download\":\"%s\"}}",
	    (long long)place->st.st_size, spelt, spelt, spelt, spelt);
}
