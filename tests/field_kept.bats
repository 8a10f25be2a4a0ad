#!/usr/bin/env bats
# What stays here because of its name, and how that is told.
# shellcheck disable=SC2034,SC2154 # helper.bash sets and uses these
load helper
load failures

KEPT='kept here: the printer takes no such name'

# A value of the only entry of uploads.json.
upload() {
	jq -er "(.uploads | length == 1) and (.uploads[0] | $1)" \
	    "$M/uploads.json" >/dev/null
}

has_no_uploads() {
	[ "$(jq -c .uploads "$M/uploads.json")" = '[]' ]
}

@test "a file that the printer cannot have is told at its close" {
	local kind name
	for kind in $(both); do
		for name in '.25 nozzle.gcode' x.gcode.bak x.gcode~ \
		    x.gcode.part; do
			fresh "$kind"
			model "$DIR/x.gcode"
			cp "$DIR/x.gcode" "$S/$name"
			[ "$(log_count "$STORAGE/$name is $KEPT")" -eq 1 ]
			upload ".path == \"$STORAGE/$name\" and
			    .state == \"kept\" and .size == 40000 and
			    .message == \"$KEPT\""
			assert_requests 0 PUT
			rm "$S/$name"
			eventually has_no_uploads
		done
	done
}

@test "a file that gets its final name is kept no more" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/x.gcode"
		cp "$DIR/x.gcode" "$S/x.gcode.tmp"
		upload '.state == "kept"'
		mv "$S/x.gcode.tmp" "$S/x.gcode"
		eventually upload '.state == "stored"'
		rsync "$DIR/x.gcode" "$S/y.gcode"
		eventually has_stored 2
	done
}

has_stored() {
	[ "$(jq '[.uploads[] | select(.state == "stored")] | length' \
	    "$M/uploads.json")" -eq "$1" ] &&
	    [ "$(jq '.uploads | length' "$M/uploads.json")" -eq "$1" ]
}

# A file that is open: what the log says.
write_open() {
	python3 - "$1/open.tmp" "$M/log" <<-'END'
	import os, sys
	whole = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
	os.write(whole, b"G28\n")
	assert "kept here" not in open(sys.argv[2]).read()
	os.ftruncate(whole, 0)
	END
}

@test "what is empty, or still written, is not told as kept" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		: >"$S/empty.tmp"
		write_open "$S"
		mkdir "$S/.work"
		echo G28 >"$S/.work/x.gcode"
		[ "$(log_count 'kept here')" -eq 0 ]
	done
}
