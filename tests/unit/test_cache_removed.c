/*
 * cache/cache: what is remembered of folders when a file is removed.
 */
#include "tests/unit/cache_rig.h"

/* The letters of the files that a folder tells, "" after an error. */
static const char *
files(struct rig *rig, const char *path)
{
	static char letters[32];
	struct listing *listing;
	size_t i, count = 0;

	if (printer_list(rig->cache, &forever, path, &listing) == 0) {
		for (i = 0; i < listing_count(listing) && i < 31; i++)
			letters[count++] = listing_at(listing, i)->name[0];
		listing_release(listing);
	}
	letters[count] = '\0';
	return letters;
}

static bool
tells(struct rig *rig, const char *path, const char *letters)
{
	return strcmp(files(rig, path), letters) == 0;
}

static int
drop(struct rig *rig, const char *path, const char *letter)
{
	char name[] = "?.gcode", short_name[] = "?.GCO";
	struct entry entry = { .name = name, .short_name = short_name };

	name[0] = *letter;
	short_name[0] = (char)(*letter - 'a' + 'A');
	return printer_remove(rig->cache, &forever, path, &entry);
}

static void
rig_with(struct rig *rig, struct check *check, const char *letters)
{
	set_up(rig, check, HOUR_MS);
	for (; *letters != '\0'; letters++)
		fake_add_file(&rig->fake, *letters);
}

static void
test_many(struct check *check)
{
	struct rig rig;

	rig_with(&rig, check, "bcde");
	files(&rig, "usb");
	document(&rig, TOPIC_STATUS);
	CHECK(check,
	    drop(&rig, "usb", "b") == 0 && drop(&rig, "usb", "d") == 0 &&
		tells(&rig, "usb", "ace") && asked(&rig) == 2,
	    "removed files are gone from a folder that is not asked again");
	fake_add_file(&rig.fake, 'x');
	CHECK(check, drop(&rig, "usb", "c") == 0 && tells(&rig, "usb", "ae"),
	    "a folder gets no younger by a removal");
	document(&rig, TOPIC_STATUS);
	CHECK(check, asked(&rig) == 3, "documents are asked again");
	printer_make_folder(rig.cache, &forever, "usb", "y");
	CHECK(check, tells(&rig, "usb", "aex") && asked(&rig) == 4,
	    "after another change folders are asked again");
	tear_down(&rig);
}

static void
test_refused(struct check *check)
{
	static const int errors[] = { -EBUSY, -ENOENT, -ETIMEDOUT, -EINTR };
	struct rig rig;
	size_t i;

	rig_with(&rig, check, "bc");
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		files(&rig, "usb");
		fake_set_error(&rig.fake, errors[i]);
		drop(&rig, "usb", "b");
		fake_set_error(&rig.fake, 0);
		CHECK(check,
		    tells(&rig, "usb", "abc") && asked(&rig) == (int)i + 2,
		    "after \"%s\" a folder is asked again",
		    strerror(-errors[i]));
	}
	tear_down(&rig);
}

static void
test_other_folders(struct check *check)
{
	struct rig rig;

	rig_with(&rig, check, "bc");
	files(&rig, "usb");
	fake_add_file(&rig.fake, 'd');
	files(&rig, "usb/SUB");
	drop(&rig, "usb/SUB", "d");
	CHECK(check,
	    tells(&rig, "usb", "abc") && tells(&rig, "usb/SUB", "abc") &&
		asked(&rig) == 2,
	    "other folders are not asked again");
	files(&rig, "usb/sub");
	drop(&rig, "usb/SUB", "b");
	CHECK(check, tells(&rig, "usb/sub", "ac") && asked(&rig) == 4,
	    "but for those that may be the same by another path");
	tear_down(&rig);
}

/* A folder that is asked about while a file in it is removed. */
struct asker {
	struct rig *rig;
	pthread_t thread;
};

static void *
ask(void *arg)
{
	folder(((struct asker *)arg)->rig, "usb");
	return NULL;
}

static void
test_during(struct check *check)
{
	struct asker asker;
	struct rig rig;

	rig_with(&rig, check, "bc");
	asker.rig = &rig;
	fake_hold(&rig.fake, FAKE_LIST);
	pthread_create(&asker.thread, NULL, ask, &asker);
	fake_await_begun(&rig.fake, FAKE_LIST, 1);
	drop(&rig, "usb", "b");
	fake_let_go(&rig.fake);
	pthread_join(asker.thread, NULL);
	CHECK(check, tells(&rig, "usb", "ac") && asked(&rig) == 2,
	    "an answer that was under way is void");
	tear_down(&rig);
}

static void
test_last(struct check *check)
{
	struct rig rig;

	rig_with(&rig, check, "b");
	files(&rig, "usb");
	drop(&rig, "usb", "b");
	CHECK(check, tells(&rig, "usb", "a") && asked(&rig) == 1,
	    "a file that is left is told from memory");
	drop(&rig, "usb", "a");
	files(&rig, "usb");
	CHECK(check, asked(&rig) == 2,
	    "that none is left is for the printer to say");
	tear_down(&rig);
}

static void
test_away(struct check *check)
{
	struct rig rig;

	rig_with(&rig, check, "bc");
	files(&rig, "usb");
	drop(&rig, "usb", "b");
	fake_set_error(&rig.fake, -EHOSTDOWN);
	cache_expire(rig.cache, TOPIC_FOLDER, -HOUR_MS);
	CHECK(check,
	    tells(&rig, "usb", "ac") && tells(&rig, "usb", "ac") &&
		asked(&rig) == 2,
	    "a folder is told without it while the printer is away");
	tear_down(&rig);
}

/* It falls silent while a folder is asked about and a file removed. */
static void
test_silence(struct check *check)
{
	struct asker asker;
	struct rig rig;

	rig_with(&rig, check, "bc");
	asker.rig = &rig;
	files(&rig, "usb");
	cache_expire(rig.cache, TOPIC_FOLDER, -HOUR_MS);
	fake_hold(&rig.fake, FAKE_LIST);
	pthread_create(&asker.thread, NULL, ask, &asker);
	fake_await_begun(&rig.fake, FAKE_LIST, 2);
	drop(&rig, "usb", "b");
	fake_set_error(&rig.fake, -ETIMEDOUT);
	fake_let_go(&rig.fake);
	pthread_join(asker.thread, NULL);
	cache_expire(rig.cache, TOPIC_FOLDER, -HOUR_MS);
	CHECK(check, tells(&rig, "usb", "ac"),
	    "a question without an answer makes a folder no older");
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_many(&check);
	test_refused(&check);
	test_other_folders(&check);
	test_during(&check);
	test_last(&check);
	test_away(&check);
	test_silence(&check);
	return check_end(&check);
}
