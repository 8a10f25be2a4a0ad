/*
 * fs/node: which rows a printer has.
 */
#include "client/base/buf.h"
#include "client/traits.h"
#include "fs/core/mounted.h"
#include "fs/tree/node.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"

/* A printer that does nothing, and its printer. */
struct rig {
	struct fake fake;
	struct mounted mounted;
};

static void
set_up(struct rig *rig, const struct traits *traits, bool is_watched)
{
	memset(rig, 0, sizeof(*rig));
	fake_init(&rig->fake);
	rig->fake.printer.traits = traits;
	rig->fake.printer.is_watched = is_watched;
	rig->mounted.printer = &rig->fake.printer;
}

static void
tear_down(struct rig *rig, struct buf *all)
{
	fake_destroy(&rig->fake);
	buf_free(all);
}

/* The names in a folder, each with a blank behind it (caller: buf_free). */
static struct buf
names(const struct rig *rig, const char *folder)
{
	const struct node *node = node_root();
	struct buf out = { 0 };
	size_t i;

	if (*folder != '\0')
		node = node_child(&rig->mounted, node, folder);
	for (i = 0; node != NULL && i < node_count(); i++) {
		const char *path = node_at(i)->path;
		const char *slash = strrchr(path, '/');

		if (node_is_child(&rig->mounted, node_at(i), node))
			(void)buf_printf(&out, "%s ",
			    slash == NULL ? path : slash + 1);
	}
	return out;
}

static bool
has(const struct buf *text, const char *name)
{
	char word[64];

	snprintf(word, sizeof(word), "%s ", name);
	return strstr(buf_text(text), word) != NULL;
}

static void
test_archived(struct check *check)
{
	struct rig rig;
	struct buf all;

	set_up(&rig, &traits_archived, false);
	all = names(&rig, "");
	CHECK(check,
	    strcmp(buf_text(&all),
		"control info.json printer.json prints log ") == 0,
	    "an archived printer is told of, and nothing else: %s",
	    buf_text(&all));
	tear_down(&rig, &all);
}

static void
test_rows(struct check *check, const struct traits *traits, bool is_watched)
{
	static const struct {
		const char *name;
		bool near, watched_near, cloud;
	} rows[] = {
		{ "control", true, true, true },
		{ "status.json", true, true, true },
		{ "transfer.json", true, true, false },
		{ "legacy", true, true, false },
		{ "print", true, true, false },
		{ "events", true, true, true },
		{ "unsent", true, true, false },
		{ "uploads.json", true, true, false },
		{ "printer.json", false, false, true },
		{ "prints", false, false, true },
		{ "failure.json", false, true, true },
		{ "settings.json", false, true, true },
	};
	struct rig rig;
	struct buf all;
	size_t i;

	set_up(&rig, traits, is_watched);
	all = names(&rig, "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool wanted = traits->is_cloud ? rows[i].cloud :
		    is_watched		       ? rows[i].watched_near :
						 rows[i].near;

		CHECK(check, has(&all, rows[i].name) == wanted, "%s%s %s %s",
		    traits->title, is_watched ? ", watched," : "",
		    wanted ? "has" : "has no", rows[i].name);
	}
	tear_down(&rig, &all);
}

static void
test_values(struct check *check)
{
	struct rig rig;
	struct buf all;

	set_up(&rig, &traits_obico, true);
	all = names(&rig, "status");
	CHECK(check, has(&all, "temp_nozzle") && has(&all, "online"),
	    "Obico tells temperatures");
	CHECK(check,
	    !has(&all, "speed") && !has(&all, "flow") &&
		!has(&all, "fan_print") && !has(&all, "fan_hotend"),
	    "and no fans");
	tear_down(&rig, &all);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_archived(&check);
	test_rows(&check, &traits_buddy, false);
	test_rows(&check, &traits_pi, false);
	test_rows(&check, &traits_buddy, true);
	test_rows(&check, &traits_obico, true);
	test_values(&check);
	return check_end(&check);
}
