#!/usr/bin/env bats
# Several handles on one name: whose bytes arrive, and who is told.
load helper
load failures

# Open, write and close as told; a file's letter fills it.
#	w: open for writing from the beginning, +: for writing on, r: both
#	a number: write so many bytes, c: close, C: a close that must fail
#	u: unlink, =FROM: rename that file here
play() {
	python3 - "$@" <<-'END'
	import os, sys
	path, steps = sys.argv[1], sys.argv[2:]
	flags = {"w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
	    "+": os.O_WRONLY, "r": os.O_RDWR}
	files = {}
	for who, what in (step.split(":", 1) for step in steps):
	    if what in flags:
	        files[who] = os.open(path, flags[what])
	    elif what.isdigit():
	        left = int(what)
	        while left > 0:
	            left -= os.write(files[who], who.encode() * min(left, 70000))
	    elif what == "c":
	        os.close(files.pop(who))
	    elif what == "C":
	        try:
	            os.close(files.pop(who))
	        except OSError as error:
	            continue
	        sys.exit("a close of " + who + " must fail")
	    elif what == "u":
	        os.unlink(path)
	    elif what[0] == "=":
	        os.rename(what[1:], path)
	END
}

# holds LETTER SIZE: one file is on the printer, all of it one writer's.  (What
# a Raspberry Pi keeps of a broken upload has another ending, and is not told.)
holds() {
	head -c "$2" /dev/zero | tr '\0' "$1" >"$DIR/want"
	eventually cmp "$DIR/want" "$DISK/x.gcode"
	cmp "$DIR/want" "$S/x.gcode"
	[ "$(stat -c %s "$S/x.gcode")" -eq "$2" ]
	[ "$(find "$DISK" -type f -name '*.gcode' | wc -l)" -eq 1 ]
	[ "$(ls "$S")" = x.gcode ]
}

# Each PUT had that many bytes, in that order.
puts_were() {
	[ "$(jq -r 'select(.method == "PUT") | .in' "$DIR/requests" | xargs)" \
	    = "$*" ]
}

@test "of two who write one file the last close stays, and both arrive whole" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		play "$S/x.gcode" A:w B:w A:300000 B:100000 A:c B:c
		puts_were 300000 100000
		holds B 100000
		forget_requests
		play "$S/x.gcode" A:w A:200000 B:w B:50000 A:100000 B:c A:c
		puts_were 50000 300000
		holds A 300000
		forget_requests
		play "$S/x.gcode" A:+ A:10 B:w B:40000 B:c C:w C:30000 A:c C:c
		puts_were 40000 300000 30000
		holds C 30000
	done
}

@test "an empty file does not hide what a later close brings" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		play "$S/x.gcode" A:w A:20000 B:w B:c A:c
		holds A 20000
	done
}

@test "a name that is removed or replaced takes its writers' bytes along" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		play "$S/x.gcode" A:w A:20000 B:w B:30000 A:u B:c A:c
		[ -z "$(ls "$S")" ]
		assert_requests 0 '^PUT$'
		play "$S/x.gcode" A:w A:20000 B:w B:30000 B:c A:u A:c
		[ -z "$(ls "$S")" ]
		assert_requests 1 '^PUT$'
		head -c 40000 /dev/zero | tr '\0' C >"$S/.x.tmp"
		play "$S/x.gcode" A:w A:20000 "B:=$S/.x.tmp" A:10 A:c
		puts_were 30000 40000
		holds C 40000
	done
}

@test "what is written to a file removed meanwhile goes with it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$S/x.gcode" 20000
		forget_requests
		play "$S/x.gcode" A:+ A:u A:5000 A:c
		[ -z "$(ls "$S")" ]
		# Nor does it go into another file of that name.
		model "$S/x.gcode" 20000
		play "$S/x.gcode" A:+ B:+ A:u C:w C:30000 A:10 C:c A:c B:10 B:c
		holds C 30000
		assert_requests 2 '^PUT$'
	done
}

@test "who wrote nothing does not send what another one still writes" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		play "$S/x.gcode" A:w A:20000 B:+ B:c C:r C:c A:10000 A:c
		puts_were 30000
		holds A 30000
	done
}

@test "a close that finds its bytes sent in vain by another one fails too" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		play "$S/x.gcode" A:w A:100000 A:c
		play "$S/x.gcode" A:+ B:+ C:+ A:200000 A:c B:c C:c
		holds A 200000
		ctl cut-upload-after 100000 1
		play "$S/x.gcode" A:+ B:+ A:300000 B:10 A:C B:C
		holds A 200000
	done
}
