/*
 * Stands between prusafs's own objects and libc: the linker sends their calls
 * here (--wrap), but not those that libfuse, libcurl or libc make themselves.
 * The k-th allocation, or the k-th operation on a local file, fails or is the
 * last that the process comes to.  Counters are shared with the driver through
 * the file that TORTURE_SWITCH names; any thread counts.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cJSON.h>

/* As tests/torture/rig.py has it. */
struct board {
	_Atomic int64_t kind; /* what is counted now */
	_Atomic int64_t k;    /* which call fails */
	_Atomic int64_t count;
	_Atomic int64_t error;
};

enum {
	NOTHING,
	MEMORY,
	DISK
};

#define KILL (-1) /* in place of an error */

static struct board *board;

static bool
fails(int64_t kind)
{
	if (board == NULL || atomic_load(&board->kind) != kind ||
	    atomic_fetch_add(&board->count, 1) + 1 != atomic_load(&board->k))
		return false;
	errno = (int)atomic_load(&board->error);
	if (errno == KILL)
		raise(SIGKILL);
	return true;
}

/* clang-format off */
#define WRAP(type, name, parameters, kind, failure, ...)	\
	type __real_##name parameters;				\
	type __wrap_##name parameters;				\
	type __wrap_##name parameters				\
	{							\
		if (fails(kind))				\
			return failure;				\
		return __real_##name(__VA_ARGS__);		\
	}

WRAP(void *, malloc, (size_t size), MEMORY, NULL, size)
WRAP(void *, calloc, (size_t count, size_t size), MEMORY, NULL, count, size)
WRAP(void *, realloc, (void *old, size_t size), MEMORY, NULL, old, size)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), MEMORY,
    NULL, old, count, size)
WRAP(char *, strdup, (const char *text), MEMORY, NULL, text)
WRAP(char *, strndup, (const char *text, size_t len), MEMORY, NULL, text, len)
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t len, off_t offset),
    DISK, -1, fd, data, len, offset)
WRAP(ssize_t, pread, (int fd, void *data, size_t len, off_t offset), DISK, -1,
    fd, data, len, offset)
WRAP(int, ftruncate, (int fd, off_t size), DISK, -1, fd, size)
WRAP(int, fdatasync, (int fd), DISK, -1, fd)
WRAP(int, fsync, (int fd), DISK, -1, fd)
WRAP(int, linkat, (int from, const char *old, int to, const char *new,
    int flags), DISK, -1, from, old, to, new, flags)
WRAP(int, rename, (const char *old, const char *new), DISK, -1, old, new)
WRAP(int, mkostemp, (char *template, int flags), DISK, -1, template, flags)
WRAP(FILE *, fopen, (const char *path, const char *mode), DISK, NULL, path,
    mode)
/* clang-format on */

int __wrap_asprintf(char **, const char *, ...)
    __attribute__((format(printf, 2, 3)));
int __real_open(const char *, int, ...);
int __wrap_open(const char *, int, ...);
ssize_t __real_write(int, const void *, size_t);
ssize_t __wrap_write(int, const void *, size_t);

int
__wrap_asprintf(char **out, const char *format, ...)
{
	va_list args;
	int len;

	if (fails(MEMORY))
		return -1;
	va_start(args, format);
	len = vasprintf(out, format, args);
	va_end(args);
	return len;
}

/* What lies in /proc is no local file. */
int
__wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strncmp(path, "/proc/", 6) != 0 && fails(DISK))
		return -1;
	return __real_open(path, flags, mode);
}

/* Pipes and the like are no local files either. */
ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fails(DISK))
		return -1;
	return __real_write(fd, data, len);
}

__attribute__((constructor)) static void
begin(void)
{
	cJSON_Hooks hooks = { .malloc_fn = __wrap_malloc, .free_fn = free };
	const char *path = getenv("TORTURE_SWITCH");
	int fd = path == NULL ? -1 : __real_open(path, O_RDWR | O_CLOEXEC);
	void *map;

	cJSON_InitHooks(&hooks);
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	close(fd);
	if (map != MAP_FAILED)
		board = map;
}
