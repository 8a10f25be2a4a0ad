#!/usr/bin/env bats
# Working directories of programs, whose names begin with a dot: they live
# here, and what is renamed out of them goes to the printer.
# shellcheck disable=SC2034,SC2154 # helper.bash sets and uses these
load helper
load failures

# Two models to be sent, in a folder each.
two_models() {
	mkdir -p "$DIR/src/parts"
	model "$DIR/src/a.gcode" 60000
	model "$DIR/src/parts/b.gcode" 50000
}

have_arrived() {
	cmp "$DIR/src/a.gcode" "$DISK/a.gcode"
	cmp "$DIR/src/parts/b.gcode" "$DISK/parts/b.gcode"
	assert_requests 2 '^PUT$' '[.]gcode$'
}

nothing_here_on_disk() {
	[ -z "$(find "$DIR/printer" -name '.*' -mindepth 1)" ]
}

@test "rsync --delay-updates delivers, and again replaces" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		two_models
		rsync -r --delay-updates "$DIR/src/" "$S/"
		have_arrived
		[ "$(find "$S" -mindepth 1 -name '.*' | wc -l)" -eq 0 ]
		model "$DIR/src/a.gcode" 70000
		forget_requests
		rsync -r --checksum --delay-updates "$DIR/src/" "$S/"
		cmp "$DIR/src/a.gcode" "$DISK/a.gcode"
		assert_one_put
		nothing_here_on_disk
		unsent_is_empty
	done
}

@test "a refused upload of rsync --delay-updates is told" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		two_models
		mkdir "$S/parts"
		ctl fail PUT /api/v1/files 507 2
		run rsync -r --delay-updates "$DIR/src/" "$S/"
		[ "$status" -eq 23 ]
		refute test -e "$DISK/a.gcode"
		refute test -e "$DISK/parts/b.gcode"
		rsync -r --delay-updates "$DIR/src/" "$S/"
		cmp "$DIR/src/a.gcode" "$DISK/a.gcode"
		cmp "$DIR/src/parts/b.gcode" "$DISK/parts/b.gcode"
		[ "$(find "$S" -name '.*' -mindepth 1 | wc -l)" -eq 0 ]
		unsent_is_empty
	done
}

@test "rsync --temp-dir copies, and replaces what is there in one PUT" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		two_models
		mkdir "$S/.tmp"
		rsync -r --temp-dir=.tmp "$DIR/src/" "$S/"
		have_arrived
		[ "$(find "$S/.tmp" -mindepth 1 | wc -l)" -eq 0 ]
		model "$DIR/src/a.gcode" 70000
		forget_requests
		rsync -r --checksum --temp-dir=.tmp "$DIR/src/" "$S/"
		cmp "$DIR/src/a.gcode" "$DISK/a.gcode"
		assert_one_put
		assert_requests 0 DELETE
		rmdir "$S/.tmp"
		nothing_here_on_disk
		unsent_is_empty
	done
}

@test "no rename out of a temp-dir uploads under the lock of the mount" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		mkdir "$S/.tmp"
		cp "$DIR/model.gcode" "$S/.tmp/model.gcode.AbC123"
		forget_requests
		run "$TOOLS/rename" "$S/.tmp/model.gcode.AbC123" \
		    "$S/model.gcode"
		[ "$output" = EXDEV ]
		assert_requests 0 PUT
		mv "$S/.tmp/model.gcode.AbC123" "$S/model.gcode"
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		refute test -e "$S/.tmp/model.gcode.AbC123"
		assert_one_put
	done
}

# Let rsync send slowly, and end it when something of a file is here.
interrupt_rsync() {
	background rsync -r --bwlimit=100 --partial-dir=.rsync-partial \
	    --no-whole-file "$DIR/src/big.gcode" "$S/"
	eventually "$2"
	kill "-$1" -- "-$STUCK"
	eventually group_is_gone "$STUCK"
	wait "$STUCK" 2>/dev/null || :
}

has_begun() {
	[ "$(find "$S" -maxdepth 1 -name '.big.gcode.*' -size +50k |
	    wc -l)" -eq 1 ]
}

@test "rsync --partial-dir keeps what a killed rsync left, and goes on" {
	local kind kept
	for kind in $(both); do
		fresh "$kind"
		mkdir -p "$DIR/src"
		model "$DIR/src/big.gcode" 3000000
		interrupt_rsync TERM has_begun
		eventually test -f "$S/.rsync-partial/big.gcode"
		kept=$(stat -c %s "$S/.rsync-partial/big.gcode")
		[ "$kept" -gt 50000 ]
		[ "$kept" -lt 3000000 ]
		head -c "$kept" "$DIR/src/big.gcode" |
		    cmp - "$S/.rsync-partial/big.gcode"
		refute test -e "$DISK/big.gcode"
		assert_requests 0 '^PUT$'
		rsync -r --no-whole-file --stats \
		    --partial-dir=.rsync-partial "$DIR/src/" "$S/" \
		    >"$DIR/stats"
		cmp "$DIR/src/big.gcode" "$DISK/big.gcode"
		assert_one_put
		[ "$(sed -n 's/^Matched data: \([0-9,]*\) .*/\1/p' \
		    "$DIR/stats" | tr -d ,)" -gt 40000 ]
		refute test -e "$S/.rsync-partial"
	done
}

