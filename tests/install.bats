#!/usr/bin/env bats
# What "make install" puts where, and takes away again.
load helper

# installed TARGET [VARIABLE=VALUE …]: what is under test, below $DIR/root.
installed() {
	local build
	build=$(dirname "$PRUSAFS")
	make -s -C "$ROOT" BUILD="${build#"$ROOT"/}" -o "$PRUSAFS" \
	    -o "${PRUSAFS#"$ROOT"/}" DESTDIR="$DIR/root" PREFIX=/usr "$@"
}

@test "make install puts all in place, make uninstall takes all away" {
	installed install
	local file
	for file in usr/bin/prusafs usr/share/man/man8/prusafs.8 \
	    usr/share/man/man8/mount.prusafs.8 \
	    usr/share/bash-completion/completions/prusafs \
	    usr/share/mime/packages/prusafs.xml; do
		test -s "$DIR/root/$file"
	done
	for file in mount.prusafs mount.fuse.prusafs; do
		[ "$(readlink "$DIR/root/sbin/$file")" = /usr/bin/prusafs ]
	done
	"$DIR/root/usr/bin/prusafs" -V
	mandoc "$DIR/root/usr/share/man/man8/mount.prusafs.8" | grep -q PrusaLink
	installed uninstall
	[ -z "$(find "$DIR/root" ! -type d)" ]
}

@test "a desktop knows binary G-code by its name and reads none of it" {
	local kind own=$DIR/own
	installed install DESTDIR= PREFIX="$own" SBINDIR="$own/sbin"
	for kind in $(both); do
		fresh "$kind"
		printf 'GCDE\1\0\0\0' | on_disk_as model.bgcode
		ls -l "$S" >/dev/null
		forget_requests
		XDG_DATA_DIRS=$own/share gio info \
		    -a standard::content-type "$S/model.bgcode" >"$DIR/said"
		grep -q application/x-bgcode "$DIR/said"
		assert_requests 0 '' '^/usb/|/raw$'
	done
	installed uninstall DESTDIR= PREFIX="$own" SBINDIR="$own/sbin"
	refute grep -r bgcode "$own"
}

on_disk_as() {
	cat >"$DISK/$1"
}
