#!/usr/bin/env bats
# Renaming: never loses a file, whichever way its name is spelt.
load helper

short_name() {
	ask /api/v1/files/usb | jq -r --arg name "$1" \
	    '.children[] | select(.display_name == $name) | .name'
}

move_mv() { mv "$1" "$2"; }
move_mv_f() { mv -f "$1" "$2"; }
move_cp() { cp "$1" "$2"; }
move_gio() { gio move "$1" "$2"; }
move_shutil() {
	python3 -c 'import shutil, sys; shutil.move(*sys.argv[1:])' "$1" "$2"
}
move_os() { "$TOOLS/rename" "$1" "$2"; }
move_noreplace() { "$TOOLS/rename" "$1" "$2" noreplace; }
move_rsync() { rsync --remove-source-files "$1" "$2"; }

# How many files the printer has, whatever their names are.
on_printer() {
	find "$DISK" -type f | wc -l
}

@test "no tool loses a file by moving it to another spelling of itself" {
	local tool target known short
	for known in fetched unseen; do
		for tool in mv mv_f cp gio shutil os noreplace rsync; do
			fresh buddy
			model "$DIR/cube.gcode"
			cp "$DIR/cube.gcode" "$DISK/calibration cube.gcode"
			eventually test -f "$S/calibration cube.gcode"
			short=$(short_name 'calibration cube.gcode')
			[ "$known" = unseen ] ||
			    cat "$S/calibration cube.gcode" >/dev/null
			for target in 'CALIBRATION CUBE.gcode' "$short"; do
				echo "# $tool, $known, to $target"
				run "move_$tool" "$S/calibration cube.gcode" \
				    "$S/$target"
				echo "# status $status: $output"
				[ "$(on_printer)" -eq 1 ]
				cmp "$DIR/cube.gcode" "$DISK"/*
				echo refresh >"$M/control"
				cmp "$DIR/cube.gcode" "$S/calibration cube.gcode"
				assert_requests 0 '^DELETE$'
			done
		done
	done
}

@test "mv to another spelling says that it is the same file" {
	fresh buddy
	on_disk cube.gcode
	eventually test -f "$S/cube.gcode"
	assert_fails_with 'are the same file' mv "$S/cube.gcode" "$S/CUBE.gcode"
	assert_fails_with 'are the same file' cp "$S/cube.gcode" "$S/CUBE.gcode"
	assert_requests 0 'PUT|DELETE'
}

@test "a rename between spellings never is EXDEV" {
	fresh buddy
	on_disk cube.gcode
	eventually test -f "$S/cube.gcode"
	cat "$S/cube.gcode" >/dev/null
	refute [ "$("$TOOLS/rename" "$S/cube.gcode" "$S/CUBE.gcode")" = EXDEV ]
	[ "$(on_printer)" -eq 1 ]
}

@test "every tool renames a file, in the same folder and to another" {
	local kind tool
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		for tool in mv gio shutil rsync; do
			echo "# tool: $tool"
			model "$DIR/model.gcode"
			cp "$DIR/model.gcode" "$S/old.gcode"
			"move_$tool" "$S/old.gcode" "$S/new.gcode"
			refute test -e "$S/old.gcode"
			cmp "$DIR/model.gcode" "$S/new.gcode"
			eventually cmp "$DIR/model.gcode" "$DISK/new.gcode"
			refute test -e "$DISK/old.gcode"
			"move_$tool" "$S/new.gcode" "$S/parts/new.gcode"
			eventually cmp "$DIR/model.gcode" \
			    "$DISK/parts/new.gcode"
			refute test -e "$S/new.gcode"
			rm "$S/parts/new.gcode"
		done
		[ "$(on_printer)" -eq 0 ]
	done
}

@test "what is here is one PUT and one DELETE to rename" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 30000
		mounted
		cp "$DISK/model.gcode" "$DIR/want.gcode"
		cat "$S/model.gcode" >/dev/null
		"$TOOLS/rename" "$S/model.gcode" "$S/new.gcode"
		assert_one_put
		assert_requests 1 '^DELETE$'
		[ "$(ls "$S")" = new.gcode ]
		cmp "$DIR/want.gcode" "$S/new.gcode"
	done
}

@test "a rename moves what others have put there meanwhile" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 30000
		touch -d '1 hour ago' "$DISK/model.gcode"
		mounted
		cat "$S/model.gcode" >/dev/null
		ctl copy model.gcode 500
		"$TOOLS/rename" "$S/model.gcode" "$S/new.gcode"
		[ "$(stat -c %s "$DISK/new.gcode")" -eq 500 ]
		[ ! -e "$DISK/model.gcode" ]
	done
}

@test "a rename onto another file replaces it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		model "$DIR/b.gcode" 20000
		cp "$DIR/a.gcode" "$DIR/b.gcode" "$S/"
		mv "$S/a.gcode" "$S/b.gcode"
		[ "$(ls "$S")" = b.gcode ]
		cmp "$DIR/a.gcode" "$S/b.gcode"
		eventually cmp "$DIR/a.gcode" "$DISK/b.gcode"
	done
}

@test "a rename onto an empty placeholder replaces it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		cp "$DIR/a.gcode" "$S/a.gcode"
		: >"$S/b.gcode"
		"$TOOLS/rename" "$S/a.gcode" "$S/b.gcode"
		[ "$(ls "$S")" = b.gcode ]
		cmp "$DIR/a.gcode" "$S/b.gcode"
	done
}

@test "a time that was set goes along with a renamed file" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		cp "$DIR/a.gcode" "$S/a.gcode"
		touch -d @1234567890.25 "$S/a.gcode"
		"$TOOLS/rename" "$S/a.gcode" "$S/b.gcode"
		[ "$(stat -c %.2Y "$S/b.gcode")" = 1234567890.25 ]
	done
}

@test "a rename that is refused leaves both files as they were" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		model "$DIR/b.gcode" 20000
		cp "$DIR/a.gcode" "$DIR/b.gcode" "$S/"
		ctl fail PUT /api/v1/files 507 1
		run "$TOOLS/rename" "$S/a.gcode" "$S/b.gcode"
		[ "$output" = ENOSPC ]
		cmp "$DIR/a.gcode" "$S/a.gcode"
		cmp "$DIR/b.gcode" "$S/b.gcode"
		cmp "$DIR/a.gcode" "$DISK/a.gcode"
		cmp "$DIR/b.gcode" "$DISK/b.gcode"
	done
}

@test "RENAME_NOREPLACE is honoured, RENAME_EXCHANGE is EINVAL" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		cp "$DIR/a.gcode" "$S/a.gcode"
		cp "$DIR/a.gcode" "$S/b.gcode"
		forget_requests
		run "$TOOLS/rename" "$S/a.gcode" "$S/b.gcode" noreplace
		[ "$output" = EEXIST ]
		run "$TOOLS/rename" "$S/a.gcode" "$S/b.gcode" exchange
		[ "$output" = EINVAL ]
		assert_requests 0 'PUT|DELETE'
		"$TOOLS/rename" "$S/a.gcode" "$S/c.gcode" noreplace
		[ "$(ls "$S" | xargs)" = 'b.gcode c.gcode' ]
		echo G28 >"$S/d.tmp"
		run "$TOOLS/rename" "$S/d.tmp" "$S/b.gcode" noreplace
		[ "$output" = EEXIST ]
	done
}

@test "folders are EXDEV to rename, and mv moves what is in them" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		model "$DIR/a.gcode" 10000
		cp "$DIR/a.gcode" "$S/parts/"
		run "$TOOLS/rename" "$S/parts" "$S/pieces"
		[ "$output" = EXDEV ]
		mv "$S/parts" "$S/pieces"
		refute test -e "$S/parts"
		cmp "$DIR/a.gcode" "$S/pieces/a.gcode"
	done
}

@test "a rename to a name that the printer refuses is EINVAL at once" {
	fresh buddy
	model "$DIR/a.gcode" 10000
	cp "$DIR/a.gcode" "$S/a.gcode"
	forget_requests
	run "$TOOLS/rename" "$S/a.gcode" "$S/notes.txt"
	[ "$output" = EINVAL ]
	run "$TOOLS/rename" "$S/a.gcode" "$S/a:b.gcode"
	[ "$output" = EINVAL ]
	run "$TOOLS/rename" "$S/a.gcode" "$M/status/a.gcode"
	[ "$output" != '' ]
	assert_requests 0 'PUT|DELETE'
	cmp "$DIR/a.gcode" "$S/a.gcode"
}

@test "a staged file that is renamed brings the verdict" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		cp "$DIR/a.gcode" "$S/a.gcode.tmp"
		assert_requests 0 '^PUT$'
		ctl fail PUT /api/v1/files 507 1
		run "$TOOLS/rename" "$S/a.gcode.tmp" "$S/a.gcode"
		[ "$output" = ENOSPC ]
		refute test -e "$S/a.gcode"
		if [ -e "$S/a.gcode.tmp" ]; then
			cmp "$DIR/a.gcode" "$S/a.gcode.tmp"
		fi
		rm -f "$S/a.gcode.tmp"
		forget_requests
		cp "$DIR/a.gcode" "$S/a.gcode.tmp"
		"$TOOLS/rename" "$S/a.gcode.tmp" "$S/a.gcode"
		assert_one_put
	done
}

@test "a slicer that removes the old model first loses nothing when refused" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/old.gcode" 10000
		model "$DIR/new.gcode" 20000
		cp "$DIR/old.gcode" "$S/model.gcode"
		ctl fail PUT /api/v1/files 507 1
		assert_fails_with 'No space left' "$TOOLS/slicer" \
		    "$DIR/new.gcode" "$S/model.gcode"
		assert_requests 0 '^DELETE$'
		cmp "$DIR/old.gcode" "$DISK/model.gcode"
		within 10 cmp "$DIR/old.gcode" "$S/model.gcode"
	done
}

@test "a removal that nobody completes is sent after all" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/old.gcode" 10000
		cp "$DIR/old.gcode" "$S/model.gcode"
		forget_requests
		python3 - "$S/model.gcode" <<-'END'
		import os, sys
		with open(sys.argv[1] + ".tmp", "w") as file:
		    file.write("G28\n")
		os.unlink(sys.argv[1])
		assert not os.path.exists(sys.argv[1])
		END
		eventually refute test -e "$DISK/model.gcode"
		assert_requests 1 '^DELETE$'
	done
}

@test "an ordinary removal is sent at once" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		cp "$DIR/a.gcode" "$S/a.gcode"
		rm "$S/a.gcode"
		refute test -e "$DISK/a.gcode"
		assert_requests 1 '^DELETE$'
	done
}

@test "a removal that the printer refuses fails" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 10000
		cp "$DIR/a.gcode" "$S/a.gcode"
		ctl fail DELETE /api/v1/files 409 1 File is busy
		assert_fails_with 'busy' rm "$S/a.gcode"
		cmp "$DIR/a.gcode" "$S/a.gcode"
	done
}

@test "a file that was just read can be removed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode 10000
		cp "$DISK/a.gcode" "$DIR/want.gcode"
		ctl fail DELETE /api/v1/files 409 2 File is busy
		# By one process: what is just read soon is no more.
		python3 - "$S/a.gcode" >"$DIR/read" <<-'END'
		import os, sys
		with open(sys.argv[1], "rb") as file:
		    data = file.read()
		os.unlink(sys.argv[1])
		sys.stdout.buffer.write(data)
		END
		[ ! -e "$DISK/a.gcode" ]
		cmp "$DIR/want.gcode" "$DIR/read"
		assert_requests 3 '^DELETE$'
	done
}

@test "a file that was just read can be changed" {
	fresh buddy
	on_disk a.gcode 10000
	# Its last bytes are acknowledged late: it is open until then.
	ctl linger 100
	printf 'M117' | dd of="$S/a.gcode" bs=1 seek=500 conv=notrunc status=none
	[ "$(dd if="$DISK/a.gcode" bs=1 skip=500 count=4 status=none)" = M117 ]
	assert_one_put
	rm "$S/a.gcode"
	[ ! -e "$DISK/a.gcode" ]
}

# Write in two pieces, and rename in between.
rename_amid() {
	python3 - "$@" <<-'END'
	import os, sys
	old, new, mode = sys.argv[1:]
	with open(old, mode) as file:
	    file.write("G28\n")
	    file.flush()
	    try:
	        os.rename(old, new)
	    except OSError as error:
	        print(error.strerror)
	    file.write("G1\n")
	END
}

@test "a new file renamed while it is written arrives under the new name" {
	local kind target
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		for target in b.gcode parts/c.gcode; do
			forget_requests
			[ "$(rename_amid "$S/a.gcode" "$S/$target" w)" = '' ]
			assert_one_put
			[ "$(cat "$S/$target")" = $'G28\nG1' ]
			refute test -e "$S/a.gcode"
		done
	done
}

@test "a file of the printer that is being rewritten is EBUSY to rename" {
	local kind mode
	for kind in $(both); do
		fresh "$kind"
		for mode in w a; do
			echo M84 >"$S/a.gcode"
			run rename_amid "$S/a.gcode" "$S/b.gcode" "$mode"
			[[ $output == *busy* ]]
			[ "$(tail -n 2 "$S/a.gcode")" = $'G28\nG1' ]
			refute test -e "$S/b.gcode"
		done
	done
}
