/*
 * The kinds of servers as constants, and their rules for names.
 * Sources: Prusa-Firmware-Buddy 6.3 (lib/WUI/nhttp, src/common/lfn.cpp,
 * src/common/filename_type.cpp), Prusa-Link 0.8.1 (prusa/link/web/files.py),
 * Obico's server of July 2026 (backend/api/viewsets.py).
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "client/base/buf.h"
#include "client/base/litter.h"
#include "client/base/name.h"
#include "client/base/utf8.h"
#include "client/traits.h"

#define API_FILES "/api/v1/files/"

static const struct traits_storage buddy_storages[] = {
	{ "usb", true, false },
	{ NULL, false, false },
};

static const struct traits_storage pi_storages[] = {
	{ "local", false, false },
	{ "sdcard", true, true },
	{ NULL, false, false },
};

static const struct traits_storage obico_storages[] = {
	{ "gcodes", false, false },
	{ NULL, false, false },
};

static const struct traits_storage no_storages[] = {
	{ NULL, false, false },
};

static const char *const models[] = { ".gcode", ".bgcode", ".gco", ".gc", ".g",
	".bgc", NULL };
static const char *const text_models[] = { ".gcode", ".gco", ".gc", ".g",
	NULL };
static const char *const binary_models[] = { ".bgcode", ".bgc", NULL };
static const char *const nothing[] = { NULL };
static const char *const fat_forbidden[] = { "\"", "*", ":", "<", ">", "?", "|",
	"\\", NULL };
static const char *const pi_forbidden[] = { "\\", "?", "\"", "%", "\u00af",
	"\u00b0", "#", "\u02c7", NULL };

#define HAS_PRUSALINK                                                   \
	(HAS_STATUS | HAS_JOBS | HAS_TRANSFERS | HAS_SPEED | HAS_FANS | \
	    HAS_LEGACY | HAS_REBOOT | HAS_SNAP)

const struct traits traits_buddy = {
	.title = "Buddy firmware",
	.realm = "Printer API",
	.storages = buddy_storages,
	.upload_storage = "usb",
	.has = HAS_PRUSALINK,
	.folds = true,
	.closes_late = true,
	.tells_stored = true,
	.tells_fetching = true,
	.tells_fractions = true,
	.serves_paths = true,
	.halves = true,
	.holds_finished = true,
	.previews = true,
	.hides_models_in_folders = true,
	.uploadable = models,
	.printable = models,
	.forbidden = fat_forbidden,
	.path_max = 103,   /* FILE_PATH_BUFFER_LEN; longer is cut silently */
	.target_max = 168, /* the URL buffer; longer is 414 */
	.file_max = 255,
	.folder_max = 255,
	.size_max = 0xffffffff, /* Content-Length wraps at 32 bits */
	.login_ms = 240000,	/* a nonce lives 300 s */
};

const struct traits traits_pi = {
	.title = "PrusaLink on a Raspberry Pi",
	.realm = "Administrator",
	.storages = pi_storages,
	.upload_storage = "local",
	.has = HAS_PRUSALINK | HAS_READY,
	.shows_all = true,
	.tells_space = true,
	.shows_late = true,
	.fails_when_busy = true,
	.mixes_clocks = true,
	.tells_whole_path = true,
	.keeps_parts = true,
	.recovers = true,
	.stops_transfers = true,
	.has_cameras = true,
	.printable = text_models,
	.forbidden = pi_forbidden,
	.target_max = 2000, /* the request line is limited to 2048 bytes */
	.file_max = 248,
	.folder_max = 255,
	.lossy_chunk = 65365,
	.login_ms = 50000, /* a nonce lives 60 s to 120 s */
};

const struct traits traits_obico = {
	.title = "Obico",
	.realm = "",
	.storages = no_storages,
	.has = HAS_STATUS | HAS_JOBS | HAS_RECORD | HAS_HISTORY | HAS_ARCHIVE,
	.is_cloud = true,
	.printable = nothing,
	.forbidden = nothing,
};

const struct traits traits_library = {
	.title = "Obico",
	.realm = "",
	.storages = obico_storages,
	.upload_storage = "gcodes",
	.shows_all = true,
	.renames = true,
	.trims = true,
	.is_cloud = true,
	.refused = binary_models, /* what is not UTF-8 is 400 */
	.printable = nothing,
	.forbidden = nothing,
	.target_max = 65535, /* no name is in a request's target */
	.file_max = 255,
	.folder_max = 255,
	.size_max = 500 << 20, /* of a paying account; more is 413 */
};

const struct traits traits_archived = {
	.title = "Obico",
	.realm = "",
	.storages = no_storages,
	.has = HAS_RECORD | HAS_HISTORY | HAS_RETURN,
	.is_cloud = true,
	.is_archived = true,
	.printable = nothing,
	.forbidden = nothing,
};

