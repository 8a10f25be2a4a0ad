#!/usr/bin/env bats
# Listing a storage: how many requests, which names, no medium.
load helper

fill() {
	local i
	for i in $(seq "$1"); do
		on_disk "part-number-$i.gcode" $((1000 + i))
	done
}

# The 8.3 name that the printer has given to a file.
short_name() {
	ask "/api/v1/files/usb" | jq -r --arg name "$1" \
	    '.children[] | select(.display_name == $name) | .name'
}

@test "ls of 60 files is one request, ls -l 61 on a Buddy, then none" {
	printer buddy
	fill 60
	mounted
	[ "$(ls "$S" | wc -l)" -eq 60 ]
	assert_requests 1
	unmounted
	mounted
	rm -rf "$DIR/cache"
	[ "$(ls -l "$S" | grep -c gcode)" -eq 60 ]
	assert_requests_at_most 61
	forget_requests
	ls -l "$S" >"$DIR/list"
	assert_requests_at_most 1
	grep -q ' 1060 .*part-number-60.gcode' "$DIR/list"
}

@test "sizes are remembered from one mount to the next" {
	printer buddy
	fill 20
	mounted
	ls -l "$S" >/dev/null
	unmounted
	mounted
	ls -l "$S" >/dev/null
	assert_requests_at_most 1
}

@test "ls -l of 60 files is one request on a Raspberry Pi" {
	printer pi
	fill 60
	mounted
	[ "$(ls -l "$S" | grep -c gcode)" -eq 60 ]
	assert_requests_at_most 1
}

@test "names come back as they were written" {
	local kind name names
	for kind in $(both); do
		fresh "$kind"
		names=('with blank.gcode' 'a+b.gcode' 'ümläut.gcode' '漢字.gcode'
		    "it's [1] & co.gcode" 'UPPER.GCODE' 'x.gco' 'comma,;=.gcode')
		[ "$kind" = pi ] ||
		    names+=('50%.gcode' '%41.gcode' 'n#1.gcode' 'n°1.gcode')
		[ "$kind" = buddy ] ||
		    names+=('colon:.gcode' 'star*.gcode' 'upper.GCODE'
			'no extension' 'notes.txt')
		for name in "${names[@]}"; do
			model "$DIR/model" 2000
			echo "; $name" >>"$DIR/model"
			cp "$DIR/model" "$S/$name"
			echo refresh >"$M/control"
			cmp "$DIR/model" "$S/$name"
			eventually test -e "$DISK/$name"
			cmp "$DIR/model" "$DISK/$name"
		done
		[ "$(find "$S" -type f | wc -l)" -eq "${#names[@]}" ]
		for name in "${names[@]}"; do
			[ -f "$S/$name" ]
			eventually rm "$S/$name"
		done
		[ -z "$(ls "$S")" ]
	done
}

@test "both spellings of a file find it, as one inode" {
	printer buddy
	on_disk calibration-cube.gcode
	mounted
	local short
	short=$(short_name calibration-cube.gcode)
	[ -n "$short" ]
	[ "$short" != calibration-cube.gcode ]
	cmp "$S/calibration-cube.gcode" "$S/$short"
	cmp "$S/calibration-cube.gcode" "$S/CALIBRATION-CUBE.gcode"
	[ "$(stat -c %i "$S/$short" "$S/calibration-cube.gcode" \
	    "$S/Calibration-Cube.GCODE" | sort -u | wc -l)" -eq 1 ]
	[ "$(ls "$S")" = calibration-cube.gcode ]
	# shellcheck disable=SC2012
	[ "$(ls -i "$S" | awk '{ print $1 }')" = "$(stat -c %i "$S/$short")" ]
}

@test "inode numbers stay over remount, upload and listing" {
	local kind before
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/one.gcode"
		before=$(stat -c %i "$S/one.gcode")
		echo refresh >"$M/control"
		[ "$(stat -c %i "$S/one.gcode")" = "$before" ]
		unmounted
		mounted
		[ "$(stat -c %i "$S/one.gcode")" = "$before" ]
	done
}

@test "a Raspberry Pi tells upper case from lower case" {
	fresh pi
	on_disk cube.gcode 1000
	on_disk CUBE.gcode 2000
	eventually test -f "$S/CUBE.gcode"
	[ "$(ls "$S" | wc -l)" -eq 2 ]
	[ "$(stat -c %s "$S/cube.gcode")" -eq 1000 ]
	[ "$(stat -c %s "$S/CUBE.gcode")" -eq 2000 ]
	refute test -e "$S/Cube.gcode"
}

