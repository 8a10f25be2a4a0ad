#!/usr/bin/env bats
# The one transfer that a server has at a time: others that have it, that just
# had it, that will never give it back; and what broken-off uploads leave.
# shellcheck disable=SC2030,SC2031 # each test has its own variables
load helper

eval "$(declare -f teardown | sed '1s/teardown/common_teardown/')"
teardown() {
	umount -l "$DIR/other" 2>/dev/null || :
	common_teardown
}

state_is() {
	[ "$(cat "$M/status/state")" = "$1" ]
}

# A model on the printer that takes long to print.
stored() {
	model "$DISK/$1"
	echo '; estimated printing time (normal mode) = 10m 0s' >>"$DISK/$1"
}

@test "an upload of others that ends meanwhile fails no copy" {
	fresh pi
	model "$DIR/model.gcode"
	ctl transfer-elsewhere on 1
	cp "$DIR/model.gcode" "$S/"
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
	assert_requests 2 '^PUT$'
}

@test "a second upload of others that ends meanwhile fails no copy" {
	fresh pi
	model "$DIR/model.gcode" 200000
	ctl fail PUT /api/v1/files 500 2
	cp "$DIR/model.gcode" "$S/"
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
	assert_requests 3 '^PUT$'
}

@test "a server that fails with nobody else uploading is EREMOTEIO" {
	fresh pi
	model "$DIR/model.gcode"
	ctl fail PUT /api/v1/files 500 99
	assert_fails_with 'Remote I/O error' cp "$DIR/model.gcode" "$S/"
	assert_requests 3 '^PUT$'
	[ ! -e "$DISK/model.gcode" ]
	cmp "$DIR/model.gcode" "$P/unsent/model.gcode"
}

@test "a print is asked for again when the finished screen clears" {
	fresh pi
	stored long.gcode
	echo 'print local/long.gcode' >"$P/control"
	ctl finish
	ctl clears
	forget_requests
	echo 'print local/long.gcode' >"$P/control"
	state_is PRINTING
	assert_requests 2 '^POST$'
}

@test "mv to print/ is asked for again when the finished screen clears" {
	fresh pi
	stored long.gcode
	echo 'print local/long.gcode' >"$P/control"
	ctl finish
	ctl clears
	forget_requests
	mv "$S/long.gcode" "$P/print/"
	state_is PRINTING
	assert_requests 2 '^POST$'
}

@test "a copy to print/ starts when the finished screen clears" {
	fresh pi
	stored long.gcode
	echo 'print local/long.gcode' >"$P/control"
	ctl finish
	ctl clears
	stored other.gcode
	mv "$DISK/other.gcode" "$DIR/other.gcode"
	forget_requests
	cp "$DIR/other.gcode" "$P/print/"
	state_is PRINTING
	cmp "$DIR/other.gcode" "$DISK/other.gcode"
	assert_requests 1 '^PUT$'
	assert_requests 1 '^POST$'
}

@test "a print that cannot start is asked for once more and no further" {
	fresh pi
	stored long.gcode
	ctl fail POST /api/v1/files 409 99
	assert_fails_with 'busy' bash -c \
	    "echo 'print local/long.gcode' >'$P/control'"
	assert_requests 2 '^POST$'
}

@test "the older upload waits for the transfer of others" {
	local writer
	fresh pi
	model "$DIR/odd.gcode" 65366
	ctl transfer-elsewhere on
	cp "$DIR/odd.gcode" "$S/" 3>&- &
	writer=$!
	eventually has_requests 1 '^POST$' /api/files/local
	refute is_gone "$writer"
	ctl transfer-elsewhere off
	wait "$writer"
	cmp "$DIR/odd.gcode" "$DISK/odd.gcode"
	assert_requests 0 '^PUT$'
}

is_waiting() {
	[ "$(jq -r '.uploads[-1] | "\(.state) \(.bytes)"' \
	    "$P/uploads.json")" = 'waiting 0' ]
}

