/*
 * cache/stage_folders: directories that exist here and not there.
 */
#include <errno.h>

#include "cache/stage.h"
#include "cache/stage_folders.h"
#include "tests/unit/check.h"

static int
append(void *arg, const char *path)
{
	strcat(strcat(arg, path), " ");
	return 0;
}

static int
refuse(void *arg, const char *path)
{
	(void)path;
	(*(int *)arg)++;
	return -ENOMEM;
}

/* Are these the paths in a folder, a blank behind each? */
static bool
has(struct stage_folders *folders, const char *key, const char *paths)
{
	char text[200] = "";

	return stage_folders_each(folders, key, append, text) == 0 &&
	    strcmp(text, paths) == 0;
}

static void
test_nest(struct check *check, struct stage_folders *folders)
{
	int calls = 0;

	CHECK(check, stage_folders_add(folders, "usb/.A", "usb/.a") == 0,
	    "one is added");
	CHECK(check, stage_folders_add(folders, "usb/.A", "usb/.A") == -EEXIST,
	    "a key is there once");
	CHECK(check,
	    stage_folders_add(folders, "usb/.A/B", "usb/.a/b") == 0 &&
		stage_folders_add(folders, "usb/.A/C", "usb/.a/c") == 0 &&
		stage_folders_add(folders, "usb/.AB", "usb/.ab") == 0,
	    "others are added");
	CHECK(check,
	    stage_folders_has(folders, "usb/.A") &&
		!stage_folders_has(folders, "usb"),
	    "it knows which there are");
	CHECK(check, has(folders, "usb", "usb/.a usb/.ab "),
	    "the folder has two");
	CHECK(check, has(folders, "usb/.A", "usb/.a/b usb/.a/c "),
	    "the first has two");
	CHECK(check, has(folders, "usb/.AB", ""), "the other has none");
	CHECK(check,
	    stage_folders_each(folders, "usb", refuse, &calls) == -ENOMEM &&
		calls == 1,
	    "a failure ends the listing");
	CHECK(check,
	    stage_folders_has_in(folders, "usb/.A") &&
		!stage_folders_has_in(folders, "usb/.A/B") &&
		!stage_folders_has_in(folders, "us"),
	    "it knows which are empty");
}

static void
test_remove(struct check *check, struct stage_folders *folders)
{
	CHECK(check, stage_folders_remove(folders, "usb/.A") == -ENOTEMPTY,
	    "what has directories stays");
	CHECK(check,
	    stage_folders_remove(folders, "usb/.A/B") == 0 &&
		stage_folders_remove(folders, "usb/.A/B") == -ENOENT,
	    "one goes once");
	CHECK(check,
	    stage_folders_remove(folders, "usb/.A/C") == 0 &&
		stage_folders_remove(folders, "usb/.A") == 0,
	    "what is empty goes");
	CHECK(check, has(folders, "usb", "usb/.ab "), "the other stays");
}

static void
test_move(struct check *check, struct stage_folders *folders)
{
	const struct stage_place from = { .key = "m/g/x", .path = "g/x" };
	const struct stage_place to = { .key = "m/g/yy", .path = "g/yy" };

	CHECK(check,
	    stage_folders_add(folders, "m/g/x/.t", "g/x/.t") == 0 &&
		stage_folders_add(folders, "m/g/x/.t/u", "g/x/.t/u") == 0 &&
		stage_folders_add(folders, "m/g/xx/.t", "g/xx/.t") == 0,
	    "three are added");
	stage_folders_move(folders, &from, &to);
	CHECK(check, !stage_folders_has(folders, "m/g/x/.t"),
	    "it is no more where it was");
	CHECK(check,
	    has(folders, "m/g/yy", "g/yy/.t ") &&
		has(folders, "m/g/yy/.t", "g/yy/.t/u "),
	    "it goes along, with what is in it");
	CHECK(check, has(folders, "m/g/xx", "g/xx/.t "),
	    "that of another folder stays");
}

static void
test_claim(struct check *check)
{
	static const struct {
		const char *path, *claim;
	} rows[] = {
		{ "usb/x.gcode", NULL },
		{ "usb/.x.gcode", NULL },
		{ "usb/a/.x", NULL },
		{ "usb/.~tmp~/x", ".~tmp~/x" },
		{ "usb/a/.b/.c/x", ".b/.c/x" },
		{ "usb/a./x", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *found = stage_folders_claim(rows[i].path);
		const char *wanted = rows[i].claim;

		CHECK(check,
		    found == wanted ||
			(found != NULL && wanted != NULL &&
			    strcmp(found, wanted) == 0),
		    "the working directory of %s", rows[i].path);
	}
}

int
main(void)
{
	struct stage_folders *folders;
	struct check check;

	check_begin(&check);
	if (stage_folders_new(&folders) != 0)
		return 1;
	test_nest(&check, folders);
	test_remove(&check, folders);
	test_move(&check, folders);
	test_claim(&check);
	stage_folders_free(folders);
	stage_folders_free(NULL);
	return check_end(&check);
}
