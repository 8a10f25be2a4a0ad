/*
 * prusafs: mount a 3D printer as a folder.  Options, login, first contact,
 * mount; the exit status tells what went wrong, and one line on stderr why.
 * Everything that can fail does so before the process goes into the
 * background; threads start only after that.
 */
#define FUSE_USE_VERSION 312

#include <sys/stat.h>

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fuse_lowlevel.h>

#include "client/camera.h"
#include "client/dialect.h"
#include "client/http.h"
#include "client/log.h"
#include "client/printer.h"
#include "client/prusalink.h"
#include "client/wait.h"
#include "fs/ending.h"
#include "fs/inode.h"
#include "fs/ledger.h"
#include "fs/local.h"
#include "fs/login.h"
#include "fs/node.h"
#include "fs/ops.h"
#include "fs/options.h"
#include "fs/place.h"
#include "fs/space.h"
#include "fs/unit.h"

#define THREADS	 1100  /* each waiting call holds one */
#define GRACE_MS 10000 /* for a running upload after a signal */
#define IDLERS	 8
#define MASK	 022 /* unless told otherwise */
#define ARENAS	 2   /* of malloc; more only keep memory */

/* Everything that main puts together. */
struct program {
	struct options options;
	struct login login;
	struct local local;
	struct settings settings;
	struct contact contact;
	struct unit *unit;
	struct mount mount;
};

static void
configure_http(const struct program *program, struct http_config *config)
{
	const struct options *options = &program->options;
	const struct login *login = &program->login;

	memset(config, 0, sizeof(*config));
	config->url = login->url;
	config->user = login->user;
	config->password = login->is_key ? NULL : login->secret;
	config->api_key = login->is_key ? login->secret : NULL;
	config->ca_file = program->local.ca_file;
	config->connect_ms = options->connect_ms;
	config->answer_ms = options->answer_ms;
	config->stall_ms = options->stall_ms;
}

/* One line and an exit status for a first contact that failed. */
static int
explain_contact(const char *url, int error, const char *words)
{
	static const struct {
		int error;
		int status;
		const char *text;
	} reasons[] = {
		{ EACCES, STATUS_LOGIN,
		    "login refused: wrong user or password "
		    "(Settings > Network > PrusaLink on the printer)" },
		{ EPROTO, STATUS_NO_PRINTER, "that is not a PrusaLink" },
		{ EINVAL, STATUS_USAGE, "that is no address of a printer" },
		{ EHOSTDOWN, STATUS_UNREACHABLE,
		    "connection refused (is the "
		    "printer on, and PrusaLink enabled?)" },
		{ EHOSTUNREACH, STATUS_UNREACHABLE,
		    "no such host, or no way "
		    "to it (is the printer on?)" },
		{ ETIMEDOUT, STATUS_UNREACHABLE,
		    "no answer (is the printer "
		    "on?)" },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error != -error)
			continue;
		if (error != -EPROTO)
			words = "";
		log_say(LOG_LEVEL_ERROR, "%s: %s%s%s", url, reasons[i].text,
		    *words ? ": " : "", words);
		return reasons[i].status;
	}
	log_say(LOG_LEVEL_ERROR, "%s: %s", url, strerror(-error));
	return STATUS_UNREACHABLE;
}

/* First contact has a connection of its own, closed before the fork. */
static int
make_contact(struct program *program)
{
	const struct wait wait = { 0 };
	struct http_config config;
	struct http *http;
	int error;

	configure_http(program, &config);
	error = http_new(&config, &http);
	if (error == 0) {
		error = prusalink_contact(http, &wait, &program->contact);
		http_free(http);
	}
	if (error == 0) {
		local_note_dialect(&program->local, program->contact.dialect);
		return 0;
	}
	if (program->options.offline_ok && error != -EACCES &&
	    error != -EPROTO && error != -EINVAL) {
		program->contact.dialect = local_dialect(&program->local);
		log_say(LOG_LEVEL_NOTE, "%s does not answer now",
		    program->login.url);
		return 0;
	}
	return explain_contact(program->login.url, error,
	    program->contact.words);
}