# Somebody's connection is reset amid his upload: the slot stays taken.
wedged() {
	python3 - "$URL" <<-'END'
	import socket, struct, sys, urllib.parse
	where = urllib.parse.urlsplit(sys.argv[1])
	s = socket.create_connection((where.hostname, where.port))
	s.sendall(b"PUT /api/v1/files/local/theirs.gcode HTTP/1.1\r\n"
	    b"Host: printer\r\nX-Api-Key: api-key\r\n"
	    b"Content-Type: text/x.gcode\r\n"
	    b"Content-Length: 1000000\r\n\r\n" + b"G1 X1 Y1\n" * 30000)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
	    struct.pack("ii", 1, 0))
	s.close()
	END
	eventually is_wedged
}

is_wedged() {
	ask /api/v1/transfer | jq -e '.transferred > 0'
}

@test "uploads.json says that an upload waits for the transfer of others" {
	local kind writer
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 300000
		ctl transfer-elsewhere on
		cp "$DIR/model.gcode" "$S/" 3>&- &
		writer=$!
		eventually has_requests 1 '^PUT$'
		eventually is_waiting
		ctl transfer-elsewhere off
		wait "$writer"
		[ "$(jq -r '.uploads[-1].state' "$P/uploads.json")" = stored ]
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
	done
}

@test "stop-transfer beside a waiting upload stops the transfer of others" {
	local writer
	fresh pi
	model "$DIR/model.gcode" 300000
	ctl transfer-elsewhere on
	cp "$DIR/model.gcode" "$S/" 3>&- &
	writer=$!
	eventually is_waiting
	echo stop-transfer >"$P/control"
	wait "$writer"
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
}

@test "a slot that is wedged is waited for once, and the log says why" {
	fresh pi
	wedged
	forget_requests
	model "$DIR/model.gcode"
	cp "$DIR/model.gcode" "$S/" 2>"$DIR/said" 3>&- &
	local writer=$!
	eventually is_waiting
	refute wait "$writer"
	grep -q 'busy' "$DIR/said"
	grep -q 'local/model.gcode: .*theirs.gcode does not move any more' \
	    "$P/log"
	jq -e '.uploads[-1].message | test("does not move")' "$P/uploads.json"
	forget_requests
	assert_fails_with 'busy' cp "$DIR/model.gcode" "$S/again.gcode"
	assert_requests 0 '^PUT$'
	assert_requests 1 '^GET$' /api/v1/transfer
	grep -q 'local/again.gcode: .*does not move any more' "$P/log"
	ctl restart
	cp "$DIR/model.gcode" "$S/"
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
}

@test "stop-transfer whose end cannot be seen blames no transfer" {
	fresh pi
	ctl transfer-elsewhere on
	ctl fail GET /api/v1/transfer 504 1
	assert_fails_with 'timed out' bash -c "echo stop-transfer >'$P/control'"
	refute grep -qE 'does not move|goes on' "$P/log"
}

@test "stop-transfer is EBUSY when it cures nothing, and copies know" {
	fresh pi
	wedged
	assert_fails_with 'busy' bash -c "echo stop-transfer >'$P/control'"
	grep -q 'stop-transfer: .*theirs.gcode does not move any more' "$P/log"
	model "$DIR/model.gcode"
	forget_requests
	assert_fails_with 'busy' cp "$DIR/model.gcode" "$S/"
	assert_requests 0 '^PUT$'
	ctl restart
	cp "$DIR/model.gcode" "$S/"
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
}

# state_went OLD NEW: events said so, into $DIR/events.
state_went() {
	jq -es --arg old "$1" --arg new "$2" 'any(.[]; .kind == "state" and
	    .old == $old and .new == $new)' "$DIR/events"
}

