/*
 * prusafs: mount a 3D printer as a folder.  Options, login, first contact,
 * mount; the exit status tells what went wrong, and one line on stderr why.
 * Everything that can fail does so before the process goes into the
 * background; threads start only after that.
 */
#define FUSE_USE_VERSION 312

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fuse_lowlevel.h>

#include "client/base/log.h"
#include "client/base/wait.h"
#include "client/http/connection.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/farm/directory.h"
#include "fs/farm/farm.h"
#include "fs/farm/first_contact.h"
#include "fs/kernel/inode.h"
#include "fs/kernel/ops.h"
#include "fs/kernel/parallel_dirops.h"
#include "fs/setup/mount_paths.h"
#include "fs/setup/options.h"
#include "fs/setup/printer_config.h"
#include "fs/setup/printers_file.h"
#include "fs/setup/signals.h"
#include "fs/setup/stderr_capture.h"

#define THREADS	 1100  /* each waiting call holds one */
#define GRACE_MS 10000 /* for a running upload after a signal */
#define IDLERS	 8
#define MASK	 022 /* unless told otherwise */
#define ARENAS	 2   /* of malloc; more only keep memory */

/* Everything that main puts together. */
struct program {
	struct options options;
	struct mount_paths paths;
	struct settings settings;
	char *file; /* the printers file, canonical; NULL: one printer */
	struct printer_configs confs;
	struct farm *farm;
	struct mount mount;
};

/* The printer that the command line names, at the root of the mount. */
static int
find_printer(struct program *program)
{
	struct printer_config *conf;
	char *file;
	int status = printers_file_complete(&program->options);

	if (status != 0)
		return status;
	if (printer_config_new(NULL, &program->options, &conf) != 0) {
		log_say(LOG_LEVEL_ERROR, "out of memory");
		return STATUS_USAGE;
	}
	TAILQ_INSERT_TAIL(&program->confs, conf, link);
	file = printers_file_default();
	status = login_find(&conf->options, file, &conf->login);
	free(file);
	return status != 0 ? status :
			     mount_paths_find_authority(&conf->options.ca_file);
}

static int
read_file(struct program *program)
{
	const char *source = program->options.source;
	int status = mount_paths_find_authority(&program->options.ca_file);

	if (status != 0)
		return status;
	program->file = realpath(source, NULL);
	if (program->file == NULL) {
		log_say(LOG_LEVEL_ERROR,
		    "%s: %s (a printers file; the address of a printer begins "
		    "with http://)",
		    source, strerror(errno));
		return STATUS_USAGE;
	}
	return printers_file_read(program->file, &program->options,
	    farm_directory_has_row, &program->confs);
}

static int
meet_printer(struct program *program)
{
	const struct wait wait = { 0 };
	struct printer_config *conf = TAILQ_FIRST(&program->confs);

	if (first_contact_meet(conf, &program->paths, &wait) == 0)
		return 0;
	if (!program->options.offline_ok || !printer_config_is_away(conf))
		return first_contact_explain(conf);
	log_say(LOG_LEVEL_NOTE, "%s does not answer now", conf->login.url);
	return 0;
}

/*
 * Those that are away may come back, so they are mounted; the others too, if
 * at least one can be used.
 */
static int
meet_printers(struct program *program)
{
	const struct wait wait = { 0 };
	struct printer_config *conf;
	int status = 0, first = 0;
	bool usable = false;

	if (farm_meet(&program->confs, &program->paths, &wait) != 0) {
		log_say(LOG_LEVEL_ERROR, "out of memory");
		return STATUS_MOUNT;
	}
	first_contact_check_watches(&program->confs, &wait);
	TAILQ_FOREACH (conf, &program->confs, link) {
		if (conf->error != 0)
			status = first_contact_explain(conf);
		if (conf->error == -EINVAL)
			return STATUS_USAGE;
		if (conf->error == 0 || printer_config_is_away(conf))
			usable = true;
		else if (first == 0)
			first = status;
	}
	return usable ? 0 : first;
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
	settings->mountpoint = program->paths.mountpoint;
	settings->spool_dir = program->paths.cache_dir;
	clock_gettime(CLOCK_REALTIME, &settings->mounted);
}

