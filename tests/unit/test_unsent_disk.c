/*
 * cache/unsent: what a mount finds on the disk, and what others have there.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "tests/unit/unsent_files.h"

static int
stop_at_once(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
	return -ENOMEM;
}

static void
test_reopen(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "again");
	struct timespec kept = { 0 };
	off_t size;
	int calls = 0;

	keep(unsent, dir, "usb/a.gcode", "model a");
	keep(unsent, dir, "usb/sub/b.gcode", "model b");
	keep(unsent, dir, "usb/empty.gcode", "");
	unsent_close(unsent);
	unsent = open_unsent(dir, "again");
	CHECK(check,
	    count(unsent) == 3 && holds(unsent, "a.gcode", "model a") &&
		holds(unsent, "b.gcode", "model b") &&
		holds(unsent, "empty.gcode", ""),
	    "what is kept survives a mount");
	CHECK(check,
	    unsent_look(unsent, "a.gcode", &size, &kept) == 0 && size == 7,
	    "its size survives");
	CHECK(check,
	    kept.tv_sec > time(NULL) - 60 && kept.tv_sec <= time(NULL) + 1,
	    "its time survives too");
	CHECK(check,
	    unsent_each(unsent, stop_at_once, &calls) == -ENOMEM && calls == 1,
	    "the listing can be ended by an error");
	unsent_stored(begin(unsent, dir, "usb/sub/b.gcode", "new"),
	    "usb/sub/b.gcode");
	CHECK(check,
	    count(unsent) == 2 &&
		unsent_look(unsent, "b.gcode", &size, &kept) == -ENOENT,
	    "its destination survives too");
	unsent_remove(unsent, "a.gcode", 1);
	unsent_close(unsent);
	unsent = open_unsent(dir, "again");
	CHECK(check, count(unsent) == 1, "what was removed does not come back");
	unsent_close(unsent);
	unsent = open_unsent(dir, "other");
	CHECK(check, count(unsent) == 0, "another mount's files are its own");
	unsent_close(unsent);
}

/* A process with an upload under way and one that failed; it waits then. */
static pid_t
start_mount(const char *dir, const char *name)
{
	struct unsent *unsent;
	int ends[2];
	char told = 0;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		alarm(60);
		unsent = open_unsent(dir, name);
		keep(unsent, dir, "usb/failed.gcode", "failed");
		if (begin(unsent, dir, "usb/running.gcode", "running") ==
			NULL ||
		    write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	if (read(ends[0], &told, 1) != 1)
		told = 0;
	close(ends[0]);
	return told == 'x' ? child : -1;
}

static void
test_alive(struct check *check, const char *dir)
{
	pid_t child = start_mount(dir, "live");
	struct unsent *unsent;

	CHECK(check, child > 0, "another mount keeps a file and sends one");
	if (child <= 0)
		return;
	unsent = open_unsent(dir, "live");
	CHECK(check, count(unsent) == 0 && count_files(dir, "live") == 4,
	    "what another living process has is left to it");
	keep(unsent, dir, "usb/mine.gcode", "mine");
	unsent_stored(begin(unsent, dir, "usb/failed.gcode", "stored"),
	    "usb/failed.gcode");
	CHECK(check,
	    holds(unsent, "mine.gcode", "mine") &&
		count_files(dir, "live") == 6,
	    "two mounts can have their files beside each other");
	unsent_close(unsent);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unsent = open_unsent(dir, "live");
	CHECK(check,
	    count(unsent) == 3 && holds(unsent, "failed.gcode", "failed") &&
		holds(unsent, "running.gcode", "running") &&
		holds(unsent, "mine.gcode", "mine"),
	    "what a killed process had is taken over");
	unsent_close(unsent);
}

static void
put_bytes(const char *dir, const char *mount, const char *name,
    const char *text, size_t len)
{
	char path[UNSENT_PATH];
	int fd;

	snprintf(path, sizeof(path), "%s/%s.unsent/%s", dir, mount, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
	close(fd);
}

static void
put_in(const char *dir, const char *mount, const char *name, const char *text)
{
	put_bytes(dir, mount, name, text, strlen(text));
}

static void
put_text(const char *dir, const char *name, const char *text)
{
	put_in(dir, "foreign", name, text);
}

static void
make_rubbish(const char *dir)
{
	char path[UNSENT_PATH], long_path[5000];

	put_text(dir, "notes.txt", "hello");
	put_text(dir, ".dest", "usb/hidden.gcode");
	put_text(dir, ".data", "hidden");
	put_text(dir, "1.dest", "usb/no-bytes.gcode");
	put_text(dir, "2.data", "no destination");
	put_text(dir, "3.dest", "");
	put_text(dir, "3.data", "empty destination");
	put_text(dir, "4.dest", "usb/..");
	put_text(dir, "4.data", "a path upwards");
	put_text(dir, "5.dest", "usb/\x1b[31m");
	put_text(dir, "5.data", "an escape sequence");
	put_text(dir, "6.dest", "usb/");
	put_text(dir, "6.data", "a folder");
	put_text(dir, "7.dest", "usb/a\nb");
	put_text(dir, "7.data", "two lines");
	put_text(dir, "8.dest", "usb/\xff.gcode");
	put_text(dir, "8.data", "not text");
	memset(long_path, 'a', sizeof(long_path));
	put_bytes(dir, "foreign", "9.dest", long_path, sizeof(long_path));
	put_text(dir, "9.data", "a long path");
	put_text(dir, "10.dest", "usb/link.gcode");
	snprintf(path, sizeof(path), "%s/foreign.unsent/10.data", dir);
	if (symlink("2.data", path) != 0)
		exit(1);
	put_text(dir, "11.data", "destination is a link");
	snprintf(path, sizeof(path), "%s/foreign.unsent/11.dest", dir);
	if (symlink("1.dest", path) != 0)
		exit(1);
	put_text(dir, "12.dest", "usb/folder.gcode");
	snprintf(path, sizeof(path), "%s/foreign.unsent/12.data", dir);
	mkdir(path, 0700);
	put_text(dir, "13.data", "destination is a folder");
	snprintf(path, sizeof(path), "%s/foreign.unsent/13.dest", dir);
	mkdir(path, 0700);
	put_text(dir, "14.dest", "usb/pipe.gcode");
	snprintf(path, sizeof(path), "%s/foreign.unsent/14.data", dir);
	mkfifo(path, 0600);
}

/* Tells of every name but those that we kept. */
static int
tell_stranger(void *arg, const char *name)
{
	if (strcmp(name, "a.gcode") == 0)
		return 0;
	printf("# listed: %s\n", name);
	++*(int *)arg;
	return 0;
}

static void
test_rubbish(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "foreign");
	int strangers = 0;

	keep(unsent, dir, "usb/a.gcode", "model a");
	unsent_close(unsent);
	make_rubbish(dir);
	unsent = open_unsent(dir, "foreign");
	CHECK(check, holds(unsent, "a.gcode", "model a"),
	    "what is kept is found among foreign files");
	unsent_each(unsent, tell_stranger, &strangers);
	CHECK(check, strangers == 0, "foreign files are not listed");
	keep(unsent, dir, "usb/b.gcode", "model b");
	CHECK(check, holds(unsent, "b.gcode", "model b"),
	    "more can be kept beside them");
	unsent_close(unsent);
}

/* Take a byte away from the only file that is kept there. */
static void
cut(const char *dir, const char *name)
{
	char path[UNSENT_PATH], file[UNSENT_PATH + NAME_MAX + 2];
	const struct dirent *entry;
	struct stat info;
	DIR *stream;

	snprintf(path, sizeof(path), "%s/%s.unsent", dir, name);
	stream = opendir(path);
	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (strstr(entry->d_name, ".data") != NULL &&
		    stat(file, &info) == 0 &&
		    truncate(file, info.st_size - 1) != 0)
			exit(1);
	}
	closedir(stream);
}