# Does the process wait for an event?
is_listening() {
	readlink "/proc/$1"/fd/* | grep -qF "$M/events" &&
	    grep -q '[SD] ' "/proc/$1/stat"
}

listening() {
	cat "$M/events" >"$DIR/events" 3>&- &
	LISTENER=$!
	eventually is_listening "$LISTENER"
}

has_resumed() {
	[ "$(ctl state)" = PRINTING ] || {
		echo resume >"$P/control" || :
		[ "$(ctl state)" = PRINTING ]
	}
}

@test "events hears of each of our own commands" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored long.gcode
		listening
		echo "print $STORAGE/long.gcode" >"$P/control"
		echo pause >"$P/control"
		eventually state_went PRINTING PAUSED
		eventually has_resumed
		echo stop >"$P/control"
		eventually state_went PAUSED PRINTING
		eventually state_went PRINTING STOPPED
		state_went IDLE PRINTING
		kill "$LISTENER"
		eventually is_gone "$LISTENER"
	done
}

# What somebody else asks of the Pi's server.
they_ask() {
	python3 - "$URL" "$@" <<-'END'
	import sys, urllib.request
	urllib.request.urlopen(urllib.request.Request(sys.argv[1] +
	    sys.argv[3], method=sys.argv[2], headers={"X-Api-Key": "api-key"}))
	END
}

# slow_copy [FOLDER [BYTES RATE]]: a copy of slow.gcode that goes on, as WRITER.
slow_copy() {
	model "$DIR/slow.gcode" "${2:-3000000}"
	ctl rate "${3:-300000}"
	cp "$DIR/slow.gcode" "$S/${1:-}" 2>"$DIR/said" 3>&- &
	WRITER=$!
}

@test "an upload that somebody else stops is ECANCELED, and the log says so" {
	fresh pi
	slow_copy
	eventually is_wedged
	they_ask DELETE /api/v1/transfer
	refute wait "$WRITER"
	ctl rate 0
	grep -q 'Operation canceled' "$DIR/said"
	grep -q 'local/slow.gcode: somebody stopped .* at the printer' "$P/log"
	[ ! -e "$DISK/slow.gcode" ]
	cmp "$DIR/slow.gcode" "$P/unsent/slow.gcode"
	assert_requests 1 '^PUT$' /local/slow
}

# What is in the root of the printer's storage, hidden or not.
on_printer() {
	ls -A "$DISK"
}

has_begun() {
	jq -e '.uploads[-1].state == "sending" and .uploads[-1].bytes > 0' \
	    "$P/uploads.json" && is_wedged
}

@test "what a killed copy leaves on a Pi is removed" {
	fresh pi
	mkdir "$S/folder"
	slow_copy folder
	eventually has_begun
	[ -e "$DISK/.slow.gcode.part" ]
	kill -KILL "$WRITER"
	eventually has_requests 2 '^DELETE$' /prusafs-
	ctl rate 0
	eventually refute test -e "$DISK/.slow.gcode.part"
	[ "$(on_printer)" = folder ]
	[ "$(ls "$S")" = folder ]
	[ -z "$(ls -A "$DISK/folder")" ]
	assert_requests 1 '^PUT$' '/local/prusafs-[0-9]*/slow[.]gcode$'
	assert_requests 1 '^PUT$' '/folder/slow[.]gcode$'
	assert_requests 2 '^DELETE$' /prusafs-
	eventually grep -q 'local/.slow.gcode.part, .*: removed' "$P/log"
}

@test "what an upload leaves that others stopped is removed" {
	fresh pi
	slow_copy
	eventually has_begun
	they_ask DELETE /api/v1/transfer
	refute wait "$WRITER"
	ctl rate 0
	eventually grep -q '.slow.gcode.part, .*: removed' "$P/log"
	[ -z "$(on_printer)" ]
}

