#!/usr/bin/env bats
# Commands: each write returns the printer's answer.
load helper

state_is() {
	[ "$(cat "$M/status/state")" = "$1" ]
}

long_model() {
	model "$1" "${2:-40000}"
	echo '; estimated printing time (normal mode) = 10m 0s' >>"$1"
}

started() {
	long_model "$DIR/long.gcode"
	cp "$DIR/long.gcode" "$S/"
	echo print >"$M/control"
	eventually state_is PRINTING
	eventually cat "$M/status/progress"
}

# A printer on its way to the pause takes a resume and does nothing.
is_resumed() {
	state_is PRINTING || {
		echo resume >"$M/control" || :
		state_is PRINTING
	}
}

# What printf makes of the text, in one write.
write_all() {
	# shellcheck disable=SC2059
	printf "$1" >"$DIR/lines"
	cat "$DIR/lines" >"$M/control"
}

# say SHELL WORDS: write to control, the write's error must show.
say() {
	"$1" -c 'echo "$1" >"$2"' "$1" "$2" "$M/control"
}

@test "reading control tells the words" {
	local kind word
	for kind in $(both); do
		fresh "$kind"
		for word in print pause resume stop cancel reboot restart \
		    stop-transfer refresh; do
			grep -q "^$word " "$M/control"
		done
		for word in ready unready; do
			[ "$kind" = pi ] ||
			    refute grep -q "^$word " "$M/control"
			[ "$kind" = buddy ] || grep -q "^$word " "$M/control"
		done
		[ "$(stat -c %a "$M/control")" = 600 ]
		assert_requests 0
	done
}

@test "print starts the file uploaded last, and pause, resume, stop work" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		started
		[ "$(cat "$M/status/file")" = long.gcode ]
		[ "$(cat "$M/status/job_id")" -gt 0 ]
		echo pause >"$M/control"
		eventually state_is PAUSED
		echo resume >"$M/control"
		eventually is_resumed
		echo stop >"$M/control"
		eventually state_is STOPPED
		assert_fails_with 'No data available' cat "$M/status/progress"
	done
}

@test "a model that was sliced for real is copied in and printed" {
	local file=$ROOT/../shared/data/mini_cube_b.bgcode
	[ -e "$file" ] || file=$DIR/model.bgcode
	fresh buddy
	[ -e "$file" ] || head -c 150000 /dev/urandom >"$file"
	cp "$file" "$S/"
	echo print >"$M/control"
	eventually state_is PRINTING
	assert_one_put
	[ "$(refused_logins)" -le 2 ]
	cmp "$file" "$S/$(basename "$file")"
	[ "$(refused_logins)" -le 3 ]
}

@test "stop-transfer stops what a Pi is receiving" {
	fresh pi
	assert_fails_with 'No such process' say bash stop-transfer
	ctl rate 100000
	model "$DIR/slow.gcode" 4000000
	cp "$DIR/slow.gcode" "$S/" 3>&- &
	local writer=$!
	eventually jq -e '.transferred > 0' "$M/transfer.json"
	say bash stop-transfer
	refute wait "$writer"
	ctl rate 0
	eventually refute cat "$M/transfer.json"
	[ ! -e "$DISK/slow.gcode" ]
	# Our own upload is called off here: the Pi was asked the first time only.
	assert_requests 1 '^DELETE$' /api/v1/transfer
}

@test "ready and unready declare a Pi's printer ready" {
	fresh pi
	assert_fails_with 'busy' say bash unready
	say bash ready
	state_is READY
	say bash unready
	state_is IDLE
	started
	assert_fails_with 'busy' say bash ready
}

@test "a Buddy printer has no stop-transfer, ready and unready" {
	local word
	fresh buddy
	for word in stop-transfer ready unready; do
		assert_fails_with 'not supported' say bash "$word"
		grep -q "has no $word" "$M/log"
	done
	assert_requests 0
}

@test "reboot and restart are for the printer to know" {
	local kind word
	for kind in $(both); do
		for word in reboot restart; do
			fresh "$kind"
			assert_fails_with 'not supported' say bash "$word"
			assert_requests 1 '^POST$' \
			    "^/api/system/commands/core/$word$"
			ctl fail POST /api/system 403 1
			assert_fails_with 'denied' say bash "$word"
		done
	done
}

