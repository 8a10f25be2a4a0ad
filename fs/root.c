/*
 * The root of a mount of many printers.  Listing asks no printer; a look at
 * status.json asks them all at once.  No state of its own, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/buf.h"
#include "client/log.h"
#include "fs/document.h"
#include "fs/farm.h"
#include "fs/kind.h"
#include "fs/metrics.h"
#include "fs/node.h"
#include "fs/place.h"
#include "fs/root.h"
#include "fs/space.h"
#include "fs/survey.h"
#include "fs/unit.h"

enum {
	ROOT_STATUS,
	ROOT_METRICS,
	ROOT_LOG
};

static const struct kind kind_root;

/* clang-format off */
static const struct node rows[] = {
	{ "", S_IFDIR | 0755, &kind_root, 0, NULL, NULL },
	{ "control", S_IFREG | 0600, &kind_control, 0, NULL, NULL },
	{ "status.json", S_IFREG | 0444, &kind_document, ROOT_STATUS, NULL, NULL },
	{ "metrics", S_IFREG | 0444, &kind_document, ROOT_METRICS, NULL, NULL },
	{ "log", S_IFREG | 0444, &kind_document, ROOT_LOG, NULL, NULL },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct node *
find_row(const char *name)
{
	size_t i;

	for (i = 1; i < ROWS; i++) {
		if (strcmp(rows[i].path, name) == 0)
			return &rows[i];
	}
	return NULL;
}

bool
root_has_row(const char *name)
{
	return find_row(name) != NULL;
}

int
root_place(struct farm *farm, struct place **out)
{
	return place_new_of_farm(farm, farm_config(farm)->settings, &rows[0],
	    NULL, out);
}

/* Nothing more can be done with what is gone. */
static int
gone_lookup(const struct caller *caller, struct place *folder, const char *name,
    struct place **out)
{
	(void)caller;
	(void)folder;
	(void)name;
	(void)out;
	return -ESTALE;
}

static int
gone_list(const struct caller *caller, struct place *place,
    const struct lister *lister)
{
	(void)caller;
	(void)place;
	(void)lister;
	return -ESTALE;
}

static int
gone_open(const struct caller *caller, struct place *place, int flags,
    struct file **out)
{
	(void)caller;
	(void)place;
	(void)flags;
	(void)out;
	return -ESTALE;
}

int
root_gone_place(struct farm *farm, struct place **out)
{
	static const struct kind kind_gone = {
		.lookup = gone_lookup,
		.list = gone_list,
		.open = gone_open,
	};
	static const struct node gone = { "", S_IFDIR | 0755, &kind_gone, 0,
		NULL, NULL };

	return place_new_of_farm(farm, farm_config(farm)->settings, &gone, NULL,
	    out);
}

static int
produce_status(struct farm *farm, const struct caller *caller, struct buf *out)
{
	struct units units;
	int error = farm_units(farm, &units);

	if (error == 0)
		error = survey_status(farm_survey(farm), &caller->wait,
		    units.all, units.count, out);
	farm_units_free(&units);
	return error;
}

/* After all were asked at once; those that do not answer are left out. */
static int
produce_metrics(struct farm *farm, const struct caller *caller, struct buf *out)
{
	struct survey *survey = farm_survey(farm);
	struct buf status = { 0 };
	struct units units;
	struct unit **answering = NULL;
	size_t i, count = 0;
	int error = farm_units(farm, &units);

	if (error == 0)
		error = survey_status(survey, &caller->wait, units.all,
		    units.count, &status);
	buf_free(&status);
	if (error == 0) {
		answering = calloc(units.count + 1, sizeof(struct unit *));
		error = answering == NULL ? -ENOMEM : 0;
	}
	for (i = 0; i < units.count && error == 0; i++) {
		if (!survey_is_waiting(survey, units.all[i]))
			answering[count++] = units.all[i];
	}
	if (error == 0)
		error = metrics_text(answering, count, caller, out);
	free(answering);
	farm_units_free(&units);
	return error;
}

static int
produce_log(struct farm *farm, const struct caller *caller, struct buf *out)
{
	(void)farm;
	(void)caller;
	return log_text(out);
}

static int
look_at_document(struct farm *farm, const struct caller *caller,
    const struct node *row, struct place **out)
{
	static int (*const produce[])(struct farm *, const struct caller *,
	    struct buf *) = {
		[ROOT_STATUS] = produce_status,
		[ROOT_METRICS] = produce_metrics,
		[ROOT_LOG] = produce_log,
	};
	struct rendering *rendering;
	struct buf text = { 0 };
	int error = produce[row->topic](farm, caller, &text);

	error = document_render(farm_documents(farm), row->path, error, &text,
	    &rendering);
	if (error != 0)
		return error;
	return place_new_of_farm(farm, farm_config(farm)->settings, row,
	    rendering, out);
}

static int
root_lookup(const struct caller *caller, struct place *folder, const char *name,
    struct place **out)
{
	const struct node *row = find_row(name);
	struct farm *farm = folder->farm;
	struct unit *unit;
	int error;

	if (row != NULL && row->kind == &kind_document)
		return look_at_document(farm, caller, row, out);
	if (row != NULL)
		return place_new_of_farm(farm, folder->settings, row, NULL,
		    out);
	unit = farm_find(farm, name);
	if (unit == NULL)
		return -ENOENT;
	error = place_new(unit, node_root(), "", "", NULL, out);
	unit_release(unit);
	return error;
}

static int
root_list(const struct caller *caller, struct place *place,
    const struct lister *lister)
{
	struct units units;
	size_t i;
	int error = farm_units(place->farm, &units);

	(void)caller;
	for (i = 1; i < ROWS && error == 0; i++)
		error = lister->add(lister->arg, rows[i].path,
		    place_number(rows[i].path), rows[i].mode);
	for (i = 0; i < units.count && error == 0; i++)
		error = lister->add(lister->arg, units.all[i]->folder,
		    place_row_number(units.all[i], ""), S_IFDIR);
	farm_units_free(&units);
	return error;
}

static int
root_attributes(const struct caller *caller, struct place *place,
    struct stat *out)
{
	(void)caller;
	node_attributes(place, out);
	return 0;
}

void
root_space(struct farm *farm, int64_t *total, int64_t *available)
{
	int64_t one_total, one_available;
	struct units units;
	size_t i;

	*total = *available = 0;
	if (farm_units(farm, &units) != 0)
		return;
	for (i = 0; i < units.count; i++) {
		space_recall(units.all[i]->space, &one_total, &one_available);
		*total += one_total;
		*available += one_available;
	}
	farm_units_free(&units);
}

static const struct kind kind_root = {
	.lookup = root_lookup,
	.list = root_list,
	.attributes = root_attributes,
	.entry_s = 60,
	.attr_s = 60,
};
