#!/usr/bin/env bats
# A stored file that gets a name which no printer can hold: the backups of cp,
# mv, sed, perl and others, and what fsync promises of a temporary file.
# shellcheck disable=SC2034,SC2154 # helper.bash sets and uses these
load helper
load failures

# on_both TEST…: run it on a fresh mount of each kind.
on_both() {
	local kind
	for kind in $(both); do
		fresh "$kind"
		"$@"
	done
}

# An old model is on the printer, a new one is here.
old_and_new() {
	on_disk q.gcode 30000
	cp "$DISK/q.gcode" "$DIR/old"
	model "$DIR/new" 50000
}

printer_has_only() {
	[ "$(find "$DISK" -type f ! -name '.*' -printf '%P\n')" = "$1" ]
}

nothing_there() {
	eventually printer_has_only ''
}

# The names that the storage shows.
shows() {
	[ "$(ls -A "$S" | sort | tr '\n' ' ')" = "${*:+$* }" ]
}

renamed_to() {
	old_and_new
	ctl rate 20000
	mv "$S/q.gcode" "$S/$1"
	shows "$1"
	refute test -e "$S/q.gcode"
	[ "$(stat -c %s "$S/$1")" -eq 30000 ]
	cmp "$DIR/old" "$S/$1"
	ctl rate 0
	nothing_there
	assert_requests 1 DELETE
	assert_requests 0 PUT
	cmp "$DIR/old" "$S/$1"
	# The mount's end keeps it, and says what it is.
	unmounted
	remounted
	unsent_has "$1.backup"
	cmp "$DIR/old" "$M/unsent/$1.backup"
}

@test "mv to a backup's name is at once, and the bytes are kept" {
	local name
	for name in q.gcode.bak q.gcode~ .q.gcode i.gcode.part; do
		echo "# $name"
		on_both renamed_to "$name"
	done
}

killed_at_any_time() {
	old_and_new
	ctl rate 20000
	mv "$S/q.gcode" "$S/q.gcode.bak"
	[ "$1" = early ] || { ctl rate 0 && nothing_there; }
	crash
	ctl rate 0
	remounted
	if [ "$1" = early ]; then
		cmp "$DIR/old" "$S/q.gcode"
		shows q.gcode
	else
		cmp "$DIR/old" "$M/unsent/q.gcode.bak.backup"
	fi
}

@test "after kill -9 the model is on the printer or in unsent" {
	on_both killed_at_any_time early
	on_both killed_at_any_time late
}

ended_before_the_bytes() {
	old_and_new
	ctl rate 5000
	mv "$S/q.gcode" "$S/q.gcode.bak"
	if [ "$1" = umount ]; then
		unmounted
	else
		kill -TERM "$FS_PID"
		eventually is_gone "$FS_PID"
		wait "$FS_PID"
		FS_PID=
	fi
	ctl rate 0
	assert_requests 0 DELETE
	printer_has_only q.gcode
	remounted
	shows q.gcode
	cmp "$DIR/old" "$S/q.gcode"
	unsent_is_empty
}

@test "when the mount ends before, the name is simply there again" {
	on_both ended_before_the_bytes umount
	on_both ended_before_the_bytes SIGTERM
}

# Programs that make a backup, each of q.gcode as $NAMED.
by_cp() { cp -b "$DIR/new" "$S/q.gcode"; }
by_mv() { cp "$DIR/new" "$DIR/copy" && mv -b "$DIR/copy" "$S/q.gcode"; }
by_install() { install -b -m 644 "$DIR/new" "$S/q.gcode"; }
by_rsync() { rsync --backup -I "$DIR/new" "$S/q.gcode"; }
by_gio() { gio save -b "$S/q.gcode" <"$DIR/new"; }
by_sed() { sed -i.bak 's/Y10/Y11/' "$S/q.gcode"; }
by_perl() { perl -i.bak -pe 's/Y10/Y11/' "$S/q.gcode"; }
by_fileinput() {
	python3 - "$S/q.gcode" <<-'END'
	import fileinput, sys
	for line in fileinput.input(sys.argv[1], inplace=True, backup=".bak"):
	    print(line.replace("Y10", "Y11"), end="")
	END
}

