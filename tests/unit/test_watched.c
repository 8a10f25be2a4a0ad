/*
 * client/watched: which of two printers is asked, and which is told.
 */
#include <errno.h>

#include "client/base/buf.h"
#include "client/traits.h"
#include "client/watched.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"
#include "tests/unit/waiter.h"

static const struct wait forever = { 0 };

/* The watch's versions are 100 higher. */
struct rig {
	struct fake inner;
	struct fake watch;
	struct printer *printer;
};

static void
set_up(struct rig *rig, bool has_pictures)
{
	fake_init(&rig->inner);
	fake_init(&rig->watch);
	rig->watch.printer.traits = &traits_obico;
	rig->watch.printer.has_pictures = true;
	rig->watch.version = 100;
	rig->inner.printer.has_pictures = has_pictures;
	if (watched_new(&rig->inner.printer, &rig->watch.printer,
		&rig->printer) != 0) {
		printf("Bail out! no memory\n");
		exit(1);
	}
}

static void
tear_down(struct rig *rig)
{
	printer_free(rig->printer);
	fake_destroy(&rig->inner);
	fake_destroy(&rig->watch);
}

/* The version that a document tells, or a negative errno. */
static int
document(const struct rig *rig, enum topic topic)
{
	struct buf text = { 0 };
	int error = printer_document(rig->printer, &forever, topic, &text);

	if (error == 0)
		error = fake_version_of(buf_text(&text));
	buf_free(&text);
	return error;
}

static int
picture(const struct rig *rig, const char *id)
{
	struct buf text = { 0 };
	int error = printer_camera(rig->printer, &forever, TOPIC_PICTURE, id,
	    &text);

	if (error == 0)
		error = fake_version_of(buf_text(&text));
	buf_free(&text);
	return error;
}

static void
test_documents(struct check *check)
{
	struct rig rig;

	set_up(&rig, false);
	CHECK(check,
	    rig.printer->traits == &traits_buddy && rig.printer->is_watched &&
		rig.printer->has_pictures,
	    "it is a Buddy that is watched and has pictures");
	CHECK(check,
	    document(&rig, TOPIC_STATUS) == 0 && document(&rig, TOPIC_JOB) == 0,
	    "its state is its own");
	CHECK(check,
	    document(&rig, TOPIC_FAILURE) == 100 &&
		document(&rig, TOPIC_SETTINGS) == 100,
	    "failures and settings are the other's");
	CHECK(check, document(&rig, TOPIC_CAMERAS) == 100,
	    "and so are cameras, for it has none");
	fake_set_error(&rig.watch, -EHOSTUNREACH);
	CHECK(check,
	    document(&rig, TOPIC_FAILURE) == -EHOSTUNREACH &&
		document(&rig, TOPIC_STATUS) == 0,
	    "a server that is away takes nothing else with it");
	tear_down(&rig);
	CHECK(check, rig.inner.freed && rig.watch.freed,
	    "both are freed together");
	set_up(&rig, true);
	CHECK(check, document(&rig, TOPIC_CAMERAS) == 0,
	    "its own cameras are told if it has some");
	tear_down(&rig);
}

static void
test_hanging(struct check *check)
{
	struct rig rig;

	set_up(&rig, true);
	fake_hold(&rig.watch, FAKE_DOCUMENT);
	CHECK(check, document(&rig, TOPIC_FAILURE) == -ETIMEDOUT,
	    "a server that hangs is not waited for");
	CHECK(check, document(&rig, TOPIC_STATUS) == 0,
	    "the printer itself is");
	tear_down(&rig);
}

static void
test_pictures(struct check *check)
{
	struct rig rig;

	set_up(&rig, false);
	CHECK(check, picture(&rig, "") == 100 && picture(&rig, "camera") == 100,
	    "without a camera the pictures are Obico's");
	CHECK(check, fake_begun(&rig.inner, FAKE_DOCUMENT) == 0,
	    "and the printer is not asked for them");
	tear_down(&rig);
	set_up(&rig, true);
	CHECK(check, picture(&rig, "") == 0, "its own picture goes first");
	CHECK(check, fake_begun(&rig.watch, FAKE_DOCUMENT) == 0,
	    "and Obico is not asked then");
	fake_set_error(&rig.inner, -ENODATA);
	CHECK(check, picture(&rig, "") == 100,
	    "where there is none yet Obico's is shown");
	CHECK(check, picture(&rig, "17") == -ENODATA,
	    "but not as that of another camera");
	fake_set_error(&rig.inner, -EHOSTDOWN);
	CHECK(check, picture(&rig, "") == 100, "also while it is away");
	fake_set_error(&rig.watch, -EPROTO);
	CHECK(check, picture(&rig, "") == -EHOSTDOWN,
	    "if neither has one, its own reason is told");
	fake_set_error(&rig.inner, -EINTR);
	fake_set_error(&rig.watch, 0);
	CHECK(check, picture(&rig, "") == -EINTR,
	    "who has left is not served by the other");
	tear_down(&rig);
}

static int
changes(struct fake *fake)
{
	return fake_begun(fake, FAKE_CHANGE);
}

static void
test_changes(struct check *check)
{
	static const enum verb ours[] = { VERB_PRINT, VERB_PAUSE, VERB_RESUME,
		VERB_STOP, VERB_SNAP, VERB_READY, VERB_REBOOT };
	static const enum verb theirs[] = { VERB_MUTE, VERB_UNMUTE,
		VERB_ACKNOWLEDGE };
	const size_t our_count = sizeof(ours) / sizeof(ours[0]);
	struct rig rig;
	size_t i;

	set_up(&rig, false);
	for (i = 0; i < our_count; i++)
		(void)printer_command(rig.printer, &forever, ours[i], NULL);
	CHECK(check,
	    changes(&rig.inner) == (int)our_count && changes(&rig.watch) == 0,
	    "the printer itself is commanded, not through Obico");
	for (i = 0; i < 3; i++)
		(void)printer_command(rig.printer, &forever, theirs[i], NULL);
	(void)printer_change_settings(rig.printer, &forever, "{}", 2);
	CHECK(check,
	    changes(&rig.inner) == (int)our_count && changes(&rig.watch) == 4,
	    "alarms and settings are Obico's");
	printer_make_folder(rig.printer, &forever, "usb", "x");
	CHECK(check,
	    changes(&rig.inner) == (int)our_count + 1 &&
		changes(&rig.watch) == 4,
	    "files are the printer's");
	tear_down(&rig);
}

static void
test_verbs(struct check *check)
{
	struct rig rig;
	int verb, before;

	set_up(&rig, true);
	for (verb = 0; verb < VERB_COUNT; verb++) {
		before = changes(&rig.inner) + changes(&rig.watch);
		(void)printer_command(rig.printer, &forever, (enum verb)verb,
		    NULL);
		if (changes(&rig.inner) + changes(&rig.watch) == before)
			break;
	}
	CHECK(check, verb == VERB_COUNT, "no verb is forgotten");
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_documents(&check);
	test_hanging(&check);
	test_pictures(&check);
	test_changes(&check);
	test_verbs(&check);
	return check_end(&check);
}
