/*
 * cache/cache: what is remembered of a printer, and for how long.
 */
#include "tests/unit/cache_rig.h"

static void
test_ttl(struct check *check)
{
	struct buf text = { 0 };
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	CHECK(check, rig.cache->traits == rig.fake.printer.traits,
	    "a cache speaks the dialect of its printer");
	document(&rig, TOPIC_STATUS);
	fake_change(&rig.fake);
	CHECK(check, document(&rig, TOPIC_STATUS) == 0 && asked(&rig) == 1,
	    "within the TTL the printer is asked once");
	CHECK(check, document(&rig, TOPIC_JOB) == 1 && asked(&rig) == 2,
	    "another document is another question");
	CHECK(check,
	    folder(&rig, "usb") == 1 && folder(&rig, "usb") == 1 &&
		asked(&rig) == 3,
	    "a folder is asked once too");
	CHECK(check, folder(&rig, "usb/SUB") == 1 && asked(&rig) == 4,
	    "another folder is another question");
	buf_append(&text, "before ", 7);
	CHECK(check,
	    printer_document(rig.cache, &forever, TOPIC_STATUS, &text) == 0 &&
		strncmp(buf_text(&text), "before {", 8) == 0,
	    "a document is appended to what is there");
	buf_free(&text);
	tear_down(&rig);
	set_up(&rig, check, 0);
	document(&rig, TOPIC_STATUS);
	fake_change(&rig.fake);
	check_nap();
	check_nap();
	CHECK(check, document(&rig, TOPIC_STATUS) == 1 && asked(&rig) == 2,
	    "after the TTL it is asked again");
	document(&rig, TOPIC_INFO);
	document(&rig, TOPIC_VERSION);
	check_nap();
	check_nap();
	document(&rig, TOPIC_INFO);
	document(&rig, TOPIC_VERSION);
	CHECK(check, asked(&rig) == 4,
	    "what changes by a restart only is remembered for long");
	tear_down(&rig);
}

/* One answer of a server has what it tells of all its printers. */
static void
test_shared(struct check *check)
{
	struct rig rig;

	set_up_with(&rig, check, HOUR_MS, &traits_obico);
	document(&rig, TOPIC_INFO);
	document(&rig, TOPIC_VERSION);
	printer_change_settings(rig.cache, &forever, "{}", 2);
	CHECK(check, document(&rig, TOPIC_INFO) == 1,
	    "a printer's new name is in its info at once");
	CHECK(check, document(&rig, TOPIC_VERSION) == 0,
	    "its server is the same as before");
	tear_down(&rig);
	set_up_with(&rig, check, 0, &traits_obico);
	document(&rig, TOPIC_INFO);
	fake_change(&rig.fake);
	check_nap();
	check_nap();
	CHECK(check, document(&rig, TOPIC_INFO) == 1,
	    "a name that was given elsewhere is seen after the TTL");
	fake_set_error(&rig.fake, -EHOSTDOWN);
	check_nap();
	check_nap();
	CHECK(check, document(&rig, TOPIC_INFO) == 1,
	    "and is told from memory while the server is away");
	tear_down(&rig);
}

static void
test_changes(struct check *check)
{
	struct fake *fake;
	struct rig rig;
	char name[] = "a.gcode";
	struct entry entry = fake_entry(name, 5), stored;
	const struct store store = {
		.folder = "usb", .name = "b.gcode", .source = { .len = 12345 }
	};
	off_t size = 0;
	int64_t seen_s;
	int count;

	set_up(&rig, check, HOUR_MS);
	fake = &rig.fake;
	document(&rig, TOPIC_STATUS);
	folder(&rig, "usb");
	document(&rig, TOPIC_INFO);
	printer_command(rig.cache, &forever, VERB_PAUSE, NULL);
	CHECK(check,
	    document(&rig, TOPIC_STATUS) == 1 && folder(&rig, "usb") == 1,
	    "after a command all is asked again");
	CHECK(check, document(&rig, TOPIC_INFO) == 0,
	    "a command does not change what changes by a restart only");
	printer_make_folder(rig.cache, &forever, "usb", "x");
	CHECK(check, folder(&rig, "usb") == 2,
	    "after a folder was made all is asked again");
	entry.folder = true;
	printer_remove(rig.cache, &forever, "usb", &entry);
	CHECK(check, folder(&rig, "usb") == 3,
	    "after a folder was removed all is asked again");
	CHECK(check,
	    printer_store(rig.cache, &forever, &store, &stored) == 0 &&
		folder(&rig, "usb") == 4,
	    "after an upload all is asked again");
	CHECK(check,
	    file_facts_size(rig.facts, "usb", "b.gcode", 77, &size, &seen_s) &&
		size == 12345,
	    "the size of what was uploaded is known");
	entry_free(&stored);
	fake_set_error(fake, -EBUSY);
	CHECK(check,
	    printer_command(rig.cache, &forever, VERB_STOP, NULL) == -EBUSY &&
		printer_store(rig.cache, &forever, &store, &stored) == -EBUSY,
	    "a printer's refusal is passed on");
	fake_set_error(fake, 0);
	CHECK(check, folder(&rig, "usb") == 6,
	    "after a change that failed all is asked again");
	fake_change(fake);
	count = asked(&rig);
	printer_command(rig.cache, &forever, VERB_REFRESH, NULL);
	CHECK(check, fake_begun(fake, FAKE_CHANGE) == 7 && asked(&rig) == count,
	    "a refresh is passed on and asks nothing itself");
	CHECK(check,
	    document(&rig, TOPIC_INFO) == 8 && folder(&rig, "usb") == 8,
	    "a refresh forgets everything");
	tear_down(&rig);
	CHECK(check, fake->freed, "the cache frees its printer");
}

