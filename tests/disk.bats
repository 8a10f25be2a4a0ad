#!/usr/bin/env bats
# A local disk that is full.
load helper

# A disk of eight megabytes for the cache directory.
small_disk() {
	need_root
	mkdir -m 700 "$DIR/cache"
	mount -t tmpfs -o size=8m,mode=700 none "$DIR/cache"
}

eval "common_$(declare -f teardown)"
teardown() {
	local rc=0
	unmounted || rc=1
	! mountpoint -q "$DIR/cache" || umount "$DIR/cache" || rc=1
	common_teardown || rc=1
	return $rc
}

no_disk() {
	umount "$DIR/cache"
}

is_full() {
	[ "$(df --output=avail "$DIR/cache" | tail -n 1)" -lt "$1" ]
}

@test "what is kept gives way to what is written" {
	local kind
	for kind in $(both); do
		printer "$kind"
		small_disk
		mounted
		on_disk kept.gcode 6000000
		cmp "$DISK/kept.gcode" "$S/kept.gcode"
		is_full 3000
		model "$DIR/model.gcode" 7000000
		cp "$DIR/model.gcode" "$S/"
		within 5 cmp "$DIR/model.gcode" "$DISK/model.gcode"
		# And so it does to what is changed in place.
		rm "$S/model.gcode"
		cat "$S/kept.gcode" >/dev/null
		on_disk small.gcode 1500000
		echo refresh >"$M/control"
		cat "$S/kept.gcode" >/dev/null
		echo M84 >>"$S/small.gcode"
		[ "$(tail -c 4 "$S/small.gcode")" = M84 ]
		unmounted
		no_disk
	done
}

@test "what is kept gives way to what is read, and to what is unsent" {
	local kind
	for kind in $(both); do
		printer "$kind"
		small_disk
		mounted
		on_disk one.gcode 6000000
		on_disk two.gcode 5000000
		cmp "$DISK/one.gcode" "$S/one.gcode"
		cmp "$DISK/two.gcode" "$S/two.gcode"
		model "$DIR/model.gcode" 4000000
		ctl fail PUT /api/v1/files 507 1 It is full
		refute cp "$DIR/model.gcode" "$S/"
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		rm "$M/unsent/model.gcode"
		unmounted
		no_disk
	done
}

@test "a model for which there is no room is ENOSPC, and nothing is sent" {
	local kind
	for kind in $(both); do
		printer "$kind"
		small_disk
		mounted
		model "$DIR/model.gcode" 12000000
		assert_fails_with 'No space left' cp "$DIR/model.gcode" "$S/"
		assert_fails_with 'No space left' \
		    rsync "$DIR/model.gcode" "$S/"
		rm -f "$S"/*
		assert_requests 0 '^PUT$'
		[ -z "$(ls -A "$M/unsent")" ]
		# And a file for which there is none is not read in part.
		on_disk big.gcode 12000000
		echo refresh >"$M/control"
		assert_fails_with 'No space left' cat "$S/big.gcode"
		model "$DIR/small.gcode" 1000000
		cp "$DIR/small.gcode" "$S/"
		cmp "$DIR/small.gcode" "$S/small.gcode"
		unmounted
		no_disk
	done
}

@test "a cache directory that is cleared under a mount is made anew" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/one.gcode"
		model "$DIR/two.gcode"
		cp "$DIR/one.gcode" "$S/"
		rm -r "$DIR/cache"
		cp -p "$DIR/two.gcode" "$S/"
		cmp "$DIR/one.gcode" "$S/one.gcode"
		cmp "$DIR/two.gcode" "$S/two.gcode"
		[ "$(stat -c %a "$DIR/cache")" = 700 ]
		ctl fail PUT /api/ 507 1 It is full
		refute cp "$DIR/two.gcode" "$S/three.gcode"
		cmp "$DIR/two.gcode" "$M/unsent/three.gcode"
		unmounted
		mounted
		cmp "$DIR/two.gcode" "$M/unsent/three.gcode"
	done
}

@test "a file that is begun anew after a full disk is whole" {
	printer buddy
	small_disk
	mounted
	head -c 9000000 /dev/zero >"$DIR/cache/filler" || :
	model "$DIR/model.gcode"
	python3 - "$DIR/cache/filler" "$DIR/model.gcode" \
	    "$S/model.gcode" <<-'END'
	import errno, os, sys
	out = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT)
	try:
	    os.write(out, b"x" * 200000)
	    sys.exit("the disk must be full")
	except OSError as error:
	    assert error.errno == errno.ENOSPC, error
	os.unlink(sys.argv[1])
	os.ftruncate(out, 0)
	os.write(out, open(sys.argv[2], "rb").read())
	os.close(out)
	END
	within 5 cmp "$DIR/model.gcode" "$DISK/model.gcode"
}
