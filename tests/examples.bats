#!/usr/bin/env bats
# The examples of the manual, run as they stand there.
load helper
load farm.bash

# example NAME: its lines, with the mount point of this test.
example() {
	awk -v name="$1" '
	$0 == ".\\\" example: " name { found = 1 }
	/^\.Ed/ { found = shown = 0 }
	shown
	found && /^\.Bd/ { shown = 1 }' "$ROOT/prusafs.8" |
	    sed "s|\\\\e|\\\\|g; s|~/[a-z0-9]*|$M|g" >"$DIR/example"
	grep -qF "$M" "$DIR/example"
	cat "$DIR/example"
}

# Run it as a script, with a time limit.
run_example() {
	(cd "$DIR" && timeout 120 sh -e "$DIR/example")
}

sliced() {
	model "$1" 40000
	echo "; estimated printing time (normal mode) = $2" >>"$1"
}

state_is() {
	[ "$(cat "$P/status/state")" = "$1" ]
}

# Has somebody its events open?  Then what was before is known.
is_followed() {
	# Ordinary users may not look into all of them.
	[ -n "$(find /proc/[0-9]*/fd -lname "$P/events" 2>/dev/null || :)" ]
}

@test "every example that is marked is run, and each is there" {
	local name
	for name in print broadcast lapse alarm clean-up; do
		example "$name"
		sh -n "$DIR/example"
	done
	sed -n 's/^\.\\" example: //p' "$ROOT/prusafs.8" >"$DIR/names"
	while read -r name; do
		grep -qE "^	example '?$name'?\$" "$BATS_TEST_FILENAME"
	done <"$DIR/names"
}

@test "copy, print and wait ends when the print does" {
	fresh buddy
	sliced "$DIR/benchy.gcode" '10m 0s'
	example print
	run_example >"$DIR/said" 3>&- &
	local printed=$!
	eventually is_followed
	state_is PRINTING
	ctl finish
	wait "$printed"
	jq -es 'length == 1 and .[0].new == "FINISHED"' "$DIR/said"
	cmp "$DIR/benchy.gcode" "$S/benchy.gcode"
	state_is FINISHED
}

@test "a broadcast prints on all that can, and says who cannot" {
	local name
	grow a b busy
	farm_mounted
	sliced "$DIR/benchy.gcode" '10m 0s'
	cp "$DIR/benchy.gcode" "$M/busy/usb/other.gcode"
	echo busy print >"$M/control"
	P=$M/busy
	eventually state_is PRINTING
	example broadcast
	run_example 2>"$DIR/said"
	[ "$(wc -l <"$DIR/said")" -eq 1 ]
	grep -q 'busy/print.*busy' "$DIR/said"
	for name in a b; do
		P=$M/$name
		eventually state_is PRINTING
		[ "$(cat "$P/status/file")" = benchy.gcode ]
	done
	[ "$(cat "$M/busy/status/file")" = other.gcode ]
	[ ! -e "$M/busy/usb/benchy.gcode" ]
}

@test "a time lapse has pictures until the print ends" {
	"$TOOLS/camera" "$DIR/shots" >"$DIR/camera" 2>"$DIR/camera.log" 3>&- &
	eventually test -s "$DIR/camera"
	printer buddy
	mounted "camera=$(cat "$DIR/camera")/a.jpg"
	sliced "$DIR/a.gcode" '10m 0s'
	cp "$DIR/a.gcode" "$S/"
	echo print >"$P/control"
	eventually state_is PRINTING
	example lapse
	run_example 3>&- &
	local lapse=$!
	eventually test -s "$DIR/00001.png"
	ctl finish
	wait "$lapse"
	[ "$(file -b --mime-type "$DIR"/0*.png | sort -u)" = image/png ]
	[ "$(wc -l <"$DIR/shots")" -ge 2 ]
}

@test "a print that Obico sees fail is paused" {
	fresh obico
	mv "$P" "$M/mk4"
	P=$M/mk4
	state_is PRINTING
	forget_requests
	example alarm
	run_example >"$DIR/said" 3>&- &
	local alarm=$!
	eventually is_followed
	state_is PRINTING
	ctl alert
	wait "$alarm"
	jq -es 'length == 1 and .[0].kind == "alert"' "$DIR/said"
	state_is PAUSED
	assert_requests 1 POST pause_print
}

@test "the nightly clean-up deletes old models, and nothing else" {
	fresh buddy
	local name
	for name in old.gcode new.gcode printed.gcode parts/old.bgcode; do
		mkdir -p "$DISK/parts"
		sliced "$DISK/$name" '10m 0s'
	done
	touch -d '-90 days' "$DISK/old.gcode" "$DISK/printed.gcode" \
	    "$DISK/parts/old.bgcode"
	echo print usb/printed.gcode >"$P/control"
	eventually state_is PRINTING
	example clean-up
	run run_example
	[ "$status" -eq 1 ]
	[[ $output == *printed.gcode*'resource busy'* ]]
	[[ $output == *parts/old.bgcode* ]]
	[ "$(cd "$DISK" && find . -type f | sort | xargs)" = \
	    './new.gcode ./printed.gcode' ]
	[ -d "$DISK/parts" ]
	# Without a stick.
	echo stop >"$P/control"
	eventually state_is STOPPED
	ctl usb out
	echo refresh >"$P/control"
	run run_example
	[ "$status" -eq 1 ]
	[[ $output == *'No medium'* ]]
	[ -e "$DISK/printed.gcode" ]
}
