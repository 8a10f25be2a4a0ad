#!/bin/sh
# rsync destroys the file that it has just completed.
#
# A part in the folder of --partial-dir is completed in place, and then renamed
# to its final name.  Where that is EXDEV (here the folder is a tmpfs), rsync
# copies the file over itself: it opens it, removes the target of the copy,
# which is the same file, and removes the source afterwards, the same again.
# The rename that follows fails, and neither the file nor its part is left.
#
# rsync 3.5.0+ds1-0+deb12u1:
#
#	rename "…/.rsync-partial/a.gcode" -> "a.gcode": Invalid cross-device link
#	status 23, delivered: nothing, left: nothing
#
# Needs root (for a tmpfs).
set -eu
dir=$(mktemp -d)
clean_up() {
	umount "$dir/card/.rsync-partial" 2>/dev/null || :
	rm -rf --one-file-system "$dir"
}
trap clean_up EXIT
mkdir "$dir/packages" "$dir/models" "$dir/card" "$dir/card/.rsync-partial"
(
	cd "$dir/packages"
	apt-get -q -o APT::Sandbox::User=root download \
	    rsync=3.5.0+ds1-0+deb12u1 >/dev/null
	dpkg -x ./*.deb .
)
part=$dir/card/.rsync-partial
mount -t tmpfs none "$part"
seq 60000 >"$dir/models/a.gcode"
head -c 100000 "$dir/models/a.gcode" >"$part/a.gcode"
status=0
"$dir/packages/usr/bin/rsync" --partial-dir=.rsync-partial \
    "$dir/models/a.gcode" "$dir/card/" || status=$?
echo "status $status, delivered: $(ls "$dir/card"), left: $(ls "$part")"
[ "$status" -eq 23 ]
[ ! -e "$dir/card/a.gcode" ]
[ ! -e "$part/a.gcode" ]
