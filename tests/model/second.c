/*
 * What is on the printer's disk while two clients change it, and what was
 * there so short a time ago that a mount may still show it.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/model/second.h"

static const struct place places[PLACES] = {
	/* Its short name is the same: nobody makes it in another spelling. */
	{ .path = "PARTS", .is_folder = true },
	{ .path = "a.gcode" },
	{ .path = "b.gcode" },
	{ .path = "c.gcode" },
	{ .path = "long_name_of_a_part.gcode" },
	{ .path = "d.gcode" },
	{ .path = "PARTS/a.gcode", .folder = "PARTS" },
	{ .path = "PARTS/b.gcode", .folder = "PARTS" },
	{ .path = "PARTS/long_name_of_a_part.gcode", .folder = "PARTS" },
	{ .path = "PARTS/e.gcode", .folder = "PARTS" },
};

double
second_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
second_open(struct second *second, struct model *model)
{
	size_t i;

	second->model = model;
	for (i = 0; i < PLACES; i++) {
		second->places[i] = places[i];
		second->places[i].count = 1;
		second->places[i].versions[0].till = HUGE_VAL;
	}
	client_open(second);
}

void
second_close(struct second *second)
{
	size_t i, j;

	for (i = 0; i < PLACES; i++) {
		for (j = 0; j < second->places[i].count; j++)
			free(second->places[i].versions[j].bytes);
	}
	client_close(second);
}

struct version *
second_current(struct place *place)
{
	return &place->versions[place->count - 1];
}

/* The folder that a place is in; NULL for the storage's root. */
struct place *
second_folder(struct second *second, const struct place *place)
{
	return place->folder == NULL ? NULL : &second->places[0];
}

static void
drop_first(struct place *place)
{
	free(place->versions[0].bytes);
	place->count--;
	memmove(&place->versions[0], &place->versions[1],
	    place->count * sizeof(place->versions[0]));
}

/* From now on it is this; what it was before may be shown for a while. */
void
second_set(struct second *second, struct place *place, bool there,
    const unsigned char *bytes, size_t size)
{
	double now = second_now();
	struct version *version;

	second_current(place)->till = now;
	while (place->count == VERSIONS ||
	    (place->count > 1 && place->versions[0].till < now - 2 * STALE_S))
		drop_first(place);
	version = &place->versions[place->count++];
	*version = (struct version){ .since = second->began,
		.till = HUGE_VAL,
		.there = there,
		.size = size };
	if (bytes == NULL)
		return;
	version->bytes = malloc(size + 1);
	if (version->bytes == NULL)
		model_fail(second->model, "no memory");
	memcpy(version->bytes, bytes, size);
}

/* The mount knows how it is now, for it has done it itself. */
void
second_forget(struct second *second, struct place *place)
{
	(void)second;
	while (place->count > 1)
		drop_first(place);
}

/* Was it so at a moment since the step began, or so long before? */
static bool
is_recent(const struct second *second, const struct version *version,
    double age)
{
	return version->till >= second->began - age - SLOW_S;
}

bool
second_could_be(struct second *second, struct place *place, bool there,
    double age)
{
	size_t i;

	for (i = 0; i < place->count; i++) {
		if (place->versions[i].there == there &&
		    is_recent(second, &place->versions[i], age))
			return true;
	}
	return false;
}

bool
second_could_have(struct second *second, struct place *place,
    const unsigned char *bytes, size_t size)
{
	struct version *version;
	size_t i;

	for (i = 0; i < place->count; i++) {
		version = &place->versions[i];
		if (version->bytes != NULL && version->size == size &&
		    is_recent(second, version, STALE_S) &&
		    memcmp(version->bytes, bytes, size) == 0)
			return true;
	}
	return false;
}

bool
second_could_measure(struct second *second, struct place *place, size_t size)
{
	size_t i;

	for (i = 0; i < place->count; i++) {
		if (place->versions[i].bytes != NULL &&
		    place->versions[i].size == size &&
		    is_recent(second, &place->versions[i], STALE_S))
			return true;
	}
	return false;
}

/* Has the mount an excuse not to know how it is now? */
bool
second_has_changed(struct second *second, struct place *place)
{
	struct place *folder = second_folder(second, place);

	return (place->count > 1 &&
		   is_recent(second, &place->versions[place->count - 2],
		       STALE_S)) ||
	    (folder != NULL && second_has_changed(second, folder));
}

static bool
is_as_known(struct second *second, struct place *place, const char *path)
{
	struct version *version = second_current(place);
	struct model *model = second->model;
	ssize_t got;
	int fd;

	if (!version->there || place->is_folder)
		return model_exists(path) == version->there;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, model->data, LARGEST);
	close(fd);
	return got >= 0 && (size_t)got == version->size &&
	    memcmp(model->data, version->bytes, version->size) == 0;
}

/* Nothing is on the disk that nobody has put there. */
static void
compare_names(struct second *second, const char *folder)
{
	const struct options *options = second->model->options;
	char real[PATH_SIZE], path[PATH_SIZE];
	struct dirent *entry;
	size_t i;
	DIR *dir;

	model_at(options->disk, folder, real);
	dir = opendir(real);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    (options->folds &&
			strcmp(entry->d_name +
				strspn(entry->d_name, "0123456789"),
			    ".tmp") == 0))
			continue;
		model_join(path, folder, entry->d_name);
		for (i = 0; i < PLACES; i++) {
			if (strcmp(second->places[i].path, path) == 0)
				break;
		}
		if (i == PLACES)
			model_fail(second->model, "%s is on the printer", path);
	}
	if (dir != NULL)
		closedir(dir);
}

void
second_compare_disk(struct second *second)
{
	char path[PATH_SIZE];
	size_t i;

	for (i = 0; i < PLACES; i++) {
		model_at(second->model->options->disk, second->places[i].path,
		    path);
		if (!is_as_known(second, &second->places[i], path))
			model_fail(second->model,
			    "%s on the printer (%lld bytes) is not what was "
			    "put there last (%lld)",
			    second->places[i].path,
			    (long long)model_length(path),
			    second_current(&second->places[i])->there ?
				(long long)second_current(&second->places[i])
				    ->size :
				-1);
	}
	compare_names(second, "");
	compare_names(second, "PARTS");
}
