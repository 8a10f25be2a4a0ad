#!/usr/bin/env bats
# The directory print: a model copied there is uploaded and started.
load helper

state_is() {
	[ "$(cat "$M/status/state")" = "$1" ]
}

file_is() {
	[ "$(cat "$M/status/file")" = "$1" ]
}

long_model() {
	model "$1" "${2:-40000}"
	echo '; estimated printing time (normal mode) = 10m 0s' >>"$1"
}

@test "a model copied to print/ is stored and printed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		[ -z "$(ls "$M/print")" ]
		assert_requests 0
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$M/print/"
		assert_one_put
		assert_requests 0 '^POST$'
		eventually state_is PRINTING
		[ "$(cat "$M/status/file")" = long.gcode ]
		cmp "$DIR/long.gcode" "$DISK/long.gcode"
		[ -z "$(ls "$M/print")" ]
		[ -e "$S/long.gcode" ]
		jq -e '.uploads[0].state == "stored"' "$M/uploads.json"
	done
}

@test "print/ takes what the storage has already, and prints it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		on_disk long.gcode 1000
		touch -d '2020-01-01' "$DISK/long.gcode"
		cp "$DIR/long.gcode" "$M/print/"
		eventually state_is PRINTING
		cmp "$DIR/long.gcode" "$DISK/long.gcode"
		assert_one_put
	done
}

@test "a temporary name that gets its final one in print/ is printed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		rsync --inplace "$DIR/long.gcode" "$M/print/a.gcode"
		eventually state_is PRINTING
		ctl idle
		echo refresh >"$M/control"
		eventually state_is IDLE
		cp "$DIR/long.gcode" "$M/print/b.gcode.tmp"
		[ "$(ls "$M/print")" = b.gcode.tmp ]
		state_is IDLE
		mv "$M/print/b.gcode.tmp" "$M/print/b.gcode"
		eventually state_is PRINTING
		[ "$(cat "$M/status/file")" = b.gcode ]
		[ -z "$(ls "$M/print")" ]
	done
}

@test "what programs do to a file after they closed it works in print/" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		python3 -c 'import shutil, sys; shutil.copy2(*sys.argv[1:])' \
		    "$DIR/long.gcode" "$M/print/"
		eventually state_is PRINTING
		[ -z "$(ls "$M/print")" ]
		eventually test ! -e "$M/print/long.gcode"
		[ -e "$S/long.gcode" ]
	done
}

@test "rsync to print/ prints" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		rsync -a "$DIR/long.gcode" "$M/print/"
		eventually state_is PRINTING
		cmp "$DIR/long.gcode" "$DISK/long.gcode"
	done
}

@test "print/ is EBUSY before a byte is copied while the printer prints" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$M/print/"
		eventually state_is PRINTING
		forget_requests
		assert_fails_with 'busy' cp "$DIR/long.gcode" "$M/print/b.gcode"
		grep -q 'cannot start a print now: it is PRINTING' "$M/log"
		assert_requests 0 '^PUT$'
		ctl pause from printer
		echo refresh >"$M/control"
		eventually state_is PAUSED
		assert_fails_with 'busy' cp "$DIR/long.gcode" "$M/print/b.gcode"
		[ ! -e "$DISK/b.gcode" ]
		[ -z "$(ls "$M/unsent")" ]
	done
}

@test "stored but not started is EBUSY, and the file stays" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode" 400000
		# It does not end before the printer wants attention.
		ctl rate 10000
		cp "$DIR/long.gcode" "$M/print/" 2>"$DIR/cp.err" 3>&- &
		local writer=$!
		eventually jq -e '.transferred > 0' "$M/transfer.json"
		ctl attention
		ctl rate 0
		refute wait "$writer"
		grep -q 'busy' "$DIR/cp.err"
		cmp "$DIR/long.gcode" "$DISK/long.gcode"
		grep -q 'was stored, and the printer did not start it' "$M/log"
		[ -z "$(ls "$M/unsent")" ]
		[ -z "$(ls "$M/print")" ]
		[ "$(stat -c %s "$S/long.gcode")" = \
		    "$(stat -c %s "$DIR/long.gcode")" ]
		assert_requests 1 '^PUT$'
	done
}

@test "a print that just ended is no obstacle" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$M/print/"
		eventually state_is PRINTING
		ctl finish
		echo refresh >"$M/control"
		eventually state_is FINISHED
		cp "$DIR/long.gcode" "$M/print/b.gcode"
		eventually state_is PRINTING
		eventually file_is b.gcode
	done
}

@test "an answer that is lost does not start a print twice" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		ctl lose-response PUT 1
		cp "$DIR/long.gcode" "$M/print/"
		eventually state_is PRINTING
		assert_requests 0 '^POST$'
	done
}

@test "a size that PrusaLink loses a byte of is printed all the same" {
	fresh pi
	long_model "$DIR/odd.gcode" 65200
	local size
	size=$(stat -c %s "$DIR/odd.gcode")
	head -c $((65366 - size)) /dev/zero | tr '\0' '\n' >>"$DIR/odd.gcode"
	cp "$DIR/odd.gcode" "$M/print/"
	eventually state_is PRINTING
	cmp "$DIR/odd.gcode" "$DISK/odd.gcode"
}

@test "what cannot be printed is refused by print/" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		assert_fails_with 'Invalid argument' bash -c \
		    "echo x >'$M/print/notes.txt'"
		assert_fails_with 'not permitted' mkdir "$M/print/folder"
		assert_fails_with 'No such file' cat "$M/print/long.gcode"
		assert_requests 0 '^PUT$'
	done
}