# It goes on in the part itself, whose time then is that of its last write.
goes_on() {
	[ "$(stat -c %Y "$S/.rsync-partial/big.gcode")" -gt 1600000000 ]
}

@test "a part that a killed rsync went on with stays" {
	local kind kept
	for kind in $(both); do
		fresh "$kind"
		mkdir -p "$DIR/src" "$S/.rsync-partial"
		# No line twice: what rsync finds in the part is not slow.
		head -c 2300000 /dev/urandom | base64 | sed 's/^/; /' \
		    >"$DIR/src/big.gcode"
		head -c 500000 "$DIR/src/big.gcode" \
		    >"$S/.rsync-partial/big.gcode"
		touch -d '2020-01-01' "$S/.rsync-partial/big.gcode"
		interrupt_rsync KILL goes_on
		kept=$(stat -c %s "$S/.rsync-partial/big.gcode")
		[ "$kept" -ge 500000 ]
		head -c "$kept" "$DIR/src/big.gcode" |
		    cmp - "$S/.rsync-partial/big.gcode"
		assert_requests 0 '^PUT$'
	done
}

@test "rsync --backup-dir keeps the former model, and has it replaced" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode 5000
		cp "$DISK/a.gcode" "$DIR/former"
		mkdir -p "$DIR/src"
		model "$DIR/src/a.gcode" 60000
		rsync -r -b --backup-dir=.old "$DIR/src/" "$S/"
		cmp "$DIR/src/a.gcode" "$DISK/a.gcode"
		cmp "$DIR/former" "$S/.old/a.gcode"
		nothing_here_on_disk
	done
}

@test "directories with a leading dot nest, and never reach the printer" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk there.gcode 1000
		ls "$S" >/dev/null
		forget_requests
		mkdir -p "$S/.work/in/deep"
		echo one >"$S/.work/one.txt"
		echo two >"$S/.work/in/two.gcode"
		[ "$(cd "$S/.work" && find . | LC_ALL=C sort | tr '\n' ' ')" = \
		    '. ./in ./in/deep ./in/two.gcode ./one.txt ' ]
		[ "$(ls -A "$S" | tr '\n' ' ')" = '.work there.gcode ' ]
		[ "$(cat "$S/.work/in/two.gcode")" = two ]
		[ "$(stat -c %F "$S/.work")" = directory ]
		touch -d '2020-02-03' "$S/.work"
		chmod 700 "$S/.work"
		refute stat "$S/.work/nothing" 2>/dev/null
		assert_fails_with 'File exists' mkdir "$S/.work"
		assert_fails_with 'not empty' rmdir "$S/.work/in"
		rm "$S/.work/in/two.gcode"
		assert_fails_with 'not empty' rmdir "$S/.work/in"
		rmdir "$S/.work/in/deep" "$S/.work/in"
		mv "$S/.work/one.txt" "$S/.work/1.txt"
		mkdir "$S/.other"
		mv "$S/.work/1.txt" "$S/.other/"
		rmdir "$S/.work"
		refute test -e "$S/.work"
		[ "$(cat "$S/.other/1.txt")" = one ]
		rm -r "$S/.other"
		assert_requests 0 'PUT|DELETE|POST'
		assert_requests 0 GET '[.](work|other)'
		nothing_here_on_disk
	done
}

@test "a working directory of one spelling is that of any where names fold" {
	fresh buddy
	mkdir "$S/.Work"
	echo text >"$S/.WORK/File.txt"
	[ "$(cat "$S/.work/file.TXT")" = text ]
	rm "$S/.wOrK/FILE.txt"
	rmdir "$S/.WORK"
	refute test -e "$S/.Work"
}

@test "what is moved out of a working directory is uploaded at once" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		mkdir "$S/parts" "$S/.work" "$S/parts/.~tmp~"
		cp "$DIR/model.gcode" "$S/.work/model.gcode"
		cp "$DIR/model.gcode" "$S/parts/.~tmp~/second.gcode"
		forget_requests
		mv "$S/.work/model.gcode" "$S/"
		mv "$S/parts/.~tmp~/second.gcode" "$S/parts/second.gcode"
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		cmp "$DIR/model.gcode" "$DISK/parts/second.gcode"
		assert_requests 2 '^PUT$'
		assert_fails_with 'not empty' rmdir "$S/parts"
		rm -r "$S/parts" "$S/.work"
		refute test -e "$DISK/parts"
	done
}

