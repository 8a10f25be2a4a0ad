#!/usr/bin/env bats
# Names as printers have them: short and long ones, from PCs and from other
# clients; and what differs between versions of the firmware.
# shellcheck disable=SC2154 # helper.bash sets these
load helper
load failures

@test "the preview locks the file that was uploaded first, and no other" {
	printer buddy --preview hold
	mounted
	model "$DIR/model.gcode"
	cp "$DIR/model.gcode" "$S/first.gcode"
	cp "$DIR/model.gcode" "$S/second.gcode"
	cp "$DIR/model.gcode" "$S/second.gcode"
	rm "$S/second.gcode"
	assert_fails_with 'busy' rm "$S/first.gcode"
	assert_fails_with 'busy' cp "$DIR/model.gcode" "$S/first.gcode"
	grep -q 'first.gcode: .*dismiss the preview' "$M/log"
	ctl dismiss
	rm "$S/first.gcode"
}

@test "version.json tells the firmware of those that tell it" {
	printer buddy --firmware 6.4
	mounted
	jq -e 'has("firmware") or has("printer") | not' "$M/version.json"
	printer buddy --firmware 6.6
	mounted
	jq -e '.firmware | startswith("6.6.")' "$M/version.json"
	jq -e '.printer | test("^\\d+\\.\\d+\\.\\d+$")' "$M/version.json"
}

# path_of LENGTH: a path on the printer, "/usb/" and all, of so many bytes.
path_of() {
	printf '%s/%*s.gcode' "$S" $(($1 - 11)) '' | tr ' ' n
}

@test "the longest path is stored, and one more byte is told beforehand" {
	local firmware
	for firmware in 6.3 6.6; do
		printer buddy --firmware "$firmware"
		mounted
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$(path_of 103)"
		forget_requests
		assert_fails_with 'too long' \
		    cp "$DIR/model.gcode" "$(path_of 104)"
		assert_requests 0 PUT
		[ "$(find "$DISK" -type f | wc -l)" -eq 1 ]
	done
}