@test "what the printer's server lacks is EOPNOTSUPP, by its answer" {
	local kind code
	fresh pi
	ctl fail POST /api/printer/ready 404 1
	assert_fails_with 'not supported' say bash ready
	assert_requests 1 POST /api/printer/ready
	ctl fail DELETE /api/printer/ready 404 1
	assert_fails_with 'not supported' say bash unready
	ctl fail DELETE /api/v1/transfer 405 1
	assert_fails_with 'not supported' say bash stop-transfer
	say bash ready
	for kind in $(both); do
		for code in 405 410 501; do
			fresh "$kind"
			started
			ctl fail PUT /api/v1/job "$code" 1
			assert_fails_with 'not supported' say bash pause
			ctl fail DELETE /api/v1/job "$code" 1
			assert_fails_with 'not supported' say bash stop
			state_is PRINTING
			grep -q "/pause $code," "$M/log"
		done
	done
}

@test "cancel stops too" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		started
		echo cancel >"$M/control"
		eventually state_is STOPPED
	done
}

@test "print takes a path from the root of the mount, or absolute" {
	local kind path
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/my parts"
		long_model "$DIR/a model.gcode"
		cp "$DIR/a model.gcode" "$S/my parts/"
		for path in "$STORAGE/my parts/a model.gcode" \
		    "$S/my parts/a model.gcode"; do
			ctl idle
			echo refresh >"$M/control"
			eventually state_is IDLE
			eventually say bash "print $path"
			eventually state_is PRINTING
			[ "$(cat "$M/status/file")" = 'a model.gcode' ]
		done
	done
}

@test "print waits for the upload of its file" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode" 4000000
		ctl rate 100000
		cp "$DIR/long.gcode" "$S/" 3>&- &
		local writer=$!
		eventually jq -e '.transferred > 0' "$M/transfer.json"
		echo "print $STORAGE/long.gcode" >"$M/control" 3>&- &
		local printing=$!
		eventually grep -q request_wait "/proc/$printing/wchan"
		ctl rate 0
		wait "$writer"
		wait "$printing"
		eventually state_is PRINTING
		assert_requests 1 '^PUT$' '/files/'
	done
}

@test "an unknown word is EINVAL in bash and dash, and the log has the words" {
	local kind shell
	for kind in $(both); do
		fresh "$kind"
		for shell in bash dash; do
			run say "$shell" frobnicate
			[ "$status" -ne 0 ]
			[[ $output == *'Invalid argument'* || $output == *'I/O error'* ]]
		done
		grep frobnicate "$M/log" | grep pause | grep -q resume
		assert_requests 0
	done
}

@test "bash and dash see every failure, with its words" {
	local kind shell
	for kind in $(both); do
		fresh "$kind"
		for shell in bash dash; do
			refute say "$shell" pause
			refute say "$shell" stop
			refute say "$shell" print
			refute say "$shell" "print $STORAGE/none.gcode"
		done
		run say bash pause
		[[ $output == *'No such process'* ]]
		run say bash resume
		[[ $output == *'No such process'* ]]
		run say bash print
		[[ $output == *'No data available'* ]]
		run say bash "print $STORAGE/none.gcode"
		[[ $output == *'No such file'* ]]
		run say bash "print /somewhere/else.gcode"
		[[ $output == *'No such file'* ]]
	done
}

@test "a command in the wrong state is EBUSY" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		started
		run say bash resume
		[[ $output == *'Device or resource busy'* ]]
		run say bash print
		[[ $output == *'Device or resource busy'* ]]
		echo pause >"$M/control"
		eventually state_is PAUSED
		run say bash pause
		[[ $output == *'Device or resource busy'* ]]
	done
}

@test "the printer's own words are in the log" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		started
		refute say bash print
		tail -n 5 "$M/log"
		grep -E 'POST .* 409.*: .+' "$M/log"
	done
}

@test "what is no print file is EINVAL" {
	fresh pi
	model "$DIR/notes.txt"
	cp "$DIR/notes.txt" "$S/"
	run say bash "print $STORAGE/notes.txt"
	[[ $output == *'Invalid argument'* ]]
	mkdir "$S/folder"
	run say bash "print $STORAGE/folder"
	[ "$status" -ne 0 ]
	[[ $output == *'Invalid argument'* ]]
	assert_requests 0 '^POST$'
}

