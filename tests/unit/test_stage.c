/*
 * cache/stage: names that exist here and not on the printer.
 */
#include "tests/unit/stage_rig.h"

static void
test_add(struct check *check, struct rig *rig)
{
	struct stage_place it = place("USB/A", "usb/a");
	struct staged *staged = NULL, *second = NULL, *found;
	char *folder, *path;
	struct spool *spool;

	spool_new(rig->dir, &spool);
	CHECK(check, stage_add(rig->stage, &it, true, spool, &staged) == 0,
	    "a name is listed");
	spool_new(rig->dir, &spool);
	CHECK(check,
	    stage_add(rig->stage, &it, false, spool, &second) == -EEXIST &&
		second == NULL,
	    "a name is listed once");
	found = stage_find(rig->stage, "USB/A");
	CHECK(check, found == staged && !is_listed(rig, "usb/a"),
	    "a file is found by its key");
	staged_release(found);
	CHECK(check,
	    look(staged).listed && look(staged).temporary &&
		!look(staged).dirty && look(staged).size == 0 &&
		look(staged).mtime.tv_sec > time(NULL) - 60,
	    "a new file is empty, and has nothing to be uploaded");
	CHECK(check,
	    staged_target(staged, &folder, &path) == 0 &&
		strcmp(folder, "usb") == 0 && strcmp(path, "usb/a") == 0,
	    "a file knows where it goes to");
	free(folder);
	free(path);
	staged_release(staged);
	CHECK(check, is_listed(rig, "USB/A"), "the list holds its files");
	staged = stage_find(rig->stage, "USB/A");
	stage_unlist(staged);
	CHECK(check, !is_listed(rig, "USB/A") && !look(staged).listed,
	    "a file that is taken off is not found");
	stage_unlist(staged);
	staged_release(staged);
	staged_release(NULL);
	stage_free(NULL);
}

static int
note_path(void *arg, const char *path)
{
	strlcat(arg, path, 256);
	strlcat(arg, " ", 256);
	return 0;
}

static int
fail(void *arg, const char *path)
{
	(void)path;
	++*(int *)arg;
	return -ENOMEM;
}

static void
test_each(struct check *check, struct rig *rig)
{
	struct staged *files[4];
	char paths[256] = "";
	int i, calls = 0;

	files[0] = add(rig, "usb/a", true);
	files[1] = add(rig, "usb/sub/b", true);
	files[2] = add(rig, "usb/c", false);
	files[3] = add(rig, "usb2/d", false);
	stage_each(rig->stage, "usb", note_path, paths);
	CHECK(check, strcmp(paths, "usb/a usb/c ") == 0,
	    "a folder lists what is in it, and not what is deeper");
	paths[0] = '\0';
	stage_each(rig->stage, "usb/sub", note_path, paths);
	CHECK(check, strcmp(paths, "usb/sub/b ") == 0,
	    "a folder within a folder lists its own");
	CHECK(check,
	    stage_each(rig->stage, "usb", fail, &calls) == -ENOMEM &&
		calls == 1,
	    "the listing can be ended by an error");
	for (i = 0; i < 4; i++) {
		stage_unlist(files[i]);
		staged_release(files[i]);
	}
}

static void
test_write(struct check *check, struct rig *rig)
{
	struct staged *staged = add(rig, "usb/a", false);
	struct spool *uploaded;

	CHECK(check,
	    write_text(rig, staged, "hello", 0) == 5 &&
		look(staged).size == 5 && look(staged).dirty &&
		says(staged, "hello"),
	    "what is written is to be uploaded");
	uploaded = staged_spool(staged);
	staged_clean(staged);
	CHECK(check, !look(staged).dirty, "what was uploaded is clean");
	write_text(rig, staged, "J", 0);
	CHECK(check,
	    says(staged, "Jello") && look(staged).dirty &&
		spool_says(uploaded, "hello"),
	    "a change after an upload leaves the uploaded bytes alone");
	spool_release(uploaded);
	uploaded = staged_spool(staged);
	write_text(rig, staged, "y", 4);
	CHECK(check, spool_says(uploaded, "Jelly"),
	    "bytes that are not shared are changed where they are");
	staged_share(staged);
	CHECK(check,
	    staged_truncate(staged, rig->dir, 4) == 0 && says(staged, "Jell") &&
		spool_says(uploaded, "Jelly"),
	    "shared bytes are left alone when a file is shortened");
	spool_release(uploaded);
	staged_clean(staged);
	CHECK(check,
	    staged_truncate(staged, rig->dir, 4) == 0 && !look(staged).dirty,
	    "the same size is no change");
	CHECK(check,
	    staged_truncate(staged, rig->dir, 0) == 0 && look(staged).dirty &&
		look(staged).size == 0,
	    "a file can be emptied");
	stage_unlist(staged);
	CHECK(check,
	    write_text(rig, staged, "x", 0) == 1 && is_listed(rig, "usb/a"),
	    "who writes lists the name again");
	stage_remove(rig->stage, "usb/a");
	CHECK(check,
	    write_text(rig, staged, "y", 0) == 1 && !is_listed(rig, "usb/a") &&
		!look(staged).dirty,
	    "what is written to a deleted file is never uploaded");
	staged_release(staged);
}

