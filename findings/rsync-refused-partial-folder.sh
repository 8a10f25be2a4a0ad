#!/bin/sh
# rsync says success although it threw every file away.
#
# With --delay-updates each file, received whole, waits in a folder .~tmp~ for
# the end of the run.  Where the file system refuses that one folder (here a
# FUSE file system without names that begin with a dot, as cards for printers
# have them), rsync discards each finished file, says so on stderr, and exits
# with 0: no caller that looks at the status knows that nothing arrived.
#
# rsync 3.5.0+ds1-0+deb12u1 over libfuse 3.14.0-4:
#
#	Unable to create partial-dir for a.gcode -- discarding completed file.
#	status 0, delivered: nothing
#
# Needs root (for /dev/fuse without fusermount3), gcc and /dev/fuse.
set -eu
dir=$(mktemp -d)
fuse=
clean_up() {
	[ -z "$fuse" ] || umount "$dir/mount" || umount -l "$dir/mount"
	rm -rf --one-file-system "$dir"
}
trap clean_up EXIT
mkdir "$dir/packages" "$dir/mount" "$dir/card" "$dir/models"
(
	cd "$dir/packages"
	apt-get -q -o APT::Sandbox::User=root download rsync=3.5.0+ds1-0+deb12u1 libfuse3-3=3.14.0-4 \
	    libfuse3-dev=3.14.0-4 >/dev/null
	for package in *.deb; do
		dpkg -x "$package" .
	done
)
lib=$(echo "$dir"/packages/usr/lib/*/pkgconfig)
lib=${lib%/pkgconfig}
ln -sf "$(echo "$dir"/packages/lib/*/libfuse3.so.3)" "$lib/libfuse3.so"
export LD_LIBRARY_PATH="${lib%/usr/*}/lib/${lib##*/}"

# A folder seen through FUSE, but for mkdir of what begins with a dot.
cat >"$dir/card.c" <<'END'
#define FUSE_USE_VERSION 31
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REPLY(call) return (call) < 0 ? -errno : 0

static int base;

static const char *
below(const char *path)
{
	return path[1] == '\0' ? "." : path + 1;
}

static int
card_getattr(const char *path, struct stat *out, struct fuse_file_info *file)
{
	(void)file;
	REPLY(fstatat(base, below(path), out, AT_SYMLINK_NOFOLLOW));
}

static int
card_mkdir(const char *path, mode_t mode)
{
	if (strrchr(path, '/')[1] == '.')
		return -EPERM;
	REPLY(mkdirat(base, below(path), mode));
}

static int
card_unlink(const char *path)
{
	REPLY(unlinkat(base, below(path), 0));
}

static int
card_rename(const char *from, const char *to, unsigned int flags)
{
	(void)flags;
	REPLY(renameat(base, below(from), base, below(to)));
}

static int
card_create(const char *path, mode_t mode, struct fuse_file_info *file)
{
	int fd = openat(base, below(path), file->flags | O_CREAT, mode);

	file->fh = (unsigned long)fd;
	return fd < 0 ? -errno : 0;
}

static int
card_open(const char *path, struct fuse_file_info *file)
{
	return card_create(path, 0600, file);
}

static int
card_write(const char *path, const char *data, size_t len, off_t offset,
    struct fuse_file_info *file)
{
	ssize_t count = pwrite((int)file->fh, data, len, offset);

	(void)path;
	return count < 0 ? -errno : (int)count;
}

static int
card_release(const char *path, struct fuse_file_info *file)
{
	(void)path;
	return close((int)file->fh);
}

static int
card_chmod(const char *path, mode_t mode, struct fuse_file_info *file)
{
	(void)file;
	REPLY(fchmodat(base, below(path), mode, 0));
}

static int
card_utimens(const char *path, const struct timespec times[2],
    struct fuse_file_info *file)
{
	(void)file;
	REPLY(utimensat(base, below(path), times, 0));
}

static int
card_readdir(const char *path, void *out, fuse_fill_dir_t fill, off_t offset,
    struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
	int fd = openat(base, below(path), O_RDONLY | O_DIRECTORY);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	(void)offset;
	(void)file;
	(void)flags;
	if (folder == NULL)
		return -errno;
	while ((entry = readdir(folder)) != NULL)
		fill(out, entry->d_name, NULL, 0, 0);
	closedir(folder);
	return 0;
}

static const struct fuse_operations operations = {
	.getattr = card_getattr,
	.mkdir = card_mkdir,
	.unlink = card_unlink,
	.rename = card_rename,
	.create = card_create,
	.open = card_open,
	.write = card_write,
	.release = card_release,
	.chmod = card_chmod,
	.utimens = card_utimens,
	.readdir = card_readdir,
};

int
main(int argc, char **argv)
{
	char *words[] = { argv[0], argv[2], NULL };

	base = open(argv[1], O_RDONLY | O_DIRECTORY);
	return argc != 3 || base < 0 ||
	    fuse_main(2, words, &operations, NULL) != 0;
}
END
gcc -D_GNU_SOURCE -I"$dir/packages/usr/include/fuse3" -o "$dir/card.bin" \
    "$dir/card.c" "$lib/libfuse3.so" -lpthread
"$dir/card.bin" "$dir/card" "$dir/mount" 2>/dev/null
fuse=yes

echo G28 >"$dir/models/a.gcode"
rsync="$dir/packages/usr/bin/rsync"
mkdir "$dir/mount/plain" "$dir/mount/delayed"
"$rsync" -r "$dir/models/" "$dir/mount/plain/"
[ "$(ls -A "$dir/card/plain")" = a.gcode ]
status=0
"$rsync" -r --delay-updates "$dir/models/" "$dir/mount/delayed/" \
    2>"$dir/words" || status=$?
cat "$dir/words"
left=$(ls -A "$dir/card/delayed")
echo "status $status, delivered: ${left:-nothing}"
[ "$status" -eq 0 ]
[ -z "$left" ]
grep -q 'discarding completed file' "$dir/words"
