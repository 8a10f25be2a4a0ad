#!/usr/bin/env bats
# What could not be asked is neither empty nor gone, and memory proves nothing
# without a good stamp.
# shellcheck disable=SC2034,SC2154 # helper.bash sets and uses these
load helper

# Two files, one in a folder, and a copy of all that is there.
backed_up() {
	fresh "$1"
	rm -rf "$DIR/bak"
	on_disk precious.gcode 3000
	on_disk parts/q.gcode 2000
	mkdir "$DIR/bak"
	rsync -a "$S/" "$DIR/bak/"
	complete
}

complete() {
	[ -f "$DIR/bak/precious.gcode" ] && [ -f "$DIR/bak/parts/q.gcode" ]
}

# What is remembered of a folder grows too old to be told.
fails_by_and_by() {
	eventually refute ls "$1"
}

again() {
	run rsync -a --delete "$S/" "$DIR/bak/"
	echo "# rsync ($status): $output"
	complete
}

@test "a missing stick whose storage cannot be asked is not an empty one" {
	backed_up buddy
	ctl usb out
	ctl fail GET /api/v1/storage 503 90
	fails_by_and_by "$S"
	assert_fails_with 'Input/output error' ls "$S"
	again
	[ "$status" -ne 0 ]
}

@test "a folder below a stick just pulled is not gone" {
	backed_up buddy
	echo refresh >"$M/control"
	ls "$S"
	ctl usb out
	again
	[ "$status" -ne 0 ]
	assert_fails_with 'No medium' ls "$S/parts"
	fails_by_and_by "$S"
	again
	assert_fails_with 'No medium' stat "$S/precious.gcode"
	assert_fails_with 'No medium' stat "$S/parts/q.gcode"
}

@test "a storage that is not found is not gone" {
	local kind fault
	for kind in $(both); do
		for fault in 404 500 503 204 410; do
			backed_up "$kind"
			echo refresh >"$M/control"
			ctl fail GET "/api/v1/files/$STORAGE" "$fault" 40
			run ls "$S"
			[ "$status" -ne 0 ]
			[[ $output != *'No such file'* ]]
			run stat "$S/precious.gcode"
			[ "$status" -ne 0 ]
			[[ $output != *'No such file'* ]]
			again
			[ "$status" -ne 0 ]
		done
	done
}

@test "a folder that is not found while its parent lists it is not gone" {
	local kind
	for kind in $(both); do
		backed_up "$kind"
		echo refresh >"$M/control"
		ls "$S"
		ctl fail GET "/api/v1/files/$STORAGE/" 404 40
		run ls "$S/parts" "$S/PARTS"
		[[ $output == *'Input/output error'* ]]
		again
		[ "$status" -ne 0 ]
	done
}

@test "a file that is not found while its folder lists it is not gone" {
	backed_up buddy
	echo refresh >"$M/control"
	ls "$S"
	ctl fail GET /api/v1/files/usb/PRECI 404 40
	assert_fails_with 'Input/output error' stat "$S/precious.gcode"
	again
	[ "$status" -ne 0 ]
}

@test "a folder or file that another client deletes is gone" {
	local kind
	for kind in $(both); do
		backed_up "$kind"
		mkdir "$DISK/deep"
		on_disk deep/er/x.gcode
		echo refresh >"$M/control"
		ls "$S" "$S/deep" "$S/deep/er" "$S/parts"
		rm -r "$DISK/deep" "$DISK/parts"
		eventually refute test -e "$S/deep/er/x.gcode"
		eventually refute test -e "$S/parts"
		assert_fails_with 'No such file' ls "$S/parts"
		assert_fails_with 'No such file' ls "$S/deep/er"
		rsync -a --delete "$S/" "$DIR/bak/"
		[ -f "$DIR/bak/precious.gcode" ]
		[ ! -e "$DIR/bak/parts" ]
	done
}

@test "a cut or broken listing is not a shorter one" {
	local kind order
	for kind in $(both); do
		for order in 'cut-after 60' garbage; do
			backed_up "$kind"
			echo refresh >"$M/control"
			# shellcheck disable=SC2086
			ctl $order 3
			run ls "$S"
			[[ $output != *'No such file'* ]]
			echo refresh >"$M/control"
			again
		done
	done
}

