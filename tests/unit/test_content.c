/*
 * cache/content: the bytes of a printer's files, and how long they stay.
 */
#include "cache/whole_file.h"
#include "tests/unit/content_rig.h"

static void
test_reading(struct check *check)
{
	struct content_file *file, *second;
	struct rig rig;
	char byte;

	set_up(&rig, check);
	file = open_file(&rig);
	CHECK(check, fetches(&rig) == 0, "opening a file brings nothing");
	CHECK(check, reads(file, 100, 50), "what is read is what is there");
	CHECK(check, reads(file, SIZE, 0), "a whole file can be read");
	CHECK(check, content_read(file, &forever, &byte, 1, SIZE) == 0,
	    "there is nothing behind the end");
	second = open_file(&rig);
	CHECK(check, reads(second, 100, SIZE - 100) && fetches(&rig) == 1,
	    "all readers share one download");
	AWAIT(has(&rig));
	content_close(file);
	content_close(second);
	file = open_file(&rig);
	CHECK(check, has(&rig) && reads(file, SIZE, 0) && fetches(&rig) == 1,
	    "the bytes stay when the readers have left");
	content_close(file);
	tear_down(&rig);
}

static void
test_versions(struct check *check)
{
	struct content_file *file;
	struct rig rig;

	set_up(&rig, check);
	file = open_file(&rig);
	reads(file, SIZE, 0);
	AWAIT(has(&rig));
	rig.entry.mtime_s = 2;
	CHECK(check, !has(&rig), "a newer file is another file");
	rig.entry.mtime_s = 1;
	rig.entry.size = SIZE - 1;
	CHECK(check, !has(&rig), "a file of another size is another file");
	rig.entry.size = SIZE;
	rig.name[0] = 'b';
	CHECK(check, !has(&rig), "a file of another name is another file");
	rig.name[0] = 'a';
	CHECK(check,
	    content_have(rig.content, "usb/SUB", &rig.entry, SIZE) == NULL,
	    "a file of another folder is another file");
	CHECK(check, has(&rig), "the file itself is still there");
	content_close(file);
	tear_down(&rig);
}

static void
test_wrong_length(struct check *check)
{
	struct content_file *file;
	struct rig rig;
	char byte;

	set_up(&rig, check);
	content_open(rig.content, "usb", &rig.entry, SIZE + 1, &file);
	CHECK(check, content_read(file, &forever, &byte, 1, SIZE) == -EIO,
	    "a body of another length than announced is an error");
	content_close(file);
	tear_down(&rig);
}

static void
test_bring(struct check *check)
{
	struct spool *spool = NULL;
	struct rig rig;
	char bytes[SIZE];

	set_up(&rig, check);
	CHECK(check,
	    whole_file_bring(&rig.fake.printer, rig.content, &forever, "usb",
		&rig.entry, SIZE, &spool) == 0 &&
		spool_read(spool, &forever, bytes, SIZE, 0) == SIZE &&
		fake_is_right(bytes, SIZE, 0),
	    "a whole file is brought");
	spool_release(spool);
	AWAIT(has(&rig));
	CHECK(check,
	    whole_file_bring(&rig.fake.printer, rig.content, &forever, "usb",
		&rig.entry, SIZE, &spool) == 0 &&
		fetches(&rig) == 1,
	    "what is here need not be brought");
	content_forget(rig.content);
	CHECK(check, !has(&rig), "what is forgotten is not here");
	CHECK(check, spool_size(spool) == SIZE,
	    "those who have the bytes keep them");
	spool_release(spool);
	fake_set_error(&rig.fake, -EHOSTDOWN);
	CHECK(check,
	    whole_file_bring(&rig.fake.printer, rig.content, &forever, "usb",
		&rig.entry, SIZE, &spool) == -EHOSTDOWN,
	    "what cannot be brought is an error");
	CHECK(check,
	    whole_file_bring(&rig.fake.printer, rig.content, &forever, "usb",
		&rig.entry, 0, &spool) == 0 &&
		spool_size(spool) == 0,
	    "for an empty file nobody is asked");
	spool_release(spool);
	tear_down(&rig);
}

static void
test_keep(struct check *check)
{
	struct content_file *file;
	struct spool *spool;
	struct rig rig;
	char bytes[4] = "";

	set_up(&rig, check);
	spool_new(check_dir(check), &spool);
	spool_write(spool, "abc", 3, 0);
	rig.entry.size = 3;
	content_keep(rig.content, "usb", &rig.entry, spool);
	spool_release(spool);
	file = open_file(&rig);
	CHECK(check,
	    has(&rig) && content_read(file, &forever, bytes, 3, 0) == 3 &&
		strcmp(bytes, "abc") == 0 && fetches(&rig) == 0,
	    "what was uploaded need not be downloaded");
	spool_new(check_dir(check), &spool);
	spool_write(spool, "xyz", 3, 0);
	content_keep(rig.content, "usb", &rig.entry, spool);
	spool_release(spool);
	CHECK(check,
	    content_read(file, &forever, bytes, 3, 0) == 3 &&
		strcmp(bytes, "abc") == 0,
	    "a reader keeps the bytes that he has");
	content_close(file);
	file = open_file(&rig);
	CHECK(check,
	    content_read(file, &forever, bytes, 3, 0) == 3 &&
		strcmp(bytes, "xyz") == 0,
	    "later readers get those kept last");
	content_close(file);
	tear_down(&rig);
}

static void
test_limit(struct check *check)
{
	struct content_file *files[4];
	struct rig rig;
	bool here[4];
	int i;

	set_up(&rig, check);
	for (i = 0; i < 4; i++) {
		rig.name[0] = (char)('a' + i);
		files[i] = open_file(&rig);
		reads(files[i], SIZE, 0);
		AWAIT(has(&rig));
		if (i > 0)
			content_close(files[i]);
	}
	for (i = 0; i < 4; i++) {
		rig.name[0] = (char)('a' + i);
		here[i] = has(&rig);
	}
	CHECK(check, here[0], "what is being read is not given up");
	CHECK(check, !here[1] && !here[2] && here[3],
	    "beyond the limit the oldest goes first");
	content_close(files[0]);
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	if (disk_is_full(&check)) {
		check_remove_dir(&check);
		printf("1..0 # SKIP the disk is full\n");
		return 0;
	}
	test_reading(&check);
	test_versions(&check);
	test_wrong_length(&check);
	test_bring(&check);
	test_keep(&check);
	test_limit(&check);
	return check_end(&check);
}