@test "what rm of a file in transit leaves is removed, and never shown" {
	fresh pi
	slow_copy
	eventually has_begun
	rm "$S/slow.gcode"
	refute wait "$WRITER"
	ctl latency 200
	eventually has_requests 1 '^PUT$' /prusafs-
	[ -z "$(ls "$S")" ]
	ctl latency 0
	ctl rate 0
	eventually grep -q '.slow.gcode.part, .*: removed' "$P/log"
	[ -z "$(on_printer)" ]
}

@test "what the end of the mount leaves of an upload is removed" {
	fresh pi
	slow_copy "" 9000000 100000
	eventually has_begun
	kill -TERM "$FS_PID"
	eventually is_gone "$FS_PID"
	wait "$FS_PID"
	FS_PID=
	[ -z "$(on_printer)" ]
	assert_requests 1 '^PUT$' /prusafs-
}

@test "what is left of an upload is left while others have the slot" {
	fresh pi
	slow_copy
	eventually has_begun
	ctl transfer-elsewhere next
	kill -KILL "$WRITER"
	eventually grep -q '.slow.gcode.part, .*: Device or resource busy' \
	    "$P/log"
	assert_requests 0 '^PUT$' /prusafs-
	[ "$(on_printer)" = .slow.gcode.part ]
	ctl transfer-elsewhere off
	ctl rate 0
	cp "$DIR/slow.gcode" "$S/"
	[ "$(on_printer)" = slow.gcode ]
}

@test "a whole upload of the name takes what a broken-off one left" {
	fresh pi
	slow_copy
	eventually has_begun
	rm "$S/slow.gcode"
	refute wait "$WRITER"
	ctl rate 0
	cp "$DIR/slow.gcode" "$S/slow.gcode"
	cmp "$DIR/slow.gcode" "$DISK/slow.gcode"
	[ "$(ls "$S")" = slow.gcode ]
	unmounted
	[ "$(on_printer)" = slow.gcode ]
}

@test "a Buddy printer leaves nothing, and nothing is asked of it" {
	fresh buddy
	slow_copy
	eventually has_requests 1 '^GET$' /api/version
	rm "$S/slow.gcode"
	refute wait "$WRITER"
	ctl rate 0
	unmounted
	assert_requests_at_most 1 '^PUT$'
	assert_requests 0 '^DELETE$'
	assert_requests 0 . /prusafs-
	[ -z "$(ls -A "$DISK")" ]
}

# A second mount of the same printer, at $DIR/other.
mounted_twice() {
	mkdir "$DIR/other"
	"$PRUSAFS" -f -o "user=maker,password_file=$DIR/password" \
	    -o "cache_dir=$DIR/other-cache" "$URL" "$DIR/other" \
	    >"$DIR/other.err" 2>&1 3>&- &
	OTHER_PID=$!
	eventually mountpoint -q "$DIR/other"
}

@test "two mounts that copy at once get all their files stored" {
	local i writer
	fresh pi
	mounted_twice
	for i in $(seq 40); do
		model "$DIR/$i.gcode" 3000
	done
	(for i in $(seq 20); do
		cp "$DIR/$i.gcode" "$S/" || exit 1
	done) 3>&- &
	writer=$!
	for i in $(seq 21 40); do
		cp "$DIR/$i.gcode" "$DIR/other/local/"
	done
	wait "$writer"
	for i in $(seq 40); do
		cmp "$DIR/$i.gcode" "$DISK/$i.gcode"
	done
	umount "$DIR/other" || fusermount3 -u "$DIR/other"
	wait "$OTHER_PID"
}

@test "a printer that is away delays no upload for what it has left" {
	fresh pi
	slow_copy
	eventually has_begun
	printer_dies
	refute wait "$WRITER"
	eventually grep -q '.slow.gcode.part, .*: Host is down' "$P/log"
	printer_again
	eventually cp "$DIR/slow.gcode" "$S/again.gcode"
	cmp "$DIR/slow.gcode" "$DISK/again.gcode"
	assert_requests 0 '^PUT$' /prusafs-
}