static mode_t
mask_of(int64_t special, int64_t common)
{
	if (special >= 0)
		return (mode_t)special;
	return common >= 0 ? (mode_t)common : MASK;
}

static void
make_settings(struct program *program)
{
	const struct options *options = &program->options;
	struct settings *settings = &program->settings;

	settings->uid = options->uid >= 0 ? (uid_t)options->uid : getuid();
	settings->gid = options->gid >= 0 ? (gid_t)options->gid : getgid();
	settings->fmask = mask_of(options->fmask, options->umask);
	settings->dmask = mask_of(options->dmask, options->umask);
	settings->control_mode = (mode_t)options->control_mode;
	settings->verify_full = options->verify == VERIFY_FULL;
	settings->verify_none = options->verify == VERIFY_NONE;
	settings->mountpoint = program->local.mountpoint;
	settings->spool_dir = program->local.cache_dir;
	clock_gettime(CLOCK_REALTIME, &settings->mounted);
}

static int
set_camera(const struct program *program, struct printer *printer)
{
	const char *url = program->options.camera;
	struct http_config config;
	struct camera *camera;
	int error;

	if (url == NULL)
		return 0;
	configure_http(program, &config);
	error = camera_new(&config, url, &camera);
	if (error == 0)
		prusalink_set_camera(printer, camera);
	else
		printer_free(printer);
	return error;
}

static int
make_unit(struct program *program)
{
	const struct unit_config config = { .settings = &program->settings,
		.cache_dir = program->local.cache_dir,
		.name = program->local.name,
		.cache_size = program->options.cache_size,
		.ttl_ms = program->options.ttl_ms };
	struct http_config http_config;
	struct printer *printer;
	struct http *http;
	int error;

	configure_http(program, &http_config);
	http_config.tells = true;
	error = http_new(&http_config, &http);
	if (error == 0)
		error = prusalink_new(http, program->contact.dialect, &printer);
	if (error == 0)
		error = set_camera(program, printer);
	if (error == 0)
		error = unit_new(&config, printer, &program->unit);
	login_free(&program->login);
	if (error == 0)
		space_note(program->unit->space, program->contact.storage.data,
		    program->contact.storage.len);
	return error;
}

static int
make_inodes(struct program *program)
{
	struct place *root;
	int error = place_new(program->unit, node_root(), "", "", NULL, &root);

	if (error != 0)
		return error;
	pthread_mutex_init(&program->mount.lock, NULL);
	TAILQ_INIT(&program->mount.files);
	error = inodes_new(root, &program->mount.inodes);
	place_release(root);
	return error;
}

/* The arguments that libfuse understands. */
static int
make_arguments(const struct program *program, const char *url,
    struct fuse_args *args)
{
	const struct options *options = &program->options;
	char *text = NULL;
	int error;

	error = fuse_opt_add_arg(args, "prusafs");
	if (error == 0 && asprintf(&text, "fsname=%s", url) < 0)
		return -ENOMEM;
	if (error == 0) {
		char *list = NULL;

		error = fuse_opt_add_opt_escaped(&list, text);
		if (error == 0)
			error = fuse_opt_add_opt(&list,
			    "subtype=prusafs,default_permissions");
		if (error == 0 && options->fuse.len > 0)
			error = fuse_opt_add_opt(&list, options->fuse.data + 1);
		if (error == 0 && options->debug)
			error = fuse_opt_add_opt(&list, "debug");
		if (error == 0)
			error = fuse_opt_add_arg(args, "-o");
		if (error == 0)
			error = fuse_opt_add_arg(args, list);
		free(list);
	}
	free(text);
	return error == 0 ? 0 : -ENOMEM;
}

