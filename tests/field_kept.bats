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

@test "programs that rename at once do not fill the log" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		echo G28 >"$S/.cube.gcode.aB3xYz"
		echo G28 >"$S/.goutputstream-AB3XYZ"
		[ "$(log_count 'kept here')" -eq 0 ]
		echo G28 >"$S/.cube.gcode.backup"
		echo G28 >"$S/.cube.bgcode"
		[ "$(log_count 'kept here')" -eq 2 ]
		[ "$(jq '[.uploads[] | select(.state == "kept")] | length' \
		    "$M/uploads.json")" -eq 4 ]
	done
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

LITTER='\._cube\.gcode|\.DS_Store|Thumbs\.db|desktop\.ini|\.apdisk'

# What macOS and Windows have in a folder beside their models.
folder_with_litter() {
	mkdir "$DIR/plates"
	model "$DIR/plates/cube.gcode"
	model "$DIR/plates/._cube.gcode" 4096
	local name
	for name in .DS_Store .apdisk Thumbs.db desktop.ini \
	    .smbdeleteAAA0123; do
		echo litter >"$DIR/plates/$name"
	done
	mkdir "$DIR/plates/.Spotlight-V100"
	echo index >"$DIR/plates/.Spotlight-V100/store.db"
}

@test "litter is taken, kept here, and gone after the unmount" {
	local kind by
	folder_with_litter
	for kind in $(both); do
		fresh "$kind"
		for by in 'cp -r' 'cp -rp' 'rsync -a' 'gio copy'; do
			echo "# $kind: $by"
			if [ "$by" = 'gio copy' ]; then
				mkdir "$S/plates"
				gio copy "$DIR"/plates/*.* \
				    "$DIR"/plates/.[_DAas]* "$S/plates/"
			else
				$by "$DIR/plates" "$S/"
				diff -r "$DIR/plates" "$S/plates"
			fi
			printer_has plates/cube.gcode
			refute grep -E "/($LITTER) is kept here" "$M/log"
			[ "$(jq '[.uploads[] | select(.state != "stored")] |
			    length' "$M/uploads.json")" -eq 0 ]
			sync "$S/plates/.DS_Store"
			unmounted
			mounted
			unsent_is_empty
			no_bytes_on_disk
			[ "$(ls -A "$S/plates")" = cube.gcode ]
			rm -r "$S/plates"
		done
		assert_requests 0 'PUT|GET' 'Thumbs|desktop|DS_Store'
	done
}

@test "litter is renamed and removed as its system does it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		echo litter >"$S/parts/Thumbs.db"
		echo newer >"$S/parts/Thumbs.db"
		[ "$(cat "$S/parts/Thumbs.db")" = newer ]
		echo fork >"$S/parts/._a.gcode"
		mv "$S/parts/._a.gcode" "$S/parts/._b.gcode"
		[ "$(cat "$S/parts/._b.gcode")" = fork ]
		assert_fails_with 'not empty' rmdir "$S/parts"
		rm "$S/parts/Thumbs.db" "$S/parts/._b.gcode"
		rmdir "$S/parts"
		assert_requests 0 '^PUT$' 'Thumbs|_b'
	done
}

@test "nothing stays here in a storage that cannot be written to" {
	fresh pi
	local refusal='Permission denied' name
	[ "$(id -u)" -ne 0 ] || refusal=Read-only
	for name in .DS_Store Thumbs.db x.gcode.tmp; do
		assert_fails_with "$refusal" cp "$DIR/password" \
		    "$M/sdcard/$name"
	done
}

@test "litter that is on the printer is seen as it is listed" {
	local name
	fresh pi
	on_disk parts/a.gcode
	for name in Thumbs.db desktop.ini autorun.inf; do
		on_disk "parts/$name" 700
	done
	[ "$(ls -l "$S/parts" | grep -c ' 700 ')" -eq 3 ]
	rsync -a "$S/parts/" "$DIR/bak/"
	cmp "$DISK/parts/Thumbs.db" "$DIR/bak/Thumbs.db"
	# A newer one hides it, and goes before it.
	echo newer >"$S/parts/Thumbs.db"
	[ "$(cat "$S/parts/Thumbs.db")" = newer ]
	rm "$S/parts/Thumbs.db"
	cmp "$DISK/parts/Thumbs.db" "$S/parts/Thumbs.db"
	assert_requests 0 'PUT|DELETE'
	rm -r "$S/parts"
	refute test -e "$DISK/parts"
}