static void
test_errors(struct check *check)
{
	struct rig rig;
	int64_t begun_ms, done_ms;
	int count, i;

	set_up(&rig, check, HOUR_MS);
	fake_set_error(&rig.fake, -EIO);
	/* On a machine that stands still for a second there is another go. */
	for (i = 0; i < 20; i++) {
		count = asked(&rig);
		document(&rig, TOPIC_STATUS);
		begun_ms = time_now_ms();
		document(&rig, TOPIC_STATUS);
		if (time_now_ms() - begun_ms < 500 && asked(&rig) <= count + 1)
			break;
	}
	CHECK(check, i < 20, "an error is remembered for a moment");
	fake_set_error(&rig.fake, 0);
	done_ms = time_now_ms();
	AWAIT(document(&rig, TOPIC_STATUS) == 0);
	CHECK(check,
	    document(&rig, TOPIC_STATUS) == 0 &&
		time_now_ms() - done_ms < AWAIT_MS,
	    "an error is remembered for a moment only, whatever the TTL");
	fake_set_error(&rig.fake, -ENODATA);
	count = asked(&rig);
	CHECK(check,
	    document(&rig, TOPIC_JOB) == -ENODATA &&
		document(&rig, TOPIC_JOB) == -ENODATA &&
		asked(&rig) == count + 1,
	    "that there is no job is an answer like any other");
	fake_set_error(&rig.fake, -ENOENT);
	CHECK(check, folder(&rig, "usb/X") == -EIO,
	    "a folder is not known to be gone while none above is listed");
	fake_set_error(&rig.fake, 0);
	printer_make_folder(rig.cache, &forever, "usb", "X");
	CHECK(check, folder(&rig, "usb/X") == 1,
	    "an error is forgotten after a change of ours");
	tear_down(&rig);
}

static void
test_away(struct check *check)
{
	static const int errors[] = { -EHOSTDOWN, -EHOSTUNREACH, -ETIMEDOUT };
	struct rig rig;
	size_t i;

	set_up(&rig, check, 0);
	folder(&rig, "usb");
	document(&rig, TOPIC_INFO);
	document(&rig, TOPIC_STATUS);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fake_set_error(&rig.fake, errors[i]);
		printer_command(rig.cache, &forever, VERB_PAUSE, NULL);
		check_nap();
		check_nap();
		CHECK(check, folder(&rig, "usb") == 0,
		    "a folder is told from memory when the printer says \"%s\"",
		    strerror(-errors[i]));
		CHECK(check, document(&rig, TOPIC_INFO) == 0,
		    "so is what changes by a restart only");
		CHECK(check, document(&rig, TOPIC_STATUS) == errors[i],
		    "but not what changes by itself");
		CHECK(check, folder(&rig, "usb/SUB") == errors[i],
		    "nor what was never known");
	}
	fake_set_error(&rig.fake, 0);
	printer_command(rig.cache, &forever, VERB_PAUSE, NULL);
	CHECK(check, folder(&rig, "usb") == 4,
	    "when the printer is back it is asked");
	fake_set_error(&rig.fake, -EIO);
	printer_command(rig.cache, &forever, VERB_PAUSE, NULL);
	CHECK(check, folder(&rig, "usb") == -EIO,
	    "an error of a printer that answers hides nothing");
	tear_down(&rig);
}

static void
test_forgotten_away(struct check *check)
{
	struct rig rig;

	set_up(&rig, check, HOUR_MS);
	folder(&rig, "usb");
	printer_command(rig.cache, &forever, VERB_REFRESH, NULL);
	fake_set_error(&rig.fake, -EHOSTDOWN);
	CHECK(check, folder(&rig, "usb") == -EHOSTDOWN,
	    "what a refresh has forgotten is not told from memory");
	tear_down(&rig);
}