@test "all lines are understood before the first one is run" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		started
		forget_requests
		refute write_all '# a remark\n\npause\nfrobnicate\n'
		assert_requests 0 '^(PUT|DELETE|POST)$'
		write_all '# a remark\n\n  \npause'
		eventually state_is PAUSED
	done
}

@test "lines are run in order up to the first failure" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		started
		forget_requests
		# There is nothing to resume, so nothing is stopped.
		run write_all 'refresh\nresume\nstop\n'
		[ "$status" -ne 0 ]
		[[ $output == *'busy'* ]]
		assert_requests 0 '^DELETE$'
		grep -q 'line 2: resume' "$M/log"
		state_is PRINTING
	done
}

@test "more than 4096 bytes are E2BIG" {
	fresh buddy
	assert_fails_with 'Argument list too long' bash -c \
	    'head -c 5000 /dev/zero | tr "\0" "#" |
		dd bs=8192 iflag=fullblock of="$1"' bash "$M/control"
	assert_requests 0
}

@test "4096 bytes are taken, however many lines they are" {
	fresh buddy
	write_all "$(printf 'refresh\n%.0s' $(seq 512))"
}

@test "a line may be indented, and the log counts every line" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		refute write_all '# a remark\n\n\trefresh\n  pause\n'
		grep -q 'line 4: pause: No such process' "$M/log"
	done
}

@test "opening, truncating and closing control do nothing" {
	fresh buddy
	: >"$M/control"
	: >>"$M/control"
	truncate -s 0 "$M/control"
	touch "$M/control"
	assert_requests 0
}

@test "refresh forgets what is remembered" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		cat "$M/info.json" >/dev/null
		on_disk a.gcode
		ls "$S"
		forget_requests
		cat "$M/info.json" >/dev/null
		assert_requests 0
		echo refresh >"$M/control"
		cat "$M/info.json" >/dev/null
		assert_requests 1 . info
		on_disk b.gcode
		echo refresh >"$M/control"
		eventually test -f "$S/b.gcode"
	done
}

@test "a reading that begins after a command never sees what was before" {
	local kind
	for kind in $(both); do
		printer "$kind"
		mounted ttl=60
		started
		cat "$M/status.json" >/dev/null
		echo pause >"$M/control"
		forget_requests
		cat "$M/status.json" >/dev/null
		assert_requests 1 . /api/v1/status
	done
}

@test "a refused login is EACCES, a printer that is away EHOSTDOWN" {
	fresh buddy
	started
	ctl fail PUT /api/v1/job 403 1
	run say bash pause
	[[ $output == *'Permission denied'* ]]
	printer_dies
	run say bash pause
	[[ $output == *'Host is down'* ]]
}

@test "a print whose answer is lost is not started twice" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$S/"
		forget_requests
		ctl lose-response POST 1
		say bash print
		state_is PRINTING
		assert_requests 1 '^POST$'
	done
}

@test "a print that never reached the printer is not said to have begun" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$S/"
		forget_requests
		ctl fail POST /api/v1/files 504 1
		refute say bash print
		state_is IDLE
		assert_requests 1 '^POST$'
	done
}

# Not on its way there any more: only then the next command is obeyed.
has_paused() {
	ask /api/job | grep -q '"Paused"'
}

@test "a command whose answer is lost is looked up, not repeated" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$S/"
		say bash print
		eventually state_is PRINTING
		forget_requests
		ctl lose-response PUT 1
		say bash pause
		eventually has_paused
		ctl lose-response PUT 1
		say bash resume
		eventually state_is PRINTING
		ctl lose-response DELETE 1
		say bash stop
		eventually refute state_is PRINTING
		assert_requests 2 '^PUT$'
		assert_requests 1 '^DELETE$'
		# What was not obeyed is not said to have been.
		ctl idle
		say bash print
		eventually state_is PRINTING
		ctl fail PUT /api/v1/job 504 1
		refute say bash pause
		state_is PRINTING
	done
}

@test "what is being printed cannot be removed or replaced" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		started
		assert_fails_with 'busy' rm "$S/long.gcode"
		assert_fails_with 'busy' cp "$DIR/long.gcode" "$S/" ||
		    assert_fails_with 'denied' cp "$DIR/long.gcode" "$S/"
		[ -e "$DISK/long.gcode" ]
		[ "$(stat -c %a "$S/long.gcode")" = 444 ]
	done
}
