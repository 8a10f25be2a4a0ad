/*
 * cache/content: what is kept stays within its limit, however the readers
 * come and go.
 */
#include "tests/unit/content_rig.h"

#define FILES 5

/* The bytes of all files that are here. */
static off_t
kept(struct rig *rig)
{
	off_t bytes = 0;
	int i;

	for (i = 0; i < FILES; i++) {
		rig->name[0] = (char)('a' + i);
		bytes += has(rig) ? SIZE : 0;
	}
	return bytes;
}

static void
test_many(struct check *check)
{
	struct content_file *files[FILES];
	struct rig rig;
	int i;

	set_up(&rig, check);
	for (i = 0; i < FILES; i++) {
		rig.name[0] = (char)('a' + i);
		files[i] = open_file(&rig);
		reads(files[i], SIZE, 0);
		AWAIT(has(&rig));
	}
	CHECK(check, kept(&rig) == (off_t)FILES * SIZE,
	    "files that are being read stay beyond the limit");
	for (i = 0; i < FILES; i++)
		content_close(files[i]);
	AWAIT(kept(&rig) <= LIMIT);
	CHECK(check, kept(&rig) <= LIMIT,
	    "when their readers have left, they go until the limit holds");
	CHECK(check, kept(&rig) > 0, "but not all of them");
	tear_down(&rig);
}

static void
test_single(struct check *check)
{
	struct content_file *file;
	struct content *content;
	struct spool *spool;
	struct rig rig;

	set_up(&rig, check);
	if (content_new(check_dir(check), SIZE - 1, &rig.fake.printer, NULL,
		rig.workers, &content) != 0)
		return;
	content_free(rig.content);
	rig.content = content;
	file = open_file(&rig);
	CHECK(check, reads(file, SIZE, 0),
	    "a file larger than the limit can be read");
	AWAIT(has(&rig));
	content_close(file);
	AWAIT(!has(&rig));
	spool = content_have(rig.content, "usb", &rig.entry, SIZE);
	CHECK(check, spool == NULL, "it goes when its last reader has left");
	spool_release(spool);
	tear_down(&rig);
}

/* What is read-only there may still be growing: its bytes are not kept. */
static void
test_not_kept(struct check *check)
{
	struct content_file *file;
	struct rig rig;
	int i;

	set_up(&rig, check);
	rig.entry.read_only = true;
	file = open_file(&rig);
	CHECK(check, reads(file, SIZE, 0), "what is not kept can be read");
	content_close(file);
	AWAIT(content_settle(rig.content, &forever, "usb", rig.name) == 0);
	rig.entry.read_only = false;
	for (i = 0; i < FILES; i++) {
		rig.name[0] = (char)('a' + i);
		file = open_file(&rig);
		reads(file, SIZE, 0);
		AWAIT(has(&rig));
		content_close(file);
	}
	AWAIT(kept(&rig) <= LIMIT);
	CHECK(check, kept(&rig) <= LIMIT,
	    "after it no more is kept than the limit says");
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	if (disk_is_full(&check)) {
		CHECK(&check, true, "# SKIP the disk is nearly full");
		return check_end(&check);
	}
	test_many(&check);
	test_single(&check);
	test_not_kept(&check);
	return check_end(&check);
}