@test "an empty stick is empty, a folder that cannot be opened is not" {
	fresh buddy
	[ -z "$(ls "$S")" ]
	mkdir "$S/hollow"
	[ -z "$(ls "$S/hollow")" ]
	rmdir "$S/hollow"
	[ -z "$(ls "$S")" ]
	echo refresh >"$M/control"
	ctl fail GET /api/v1/storage 503 9
	[ -z "$(ls "$S")" ]
}

@test "a Raspberry Pi's card that is out is no empty one, however asked" {
	fresh pi
	mkdir -p "$DIR/printer/sdcard/parts"
	model "$DIR/printer/sdcard/parts/x.gcode"
	ls "$M/sdcard"
	ctl sd out
	run ls "$M/sdcard/parts"
	[ "$status" -ne 0 ]
	[[ $output != *'No such file'* ]]
	echo refresh >"$M/control"
	assert_fails_with 'No medium' ls "$M/sdcard"
	assert_fails_with 'No medium' ls "$M/sdcard/parts"
	assert_fails_with 'No medium' stat "$M/sdcard/parts/x.gcode"
	echo refresh >"$M/control"
	ctl fail GET /api/v1/storage 503 9
	assert_fails_with 'Input/output error' ls "$M/sdcard"
}

@test "rm of a file on a stick that is out fails" {
	backed_up buddy
	ls -l "$S" "$S/parts"
	ctl usb out
	assert_fails_with 'No medium' rm "$S/precious.gcode"
	assert_fails_with 'No medium' rmdir "$S/parts"
	ctl usb in
	echo refresh >"$M/control"
	[ -f "$S/precious.gcode" ]
}

says_down() {
	assert_fails_with 'Host is down' "$@"
}

@test "what a printer that is away had not is not known to be missing" {
	local kind
	for kind in $(both); do
		backed_up "$kind"
		ls "$S"
		printer_dies
		assert_fails_with 'down' cat "$M/job.json"
		eventually says_down stat "$S/new.gcode"
		ls "$S"
		again
	done
}

@test "another stick has what it has, and no more is believed" {
	backed_up buddy
	ctl usb out
	mv "$DISK/precious.gcode" "$DISK/other.gcode"
	ctl usb in
	run ls "$S/parts"
	[ "$status" -eq 0 ]
	eventually test -e "$S/other.gcode"
	[ "$(ls "$S")" = $'other.gcode\nparts' ]
	assert_fails_with 'No such file' stat "$S/precious.gcode"
}

# The empty file of a create that was not refused goes with its end.
refuses_new() {
	run python3 -c '
import os, sys
os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL)
os.unlink(sys.argv[1])' "$S/new.gcode"
	[[ $output == *'File exists'* ]]
}

@test "an exclusive create sees what came more than a second ago" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk old.gcode
		ls "$S"
		on_disk new.gcode
		eventually refuses_new
		assert_requests 0 PUT
	done
}

# What is on the printer, behind the mount's back, with a stamp: replaced NAME
# SIZE WHEN.  Another letter is another content.
replaced() {
	on_disk "$1" "$2"
	sed -i "s/G1/${4-G2}/" "$DISK/$1"
	touch -d "$3" "$DISK/$1"
}

# Stamps of printers without a clock.
stamps() {
	echo '2097-12-31 23:59:00 UTC' '1980-01-01 00:00:00 UTC' |
	    sed 's/UTC /UTC\n/g'
}

