/*
 * The model's means: random numbers, names and their keys, its directories,
 * and the report of a difference.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "tests/model/model.h"

/* xorshift64*: the same everywhere. */
static uint64_t
next(struct model *model)
{
	uint64_t x = model->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	model->random = x;
	return x * 2685821657736338717u;
}

uint64_t
model_random(struct model *model, uint64_t below)
{
	return (next(model) >> 11) % below;
}

/* Every byte differs from its neighbours' in other fillings; text if need be.
 */
void
model_fill(struct model *model, unsigned char *out, size_t len)
{
	uint64_t x = next(model);
	size_t i;

	for (i = 0; i < len; i++) {
		if (i % 8 == 0)
			x = next(model);
		out[i] = (unsigned char)(x >> (i % 8 * 8));
		if (model->options->cloud)
			out[i] = ' ' + out[i] % 64;
	}
}

size_t
model_size(struct model *model)
{
	static const size_t odd[] = { 1, 2, 4095, 4096, 4097, ODD_CHUNK,
		ODD_CHUNK + 1, 2 * ODD_CHUNK, 2 * ODD_CHUNK + 1, 65536,
		131072 };
	uint64_t kind = model_random(model, 10);

	if (kind == 0)
		return 0;
	if (kind < 4)
		return odd[model_random(model, sizeof(odd) / sizeof(odd[0]))];
	if (kind < 8)
		return 1 + model_random(model, 20000);
	return 1 + model_random(model, LARGEST);
}

struct item *
model_item(struct model *model, const char *key)
{
	struct item *item;
	size_t i;

	for (i = 0; i < model->count; i++) {
		if (strcmp(model->items[i].key, key) == 0)
			return &model->items[i];
	}
	if (model->count == ITEMS)
		model_fail(model, "the model has too many names");
	item = &model->items[model->count++];
	strlcpy(item->key, key, sizeof(item->key));
	return item;
}

void
model_fold(const struct model *model, const char *name, char *out)
{
	wchar_t wide[PATH_SIZE];
	size_t i, len;

	len = mbstowcs(wide, name, PATH_SIZE);
	if (!model->options->folds || len >= PATH_SIZE) {
		strlcpy(out, name, PATH_SIZE);
		return;
	}
	for (i = 0; i < len; i++)
		wide[i] = (wchar_t)towupper((wint_t)wide[i]);
	if (wcstombs(out, wide, PATH_SIZE) >= PATH_SIZE)
		abort();
}

void
model_join(char *out, const char *folder, const char *name)
{
	int len = snprintf(out, PATH_SIZE, "%s%s%s", folder,
	    *folder == '\0' ? "" : "/", name);

	if (len < 0 || len >= PATH_SIZE)
		abort();
}

void
model_at(const char *root, const char *key, char *out)
{
	if (*key == '\0')
		strlcpy(out, root, PATH_SIZE);
	else
		model_join(out, root, key);
}

void
model_note(struct model *model, const char *format, ...)
{
	char *line = model->history[model->step % HISTORY];
	size_t used = strlen(line);
	va_list args;

	if (used > 0)
		used = strlcat(line, "; ", HISTORY_LINE);
	va_start(args, format);
	if (used < HISTORY_LINE)
		vsnprintf(line + used, HISTORY_LINE - used, format, args);
	va_end(args);
}

void
model_fail(struct model *model, const char *format, ...)
{
	long step, first = model->step - HISTORY + 1;
	va_list args;

	printf("# seed %ld, step %ld: ", model->options->seed, model->step);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# the last steps:\n");
	for (step = first < 0 ? 0 : first; step <= model->step; step++)
		printf("#   %ld: %s\n", step, model->history[step % HISTORY]);
	fflush(stdout);
	mount_abandon(model);
	exit(1);
}

bool
model_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool
model_is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

off_t
model_length(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_size : -1;
}

/* Within the model; the target keeps its inode. */
void
model_copy(struct model *model, const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char data[65536];
	ssize_t got = -1;

	while (in >= 0 && out >= 0 &&
	    (got = read(in, data, sizeof(data))) > 0) {
		if (write(out, data, (size_t)got) != got)
			got = -1;
	}
	if (got != 0)
		model_fail(model, "the model cannot copy %s to %s: %s", from,
		    to, strerror(errno));
	close(in);
	close(out);
}

bool
model_are_same(struct model *model, const char *one, const char *two)
{
	int a = open(one, O_RDONLY | O_CLOEXEC);
	int b = open(two, O_RDONLY | O_CLOEXEC);
	ssize_t left = read(a, model->data, LARGEST + 1);
	ssize_t right = read(b, model->other, LARGEST + 1);

	close(a);
	close(b);
	return left == right && left >= 0 &&
	    memcmp(model->data, model->other, (size_t)left) == 0;
}

void
model_touch(struct model *model, const char *key)
{
	if (strcmp(model->touched[0], key) == 0)
		return;
	strlcpy(model->touched[1], model->touched[0], PATH_SIZE);
	strlcpy(model->touched[0], key, PATH_SIZE);
}

void
same_result(struct model *model, const char *what, int mount, int plain)
{
	if (mount == plain)
		return;
	model_fail(model, "%s: the mount says %s, a plain directory %s", what,
	    mount == 0 ? "yes" : strerror(mount),
	    plain == 0 ? "yes" : strerror(plain));
}
