/*
 * Names to work with: few, so that steps meet, of every kind that is treated
 * in another way, and on a printer that folds in other spellings.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/model/model.h"

static const char *const names[] = { "cube.gcode", "CUBE.gcode", "bench.gcode",
	"calibration tower long name.gcode", "a.bgcode", "b.bgcode",
	"w\u00fcrfel.gcode", "W\u00dcRFEL.gcode", "x.gco", "100%.g",
	/* temporary */
	"cube.gcode.tmp", "bench.gcode.tmp", ".cube.gcode.AbC123",
	"cube.gcode.AbC12", "bench.gcode~", "a.bgcode.part", "4913",
	"sedAbC123", "#cube.gcode#", "x.crdownload",
	/* not for every printer */
	"notes.txt", "README", "a:b.gcode", "h#h.gcode" };
/* For the cloud folder only. */
static const char *const cloudy[] = { " a.gcode", "b.gcode ", "x.BGCODE",
	"a?b.gcode", "a_b.gcode", "no\\end" };

static const char *const folders[] = { "parts", "PARTS", "two words", "inner",
	"Inner" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *
last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && strcasecmp(name + len - tail, end) == 0;
}

/* Written down name by name: the rule itself is what is tested. */
bool
name_is_temporary(const char *key)
{
	static const char *const ends[] = { ".tmp", ".AbC123", ".AbC12", "~",
		".part", ".crdownload" };
	static const char *const whole[] = { "4913", "sedAbC123",
		"#cube.gcode#" };
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		if (ends_in(key, ends[i]))
			return true;
	}
	for (i = 0; i < COUNT(whole); i++) {
		if (strcasecmp(last(key), whole[i]) == 0)
			return true;
	}
	return false;
}

bool
name_is_model(const char *key)
{
	return ends_in(key, ".gcode") || ends_in(key, ".gco") ||
	    ends_in(key, ".g");
}

bool
name_is_refused(const struct model *model, const char *shown)
{
	const char *name = last(shown);

	if (name_is_temporary(shown))
		return false;
	if (model->options->cloud)
		return ends_in(name, ".bgcode") || name[0] == ' ' ||
		    name[strlen(name) - 1] == ' ';
	if (model->options->folds)
		return strchr(name, ':') != NULL ||
		    (!name_is_model(name) && !ends_in(name, ".bgcode"));
	return strpbrk(name, "#%") != NULL;
}

/* On a printer that folds, another spelling now and then. */
static void
respell(struct model *model, char *name)
{
	uint64_t how = model_random(model, 6);
	char *c;

	if (!model->options->folds || how > 1 || name_is_temporary(name))
		return;
	for (c = name; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z' && how == 0)
			*c = (char)(*c - 'a' + 'A');
		else if (*c >= 'A' && *c <= 'Z' && how == 1)
			*c = (char)(*c - 'A' + 'a');
	}
}

/* What is in a folder of the plain directory, in the order of names. */
static size_t
list(struct model *model, const char *folder, bool want_folders,
    char (*out)[PATH_SIZE], size_t most)
{
	char path[PATH_SIZE], whole[PATH_SIZE];
	struct dirent **found;
	size_t count = 0;
	int i, n;

	model_at(model->plain, folder, path);
	n = scandir(path, &found, NULL, alphasort);
	for (i = 0; i < n; i++) {
		model_join(whole, path, found[i]->d_name);
		if (strcmp(found[i]->d_name, ".") != 0 &&
		    strcmp(found[i]->d_name, "..") != 0 && count < most &&
		    model_is_folder(whole) == want_folders)
			strlcpy(out[count++], found[i]->d_name, PATH_SIZE);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return count;
}

/* A folder that is there, spelt in some way; the storage's root too. */
static void
choose_folder(struct model *model, struct path *out)
{
	static char found[64][PATH_SIZE];
	char name[PATH_SIZE], key[PATH_SIZE];
	size_t count, depth;

	out->shown[0] = out->key[0] = '\0';
	for (depth = 0; depth < 2; depth++) {
		count = list(model, out->key, true, found, 64);
		if (count == 0 || model_random(model, 2) == 0)
			return;
		strlcpy(name, found[model_random(model, count)], sizeof(name));
		model_join(key, out->key, name);
		respell(model, name);
		strlcpy(out->key, key, PATH_SIZE);
		model_join(key, out->shown, name);
		strlcpy(out->shown, key, PATH_SIZE);
	}
}

static void
add_name(struct model *model, struct path *path, const char *name)
{
	char shown[PATH_SIZE];

	/* sed's names are spelt in one way only. */
	if (strcasecmp(name, "sedAbC123") == 0)
		name = "sedAbC123";
	model_join(shown, path->shown, name);
	strlcpy(path->shown, shown, PATH_SIZE);
	model_fold(model, shown, path->key);
}

bool
pick_any(struct model *model, struct path *out)
{
	char name[PATH_SIZE];
	size_t i = model_random(model, COUNT(names));

	/* Refused names are worth a look only now and then. */
	if (i >= COUNT(names) - 4 && model_random(model, 3) != 0)
		i = model_random(model, 4);
	choose_folder(model, out);
	strlcpy(name, names[i], sizeof(name));
	if (model->options->cloud && model_random(model, 10) == 0)
		strlcpy(name, cloudy[model_random(model, COUNT(cloudy))],
		    sizeof(name));
	respell(model, name);
	add_name(model, out, name);
	return true;
}

bool
pick_file(struct model *model, struct path *out)
{
	static char found[64][PATH_SIZE];
	char name[PATH_SIZE];
	size_t count;

	choose_folder(model, out);
	count = list(model, out->key, false, found, 64);
	if (count == 0)
		return false;
	strlcpy(name, found[model_random(model, count)], sizeof(name));
	respell(model, name);
	add_name(model, out, name);
	return true;
}

bool
pick_folder(struct model *model, struct path *out)
{
	choose_folder(model, out);
	return out->key[0] != '\0';
}

bool
has_folder(struct model *model, const char *key)
{
	char found[1][PATH_SIZE];

	return list(model, key, true, found, 1) > 0;
}

void
pick_new_folder(struct model *model, struct path *out)
{
	do {
		choose_folder(model, out);
	} while (strchr(out->key, '/') != NULL);
	add_name(model, out, folders[model_random(model, COUNT(folders))]);
}
