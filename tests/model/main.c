/*
 * random: a random test of prusafs against a model (see model.h).
 *
 *	random [OPTION …] -- COMMAND…	the command starts the file system
 *
 * Prints one line of TAP; exits with 1 on a difference.
 */
#include <sys/stat.h>

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/model/model.h"
#include "tests/model/second.h"

#define THOROUGH 50 /* every so many steps all bytes are compared */

static const struct step {
	const char *name;
	int weight;
	void (*run)(struct model *);
} steps[] = {
	{ "write", 20, step_write },
	{ "patch", 14, step_patch },
	{ "append", 6, step_append },
	{ "truncate", 6, step_truncate },
	{ "read", 10, step_read },
	{ "touch", 4, step_touch },
	{ "rename", 22, step_rename },
	{ "unlink", 8, step_unlink },
	{ "mkdir", 4, step_mkdir },
	{ "rmdir", 3, step_rmdir },
	{ "stat", 6, step_stat },
	{ "slicer", 4, step_slicer },
	{ "two handles", 8, step_two_handles },
	{ "unlink open", 4, step_unlink_open },
	{ "rename open", 4, step_rename_open },
	{ "inherit", 3, step_inherit },
	{ "kill", 5, step_kill },
	{ "leave", 3, step_leave },
	{ "behind", 4, step_behind },
	{ "refresh", 2, step_refresh },
	{ "remount", 1, step_remount },
};

enum {
	STEPS = sizeof(steps) / sizeof(steps[0])
};

static const struct option long_options[] = {
	{ "mount", required_argument, NULL, 'm' },
	{ "storage", required_argument, NULL, 's' },
	{ "disk", required_argument, NULL, 'd' },
	{ "work", required_argument, NULL, 'w' },
	{ "fifo", required_argument, NULL, 'f' },
	{ "simctl", required_argument, NULL, 'c' },
	{ "seed", required_argument, NULL, 'S' },
	{ "steps", required_argument, NULL, 'n' },
	{ "seconds", required_argument, NULL, 't' },
	{ "home", required_argument, NULL, 'h' },
	{ "folds", no_argument, NULL, 'F' },
	{ "cloud", no_argument, NULL, 'C' },
	{ "url", required_argument, NULL, 'u' },
	{ "key", required_argument, NULL, 'k' },
	{ "clock", required_argument, NULL, 'T' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static bool
set_option(struct options *options, int option, const char *value)
{
	const struct {
		int option;
		const char **text;
		bool *flag;
		long *number;
	} places[] = {
		{ 'm', &options->mount, NULL, NULL },
		{ 's', &options->storage, NULL, NULL },
		{ 'd', &options->disk, NULL, NULL },
		{ 'w', &options->work, NULL, NULL },
		{ 'f', &options->fifo, NULL, NULL },
		{ 'c', &options->simctl, NULL, NULL },
		{ 'h', &options->home, NULL, NULL },
		{ 'u', &options->url, NULL, NULL },
		{ 'k', &options->key, NULL, NULL },
		{ 'T', &options->clock, NULL, NULL },
		{ 'F', NULL, &options->folds, NULL },
		{ 'C', NULL, &options->cloud, NULL },
		{ 'v', NULL, &options->verbose, NULL },
		{ 'n', NULL, NULL, &options->steps },
		{ 't', NULL, NULL, &options->seconds },
		{ 'S', NULL, NULL, &options->seed },
	};
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].option != option)
			continue;
		if (places[i].text != NULL)
			*places[i].text = value;
		else if (places[i].flag != NULL)
			*places[i].flag = true;
		else
			*places[i].number = strtol(value, NULL, 10);
		return true;
	}
	return false;
}

static bool
parse(struct options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) !=
	    -1) {
		if (!set_option(options, option, optarg))
			return false;
	}
	options->command = argv + optind;
	return optind < argc && options->mount != NULL &&
	    options->storage != NULL && options->disk != NULL &&
	    options->work != NULL && options->fifo != NULL &&
	    options->simctl != NULL;
}

static void
prepare(struct model *model, const struct options *options)
{
	char kept[PATH_SIZE];

	model->options = options;
	model->random = (uint64_t)options->seed * 2654435761u +
	    88172645463325252u;
	model_at(options->mount, options->home, model->home);
	model_join(model->mount, model->home, options->storage);
	model_join(model->unsent, model->home, "unsent");
	model_join(model->plain, options->work, "plain");
	model_join(model->sent, options->work, "sent");
	model_join(kept, options->work, "kept");
	model->data = malloc(LARGEST + 1);
	model->other = malloc(LARGEST + 1);
	if (model->data == NULL || model->other == NULL ||
	    mkdir(model->plain, 0755) != 0 || mkdir(model->sent, 0755) != 0 ||
	    mkdir(kept, 0755) != 0) {
		fprintf(stderr, "random: cannot work in %s\n", options->work);
		exit(2);
	}
}

static const struct step *
choose(struct model *model)
{
	int i, total = 0, at;

	for (i = 0; i < STEPS; i++)
		total += steps[i].weight;
	at = (int)model_random(model, (uint64_t)total);
	for (i = 0; at >= steps[i].weight; i++)
		at -= steps[i].weight;
	return &steps[i];
}

static void
run(struct model *model)
{
	const struct options *options = model->options;
	time_t end = time(NULL) + options->seconds;

	for (model->step = 1;
	     (options->steps == 0 || model->step <= options->steps) &&
	     (options->seconds == 0 || time(NULL) < end);
	     model->step++) {
		model->history[model->step % HISTORY][0] = '\0';
		model->given++; /* it may read a file */
		choose(model)->run(model);
		if (options->verbose)
			printf("# %ld: %s\n", model->step,
			    model->history[model->step % HISTORY]);
		compare_all(model, model->step % THOROUGH == 0);
		if (model->step % THOROUGH == 0)
			mount_check(model);
	}
}

int
main(int argc, char **argv)
{
	struct model *model = calloc(1, sizeof(*model));
	struct options options = { .seed = 1, .home = "", .clock = "good" };
	struct timespec begin, end;
	double seconds;

	setlocale(LC_ALL, "C.UTF-8");
	if (!parse(&options, argc, argv) || model == NULL) {
		fprintf(stderr, "random: see the script beside its source\n");
		return 2;
	}
	prepare(model, &options);
	mount_start(model);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (options.url != NULL) {
		second_run(model);
	} else {
		run(model);
		step_remount(model);
		compare_all(model, true);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	mount_stop(model);
	seconds = (double)(end.tv_sec - begin.tv_sec) +
	    (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%ld operations in %.0f s, %.1f a second\n", model->step - 1,
	    seconds, (double)(model->step - 1) / seconds);
	free(model->data);
	free(model->other);
	free(model);
	return 0;
}
