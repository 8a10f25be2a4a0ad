/*
 * The mount point and the cache directory.  Runs before threads do.
 */
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/base/log.h"
#include "client/traits.h"
#include "fs/setup/mount_paths.h"
#include "fs/setup/options.h"

#define FILES 16384 /* descriptors; a busy printer has ten */

static int
refuse(const char *path, const char *why)
{
	log_say(LOG_LEVEL_ERROR, "%s: %s", path, why);
	return STATUS_MOUNT;
}

/* Is the mount there ours?  The last one in the table is on top. */
static bool
is_ours(const char *path)
{
	const struct mntent *entry;
	bool ours = false;
	FILE *mounts = setmntent("/proc/self/mounts", "re");

	if (mounts == NULL)
		return false;
	while ((entry = getmntent(mounts)) != NULL) {
		if (strcmp(entry->mnt_dir, path) == 0)
			ours = strcmp(entry->mnt_type, "fuse.prusafs") == 0;
	}
	endmntent(mounts);
	return ours;
}

/*
 * Is there a mount of ours whose process is dead?  statfs is never answered
 * from what the kernel remembers.
 */
static bool
is_stale(const char *path)
{
	struct statfs disk;

	return is_ours(path) && statfs(path, &disk) != 0 && errno == ENOTCONN;
}

static void
remove_stale(const char *path)
{
	char command[] = "fusermount3";
	pid_t child;

	log_say(LOG_LEVEL_NOTE, "%s: replacing a mount whose process is gone",
	    path);
	if (umount2(path, MNT_DETACH) == 0)
		return;
	child = fork();
	if (child == 0) {
		execlp(command, command, "-u", "-z", "--", path, (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

/*
 * The path without links, dots and doubled slashes.  A dead mount cannot be
 * looked at, but be pointed to, and the kernel knows where that is.  Returns
 * whether there is such a path.
 */
static bool
resolve(const char *path, char out[PATH_MAX])
{
	char name[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	int fd = open(path, O_PATH | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlink(name, out, PATH_MAX);
	close(fd);
	if (len < 0 || len >= PATH_MAX)
		return false;
	out[len] = '\0';
	return true;
}

static int
find_mountpoint(struct mount_paths *paths, const char *path)
{
	char absolute[PATH_MAX];
	struct stat stat_buffer;

	if (resolve(path, absolute) && is_stale(absolute))
		remove_stale(absolute);
	if (realpath(path, absolute) == NULL)
		return refuse(path, strerror(errno));
	if (stat(absolute, &stat_buffer) != 0)
		return refuse(path, strerror(errno));
	if (!S_ISDIR(stat_buffer.st_mode))
		return refuse(path, "the mount point must be a directory");
	if (is_ours(absolute))
		return refuse(path, "a printer is already mounted there");
	paths->mountpoint = strdup(absolute);
	return paths->mountpoint == NULL ? refuse(path, "out of memory") : 0;
}

/* What is mounted at the mount point; 0: that cannot be told. */
static dev_t
device_at(const char *path)
{
	struct statx facts;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, 0, &facts) != 0)
		return 0;
	return makedev(facts.stx_dev_major, facts.stx_dev_minor);
}

void
mount_paths_note_mount(struct mount_paths *paths)
{
	paths->device = device_at(paths->mountpoint);
}

bool
mount_paths_is_replaced(const struct mount_paths *paths)
{
	dev_t device = device_at(paths->mountpoint);

	return device != 0 && paths->device != 0 && device != paths->device;
}

/* mount(8) starts its helpers without an environment. */
const char *
mount_paths_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (home != NULL && *home == '/')
		return home;
	user = geteuid() == 0 ? NULL : getpwuid(geteuid());
	return user == NULL ? NULL : user->pw_dir;
}

static char *
default_cache(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"),
		   *home = mount_paths_home();
	char *path = NULL;
	int len;

	if (cache != NULL && *cache == '/')
		len = asprintf(&path, "%s/prusafs", cache);
	else if (home != NULL)
		len = asprintf(&path, "%s/.cache/prusafs", home);
	else
		len = asprintf(&path, "/var/cache/prusafs");
	return len < 0 ? NULL : path;
}

static int
make_folder(const char *path, mode_t mode)
{
	return mkdir(path, mode) == 0 || errno == EEXIST ? 0 : -errno;
}

/*
 * mkdir -p, the last one for us alone.  Returns 0 or a negative errno: where a
 * folder is missing, why it could not be made.
 */
static int
make_folders(char *path)
{
	int error, first = 0;
	char *slash;

	for (slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		error = make_folder(path, 0755);
		*slash = '/';
		if (first == 0)
			first = error;
	}
	error = make_folder(path, 0700);
	return error == -ENOENT && first != 0 ? first : error;
}

static bool
is_empty(const char *path)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);
	bool empty = dir != NULL;

	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0;
	if (dir != NULL)
		closedir(dir);
	return empty;
}

/*
 * Why a directory cannot be the cache; NULL: it can.  What waits there must
 * not be another user's to see or to change.  One that was made for us is
 * closed; one that others use, as /tmp, is not.
 */
static const char *
why_unfit(const char *path)
{
	struct stat stat_buffer;

	if (lstat(path, &stat_buffer) != 0)
		return strerror(errno);
	if (!S_ISDIR(stat_buffer.st_mode))
		return "cache_dir must be a directory";
	if (stat_buffer.st_uid != geteuid())
		return "cache_dir belongs to another user";
	if ((stat_buffer.st_mode & 077) != 0 && !is_empty(path))
		return "cache_dir is open to others, and not empty";
	if (chmod(path, 0700) != 0)
		return strerror(errno);
	if (access(path, R_OK | W_OK | X_OK) != 0)
		return strerror(errno);
	return NULL;
}

static int
make_cache(struct mount_paths *paths, const char *wanted)
{
	char absolute[PATH_MAX];
	char *path = wanted != NULL ? strdup(wanted) : default_cache();
	const char *why;
	int error, status = 0;

	if (path == NULL)
		return refuse("cache_dir", "out of memory");
	error = make_folders(path);
	why = error != 0 ? strerror(-error) : why_unfit(path);
	if (why == NULL && realpath(path, absolute) != NULL)
		paths->cache_dir = strdup(absolute);
	if (paths->cache_dir == NULL)
		status = refuse(path, why != NULL ? why : strerror(errno));
	free(path);
	return status;
}

/* Its address, with harmless characters. */
char *
mount_paths_name(const char *url)
{
	char *name = strdup(strstr(url, "://") + 3), *c;

	if (name == NULL)
		return NULL;
	for (c = name; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr("-_", *c) == NULL &&
		    (*c != '.' || c == name))
			*c = '_';
	}
	if (strlen(name) > 200)
		name[200] = '\0';
	return name;
}