/* After a power failure some of the bytes may be missing. */
static void
test_cut(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "cut");

	keep(unsent, dir, "usb/a.gcode", "model a");
	unsent_close(unsent);
	cut(dir, "cut");
	unsent = open_unsent(dir, "cut");
	CHECK(check, count(unsent) == 0,
	    "part of a file is not taken for the file");
	unsent_close(unsent);
	CHECK(check, count_files(dir, "cut") == 0, "nor does it stay");
	put_in(dir, "cut", "1.dest", "usb/a.gcode");
	put_in(dir, "cut", "1.data", "model a");
	unsent = open_unsent(dir, "cut");
	CHECK(check, holds(unsent, "a.gcode", "model a"),
	    "a note without a number is one as well");
	unsent_close(unsent);
}

/* Remove what is kept, as users clear their caches; all of it, or the bytes. */
static void
remove_data(const char *path)
{
	if (strstr(path, ".data") != NULL)
		unlink(path);
}

static void
test_cleared(struct check *check, const char *dir)
{
	struct unsent *unsent = open_unsent(dir, "cleared"), *second;
	struct spool *spool;

	keep(unsent, dir, "usb/a.gcode", "model a");
	each_file(dir, "cleared", remove_data);
	CHECK(check,
	    unsent_open_bytes(unsent, "a.gcode", &spool) == -ENOENT &&
		count(unsent) == 0 && count_files(dir, "cleared") == 0,
	    "what users removed from the disk is not listed any more");
	remove_dir(dir, "cleared");
	keep(unsent, dir, "usb/b.gcode", "model b");
	CHECK(check, holds(unsent, "b.gcode", "model b"),
	    "what comes after that is kept");
	second = open_unsent(dir, "cleared");
	CHECK(check, count(second) == 0 && count(unsent) == 1,
	    "and left alone by a second mount");
	unsent_close(second);
	unsent_close(unsent);
}

