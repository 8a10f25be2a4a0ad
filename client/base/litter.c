/*
 * Files that systems leave in every folder.  No state, any thread.
 */
#include <string.h>

#include "client/base/litter.h"

struct litter {
	const char *text;
	bool begins; /* the name begins so; else it is the name */
};

static const struct litter rows[] = {
	/* macOS: the forks of a file, the view of a folder, indexes */
	{ "._", true },
	{ ".DS_Store", false },
	{ ".apdisk", false },
	{ ".AppleDouble", false },
	{ ".AppleDB", false },
	{ ".AppleDesktop", false },
	{ ".DocumentRevisions-V100", false },
	{ ".fseventsd", false },
	{ ".metadata_never_index", false },
	{ ".Spotlight-V100", false },
	{ ".VolumeIcon.icns", false },
	/* its SMB client: an open file that was removed */
	{ ".smbdelete", true },
	/* Windows: pictures of files, the view of a folder */
	{ "Thumbs.db", false },
	{ "ehthumbs.db", false },
	{ "ehthumbs_vista.db", false },
	{ "desktop.ini", false },
	/* KDE: the view of a folder */
	{ ".directory", false },
};

/* Is a name of len bytes of that row? */
static bool
matches(const struct litter *row, const char *name, size_t len)
{
	size_t wanted = strlen(row->text);

	return strncasecmp(name, row->text, wanted) == 0 &&
	    (row->begins ? len > wanted : len == wanted);
}

static bool
is_litter(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (len >= strlen(rows[i].text) && matches(&rows[i], name, len))
			return true;
	}
	return false;
}

bool
litter_is(const char *name)
{
	return is_litter(name, strlen(name));
}

bool
litter_is_in(const char *path)
{
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (is_litter(path, len))
			return true;
		if (path[len] == '\0')
			return false;
	}
}