wanted_by() {
	case $1 in
	sed | perl | fileinput) sed 's/Y10/Y11/' "$DIR/old" ;;
	*) cat "$DIR/new" ;;
	esac
}

backed_up_by() {
	local tool=$1 name=$2 puts=${3:-1}
	old_and_new
	echo "# tool: $tool"
	"by_$tool"
	wanted_by "$tool" | cmp - "$DISK/q.gcode"
	wanted_by "$tool" | cmp - "$S/q.gcode"
	cmp "$DIR/old" "$S/$name"
	assert_requests "$puts" PUT
}

@test "cp, mv and install make backups" {
	local tool
	for tool in cp mv install; do
		on_both backed_up_by "$tool" q.gcode~
	done
}

@test "rsync and gio make backups" {
	local tool
	for tool in rsync gio; do
		on_both backed_up_by "$tool" q.gcode~
	done
}

@test "sed, perl and Python's fileinput make backups" {
	local tool
	for tool in sed fileinput; do
		on_both backed_up_by "$tool" q.gcode.bak
	done
}

# A Buddy takes no name like that of its temporary file, a Pi stores it.
@test "perl makes a backup on a Pi" {
	fresh pi
	backed_up_by perl q.gcode.bak 2
}

# --- what cannot be had ---

nothing_is_replaced() {
	old_and_new
	shows q.gcode
	ctl fail GET "$1" 404 1
	# So late that cp has made the new one.
	ctl latency 400
	assert_fails_with 'Input/output error' cp -b "$DIR/new" "$S/q.gcode"
	ctl latency 0
	assert_requests 0 PUT
	assert_requests 0 DELETE
	cmp "$DIR/old" "$DISK/q.gcode"
	shows q.gcode
	cmp "$DIR/old" "$S/q.gcode"
	grep -q 'usb/q.gcode keeps its name' "$M/log" ||
	    grep -q 'local/q.gcode keeps its name' "$M/log"
	# The next one has no such fate.
	cp -b "$DIR/new" "$S/q.gcode"
	cmp "$DIR/new" "$DISK/q.gcode"
	cmp "$DIR/old" "$S/q.gcode~"
}

@test "when the old bytes cannot be had, the new ones are not sent" {
	fresh buddy
	nothing_is_replaced /usb/
	fresh pi
	nothing_is_replaced /api/files/
}

@test "a file that is printed gets no backup's name" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk p.gcode 30000
		echo '; estimated printing time (normal mode) = 10m 0s' \
		    >>"$DISK/p.gcode"
		echo "print $STORAGE/p.gcode" >"$M/control"
		forget_requests
		assert_fails_with 'busy' mv "$S/p.gcode" "$S/p.gcode.bak"
		assert_requests 0 DELETE
		shows p.gcode
	done
}

replaced_meanwhile() {
	old_and_new
	ctl rate 20000
	mv "$S/q.gcode" "$S/q.gcode.bak"
	head -c 20000 "$DIR/new" >"$DISK/q.gcode"
	ctl rate 0
	eventually test -e "$S/q.gcode"
	assert_requests 0 DELETE
	[ "$(stat -c %s "$DISK/q.gcode")" -eq 20000 ]
}

@test "what somebody else has put there meanwhile is not deleted" {
	on_both replaced_meanwhile
}

restored() {
	old_and_new
	mv "$S/q.gcode" "$S/q.gcode.bak"
	mv "$S/q.gcode.bak" "$S/q.gcode"
	cmp "$DIR/old" "$DISK/q.gcode"
	shows q.gcode
	mv "$S/q.gcode" "$S/q.gcode.bak"
	nothing_there
	rm "$S/q.gcode.bak"
	shows
	unmounted
	remounted
	unsent_is_empty
}

@test "a backup is renamed back, or removed, and leaves nothing" {
	on_both restored
}