static void
test_sizes(struct check *check)
{
	char name[] = "a.gcode";
	struct entry entry = fake_entry(name, -1);
	struct fake *fake;
	struct rig rig;
	off_t size = 0;
	int64_t seen_s;

	set_up(&rig, check, HOUR_MS);
	fake = &rig.fake;
	CHECK(check,
	    printer_size(rig.cache, &forever, "usb", &entry, &size) == 0 &&
		size == 1000,
	    "a size is asked");
	fake_change(fake);
	CHECK(check,
	    printer_size(rig.cache, &forever, "usb", &entry, &size) == 0 &&
		size == 1000 && fake_begun(fake, FAKE_SIZE) == 1,
	    "a size is remembered");
	CHECK(check,
	    file_facts_size(rig.facts, "usb", "a.gcode", 1, &size, &seen_s),
	    "a size is noted in the book");
	entry.mtime_s = 2;
	CHECK(check,
	    printer_size(rig.cache, &forever, "usb", &entry, &size) == 0 &&
		size == 1001 && fake_begun(fake, FAKE_SIZE) == 2,
	    "the size of a newer file is asked again");
	CHECK(check,
	    printer_size(rig.cache, &forever, "usb/S", &entry, &size) == 0 &&
		fake_begun(fake, FAKE_SIZE) == 3,
	    "a file of that name in another folder is another file");
	printer_command(rig.cache, &forever, VERB_PAUSE, NULL);
	printer_size(rig.cache, &forever, "usb", &entry, &size);
	CHECK(check, fake_begun(fake, FAKE_SIZE) == 3,
	    "a command does not change sizes");
	printer_command(rig.cache, &forever, VERB_REFRESH, NULL);
	printer_size(rig.cache, &forever, "usb", &entry, &size);
	CHECK(check, fake_begun(fake, FAKE_SIZE) == 4,
	    "a refresh forgets sizes");
	entry.size = 5;
	CHECK(check,
	    printer_size(rig.cache, &forever, "usb", &entry, &size) == 0 &&
		size == 5 && fake_begun(fake, FAKE_SIZE) == 4,
	    "a size that the listing tells is not asked");
	entry.size = -1;
	entry.mtime_s = 3;
	fake_set_error(fake, -EIO);
	CHECK(check,
	    printer_size(rig.cache, &forever, "usb", &entry, &size) == -EIO &&
		!file_facts_size(rig.facts, "usb", "a.gcode", 3, &size,
		    &seen_s),
	    "a size that could not be asked is not remembered");
	tear_down(&rig);
}

static void
test_peek(struct check *check)
{
	struct buf text = { 0 };
	struct rig rig;

	set_up(&rig, check, 0);
	CHECK(check,
	    !cache_peek(rig.cache, TOPIC_STATUS, HOUR_MS, &text) &&
		text.len == 0 && asked(&rig) == 0,
	    "looking at what is not remembered asks nobody");
	document(&rig, TOPIC_STATUS);
	check_nap();
	check_nap();
	CHECK(check,
	    cache_peek(rig.cache, TOPIC_STATUS, HOUR_MS, &text) &&
		fake_version_of(buf_text(&text)) == 0 && asked(&rig) == 1,
	    "what is remembered can be looked at beyond its TTL");
	buf_clear(&text);
	CHECK(check, !cache_peek(rig.cache, TOPIC_STATUS, 0, &text),
	    "what is too old is not shown");
	fake_set_error(&rig.fake, -EIO);
	document(&rig, TOPIC_STATUS);
	CHECK(check, !cache_peek(rig.cache, TOPIC_STATUS, HOUR_MS, &text),
	    "an error is not shown");
	buf_free(&text);
	tear_down(&rig);
}

static void
test_many_folders(struct check *check)
{
	struct rig rig;
	char path[64];
	int i;

	set_up(&rig, check, HOUR_MS);
	document(&rig, TOPIC_INFO);
	for (i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "usb/%d", i);
		folder(&rig, path);
		document(&rig, TOPIC_INFO);
	}
	CHECK(check,
	    fake_begun(&rig.fake, FAKE_LIST) == 400 &&
		fake_begun(&rig.fake, FAKE_DOCUMENT) == 1,
	    "what is used most is never forgotten for want of room");
	folder(&rig, "usb/0");
	CHECK(check, fake_begun(&rig.fake, FAKE_LIST) == 401,
	    "what was used long ago is");
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_ttl(&check);
	test_shared(&check);
	test_changes(&check);
	test_errors(&check);
	test_away(&check);
	test_forgotten_away(&check);
	test_sizes(&check);
	test_peek(&check);
	test_many_folders(&check);
	return check_end(&check);
}
