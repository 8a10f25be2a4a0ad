/*
 * simprinter: a simulated 3D printer for tests.  Reads the command line,
 * opens the personality, its port and its control FIFO, and serves until
 * SIGTERM or SIGINT.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/sim/control.h"
#include "tests/sim/sim.h"

static const char usage[] =
    "usage: simprinter --personality buddy|pi|obico --port N --storage DIR\n"
    "    --password P [--user NAME] [--api-key K] [--rate BYTES]\n"
    "    [--latency MS] [--record-ms MS] [--mb-ms MS] [--log FILE] [--control FIFO]\n"
    "    [--preview hold|SECONDS|off] [--time-scale F]\n"
    "       buddy: [--firmware 4.6|6.3|6.4|6.5|6.6], the newest if not told\n"
    "       obico: --token TOKEN [--printers N] in place of --password;\n"
    "    the printers: printing=1 idle=2 offline=3 archived=5 foreign=7, and\n"
    "    N idle ones from 8 on; TOKEN-other logs in the owner of 7\n";

static const struct option long_options[] = {
	{ "personality", required_argument, NULL, 'P' },
	{ "port", required_argument, NULL, 'p' },
	{ "storage", required_argument, NULL, 's' },
	{ "user", required_argument, NULL, 'u' },
	{ "password", required_argument, NULL, 'w' },
	{ "api-key", required_argument, NULL, 'k' },
	{ "token", required_argument, NULL, 'T' },
	{ "printers", required_argument, NULL, 'n' },
	{ "rate", required_argument, NULL, 'r' },
	{ "latency", required_argument, NULL, 'l' },
	{ "record-ms", required_argument, NULL, 'D' },
	{ "mb-ms", required_argument, NULL, 'B' },
	{ "log", required_argument, NULL, 'o' },
	{ "control", required_argument, NULL, 'c' },
	{ "preview", required_argument, NULL, 'v' },
	{ "firmware", required_argument, NULL, 'f' },
	{ "time-scale", required_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 },
};

static double
parse_preview(const char *word)
{
	if (strcmp(word, "hold") == 0)
		return -1;
	return strcmp(word, "off") == 0 ? 0 : strtod(word, NULL);
}

/* Its second number, 1 for 4.6, or -1 for one that is not known. */
static long
parse_firmware(const char *word)
{
	static const char *const known[] = { "6.3", "6.4", "6.5", "6.6" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i], word) == 0)
			return 3 + (long)i;
	}
	return strcmp(word, "4.6") == 0 ? 1 : -1;
}

static void
set_option(struct sim_options *options, int option, const char *value)
{
	const struct {
		int option;
		const char **text;
		long *number;
	} places[] = {
		{ 'P', &options->personality, NULL },
		{ 'p', NULL, &options->port },
		{ 's', &options->storage, NULL },
		{ 'u', &options->user, NULL },
		{ 'w', &options->password, NULL },
		{ 'k', &options->api_key, NULL },
		{ 'T', &options->token, NULL },
		{ 'n', NULL, &options->printers },
		{ 'r', NULL, &options->rate },
		{ 'l', NULL, &options->latency_ms },
		{ 'D', NULL, &options->record_ms },
		{ 'B', NULL, &options->mb_ms },
		{ 'o', &options->log, NULL },
		{ 'c', &options->control, NULL },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].option != option)
			continue;
		if (places[i].text != NULL)
			*places[i].text = value;
		else
			*places[i].number = strtol(value, NULL, 10);
	}
	if (option == 'v')
		options->preview_s = parse_preview(value);
	if (option == 'f')
		options->firmware = parse_firmware(value);
	if (option == 't')
		options->time_scale = strtod(value, NULL);
}

/* Is what logs in there?  An Obico account has a token. */
static bool
has_login(const struct sim_options *options)
{
	return strcmp(options->personality, "obico") == 0 ?
	    options->token != NULL && options->token[0] != '\0' :
	    options->password != NULL;
}

/* Returns whether the command line makes sense. */
static bool
parse(struct sim_options *options, int argc, char **argv)
{
	int option;

	options->user = "maker";
	options->preview_s = -1;
	options->firmware = 6;
	options->time_scale = 1;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) !=
	    -1) {
		if (option == '?')
			return false;
		set_option(options, option, optarg);
	}
	return optind == argc && options->personality != NULL &&
	    options->storage != NULL && has_login(options) &&
	    options->port >= 0 && options->port < 65536 &&
	    options->time_scale > 0 && options->firmware > 0;
}

static int
open_all(struct sim *sim)
{
	const struct sim_options *options = &sim->options;
	int error = sim_init(sim);

	if (error != 0)
		return error;
	error = sim_open_logs(sim);
	if (error != 0)
		return error;
	if (mkdir(options->storage, 0755) != 0 && errno != EEXIST)
		return -errno;
	machine_init(sim);
	error = server_open(sim, options->port);
	if (error == 0)
		error = sim->personality->open(sim);
	if (error == 0)
		error = control_open(sim);
	return error;
}

int
main(int argc, char **argv)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	int error;

	if (sim == NULL)
		return 1;
	if (parse(&sim->options, argc, argv))
		sim->personality = sim_personality(sim->options.personality);
	if (sim->personality == NULL) {
		fputs(usage, stderr);
		free(sim);
		return 2;
	}
	sim->rate = sim->options.rate;
	sim->latency_ms = sim->options.latency_ms;
	error = open_all(sim);
	if (error != 0) {
		fprintf(stderr, "simprinter: %s\n", strerror(-error));
		return 1;
	}
	printf("READY http://127.0.0.1:%ld\n", sim->server.port);
	fflush(stdout);
	server_run(sim);
	control_close(sim);
	sim->personality->close(sim);
	server_close(sim);
	sim_close_logs(sim);
	free(sim);
	return 0;
}