/* A running upload may finish, for a while; calls are answered meanwhile. */
static void
let_finish(void *arg)
{
	const struct program *program = arg;

	ledger_settle(program->unit->ledger, GRACE_MS);
}

static void
end_session(void *arg)
{
	const struct program *program = arg;

	fuse_session_exit(program->mount.session);
}

static int
loop(struct fuse_session *session)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int error;

	if (config == NULL)
		return STATUS_MOUNT;
	fuse_loop_cfg_set_max_threads(config, THREADS);
	fuse_loop_cfg_set_idle_threads(config, IDLERS);
	error = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	return error < 0 ? STATUS_MOUNT : 0;
}

/* Answer the kernel until the unmount or a signal. */
static int
serve(struct program *program)
{
	const struct ending_plan plan = {
		.prepare = let_finish, .finish = end_session, .arg = program
	};
	struct ending *ending;
	int status, error = ending_start(&plan, &ending);

	if (error != 0) {
		log_say(LOG_LEVEL_ERROR, "%s", strerror(-error));
		return STATUS_MOUNT;
	}
	status = loop(program->mount.session);
	ending_stop(ending);
	return status;
}

static int
run_mounted(struct program *program)
{
	if (fuse_daemonize(program->options.foreground) != 0)
		return STATUS_MOUNT;
	if (!program->options.foreground)
		log_to_syslog();
	return serve(program);
}

static int
mount_and_run(struct program *program, struct fuse_args *args)
{
	const char *mountpoint = program->local.mountpoint;
	struct fuse_session *session;
	int status = STATUS_MOUNT;

	session = fuse_session_new(args, ops_table(),
	    sizeof(struct fuse_lowlevel_ops), &program->mount);
	if (session == NULL)
		return STATUS_MOUNT;
	program->mount.session = session;
	ending_block_signals();
	if (fuse_session_mount(session, mountpoint) == 0) {
		status = run_mounted(program);
		fuse_session_unmount(session);
	} else {
		log_say(LOG_LEVEL_ERROR, "%s: cannot be mounted on",
		    mountpoint);
	}
	ops_close_all(&program->mount);
	inodes_free(program->mount.inodes);
	program->mount.inodes = NULL;
	unit_free(program->unit);
	program->unit = NULL;
	fuse_session_destroy(session);
	return status;
}

static int
run(struct program *program)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	const struct options *options = &program->options;
	int error, status = login_find(options, &program->login);

	if (status == 0)
		status = local_prepare(&program->local, options,
		    program->login.url);
	if (status == 0)
		status = make_contact(program);
	if (status != 0 || options->fake)
		return status;
	make_settings(program);
	error = make_arguments(program, program->login.url, &args);
	if (error == 0)
		error = make_unit(program);
	if (error == 0)
		error = make_inodes(program);
	if (error == 0) {
		status = mount_and_run(program, &args);
	} else {
		log_say(LOG_LEVEL_ERROR, "%s", strerror(-error));
		status = STATUS_MOUNT;
	}
	fuse_opt_free_args(&args);
	return status;
}

static void
clean_up(struct program *program)
{
	inodes_free(program->mount.inodes);
	unit_free(program->unit);
	buf_free(&program->contact.storage);
	login_free(&program->login);
	local_free(&program->local);
	options_free(&program->options);
}

int
main(int argc, char **argv)
{
	struct program program = { 0 };
	int status;

	/* Names are UTF-8 whatever the user's locale is. */
	setlocale(LC_CTYPE, "C.UTF-8");
	mallopt(M_ARENA_MAX, ARENAS);
	status = options_parse(&program.options, argc, argv);
	log_set_verbose(program.options.verbose);
	if (status == 0 && program.options.show_help)
		options_usage();
	else if (status == 0 && program.options.show_version)
		printf("prusafs " VERSION ", libfuse %s\n", fuse_pkgversion());
	else if (status == 0)
		status = run(&program);
	if (status != 0 && program.options.helper)
		status = STATUS_HELPER;
	clean_up(&program);
	return status;
}
