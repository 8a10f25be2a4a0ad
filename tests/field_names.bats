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

# what_a_pc_wrote: a file as Windows and Linux write it to a stick.
what_a_pc_wrote() {
	model "$DIR/model.gcode" 5000
	cp "$DIR/model.gcode" "$DISK/ümläut.gcode"
	ctl named ümläut.gcode $'\u009aML\u008eUT~1.GCO'
}

@test "a file that a PC wrote, with umlauts, is like any other" {
	fresh buddy
	what_a_pc_wrote
	[ "$(ls "$S")" = ümläut.gcode ]
	[ "$(stat -c %s "$S/ümläut.gcode")" -eq 5000 ]
	cmp "$DIR/model.gcode" "$S/ümläut.gcode"
	cp "$DIR/model.gcode" "$DIR/new.gcode"
	echo '; new' >>"$DIR/new.gcode"
	cp "$DIR/new.gcode" "$S/ÜMLÄUT.gcode"
	ctl named ümläut.gcode $'\u009aML\u008eUT~1.GCO' ||
	    ctl named ÜMLÄUT.gcode $'\u009aML\u008eUT~1.GCO'
	echo refresh >"$M/control"
	cmp "$DIR/new.gcode" "$S/ümläut.gcode"
	[ "$(ls "$S" | wc -l)" -eq 1 ]
	mv "$S/ümläut.gcode" "$S/plain.gcode"
	[ "$(ls "$DISK")" = plain.gcode ]
	refute grep -q 'not listed' "$M/log"
}

@test "a folder that a PC wrote can be used and removed" {
	fresh buddy
	mkdir "$DISK/Größe"
	model "$DISK/Größe/ümläut.gcode" 5000
	ctl named Größe $'GR\u0099\u00e1E'
	ctl named Größe/ümläut.gcode $'\u009aML\u008eUT~1.GCO'
	cmp "$DISK/Größe/ümläut.gcode" "$S/Größe/ümläut.gcode"
	cp "$DISK/Größe/ümläut.gcode" "$S/Größe/two.gcode"
	rm -r "$S/Größe"
	refute test -e "$DISK/Größe"
}

@test "a file whose name no file here can have goes by its 8.3 name" {
	local long
	long=$(printf 'ж%.0s' {1..140}).gcode
	fresh buddy
	mkdir "$DISK/folder"
	for long in "$long" $'bell\a.gcode' $'broken\xff.gcode'; do
		model "$DISK/folder/x.gcode" 5000
		ctl named folder/x.gcode LONGNA~1.GCO "$long"
		echo refresh >"$M/control"
		[ "$(ls "$S/folder")" = LONGNA~1.GCO ] ||
		    [[ $long = broken* ]]
		cmp "$DISK/folder/x.gcode" "$S/folder/LONGNA~1.GCO"
		cp "$S/folder/LONGNA~1.GCO" "$S/folder/other.gcode"
		mv "$S/folder/LONGNA~1.GCO" "$S/folder/named.gcode"
		[ "$(ls "$DISK/folder")" = $'named.gcode\nother.gcode' ]
		rm "$S/folder/"*
	done
	model "$DISK/folder/x.gcode" 5000
	ctl named folder/x.gcode $'\u008fRIWE~1.GCO' "$(printf 'ж%.0s' {1..140})"
	echo refresh >"$M/control"
	[ "$(ls "$S/folder")" = %8FRIWE~1.GCO ]
	cmp "$DISK/folder/x.gcode" "$S/folder/%8FRIWE~1.GCO"
	rm -r "$S/folder"
	refute test -e "$DISK/folder"
}

@test "what cannot be listed is told in the log, once" {
	fresh buddy
	model "$DISK/a.gcode" 5000
	ctl named a.gcode A/B.GCO
	ls "$S"
	echo refresh >"$M/control"
	ls "$S"
	[ "$(grep -c 'usb: not listed.*A%2FB.GCO' "$M/log")" -eq 1 ]
}

@test "two names that the printer tells apart are two files" {
	local one two i=0
	fresh buddy
	for pair in ı:I ſ:S µ:Μ ǅ:Ǆ ა:Ა; do
		i=$((i + 1))
		one=${pair%:*}$i.gcode
		two=${pair#*:}$i.gcode
		model "$DIR/one.gcode" 5000
		model "$DIR/two.gcode" 6000
		cp "$DIR/one.gcode" "$S/$one"
		cp "$DIR/two.gcode" "$S/$two"
		cmp "$DIR/one.gcode" "$DISK/$one"
		cmp "$DIR/one.gcode" "$S/$one"
		cmp "$DIR/two.gcode" "$S/$two"
	done
	[ "$(ls "$S" | wc -l)" -eq 10 ]
	for pair in ä:Ä ÿ:Ÿ ő:Ő α:Α ж:Ж ⅷ:Ⅷ ⓐ:Ⓐ; do
		cp "$DIR/one.gcode" "$S/${pair%:*}.gcode"
		cp "$DIR/two.gcode" "$S/${pair#*:}.gcode"
		cmp "$DIR/two.gcode" "$S/${pair%:*}.gcode"
	done
	[ "$(ls "$S" | wc -l)" -eq 17 ]
}
