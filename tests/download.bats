#!/usr/bin/env bats
# Reading a printer's files: exact, shared, remembered, honest when cut.
load helper

# Where downloads come from, on either kind.
raw='^(/usb/|/api/files/.*/raw)'

bytes_sent() {
	jq -rs --arg raw "$raw" '[.[] | select(.method == "GET" and
	    (.target | test($raw))) | .out] | add // 0' "$DIR/requests"
}

@test "a file read back is the file, byte for byte" {
	local kind size
	for kind in $(both); do
		printer "$kind"
		for size in 1 511 4096 65536 131073 3000000; do
			on_disk "file-$size.gcode" "$size"
		done
		mounted
		for size in 1 511 4096 65536 131073 3000000; do
			cmp "$DISK/file-$size.gcode" "$S/file-$size.gcode"
			[ "$(stat -c %s "$S/file-$size.gcode")" -eq "$size" ]
		done
		assert_requests 6 '^GET$' "$raw"
	done
}

@test "a second reading asks for no bytes" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 500000
		mounted
		cat "$S/model.gcode" >/dev/null
		forget_requests
		cmp "$DISK/model.gcode" "$S/model.gcode"
		assert_requests 0 '^GET$' "$raw"
	done
}

@test "a file that changed on the printer is read anew" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 50000
		mounted
		cat "$S/model.gcode" >/dev/null
		on_disk model.gcode 60000
		echo refresh >"$M/control"
		cmp "$DISK/model.gcode" "$S/model.gcode"
	done
}

@test "readers at the same time share one download" {
	local kind i
	for kind in $(both); do
		printer "$kind" --rate 400000
		on_disk model.gcode 400000
		mounted
		local pids=()
		for i in 1 2 3 4 5; do
			cmp "$DISK/model.gcode" "$S/model.gcode" 3>&- &
			pids+=($!)
		done
		for i in "${pids[@]}"; do
			wait "$i"
		done
		assert_requests 1 '^GET$' "$raw"
	done
}

@test "a look at the first bytes does not fetch the file" {
	local kind
	for kind in $(both); do
		printer "$kind" --rate 2000000
		on_disk model.gcode 40000000
		mounted
		[ "$(head -c 100 "$S/model.gcode" | wc -c)" -eq 100 ]
		within 10 has_requests 1 '^GET$' "$raw"
		[ "$(bytes_sent)" -lt 20000000 ]
		# And the next reader gets it whole.
		ctl rate 0
		cmp "$DISK/model.gcode" "$S/model.gcode"
	done
}

@test "reading backwards and in the middle is right" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 1000000
		mounted
		python3 - "$DISK/model.gcode" "$S/model.gcode" <<-'END'
		import os, random, sys
		want = open(sys.argv[1], "rb").read()
		file = os.open(sys.argv[2], os.O_RDONLY)
		random.seed(1)
		for at in [999990, 0, 500000] + random.sample(range(10**6), 200):
		    got = os.pread(file, 5000, at)
		    assert got == want[at:at + 5000], at
		assert os.pread(file, 10, 1000000) == b""
		END
		assert_requests 1 '^GET$' "$raw"
	done
}

@test "a download that is cut is an error, not a short file" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 1000000
		mounted
		ls -l "$S" >/dev/null
		ctl cut-after 200000 3
		refute cmp "$DISK/model.gcode" "$S/model.gcode"
		assert_fails_with 'error' cp "$S/model.gcode" "$DIR/copy.gcode"
		ctl cut-after 0 0
		cmp "$DISK/model.gcode" "$S/model.gcode"
	done
}

@test "a stick pulled during a download is an error" {
	printer buddy --rate 500000
	on_disk model.gcode 8000000
	mounted
	cp "$S/model.gcode" "$DIR/copy.gcode" 2>"$DIR/said" 3>&- &
	local reader=$!
	eventually test -s "$DIR/copy.gcode"
	ctl usb out
	refute wait "$reader"
	ctl usb in
	ctl rate 0
	echo refresh >"$M/control"
	cmp "$DISK/model.gcode" "$S/model.gcode"
}

@test "status does not wait for a download that runs" {
	local kind
	for kind in $(both); do
		printer "$kind" --rate 500000
		on_disk model.gcode 20000000
		mounted
		cat "$S/model.gcode" >"$DIR/copy" 3>&- &
		local reader=$!
		eventually test -s "$DIR/copy"
		cat "$M/status.json" >/dev/null
		refute is_gone "$reader"
		kill "$reader"
		within 2 is_gone "$reader"
		rm "$DIR/copy"
		# The last reader has left: the download stops.
		within 10 has_requests 1 '^GET$' "$raw"
	done
}

@test "a reader of a slow download can be killed at once" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 2000000
		mounted
		ls -l "$S" >/dev/null
		ctl rate 100000
		cat "$S/model.gcode" >"$DIR/copy" 3>&- &
		local reader=$!
		eventually test -s "$DIR/copy"
		kill "$reader"
		within 2 is_gone "$reader"
		rm "$DIR/copy"
		ctl rate 0
		cmp "$DISK/model.gcode" "$S/model.gcode"
	done
}

@test "a removed file stays readable through its handle" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk model.gcode 100000
		eventually test -f "$S/model.gcode"
		cp "$DISK/model.gcode" "$DIR/want"
		exec 7<"$S/model.gcode"
		head -c 1000 <&7 >"$DIR/got"
		rm "$S/model.gcode" || :
		cat <&7 >>"$DIR/got"
		exec 7<&-
		cmp "$DIR/want" "$DIR/got"
	done
}

@test "cache_size bounds what is kept" {
	local kind i
	for kind in $(both); do
		printer "$kind"
		for i in 1 2 3 4 5 6; do
			on_disk "$i.gcode" 1000000
		done
		mounted cache_size=2M
		for i in 1 2 3 4 5 6; do
			cmp "$DISK/$i.gcode" "$S/$i.gcode"
		done
		unmounted
		[ "$(du -sk "$DIR/cache" | cut -f1)" -lt 3000 ]
	done
}

@test "tar and rsync bring a whole tree home" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk 'a/one.gcode' 10000
		on_disk 'a/b/two.gcode' 20000
		on_disk 'three.gcode' 30000
		mounted
		mkdir "$DIR/tar-$kind" "$DIR/rsync-$kind"
		tar -C "$S" -c . | tar -C "$DIR/tar-$kind" -x
		rsync -a "$S/" "$DIR/rsync-$kind/"
		diff -r "$DISK" "$DIR/tar-$kind"
		diff -r "$DISK" "$DIR/rsync-$kind"
		# Nothing has changed, so nothing is asked for again.
		forget_requests
		rsync -a "$S/" "$DIR/rsync-$kind/"
		assert_requests 0 '^GET$' "$raw"
	done
}