@test "a stamp that proves nothing brings no old bytes, to no tool" {
	local kind when
	for kind in $(both); do
		while read -r when; do
			fresh "$kind"
			replaced part.gcode 605 "$when"
			cmp "$DISK/part.gcode" "$S/part.gcode"
			replaced part.gcode 2811 "$when" G3
			cp "$S/part.gcode" "$DIR/copy"
			cmp "$DISK/part.gcode" "$DIR/copy"
			replaced part.gcode 2811 "$when" G4
			cmp "$DISK/part.gcode" "$S/part.gcode"
			replaced part.gcode 700 "$when" G5
			cp "$DISK/part.gcode" "$DIR/want"
			echo '; edit' >>"$DIR/want"
			echo '; edit' >>"$S/part.gcode"
			cmp "$DIR/want" "$DISK/part.gcode"
			replaced part.gcode 4000 "$when" G6
			cp "$DISK/part.gcode" "$DIR/want"
			mv "$S/part.gcode" "$DIR/copy"
			cmp "$DIR/want" "$DIR/copy"
			[ ! -e "$DISK/part.gcode" ]
		done < <(stamps)
	done
}

@test "a printer that tells no times tells no old bytes" {
	local kind clock
	for kind in $(both); do
		for clock in none fixed 2097; do
			printer "$kind"
			ctl clock "$clock"
			mounted
			on_disk part.gcode 605
			cmp "$DISK/part.gcode" "$S/part.gcode"
			on_disk part.gcode 2811
			cmp "$DISK/part.gcode" "$S/part.gcode"
			on_disk part.gcode 900
			cp "$DISK/part.gcode" "$DIR/want"
			mv "$S/part.gcode" "$DIR/copy"
			cmp "$DIR/want" "$DIR/copy"
		done
	done
}

@test "after an upload whose answers were nonsense no old bytes are read" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		replaced part.gcode 2811 '2020-05-05 12:00 UTC' G3
		cmp "$DISK/part.gcode" "$S/part.gcode"
		model "$DIR/new.gcode" 2811
		echo '<<< nonsense' >"$DIR/nonsense"
		ctl answer PUT "/api/v1/files/$STORAGE/part.gcode" 1 "$DIR/nonsense"
		ctl answer GET "/api/v1/files/$STORAGE/part.gcode" 99 "$DIR/nonsense"
		assert_fails_with 'Protocol error' cp "$DIR/new.gcode" "$S/part.gcode"
		ctl answer GET "/api/v1/files/$STORAGE/part.gcode" 0 "$DIR/nonsense"
		cmp "$DIR/new.gcode" "$DISK/part.gcode"
		touch -d '2020-05-05 12:00 UTC' "$DISK/part.gcode"
		cmp "$DIR/new.gcode" "$S/part.gcode"
	done
}

@test "a size that was only looked at is no error when it has changed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		replaced part.gcode 605 '2020-05-05 12:00 UTC'
		[ "$(stat -c %s "$S/part.gcode")" -eq 605 ]
		replaced part.gcode 2811 '2020-05-05 12:00 UTC' G3
		cat "$S/part.gcode" >"$DIR/copy"
		cmp "$DISK/part.gcode" "$DIR/copy"
		[ "$(stat -c %s "$S/part.gcode")" -eq 2811 ]
		replaced part.gcode 300 '2020-05-05 12:00 UTC' G4
		unmounted
		mounted
		cmp "$DISK/part.gcode" "$S/part.gcode"
		replaced part.gcode 400 '2020-05-05 12:00 UTC' G5
		unmounted
		mounted
		cp "$DISK/part.gcode" "$DIR/want"
		echo '; edit' >>"$DIR/want"
		echo '; edit' >>"$S/part.gcode"
		cmp "$DIR/want" "$DISK/part.gcode"
	done
}

@test "one stamp of many files proves nothing" {
	local kind i
	for kind in $(both); do
		fresh "$kind"
		for i in 1 2 3 4; do
			replaced "part$i.gcode" 605 '2020-05-05 12:00 UTC'
		done
		cat "$S"/part*.gcode >"$DIR/all"
		replaced part3.gcode 2811 '2020-05-05 12:00 UTC' G3
		cmp "$DISK/part3.gcode" "$S/part3.gcode"
		replaced part3.gcode 2811 '2020-05-05 12:00 UTC' G4
		cp "$DISK/part3.gcode" "$DIR/want"
		mv "$S/part3.gcode" "$DIR/copy"
		cmp "$DIR/want" "$DIR/copy"
	done
}