@test "a working directory that gets a name without a dot is copied" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		mkdir "$S/.new"
		cp "$DIR/model.gcode" "$S/.new/"
		mv "$S/.new" "$S/plates"
		cmp "$DIR/model.gcode" "$DISK/plates/model.gcode"
		refute test -e "$S/.new"
	done
}

@test "the printer's folders do not become working directories" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk parts/a.gcode 1000
		mkdir "$S/.work"
		assert_fails_with 'not permitted' mv "$S/parts" "$S/.parts"
		assert_fails_with 'not permitted' mv "$S/parts" "$S/.work/parts"
		[ -e "$DISK/parts/a.gcode" ]
		assert_requests 0 'DELETE'
	done
}

@test "directories of the trash are not made" {
	local kind name
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/.work"
		for name in .Trash .Trash-0 .Trashes .trash-1000 .recycle; do
			assert_fails_with 'not permitted' mkdir "$S/$name"
			assert_fails_with 'not permitted' \
			    mkdir "$S/.work/$name"
		done
		on_disk a.gcode
		run env XDG_DATA_HOME="$DIR/data" gio trash "$S/a.gcode"
		[ "$status" -ne 0 ]
		[ -e "$DISK/a.gcode" ]
	done
}

@test "nothing is made in a storage that cannot be written to" {
	fresh pi
	local refusal='Permission denied'
	[ "$(id -u)" -ne 0 ] || refusal=Read-only
	assert_fails_with "$refusal" mkdir "$M/sdcard/.tmp"
}

@test "what is left in working directories is in unsent after the unmount" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		mkdir -p "$S/.rsync-partial" "$S/.a/b"
		head -c 9000 "$DIR/model.gcode" >"$S/.rsync-partial/x.gcode"
		echo text >"$S/.a/b/y.txt"
		mkdir "$S/.empty"
		unmounted
		mounted
		[ "$(ls -A "$M/unsent" | tr '\n' ' ')" = \
		    'x.gcode.rsync-partial y.txt.a.b ' ]
		head -c 9000 "$DIR/model.gcode" |
		    cmp - "$M/unsent/x.gcode.rsync-partial"
		# A part of a model is not taken for one.
		assert_fails_with EINVAL \
		    "$TOOLS/rename" "$M/unsent/x.gcode.rsync-partial" \
		    "$S/x.gcode.rsync-partial"
		refute test -e "$S/.empty"
		refute test -e "$S/.rsync-partial"
		assert_requests 0 PUT
		nothing_here_on_disk
	done
}

@test "a working directory goes along with a folder that Obico renames" {
	fresh obico
	model "$DIR/model.gcode"
	mkdir -p "$S/parts" "$S/parts/.work/in"
	cp "$DIR/model.gcode" "$S/parts/.work/in/model.gcode"
	mv "$S/parts" "$S/more"
	refute test -e "$S/parts"
	cmp "$DIR/model.gcode" "$S/more/.work/in/model.gcode"
	mv "$S/more/.work/in/model.gcode" "$S/more/"
	rmdir "$S/more/.work/in" "$S/more/.work"
	[ "$(ls -A "$S/more")" = model.gcode ]
	cmp "$DIR/model.gcode" "$S/more/model.gcode"
	assert_fails_with 'not permitted' mv "$S/more" "$S/.more"
	mkdir "$S/.work"
	assert_fails_with 'not permitted' mv "$S/more" "$S/.work/"
}

@test "a model moved to where it is kept here survives kill -9" {
	local kind name
	for kind in $(both); do
		for name in .old/a.gcode parts/a.gcode.bak; do
			fresh "$kind"
			on_disk a.gcode 50000
			cp "$DISK/a.gcode" "$DIR/former"
			mkdir "$S/${name%/*}"
			mv "$S/a.gcode" "$S/$name"
			refute test -e "$DISK/a.gcode"
			cmp "$DIR/former" "$S/$name"
			crash
			remounted
			[ "$(ls "$M/unsent" | wc -l)" -eq 1 ]
			cmp "$DIR/former" "$M"/unsent/a.gcode.*
		done
	done
}

# The way of rsync in every folder: that rename is the upload.
@test "what is renamed in its own folder is no copy" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/cube.gcode"
		cp "$DIR/cube.gcode" "$S/.cube.gcode.AbC123"
		run "$TOOLS/rename" "$S/.cube.gcode.AbC123" "$S/cube.gcode"
		echo "# $output"
		[ "$status" -eq 0 ]
		assert_one_put
		cmp "$DIR/cube.gcode" "$DISK/cube.gcode"
	done
}
