/*
 * fs/settings: a document that is changed by what is written to it.
 */
#include <errno.h>
#include <fcntl.h>

#include "client/base/buf.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/core/rendering.h"
#include "fs/tree/control.h"
#include "fs/tree/node.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"

static const struct caller nobody;

struct rig {
	struct fake fake;
	struct settings settings;
	struct mounted mounted;
	struct place *root;
};

static void
set_up(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	fake_init(&rig->fake);
	rig->fake.printer.traits = &traits_obico;
	rig->fake.printer.is_watched = true;
	rig->mounted.printer = &rig->fake.printer;
	rig->mounted.settings = &rig->settings;
	if (renderings_new(&rig->mounted.renderings) != 0 ||
	    place_new(&rig->mounted, node_root(), "", "", NULL, &rig->root) !=
		0) {
		printf("Bail out! no memory\n");
		exit(1);
	}
}

static void
tear_down(struct rig *rig)
{
	place_release(rig->root);
	renderings_free(rig->mounted.renderings);
	fake_destroy(&rig->fake);
}

/* The newest rendering's place (caller: place_release). */
static struct place *
find(const struct rig *rig)
{
	struct place *place = NULL;

	(void)node_root()->kind->lookup(&nobody, rig->root, "settings.json",
	    &place);
	return place;
}

static struct file *
open_at(struct place *place, int flags)
{
	struct file *file = NULL;

	(void)kind_settings.open(&nobody, place, flags, &file);
	return file;
}

/* What open and write answer to a text. */
static ssize_t
put(const struct rig *rig, const char *text, size_t len)
{
	struct place *place = find(rig);
	struct file *file = open_at(place, O_WRONLY | O_TRUNC);
	ssize_t count = file->ops->write(file, &nobody, text, len, 0);

	file->ops->close(file, &nobody);
	place_release(place);
	return count;
}

/* Does the place read as this version of the document? */
static bool
tells(struct place *place, int version)
{
	struct file *file = open_at(place, O_RDONLY);
	struct stat stat;
	char text[200] = "";
	ssize_t count = -1;

	if (file == NULL)
		return false;
	count = file->ops->read(file, &nobody, text, sizeof(text) - 1, 0);
	file->ops->close(file, &nobody);
	return kind_settings.attributes(&nobody, place, &stat) == 0 &&
	    stat.st_size == count && fake_version_of(text) == version;
}

static void
test_writing(struct check *check)
{
	static char big[CONTROL_BYTES + 1];
	struct place *old, *new;
	struct rig rig;

	set_up(&rig);
	old = find(&rig);
	CHECK(check, tells(old, 0), "settings are read as they are");
	CHECK(check, put(&rig, "{}", 2) == 2, "a change is made by a write");
	new = find(&rig);
	CHECK(check, tells(new, 1), "and read afterwards");
	CHECK(check, tells(old, 0), "what was opened before stays as it was");
	place_release(old);
	place_release(new);
	fake_set_error(&rig.fake, -EINVAL);
	CHECK(check, put(&rig, "[]", 2) == -EINVAL,
	    "the write tells what is wrong");
	CHECK(check, fake_begun(&rig.fake, FAKE_CHANGE) == 2,
	    "each write is one change");
	CHECK(check, put(&rig, big, sizeof(big)) == -E2BIG,
	    "more than 4096 bytes are refused");
	CHECK(check, fake_begun(&rig.fake, FAKE_CHANGE) == 2,
	    "and nothing is sent");
	tear_down(&rig);
}

static void
test_opening(struct check *check)
{
	const struct changes cut = { .set_size = true };
	struct place *place;
	struct file *file;
	struct rig rig;
	char text[10];

	set_up(&rig);
	fake_set_error(&rig.fake, -EHOSTDOWN);
	place = find(&rig);
	CHECK(check, open_at(place, O_RDONLY) == NULL,
	    "what cannot be had cannot be opened to be read");
	file = open_at(place, O_RDWR);
	CHECK(check,
	    file->ops->read(file, &nobody, text, sizeof(text), 0) == -EHOSTDOWN,
	    "but to be written, and reading it says why");
	CHECK(check,
	    file->ops->change == NULL && /* asks the kind */
		kind_settings.change(&nobody, place, &cut) == 0 &&
		fake_begun(&rig.fake, FAKE_CHANGE) == 0,
	    "truncating does nothing");
	file->ops->close(file, &nobody);
	place_release(place);
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_writing(&check);
	test_opening(&check);
	return check_end(&check);
}