static void
test_name_taken(struct check *check, struct rig *rig)
{
	struct staged *old = add(rig, "usb/a", false), *new, *found;

	stage_unlist(old);
	new = add(rig, "usb/a", false);
	write_text(rig, old, "x", 0);
	found = stage_find(rig->stage, "usb/a");
	CHECK(check, found == new && !look(old).listed,
	    "who writes does not take a name from a newer file");
	staged_release(found);
	stage_unlist(new);
	staged_release(new);
	staged_release(old);
}

static void
test_spoiled(struct check *check, struct rig *rig)
{
	struct staged *staged = add(rig, "usb/a", false);

	write_text(rig, staged, "hello", 0);
	staged_clean(staged);
	CHECK(check,
	    staged_write(staged, "/nowhere/at/all", "x", 1, 0) < 0 &&
		says(staged, "hello"),
	    "a write that fails changes nothing");
	CHECK(check, look(staged).spoiled == -ENOENT,
	    "a file that lacks a write is spoiled");
	write_text(rig, staged, "y", 0);
	CHECK(check, look(staged).spoiled == -ENOENT,
	    "a later write does not mend it");
	CHECK(check,
	    staged_truncate(staged, rig->dir, 0) == 0 &&
		look(staged).spoiled == 0,
	    "who empties it begins anew");
	stage_unlist(staged);
	staged_release(staged);
}

static void
test_move(struct check *check, struct rig *rig)
{
	struct stage_place target = place("usb/b", "usb/B");
	struct staged *staged = add(rig, "usb/a.tmp", true);
	struct staged *there = add(rig, "usb/b", false), *found;
	char *folder, *path;

	write_text(rig, staged, "x", 0);
	CHECK(check,
	    stage_move(staged, &target, false) == 0 &&
		!is_listed(rig, "usb/a.tmp"),
	    "a file that moves leaves its name");
	found = stage_find(rig->stage, "usb/b");
	CHECK(check, found == staged && !look(there).listed,
	    "it takes the place of the one that was there");
	staged_release(found);
	staged_target(staged, &folder, &path);
	CHECK(check, strcmp(path, "usb/B") == 0 && !look(staged).temporary,
	    "it goes where it was moved to");
	free(folder);
	free(path);
	CHECK(check,
	    stage_move(staged, &target, false) == 0 && is_listed(rig, "usb/b"),
	    "it can move to where it is");
	stage_unlist(staged);
	CHECK(check,
	    stage_move(staged, &target, true) == 0 && is_listed(rig, "usb/b"),
	    "a file that was taken off is listed");
	stage_unlist(staged);
	staged_release(staged);
	staged_release(there);
}

static void
test_times(struct check *check, struct rig *rig)
{
	struct staged *staged = add(rig, "usb/a", false);
	struct timespec mtime = { .tv_sec = 1000000000, .tv_nsec = 5 };

	CHECK(check, !look(staged).mtime_set, "at first no time was set");
	staged_set_mtime(staged, &mtime);
	CHECK(check,
	    look(staged).mtime_set && look(staged).mtime.tv_nsec == 5 &&
		look(staged).mtime.tv_sec == 1000000000,
	    "a time can be set");
	write_text(rig, staged, "x", 0);
	CHECK(check,
	    !look(staged).mtime_set && look(staged).mtime.tv_sec > 1000000000,
	    "a write ends what was set");
	CHECK(check, !look(staged).replaces, "a new file replaces nothing");
	staged_replaces(staged, 77);
	CHECK(check, look(staged).replaces && look(staged).old_mtime_s == 77,
	    "what a file replaces is remembered");
	stage_unlist(staged);
	staged_release(staged);
}

int
main(void)
{
	struct check check;
	struct rig rig;

	check_begin(&check);
	set_up(&rig, &check);
	test_add(&check, &rig);
	test_each(&check, &rig);
	test_write(&check, &rig);
	test_name_taken(&check, &rig);
	test_spoiled(&check, &rig);
	test_move(&check, &rig);
	test_times(&check, &rig);
	stage_free(rig.stage);
	return check_end(&check);
}