removed_too_early() {
	old_and_new
	ctl rate 5000
	mv "$S/q.gcode" "$S/q.gcode.bak"
	assert_fails_with 'busy' rm "$S/q.gcode.bak"
	grep -q 'q.gcode.bak: its bytes are being brought' "$M/log"
	ctl rate 0
	nothing_there
	eventually rm "$S/q.gcode.bak"
	shows
}

@test "a backup whose bytes are on their way is not removed" {
	on_both removed_too_early
}

one_for_each_name() {
	local i
	old_and_new
	for i in 1 2 3; do
		cp -b "$DIR/new" "$S/q.gcode"
		echo "; $i" >>"$DIR/new"
	done
	unmounted
	remounted
	unsent_has q.gcode~.backup
	head -n -1 "$DIR/new" | head -n -1 | cmp - "$M/unsent/q.gcode~.backup"
}

@test "there is one backup of each name" {
	on_both one_for_each_name
}

@test "what the printer's preview holds has the backup's name, and goes later" {
	printer buddy --preview on
	mounted
	model "$DIR/q.gcode"
	cp "$DIR/q.gcode" "$S/q.gcode"
	mv "$S/q.gcode" "$S/q.gcode.bak"
	shows q.gcode.bak
	eventually has_requests 1 DELETE
	ctl idle
	nothing_there
	cmp "$DIR/q.gcode" "$S/q.gcode.bak"
}

# --- fsync ---

synced_then_killed() {
	model "$DIR/m.gcode"
	python3 - "$DIR/m.gcode" "$S/$1" <<-'END'
	import os, sys
	with open(sys.argv[1], "rb") as file:
	    data = file.read()
	fd = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o644)
	os.write(fd, data)
	os.fsync(fd)
	os.close(fd)
	END
	crash
	remounted
	unsent_has "$1"
	cmp "$DIR/m.gcode" "$M/unsent/$1"
	refute test -e "$S/$1"
}

@test "a temporary file that was synced is found again after kill -9" {
	local name
	for name in m.gcode.tmp .m.gcode.X7aBc2; do
		on_both synced_then_killed "$name"
	done
}

synced_and_stored() {
	model "$DIR/m.gcode"
	dd if="$DIR/m.gcode" of="$S/m.gcode.tmp" conv=fsync status=none
	mv "$S/m.gcode.tmp" "$S/m.gcode"
	cmp "$DIR/m.gcode" "$DISK/m.gcode"
	[ "$(kept_on_disk)" -eq 0 ]
	# One that is removed, and one whose upload fails.
	dd if="$DIR/m.gcode" of="$S/n.gcode.tmp" conv=fsync status=none
	rm "$S/n.gcode.tmp"
	[ "$(kept_on_disk)" -eq 0 ]
	dd if="$DIR/m.gcode" of="$S/o.gcode.tmp" conv=fsync status=none
	refuse It is full
	refute mv "$S/o.gcode.tmp" "$S/o.gcode"
	crash
	remounted
	unsent_has o.gcode
}

@test "what was synced leaves nothing when it is stored or removed" {
	on_both synced_and_stored
}

# --- an account's cloud folder can rename, but not to such a name ---

@test "the cloud folder of an account knows backups, too" {
	fresh obico
	model "$DIR/old" 30000
	model "$DIR/new" 50000
	cp "$DIR/old" "$S/q.gcode"
	cp -b "$DIR/new" "$S/q.gcode"
	cmp "$DIR/new" "$S/q.gcode"
	cmp "$DIR/old" "$S/q.gcode~"
	mv "$S/q.gcode" "$S/q.gcode.bak"
	eventually has_requests 2 DELETE
	cmp "$DIR/new" "$S/q.gcode.bak"
	unmounted
	remounted_account
	unsent_has q.gcode.bak.backup 'q.gcode~.backup'
	cmp "$DIR/new" "$M/unsent/q.gcode.bak.backup"
	[ "$(ls -A "$S")" = '' ]
}

# The cache directory stays as it is.
remounted_account() {
	"$PRUSAFS" -f -o "type=obico,token_file=$DIR/token,ttl=1" \
	    -o "cache_dir=$DIR/cache" "$URL" "$M" >>"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually test -e "$M/log"
}