@test "one stamp of many files is good on a printer with a clock" {
	local kind i
	for kind in $(both); do
		printer "$kind"
		for i in 1 2 3 4; do
			replaced "part$i.gcode" 605 '2020-05-05 12:00 UTC'
		done
		mounted
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/"
		cat "$S"/part*.gcode >"$DIR/all"
		ls "$S" >/dev/null
		forget_requests
		cat "$S"/part*.gcode | cmp - "$DIR/all"
		assert_requests_at_most 1
	done
}

@test "a file replaced in the moment after it was read is read anew" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk part.gcode 2000
		touch -d '+2 seconds' "$DISK/part.gcode"
		cmp "$DISK/part.gcode" "$S/part.gcode"
		touch -r "$DISK/part.gcode" "$DIR/when"
		sed 's/G1/G7/' "$DISK/part.gcode" >"$DIR/other"
		cp "$DIR/other" "$DISK/part.gcode"
		touch -r "$DIR/when" "$DISK/part.gcode"
		within 8 cmp "$DIR/other" "$S/part.gcode"
	done
}

@test "what was uploaded is not believed when another has replaced it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 3000
		cp "$DIR/model.gcode" "$S/part.gcode"
		touch -r "$DISK/part.gcode" "$DIR/when"
		sed 's/G1/G7/' "$DIR/model.gcode" >"$DISK/part.gcode"
		touch -r "$DIR/when" "$DISK/part.gcode"
		within 8 cmp "$DISK/part.gcode" "$S/part.gcode"
	done
}

@test "a rename takes no remembered bytes for another's file" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		replaced part.gcode 605 '2097-12-31 23:59:00 UTC'
		cat "$S/part.gcode" >/dev/null
		replaced part.gcode 2811 '2097-12-31 23:59:00 UTC' G3
		cp "$DISK/part.gcode" "$DIR/want"
		mv "$S/part.gcode" "$S/moved.gcode"
		cmp "$DIR/want" "$DISK/moved.gcode"
		[ ! -e "$DISK/part.gcode" ]
	done
}

@test "a file whose time is not known is no old one" {
	local kind clock first
	for kind in $(both); do
		for clock in none fixed; do
			printer "$kind"
			ctl clock "$clock"
			on_disk part.gcode
			mkdir "$DISK/folder"
			mounted
			first=$(stat -c %Y "$S/part.gcode")
			[ "$first" -ge "$(($(date +%s) - 60))" ]
			[ "$(find "$S" -mtime +1 | wc -l)" -eq 0 ]
			echo refresh >"$M/control"
			[ "$(stat -c %Y "$S/part.gcode")" = "$first" ]
		done
	done
}

# Three stamps of the last day, so that the clock is known to be good.
with_good_stamps() {
	local i
	for i in 1 2 3; do
		on_disk "s$i.gcode"
		touch -d "$i hours ago" "$DISK/s$i.gcode"
	done
	on_disk q.gcode 30000
	touch -d '5 hours ago' "$DISK/q.gcode"
	ls -l "$S" >/dev/null
	cat "$S/q.gcode" >/dev/null
	ls -l "$S" >/dev/null
	model "$DIR/other.gcode" 4000
	cp "$DIR/other.gcode" "$DISK/q.gcode"
	forget_requests
}

@test "an append keeps what another client has stored a moment ago" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		with_good_stamps
		echo '; a line' >>"$S/q.gcode"
		{ cat "$DIR/other.gcode" && echo '; a line'; } |
		    cmp - "$DISK/q.gcode"
		assert_one_put
	done
}

@test "mv brings what another client has stored a moment ago, or fails" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		with_good_stamps
		if mv "$S/q.gcode" "$DIR/out.gcode"; then
			cmp "$DIR/other.gcode" "$DIR/out.gcode"
		else
			cmp "$DIR/other.gcode" "$DISK/q.gcode"
		fi
	done
}

@test "a rename moves what another client has stored a moment ago" {
	local kind name
	for kind in $(both); do
		for name in moved.gcode q.gcode.bak; do
			fresh "$kind"
			with_good_stamps
			mv "$S/q.gcode" "$S/$name"
			cmp "$DIR/other.gcode" "$S/$name"
			eventually refute test -e "$DISK/q.gcode"
		done
	done
}
