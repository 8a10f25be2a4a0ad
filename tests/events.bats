#!/usr/bin/env bats
# The file "events": blocks, loses nothing, and costs nothing while closed.
load helper

state_is() {
	[ "$(cat "$M/status/state")" = "$1" ]
}

long_model() {
	model "$1"
	echo '; estimated printing time (normal mode) = 10m 0s' >>"$1"
}

# Write what comes into a file; $LISTENER is the process.
listen() {
	cat "$M/events" >"$1" 3>&- &
	LISTENER=$!
	eventually is_open "$LISTENER"
}

# Does the process wait for an event?
is_open() {
	readlink "/proc/$1"/fd/* | grep -qF "$M/events" &&
	    grep -q '[SD] ' "/proc/$1/stat"
}

# The process in $LISTENER ends, and its call has ended: the mount is free.
listen_no_more() {
	kill "$LISTENER"
	eventually is_gone "$LISTENER"
}

# has FILE KIND OLD NEW, as JSON.
has() {
	jq -es --arg kind "$2" --argjson old "$3" --argjson new "$4" '
	    any(.[]; .kind == $kind and .old == $old and .new == $new)' "$1"
}

@test "events is found by its name and in no listing" {
	fresh buddy
	[ -f "$M/events" ]
	[ "$(stat -c '%s %a' "$M/events")" = '0 444' ]
	refute grep -qx events < <(ls -a "$M")
	run timeout 20 grep -r nothing-like-this "$M"
	[ "$status" -ne 124 ]
	refute bash -c "echo x >'$M/events'" 2>/dev/null
}

has_progress() {
	jq -es 'any(.[]; .kind == "progress" and .new >= 1)' "$1"
}

@test "a print shows in events, each line valid, until it ends" {
	local kind grep
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$S/"
		listen "$DIR/events"
		grep -m1 FINISHED "$M/events" >"$DIR/grep" 3>&- &
		grep=$!
		eventually is_open "$grep"
		echo print >"$M/control"
		eventually has_progress "$DIR/events"
		ctl finish
		eventually is_gone "$grep"
		wait "$grep"
		eventually grep -q FINISHED "$DIR/events"
		jq -e '.kind == "state" and .new == "FINISHED"' "$DIR/grep"
		listen_no_more
		jq -es 'length > 3 and all(.[]; (.time | type) == "number" and
		    (.printer | type) == "string" and has("old") and
		    has("new"))' "$DIR/events"
		has "$DIR/events" state '"IDLE"' '"PRINTING"' ||
		    has "$DIR/events" state '"BUSY"' '"PRINTING"'
		jq -es 'any(.[]; .kind == "job" and .old == null and
		    (.new | type) == "number")' "$DIR/events"
		has_progress "$DIR/events"
		jq -es '[.[] | select(.kind == "state")] |
		    [.[1:], .[:-1]] | transpose |
		    all(.[]; .[0].old == .[1].new)' "$DIR/events"
	done
}

@test "files that come and go through the mount show at once" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		listen "$DIR/events"
		model "$DIR/a.gcode"
		cp "$DIR/a.gcode" "$S/"
		eventually has "$DIR/events" file null "\"$STORAGE/a.gcode\""
		mv "$S/a.gcode" "$S/b.gcode"
		eventually has "$DIR/events" file "\"$STORAGE/a.gcode\"" \
		    "\"$STORAGE/b.gcode\""
		rm "$S/b.gcode"
		eventually has "$DIR/events" file "\"$STORAGE/b.gcode\"" null
		listen_no_more
	done
}

@test "a stick that goes and a printer that is away show" {
	fresh buddy
	listen "$DIR/events"
	ctl usb out
	eventually has "$DIR/events" storage '"usb"' null
	ctl usb in
	eventually has "$DIR/events" storage null '"usb"'
	printer_dies
	eventually has "$DIR/events" online true false
	printer_again
	eventually has "$DIR/events" online false true
	listen_no_more
}

@test "a transfer shows" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		listen "$DIR/events"
		ctl transfer-elsewhere on
		eventually jq -es 'any(.[]; .kind == "transfer" and
		    .old == null and (.new | type) == "number")' "$DIR/events"
		listen_no_more
	done
}

@test "every reader gets every event since its open, byte by byte too" {
	fresh buddy
	local i
	listen "$DIR/one"
	local one=$LISTENER
	python3 - "$M/events" >"$DIR/two" 3>&- <<-'END' &
	import os, sys
	fd = os.open(sys.argv[1], os.O_RDONLY)
	while True:
	    os.write(1, os.read(fd, 1))
	END
	local two=$!
	eventually is_open "$two"
	for i in $(seq 20); do
		model "$DIR/$i.gcode" 1000
		cp "$DIR/$i.gcode" "$S/"
		# Read while more is said.
		[ "$i" -ne 10 ] || listen "$DIR/three"
	done
	eventually has "$DIR/one" file null '"usb/20.gcode"'
	eventually has "$DIR/two" file null '"usb/20.gcode"'
	eventually has "$DIR/three" file null '"usb/20.gcode"'
	# The printer is looked at, too, and one may be a line ahead.
	eventually cmp "$DIR/one" "$DIR/two"
	kill "$one" "$two" "$LISTENER"
	for i in "$one" "$two" "$LISTENER"; do
		eventually is_gone "$i"
	done
	[ "$(grep -c '"kind":"file"' "$DIR/one")" -eq 20 ]
	[ "$(grep -c '"kind":"file"' "$DIR/three")" -eq 10 ]
}

@test "poll, select and epoll wait for an event" {
	fresh buddy
	model "$DIR/a.gcode"
	python3 - "$M" "$DIR/a.gcode" <<-'END'
	import os, select, shutil, subprocess, sys
	mount, model = sys.argv[1:]
	fd = os.open(mount + "/events", os.O_RDONLY | os.O_NONBLOCK)
	def must_block():
	    try:
	        os.read(fd, 10)
	    except BlockingIOError:
	        return
	    raise AssertionError("there is something to read")
	def store(name):
	    return subprocess.Popen(["cp", model, f"{mount}/usb/{name}.gcode"])
	def drain():
	    text = b""
	    while select.select([fd], [], [], 0)[0]:
	        text += os.read(fd, 100)
	    assert text.endswith(b"}\n"), text
	must_block()
	poll = select.poll()
	poll.register(fd, select.POLLIN)
	assert poll.poll(0) == []
	storing = store("poll")
	assert poll.poll(20000) == [(fd, select.POLLIN)]
	assert storing.wait() == 0
	drain()
	must_block()
	assert select.select([fd], [], [], 0)[0] == []
	storing = store("select")
	assert select.select([fd], [], [], 20)[0] == [fd]
	assert storing.wait() == 0
	drain()
	epoll = select.epoll()
	epoll.register(fd, select.EPOLLIN)
	assert epoll.poll(0) == []
	storing = store("epoll")
	assert epoll.poll(20) == [(fd, select.EPOLLIN)]
	assert storing.wait() == 0
	drain()
	assert epoll.poll(0) == []
	try:
	    os.lseek(fd, 0, os.SEEK_SET)
	    raise AssertionError("it can be sought in")
	except OSError as error:
	    assert error.errno == 29, error
	END
}

@test "other files can be read and written at once" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode
		python3 - "$M" "$S/a.gcode" <<-'END'
		import os, select, sys
		for path in (sys.argv[1] + "/status.json", sys.argv[2],
		             sys.argv[1] + "/control", sys.argv[1] + "/log"):
		    fd = os.open(path, os.O_RDONLY)
		    poll = select.poll()
		    poll.register(fd, select.POLLIN | select.POLLOUT)
		    assert poll.poll(0) == [(fd, select.POLLIN | select.POLLOUT)]
		    os.close(fd)
		END
	done
}

@test "a reader that is killed or interrupted leaves at once" {
	fresh buddy
	local signal
	for signal in INT TERM KILL; do
		python3 -c 'import signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
open(sys.argv[1], "rb", 0).read(1)' "$M/events" 3>&- &
		LISTENER=$!
		eventually is_open "$LISTENER"
		kill -s "$signal" "$LISTENER"
		within 1 is_gone "$LISTENER"
	done
	# A handled signal ends the call, as it does with a pipe.
	run timeout 20 python3 -c '
import signal, sys
def alarm(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, alarm)
stream = open(sys.argv[1], "rb", 0)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    stream.read(1)
except TimeoutError:
    print("in time")' "$M/events"
	[ "$output" = 'in time' ]
}

@test "many readers hold no other call up" {
	fresh buddy
	local i pids=()
	for i in $(seq 60); do
		cat "$M/events" >/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		eventually is_open "$i"
	done
	timeout 10 cat "$M/status.json" "$M/control" "$M/log" >/dev/null
	model "$DIR/a.gcode"
	timeout 20 cp "$DIR/a.gcode" "$S/"
	kill "${pids[@]}"
	for i in "${pids[@]}"; do
		eventually is_gone "$i"
	done
}

# apart SECONDS TARGET: the simulator was never asked again sooner than that.
apart() {
	jq -es --argjson least "$1" --arg target "$2" '
	    [.[] | select(.status != 401 and .target == $target) | .time] |
	    [.[1:], .[:-1]] | transpose | all(.[0] - .[1] >= $least)' \
	    "$DIR/requests"
}

@test "the printer is asked only while somebody has it open" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		# Nothing can be awaited here: longer than the ten seconds in
		# which a printer that is watched would have been asked.
		refute within 12 test -s "$DIR/requests"
		listen "$DIR/events"
		forget_requests
		# Every ten seconds while idle: for the status, then the storages.
		# That a second round takes ten more is for the times of both.
		eventually has_requests 2 . /api/v1/storage
		listen_no_more
		apart 6 /api/v1/status
		forget_requests
		# As above.
		refute within 30 test -s "$DIR/requests"
	done
}

@test "while a job runs it is asked every two seconds" {
	fresh buddy
	long_model "$DIR/long.gcode"
	cp "$DIR/long.gcode" "$S/"
	echo print >"$M/control"
	eventually state_is PRINTING
	listen "$DIR/events"
	forget_requests
	# Every ten seconds would take forty for this.
	within 25 has_requests 5 . /api/v1/status
	listen_no_more
	apart 1 /api/v1/status
}

@test "a mount that ends ends its readers" {
	fresh buddy
	ignore_leaks
	listen "$DIR/events"
	kill -TERM "$FS_PID"
	within 20 is_gone "$FS_PID"
	within 5 is_gone "$LISTENER"
	wait "$FS_PID" || :
	FS_PID=
}
