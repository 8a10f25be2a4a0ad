/*
 * client/litter: what systems leave behind in every folder.
 */
#include "client/base/litter.h"
#include "tests/unit/check.h"

int
main(void)
{
	static const char *const litter[] = { "._cube.gcode", "._.",
		".DS_Store", ".ds_store", ".apdisk", "Thumbs.db", "thumbs.DB",
		"desktop.ini", "ehthumbs.db", ".smbdeleteAAA01234",
		".directory" };
	static const char *const kept[] = { "cube.gcode", "._", "_.x",
		".cube.gcode.AbC123", ".DS_Store2", "Thumbs.db.gcode", "Thumbs",
		"xdesktop.ini", ".smbdelete", "", ".", ".TemporaryItems" };
	static const char *const paths[] = { "usb/._x", "usb/Thumbs.db",
		"usb/.Spotlight-V100/Store/x", "usb/.w/.DS_Store" };
	static const char *const others[] = { "usb/x.gcode", "usb/.w/x", "",
		"usb/Thumbs/x", "usb//x", "usb/" };
	struct check check;
	size_t i;

	check_begin(&check);
	for (i = 0; i < sizeof(litter) / sizeof(litter[0]); i++)
		CHECK(&check, litter_is(litter[i]), "%s is litter", litter[i]);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		CHECK(&check, !litter_is(kept[i]), "\"%s\" is none", kept[i]);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CHECK(&check, litter_is_in(paths[i]), "%s has some", paths[i]);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(&check, !litter_is_in(others[i]), "\"%s\" has none",
		    others[i]);
	return check_end(&check);
}