@test "without a stick the storage is listed and answers ENOMEDIUM" {
	fresh buddy
	on_disk a.gcode
	ls "$S"
	ctl usb out
	echo refresh >"$M/control"
	[ -d "$S" ]
	assert_fails_with 'No medium' ls "$S"
	assert_fails_with 'No medium' cat "$S/a.gcode"
	model "$DIR/model.gcode"
	assert_fails_with 'No medium' cp "$DIR/model.gcode" "$S/"
	ctl usb in
	echo refresh >"$M/control"
	[ "$(ls "$S")" = a.gcode ]
}

@test "rsync --delete from a missing stick wipes no copy" {
	fresh buddy
	on_disk a.gcode
	mkdir "$DIR/backup"
	rsync -r "$S/" "$DIR/backup/"
	[ -f "$DIR/backup/a.gcode" ]
	ctl usb out
	echo refresh >"$M/control"
	refute rsync -r --delete "$S/" "$DIR/backup/"
	[ -f "$DIR/backup/a.gcode" ]
}

@test "a Raspberry Pi without a card answers ENOMEDIUM for sdcard" {
	fresh pi
	ls "$M/sdcard"
	ctl sd out
	echo refresh >"$M/control"
	[ -d "$M/sdcard" ]
	assert_fails_with 'No medium' ls "$M/sdcard"
}

@test "the SD card cannot be written to" {
	# Modes say so too; root passes over them.
	local refusal='Permission denied'
	[ "$(id -u)" -ne 0 ] || refusal=Read-only
	fresh pi
	model "$DIR/model.gcode"
	assert_fails_with "$refusal" cp "$DIR/model.gcode" "$M/sdcard/"
	assert_fails_with "$refusal" mkdir "$M/sdcard/folder"
	assert_fails_with "$refusal" rm "$M/sdcard/SAMPLE.GCO"
	assert_requests 0 'PUT|DELETE'
	[ -e "$M/sdcard/SAMPLE.GCO" ]
}

@test "what desktops look for is answered without a request" {
	local kind name
	for kind in $(both); do
		fresh "$kind"
		ls "$S" >/dev/null
		forget_requests
		for name in .Trash .Trash-1000 .hidden .directory autorun.inf \
		    .xdg-volume-info desktop.ini Thumbs.db .git; do
			refute stat "$S/$name" 2>/dev/null
			refute stat "$M/$name" 2>/dev/null
		done
		assert_fails_with 'not permitted' mkdir "$S/.Trash-1000"
		assert_fails_with 'not permitted' mkdir "$S/.Trash"
		sleep 5.2 # the life of a listing
		refute stat "$S/.Trash-1000" 2>/dev/null
		refute stat "$S/.hidden" 2>/dev/null
		refute cat "$M/autorun.inf" 2>/dev/null
		assert_requests 0
	done
}

@test "a file that appears by itself is seen within the life of a listing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		ls "$S"
		on_disk from-elsewhere.gcode 1234
		within 10 test -f "$S/from-elsewhere.gcode"
		[ "$(stat -c %s "$S/from-elsewhere.gcode")" -eq 1234 ]
		rm "$DISK/from-elsewhere.gcode"
		within 10 refute test -e "$S/from-elsewhere.gcode"
	done
}

@test "names with control characters never reach a program" {
	fresh pi
	touch "$DISK/good.gcode" "$DISK/bad"$'\n'"name.gcode" \
	    "$DISK/bell"$'\a'".gcode"
	echo x >"$DISK/good.gcode"
	eventually test -f "$S/good.gcode"
	[ "$(ls "$S" | wc -l)" -eq 1 ]
	[ "$(ls "$S")" = good.gcode ]
}

@test "df is true on a Raspberry Pi and has room on a Buddy; statfs asks nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		cat "$M/storage.json" >/dev/null
		forget_requests
		[ "$(stat -f -c %a "$S")" -gt 1000 ]
		assert_requests 0
	done
	[ "$(df -B1 --output=size "$S" | tail -n 1)" -ge \
	    "$(jq '.storage_list[0].total_space * 0.99 | floor' \
		"$M/storage.json")" ]
}

@test "folders are listed, entered and told from files" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk 'some parts/left side/hook.gcode' 3000
		on_disk top.gcode
		mounted
		[ "$(find "$S" -type f | wc -l)" -eq 2 ]
		[ -d "$S/some parts/left side" ]
		[ "$(stat -c %s "$S/some parts/left side/hook.gcode")" -eq 3000 ]
		cmp "$DISK/some parts/left side/hook.gcode" \
		    "$S/some parts/left side/hook.gcode"
		refute stat "$S/some parts/right side" 2>/dev/null
		assert_fails_with 'Not a directory' ls "$S/top.gcode/x"
	done
}

@test "a folder of 300 files is complete" {
	local kind
	for kind in $(both); do
		printer "$kind"
		fill 300
		mounted
		[ "$(ls "$S" | sort -u | wc -l)" -eq 300 ]
		# shellcheck disable=SC2012
		[ "$(ls -U "$S" | head -n 400 | wc -l)" -eq 300 ]
	done
}