int
mount_paths_find_authority(char **path)
{
	char *canonical;

	if (*path == NULL)
		return 0;
	canonical = realpath(*path, NULL);
	if (canonical == NULL || access(canonical, R_OK) != 0) {
		log_say(LOG_LEVEL_ERROR, "%s: %s", *path, strerror(errno));
		free(canonical);
		return STATUS_USAGE;
	}
	free(*path);
	*path = canonical;
	return 0;
}

int
mount_paths_prepare(struct mount_paths *paths, const struct options *options)
{
	int status = find_mountpoint(paths, options->mountpoint);

	if (status == 0)
		status = make_cache(paths, options->cache_dir);
	return status;
}

void
mount_paths_free(struct mount_paths *paths)
{
	free(paths->mountpoint);
	free(paths->cache_dir);
	memset(paths, 0, sizeof(*paths));
}

static FILE *
open_kind(const struct mount_paths *paths, const char *name, const char *mode)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s.kind", paths->cache_dir,
		name) >= sizeof(path))
		return NULL;
	return fopen(path, mode);
}

void
mount_paths_note_traits(const struct mount_paths *paths, const char *name,
    const struct traits *traits)
{
	FILE *file = open_kind(paths, name, "we");

	if (file == NULL)
		return;
	fprintf(file, "%s\n", traits->realm);
	fclose(file);
}

const struct traits *
mount_paths_traits(const struct mount_paths *paths, const char *name,
    const struct traits *const *known)
{
	FILE *file = open_kind(paths, name, "re");
	const struct traits *const *traits = known;
	char realm[64] = "";

	if (file != NULL) {
		if (fgets(realm, sizeof(realm), file) == NULL)
			realm[0] = '\0';
		fclose(file);
	}
	realm[strcspn(realm, "\n")] = '\0';
	while (*traits != NULL && strcmp((*traits)->realm, realm) != 0)
		traits++;
	return *traits == NULL ? known[0] : *traits;
}

void
mount_paths_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES)
		return;
	limit.rlim_cur = limit.rlim_max < FILES ? limit.rlim_max : FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