/* An older version locked the bytes themselves. */
static void
test_older(struct check *check, const char *dir)
{
	char path[UNSENT_PATH];
	struct unsent *unsent;
	int fd;

	unsent_close(open_unsent(dir, "older"));
	remove_dir(dir, "older");
	snprintf(path, sizeof(path), "%s/older.unsent", dir);
	mkdir(path, 0700);
	put_in(dir, "older", "1.dest", "usb/left.gcode\n4\n");
	put_in(dir, "older", "1.data", "left");
	put_in(dir, "older", "2.dest", "usb/live.gcode\n4\n");
	put_in(dir, "older", "2.data", "live");
	put_in(dir, "older", "3.data", "stored and cached");
	snprintf(path, sizeof(path), "%s/older.unsent/2.data", dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	flock(fd, LOCK_EX | LOCK_NB);
	unsent = open_unsent(dir, "older");
	CHECK(check,
	    count(unsent) == 1 && holds(unsent, "left.gcode", "left") &&
		count_files(dir, "older") == 4,
	    "what an older version left is taken over, what it has is not");
	unsent_close(unsent);
	close(fd);
	unsent = open_unsent(dir, "older");
	CHECK(check, count(unsent) == 2 && holds(unsent, "live.gcode", "live"),
	    "until it has ended");
	unsent_close(unsent);
}

/* A named pipe has nobody who would write into it. */
static void
test_pipe(struct check *check, const char *dir)
{
	char path[UNSENT_PATH];
	struct unsent *unsent = open_unsent(dir, "pipe");
	pid_t child;
	int status = -1;

	unsent_close(unsent);
	snprintf(path, sizeof(path), "%s/pipe.unsent/1.dest", dir);
	mkfifo(path, 0600);
	child = fork();
	if (child == 0) {
		alarm(10);
		unsent_close(open_unsent(dir, "pipe"));
		_exit(0);
	}
	waitpid(child, &status, 0);
	CHECK(check, WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "a named pipe does not hold up the mount");
}

static void
test_no_room(struct check *check, const char *dir)
{
	char path[UNSENT_PATH];
	struct unsent *unsent;
	int fd;

	snprintf(path, sizeof(path), "%s/blocked.unsent", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	unsent = open_unsent(dir, "blocked");
	CHECK(check,
	    begin(unsent, dir, "usb/a.gcode", "a") == NULL &&
		count(unsent) == 0,
	    "where nothing can be kept the upload goes without");
	unsent_close(unsent);
}

int
main(void)
{
	static const char *const names[] = { "again", "other", "live",
		"foreign", "cut", "cleared", "older", "pipe" };
	struct check check;
	const char *dir;
	size_t i;

	check_begin(&check);
	dir = check_dir(&check);
	test_reopen(&check, dir);
	test_alive(&check, dir);
	test_rubbish(&check, dir);
	test_cut(&check, dir);
	test_cleared(&check, dir);
	test_older(&check, dir);
	test_pipe(&check, dir);
	test_no_room(&check, dir);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove_dir(dir, names[i]);
	return check_end(&check);
}
