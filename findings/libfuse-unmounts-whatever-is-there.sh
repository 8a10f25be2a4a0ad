#!/bin/sh
# A file system that ends unmounts the one that was mounted over its place.
#
# fuse_main remembers the path of its mount, not the mount.  When the mount was
# detached (umount -l) while a file was open, the session lives on; another file
# system may be mounted at that path meanwhile; and when SIGTERM then ends the
# session, libfuse calls umount2(path, MNT_DETACH) and takes away what is there
# now.  Without an open file the kernel has ended the session already, libfuse
# notices, and nothing happens.
#
# libfuse 3.14.0-4 as root:
#
#	with an open file: the other file system is gone
#	without one: the other file system is there
#
# Needs root, gcc and /dev/fuse.
set -eu
dir=$(mktemp -d)
pid=
clean_up() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
	umount -l "$dir/mount" 2>/dev/null || :
	rm -rf --one-file-system "$dir"
}
trap clean_up EXIT
mkdir "$dir/packages" "$dir/mount"
(
	cd "$dir/packages"
	apt-get -q -o APT::Sandbox::User=root download libfuse3-3=3.14.0-4 \
	    libfuse3-dev=3.14.0-4 >/dev/null
	for package in *.deb; do
		dpkg -x "$package" .
	done
)
library=$(echo "$dir"/packages/lib/*/libfuse3.so.3)
export LD_LIBRARY_PATH="${library%/*}"

cat >"$dir/one.c" <<'END'
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <string.h>

static int
one_getattr(const char *path, struct stat *out, struct fuse_file_info *file)
{
	(void)file;
	memset(out, 0, sizeof(*out));
	out->st_nlink = 1;
	out->st_mode = path[1] == '\0' ? S_IFDIR | 0755 : S_IFREG | 0444;
	return 0;
}

int
main(int argc, char **argv)
{
	const struct fuse_operations operations = { .getattr = one_getattr };

	return fuse_main(argc, argv, &operations, NULL);
}
END
gcc -D_FILE_OFFSET_BITS=64 -I"$dir/packages/usr/include/fuse3" \
    -o "$dir/one" "$dir/one.c" "$library" -lpthread

start() {
	"$dir/one" -f "$dir/mount" 2>/dev/null &
	pid=$!
	tries=0
	until mountpoint -q "$dir/mount"; do
		tries=$((tries + 1))
		[ $tries -lt 200 ]
		sleep 0.05
	done
}

# Detach it, mount another one there, end it; is the other one there?
replace_and_end() {
	umount -l "$dir/mount"
	mount -t tmpfs other "$dir/mount"
	kill -TERM "$pid" 2>/dev/null || :
	wait "$pid" || :
	pid=
	if mountpoint -q "$dir/mount"; then
		umount "$dir/mount"
		echo there
	else
		echo gone
	fi
}

start
exec 8<"$dir/mount/file"
replace_and_end >"$dir/with"
exec 8<&-
start
replace_and_end >"$dir/without"
echo "with an open file: the other file system is $(cat "$dir/with")"
echo "without one: the other file system is $(cat "$dir/without")"
[ "$(cat "$dir/with") $(cat "$dir/without")" = 'gone there' ]
