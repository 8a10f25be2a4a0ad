/*
 * Files and folders of the stick as the firmware's JSON.  Everything here is
 * called with sim.lock held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/buddy.h"
#include "tests/sim/fat_name.h"

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

/* Copy the path with repeated slashes merged and none at the end. */
static void
merge_slashes(char *out, size_t size, const char *path)
{
	size_t used = 0;

	for (; *path != '\0' && used + 1 < size; path++) {
		if (*path == '/' && (path[1] == '/' || path[1] == '\0'))
			continue;
		out[used++] = *path;
	}
	out[used] = '\0';
}

void
buddy_short_path(char *out, size_t size, const char *path,
    const struct fat_place *place)
{
	bool slash = path[0] != '\0' && path[strlen(path) - 1] == '/';
	char *last;

	merge_slashes(out, size, path);
	last = strrchr(out, '/');
	if (slash || place->found == NULL || last == NULL)
		return;
	last[1] = '\0';
	strlcat(out, place->found->short_name, size);
}

static const char *
display_name(const struct fat_entry *entry)
{
	return fat_units(entry->name) > DISPLAY_UNITS ? entry->short_name :
							entry->name;
}

static void
member(struct text *out, const char *name, const char *before,
    const char *folder, const char *file)
{
	struct text value = { 0 };

	text_printf(&value, "%s%s%s%s", before, folder,
	    file[0] == '\0' ? "" : "/", file);
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
buddy_render_file(struct text *out, const char *path,
    const struct fat_place *place)
{
	const char *type = file_type(place->found->name);
	char spelt[TARGET_SIZE];
	char *last;

	buddy_short_path(spelt, sizeof(spelt), path, place);
	last = strrchr(spelt, '/');
	text_puts(out, "{\"name\":");
	text_json(out, last == NULL ? spelt : last + 1);
	text_printf(out,
	    ",\"ro\":false,\"type\":\"%s\",\"m_timestamp\":%lld,"
	    "\"size\":%lld,",
	    type, buddy_timestamp(place->st.st_mtim.tv_sec),
	    (long long)place->st.st_size);
	render_refs(out, spelt, "", strcmp(type, "PRINT_FILE") == 0);
	text_puts(out, ",\"display_name\":");
	text_json(out, display_name(place->found));
	text_puts(out, "}");
}

/* An entry of a listing; false if it is not shown. */
static bool
render_child(struct text *out, const struct fat_dir *dir,
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
	text_printf(out, ",\"ro\":false,\"type\":\"%s\",\"m_timestamp\":%lld,",
	    printable ? "PRINT_FILE" : "FOLDER",
	    buddy_timestamp(st.st_mtim.tv_sec));
	if (printable) {
		render_refs(out, folder, entry->short_name, true);
		text_puts(out, ",");
	}
	text_puts(out, "\"display_name\":");
	text_json(out, display_name(entry));
	text_puts(out, "}");
	return true;
}

static void
make_etag(struct call *call, const struct fat_dir *dir, char etag[32])
{
	uint32_t hash = 2166136261u;

	for (const char *p = call->path; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	hash ^= call->buddy->salt + call->buddy->etag_salt;
	if (dir != NULL)
		hash += (uint32_t)dir->changes * 2654435761u;
	snprintf(etag, 32, "\"%u\"", (unsigned)hash);
}

void
buddy_render_folder(struct call *call, struct text *out,
    const struct fat_place *place, char etag[32])
{
	struct fat_dir *dir = fat_open(&call->buddy->fat, place->real);
	const struct fat_entry *entry;
	char spelt[TARGET_SIZE];
	bool first = true;

	buddy_short_path(spelt, sizeof(spelt), call->path, place);
	text_puts(out, "{\"type\":\"FOLDER\",\"ro\":false,\"name\":");
	text_json(out, strrchr(spelt, '/') + 1);
	if (!place->is_root)
		text_printf(out, ",\"m_timestamp\":%lld",
		    buddy_timestamp(place->st.st_mtim.tv_sec));
	text_puts(out, ",\"children\":[");
	if (dir != NULL) {
		TAILQ_FOREACH (entry, &dir->entries, entry) {
			if (render_child(out, dir, entry, spelt, first))
				first = false;
		}
	}
	text_puts(out, "]}");
	make_etag(call, dir, etag);
}