const struct traits_storage *
traits_storage(const struct traits *traits, const char *path)
{
	const struct traits_storage *storage;

	for (storage = traits->storages; storage->name != NULL; storage++) {
		if (strcmp(path, storage->name) == 0 ||
		    name_below(path, storage->name) != NULL)
			return storage;
	}
	return NULL;
}

static bool
ends_in(const char *name, const char *const *suffixes)
{
	for (; *suffixes != NULL; suffixes++) {
		if (name_has_suffix(name, *suffixes) &&
		    strlen(name) > strlen(*suffixes))
			return true;
	}
	return false;
}

static bool
has_forbidden(const char *name, const char *const *forbidden)
{
	for (; *forbidden != NULL; forbidden++) {
		if (strstr(name, *forbidden) != NULL)
			return true;
	}
	return false;
}

/*
 * Buddy lists no folder whose 8.3 name has the extension of a model: the
 * first three letters behind the last dot decide.
 */
static bool
looks_like_model(const char *name)
{
	static const char *const extensions[] = { "g", "gc", "gco", "bgc",
		NULL };
	const char *const *extension;
	const char *dot = strrchr(name, '.');
	char text[4];

	if (dot == NULL)
		return false;
	strlcpy(text, dot + 1, sizeof(text));
	for (extension = extensions; *extension != NULL; extension++) {
		if (strcasecmp(text, *extension) == 0)
			return true;
	}
	return false;
}

static int
check_length(const struct traits *traits, const char *folder, const char *name,
    bool is_folder)
{
	struct buf target = { 0 };
	size_t len = strlen(name), path = 1 + strlen(folder) + 1 + len;
	int error = 0;

	if (len > (is_folder ? traits->folder_max : traits->file_max) ||
	    (traits->path_max != 0 && path > traits->path_max))
		return -ENAMETOOLONG;
	error = name_escape_path(&target, folder);
	if (error == 0)
		error = name_escape(&target, name, len);
	if (error == 0 &&
	    strlen(API_FILES) + target.len + 1 > traits->target_max)
		error = -ENAMETOOLONG;
	buf_free(&target);
	return error;
}

/* Python's strip() cuts off what Unicode calls white space. */
static bool
is_trimmed(const char *name)
{
	static const char *const blanks[] = { " ", "\u00a0", "\u1680", "\u2000",
		"\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
		"\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029",
		"\u202f", "\u205f", "\u3000", NULL };
	const char *const *blank;

	for (blank = blanks; *blank != NULL; blank++) {
		if (strncmp(name, *blank, strlen(*blank)) == 0 ||
		    name_has_suffix(name, *blank))
			return false;
	}
	return true;
}

int
traits_check_name(const struct traits *traits, const char *folder,
    const char *name, bool is_folder)
{
	size_t len = strlen(name);

	if (len > 255)
		return -ENAMETOOLONG;
	if (!name_is_sane(name) || has_forbidden(name, traits->forbidden) ||
	    strstr(name, UTF8_REPLACEMENT) != NULL)
		return -EINVAL;
	if (name_is_hidden(name)) /* no server lists it */
		return -EPERM;
	if (traits->folds && (name[len - 1] == '.' || name[len - 1] == ' '))
		return -EINVAL;
	if (traits->trims && !is_trimmed(name))
		return -EINVAL;
	if (is_folder && traits->hides_models_in_folders &&
	    looks_like_model(name))
		return -EINVAL;
	if (!is_folder && traits->uploadable != NULL &&
	    !ends_in(name, traits->uploadable))
		return -EINVAL;
	if (!is_folder && traits->refused != NULL &&
	    ends_in(name, traits->refused))
		return -EINVAL;
	return check_length(traits, folder, name, is_folder);
}

bool
traits_is_printable(const struct traits *traits, const char *name)
{
	return ends_in(name, traits->printable);
}

static bool
is_all(const char *text, int (*is)(int))
{
	for (; *text != '\0'; text++) {
		if (!is((unsigned char)*text))
			return false;
	}
	return true;
}

/* "model.gcode.AbC12": the name of a model, a dot, and more. */
static bool
continues_model(const char *name)
{
	const char *dot, *const *suffix;

	for (dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		for (suffix = models; *suffix != NULL; suffix++) {
			size_t len = strlen(*suffix);

			if (dot > name && strncasecmp(dot, *suffix, len) == 0 &&
			    dot[len] == '.' && dot[len + 1] != '\0' &&
			    !ends_in(name, models))
				return true;
		}
	}
	return false;
}

bool
traits_is_temporary(const struct traits *traits, const char *name)
{
	static const char *const endings[] = { "~", ".tmp", ".temp", ".part",
		".partial", ".crdownload", ".swp", ".swx", NULL };
	size_t len = strlen(name);

	(void)traits;
	if (name_is_hidden(name) || ends_in(name, endings) ||
	    is_all(name, isdigit) || litter_is(name))
		return true;
	if (len > 1 && name[0] == '#' && name[len - 1] == '#')
		return true;
	if (len == 9 && strncmp(name, "sed", 3) == 0 &&
	    is_all(name + 3, isalnum))
		return true;
	return continues_model(name);
}