static int
make_farm(struct program *program)
{
	const struct farm_config config = { .settings = &program->settings,
		.paths = &program->paths,
		.options = &program->options,
		.file = program->file,
		.forget = ops_forget_folder,
		.forget_arg = &program->mount };

	return farm_new(&config, &program->confs, &program->farm);
}

static int
make_inodes(struct program *program)
{
	struct place *root;
	int error = farm_directory_root(program->farm, &root);

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

	farm_settle(program->farm, GRACE_MS);
}

static void
end_session(void *arg)
{
	struct program *program = arg;

	program->mount.interrupted = true;
	fuse_session_exit(program->mount.session);
}

static void
reread(void *arg)
{
	const struct program *program = arg;

	farm_refresh_later(program->farm);
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
	const struct signals_plan plan = {
		.prepare = let_finish,
		.finish = end_session,
		.reread = program->file != NULL ? reread : NULL,
		.arg = program,
	};
	struct signals *signals;
	int status, error = signals_start(&plan, &signals);

	if (error != 0) {
		log_say(LOG_LEVEL_ERROR, "%s", strerror(-error));
		return STATUS_MOUNT;
	}
	status = loop(program->mount.session);
	signals_stop(signals);
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

static bool
attach(struct fuse_session *session, const char *mountpoint)
{
	struct stderr_capture capture;
	bool mounted;

	stderr_capture_begin(&capture);
	mounted = fuse_session_mount(session, mountpoint) == 0;
	stderr_capture_end(&capture, mountpoint, mounted);
	return mounted;
}

/*
 * libfuse unmounts whatever is at the path by now, unless its descriptor says
 * that the mount has ended.  A pipe that nobody reads says so, too.
 */
static void
detach(struct fuse_session *session, bool replaced)
{
	int ends[2];

	if (replaced) {
		if (pipe(ends) != 0)
			return;
		close(ends[0]);
		(void)dup3(ends[1], fuse_session_fd(session), O_CLOEXEC);
		close(ends[1]);
	}
	fuse_session_unmount(session);
}

static int
mount_and_run(struct program *program, struct fuse_args *args)
{
	const char *mountpoint = program->paths.mountpoint;
	struct fuse_lowlevel_ops ops;
	struct fuse_session *session;
	int status = STATUS_MOUNT;

	ops_fill(&ops);
	session = fuse_session_new(args, &ops, sizeof(ops), &program->mount);
	if (session == NULL)
		return STATUS_MOUNT;
	program->mount.session = session;
	signals_prepare();
	if (attach(session, mountpoint)) {
		mount_paths_note_mount(&program->paths);
		parallel_dirops_prepare(session);
		status = run_mounted(program);
		detach(session, mount_paths_is_replaced(&program->paths));
	}
	ops_close_all(&program->mount);
	inodes_free(program->mount.inodes);
	program->mount.inodes = NULL;
	farm_free(program->farm);
	program->farm = NULL;
	fuse_session_destroy(session);
	return status;
}

/* Which printers are meant, and do they let us in? */
static int
prepare(struct program *program)
{
	bool many = printers_file_is(program->options.source);
	int status = many ? read_file(program) : find_printer(program);

	if (many || program->options.backend->account_new != NULL)
		mount_paths_raise_limit();
	if (status == 0)
		status = mount_paths_prepare(&program->paths,
		    &program->options);
	if (status == 0)
		status = many ? meet_printers(program) : meet_printer(program);
	return status;
}

static int
run(struct program *program)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	const struct printer_config *first;
	int error, status = prepare(program);

	if (status != 0 || program->options.fake)
		return status;
	make_settings(program);
	first = TAILQ_FIRST(&program->confs);
	error = make_arguments(program,
	    program->file != NULL ? program->file : first->login.url, &args);
	if (error == 0)
		error = make_farm(program);
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
	farm_free(program->farm);
	printer_configs_free(&program->confs);
	mount_paths_free(&program->paths);
	free(program->file);
	options_free(&program->options);
}

int
main(int argc, char **argv)
{
	struct program program = { 0 };
	int status;

	TAILQ_INIT(&program.confs);
	/* Names are UTF-8 whatever the user's locale is. */
	setlocale(LC_CTYPE, "C.UTF-8");
	mallopt(M_ARENA_MAX, ARENAS);
	connection_prepare();
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
