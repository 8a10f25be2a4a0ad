#!/usr/bin/env bats
# Uploads that fail: their bytes are in unsent/ and nothing is lost.
load helper
load failures

tool_cp() { cp "$1" "$2"; }
tool_rsync() { rsync "$1" "$2"; }
tool_gio_save() { gio save "$2" <"$1"; }
tool_slicer() { "$ROOT/tests/tools/slicer" "$1" "$2"; }
tools='cp rsync gio_save slicer'

@test "a refused upload is in unsent with its bytes" {
	local kind tool
	for kind in $(both); do
		fresh "$kind"
		for tool in $tools; do
			echo "# tool: $tool"
			model "$DIR/$tool.gcode" 300000
			forget_requests
			refuse It is full
			refute "tool_$tool" "$DIR/$tool.gcode" "$S/$tool.gcode"
			assert_requests 1 '^PUT$'
			rm -f "$S/$tool.gcode.tmp"
			unsent_has "$tool.gcode"
			cmp "$DIR/$tool.gcode" "$M/unsent/$tool.gcode"
			[ "$(stat -c '%s %a %F' "$M/unsent/$tool.gcode")" = \
			    '300000 444 regular file' ]
			refute test -e "$S/$tool.gcode"
			grep -q "$tool.gcode is kept in unsent/" "$M/log"
			rm "$M/unsent/$tool.gcode"
		done
		printer_has ''
	done
}

@test "a refused export of PrusaSlicer is in unsent after a new mount too" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 100000
		refuse It is full
		refute tool_slicer "$DIR/model.gcode" "$S/model.gcode"
		unsent_has model.gcode
		unmounted
		remounted
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
	done
}

@test "mv out of unsent sends the file with one PUT" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 300000
		refused "$DIR/model.gcode" "$S/model.gcode"
		forget_requests
		mv "$M/unsent/model.gcode" "$S/"
		assert_one_put
		assert_requests 0 '^DELETE$'
		unsent_is_empty
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		cmp "$DIR/model.gcode" "$S/model.gcode"
		# Also under another name, in another folder.
		mkdir "$S/parts"
		refused "$DIR/model.gcode" "$S/second.gcode"
		forget_requests
		mv "$M/unsent/second.gcode" "$S/parts/other.gcode"
		assert_one_put
		unsent_is_empty
		cmp "$DIR/model.gcode" "$S/parts/other.gcode"
		printer_has model.gcode parts/other.gcode
		unmounted
		no_bytes_on_disk
	done
}

@test "mv out of unsent returns the verdict and keeps what was refused" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 100000
		refused "$DIR/model.gcode" "$S/model.gcode"
		forget_requests
		refuse It is full
		assert_fails_with 'No space left' \
		    mv "$M/unsent/model.gcode" "$S/"
		assert_requests 1 '^PUT$'
		unsent_has model.gcode
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		refute test -e "$S/model.gcode"
		# EINVAL, which mv has other words for.
		refute mv "$M/unsent/model.gcode" "$S/model.tmp"
		[ "$kind" = pi ] ||
		    refute mv "$M/unsent/model.gcode" "$S/notes.txt"
		assert_requests 1 '^PUT$'
		# The copy is a single one: a new mount has it still.
		unmounted
		remounted
		unsent_has model.gcode
		mv "$M/unsent/model.gcode" "$S/"
		unsent_is_empty
	done
}

@test "mv out of unsent under another name that is refused loses nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 100000
		refused "$DIR/model.gcode" "$S/model.gcode"
		refuse It is full
		refute mv "$M/unsent/model.gcode" "$S/other.gcode"
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		ls "$M/unsent" >"$DIR/before"
		unmounted
		remounted
		ls "$M/unsent" >"$DIR/after"
		diff "$DIR/before" "$DIR/after"
		rm "$M/unsent"/*
		unsent_is_empty
	done
}

@test "mv out of unsent replaces the printer's file, mv -n does not" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/old.gcode" 50000
		model "$DIR/new.gcode" 60000
		cp "$DIR/old.gcode" "$S/model.gcode"
		refused "$DIR/new.gcode" "$S/model.gcode"
		cmp "$DIR/old.gcode" "$S/model.gcode"
		forget_requests
		mv -n "$M/unsent/model.gcode" "$S/" || :
		assert_requests 0 '^PUT$'
		unsent_has model.gcode
		mv "$M/unsent/model.gcode" "$S/"
		assert_one_put
		assert_requests 0 '^DELETE$'
		unsent_is_empty
		within 5 cmp "$DIR/new.gcode" "$DISK/model.gcode"
		cmp "$DIR/new.gcode" "$S/model.gcode"
	done
}

@test "a file of unsent can be copied and moved to the local disk" {
	fresh buddy
	model "$DIR/model.gcode" 100000
	refused "$DIR/model.gcode" "$S/model.gcode"
	cp "$M/unsent/model.gcode" "$DIR/copied"
	cmp "$DIR/model.gcode" "$DIR/copied"
	mv "$M/unsent/model.gcode" "$DIR/moved"
	cmp "$DIR/model.gcode" "$DIR/moved"
	unsent_is_empty
	assert_requests 1 '^PUT$'
}

@test "rm removes a file of unsent for good" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		refused "$DIR/model.gcode" "$S/model.gcode"
		[ "$(kept_on_disk)" -gt 0 ]
		forget_requests
		rm "$M/unsent/model.gcode"
		unsent_is_empty
		no_bytes_on_disk
		refute test -e "$M/unsent/model.gcode"
		unmounted
		remounted
		unsent_is_empty
		assert_requests 0 'PUT|DELETE'
	done
}

@test "there is one copy for each destination, and a success removes it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/one.gcode" 30000
		model "$DIR/two.gcode" 40000
		refused "$DIR/one.gcode" "$S/model.gcode"
		refused "$DIR/two.gcode" "$S/model.gcode"
		unsent_has model.gcode
		cmp "$DIR/two.gcode" "$M/unsent/model.gcode"
		unmounted
		remounted
		unsent_has model.gcode
		cmp "$DIR/two.gcode" "$M/unsent/model.gcode"
		# Of another destination: does not matter.
		cp "$DIR/one.gcode" "$S/other.gcode"
		unsent_has model.gcode
		cp "$DIR/one.gcode" "$S/model.gcode"
		unsent_is_empty
		# What was stored is not found again after a crash.
		crash
		mounted
		unsent_is_empty
		unmounted
		no_bytes_on_disk
	done
}

@test "all spellings of a name on a Buddy are one destination" {
	fresh buddy
	model "$DIR/one.gcode" 30000
	model "$DIR/two.gcode" 40000
	refused "$DIR/one.gcode" "$S/MODEL.gcode"
	refused "$DIR/two.gcode" "$S/model.GCODE"
	unsent_has model.GCODE
	cp "$DIR/one.gcode" "$S/model.gcode"
	unsent_is_empty
}

@test "files of the same name from two folders are both kept" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		model "$DIR/one.gcode" 30000
		model "$DIR/two.gcode" 40000
		refused "$DIR/one.gcode" "$S/model.gcode"
		refused "$DIR/two.gcode" "$S/parts/model.gcode"
		unsent_has model.gcode 'model (2).gcode'
		cmp "$DIR/one.gcode" "$M/unsent/model.gcode"
		cmp "$DIR/two.gcode" "$M/unsent/model (2).gcode"
		unmounted
		remounted
		unsent_has model.gcode 'model (2).gcode'
		cat "$M/unsent"/* | wc -c | grep -qx 70000
		# Whichever is which now: a success removes its own copy only.
		cp "$DIR/one.gcode" "$S/model.gcode"
		cmp "$DIR/two.gcode" "$M/unsent"/*
		rm "$M/unsent"/*
		unsent_is_empty
	done
}

# Begin so many slow uploads, the first of them on its way.  None ends by
# itself: the first would take half a minute.
begin_uploads() {
	local i
	ctl rate 30000
	for i in "$@"; do
		cp "$DIR/$i.gcode" "$S/$i.gcode" 2>/dev/null 3>&- &
	done
	eventually is_sending
	eventually has_under_way $#
}

@test "after kill -9 in mid-upload the file is in unsent, complete" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 3000000
		begin_uploads model
		crash
		ctl rate 0
		# The printer has heard of it: it is none of the new mount's.
		eventually has_requests 1 '^PUT$'
		remounted
		unsent_has model.gcode
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		eventually printer_has ''
		refute test -e "$S/model.gcode"
		# The printer's slot is free again.
		mv "$M/unsent/model.gcode" "$S/"
		assert_requests 1 '^PUT$'
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		unsent_is_empty
	done
}

@test "after kill -9 the newest copy for each destination is the one kept" {
	local names='a b c d e f g h' i
	fresh buddy
	for i in $names; do
		model "$DIR/$i.gcode" 20000
		refused "$DIR/$i.gcode" "$S/$i.gcode"
		model "$DIR/$i.gcode" 1000000
	done
	# shellcheck disable=SC2086
	begin_uploads $names
	crash
	ctl rate 0
	remounted
	for i in $names; do
		cmp "$DIR/$i.gcode" "$M/unsent/$i.gcode"
	done
	rm "$M/unsent"/*
	unsent_is_empty
	unmounted
	remounted
	unsent_is_empty
}

@test "after kill -9 while unsent is sent again there is one copy" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 3000000
		refused "$DIR/model.gcode" "$S/model.gcode"
		ctl rate 30000
		mv "$M/unsent/model.gcode" "$S/" 2>/dev/null 3>&- &
		eventually is_sending
		crash
		ctl rate 0
		remounted
		unsent_has model.gcode
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		rm "$M/unsent/model.gcode"
		unmounted
		remounted
		unsent_is_empty
	done
}

@test "a second mount with the same cache_dir leaves a live upload alone" {
	local kind writer other
	for kind in $(both); do
		fresh "$kind"
		mkdir -p "$DIR/other"
		model "$DIR/kept.gcode"
		refused "$DIR/kept.gcode" "$S/kept.gcode"
		model "$DIR/model.gcode" 1000000
		# It is under way until the other mount has looked.
		ctl rate 30000
		cp "$DIR/model.gcode" "$S/" 3>&- &
		writer=$!
		eventually is_sending
		serve "$DIR/other"
		other=$SERVED
		[ -z "$(ls "$DIR/other/unsent")" ]
		refute is_gone "$writer"
		ctl rate 0
		wait "$writer"
		[ -z "$(ls "$DIR/other/unsent")" ]
		umount "$DIR/other"
		eventually is_gone "$other"
		unsent_has kept.gcode
		cmp "$DIR/kept.gcode" "$M/unsent/kept.gcode"
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
	done
}

@test "a temporary file never renamed is in unsent after the unmount" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 50000
		cp "$DIR/model.gcode" "$S/model.gcode.part"
		: >"$S/empty.part"
		unsent_has ''
		unmounted
		grep -q 'model.gcode.part was never renamed' "$OUT"
		remounted
		unsent_has model.gcode.part
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode.part"
		assert_requests 0 '^PUT$'
		mv "$M/unsent/model.gcode.part" "$S/model.gcode"
		assert_one_put
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		unsent_is_empty
	done
}

@test "a temporary file whose rename was interrupted is not lost" {
	fresh buddy
	model "$DIR/model.gcode" 50000
	cp "$DIR/model.gcode" "$S/model.part"
	ctl freeze 100
	background mv "$S/model.part" "$S/model.gcode"
	stuck_dies INT
	ctl freeze 0
	cmp "$DIR/model.gcode" "$S/model.part"
	# Refused this time: it must be in unsent/ as any other.
	refuse It is full
	refute mv "$S/model.part" "$S/model.gcode"
	cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
	rm "$M/unsent/model.gcode"
	unmounted
	remounted
	cmp "$DIR/model.gcode" "$M/unsent/model.part"
}

# Write TARGET and wait; the signals are as they come.
pausing_writer() {
	background python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.write(out, b"G28\n" * 1000)
print("ready", flush=True)
signal.pause()' "$1"
	eventually grep -q ready "$DIR/background.out"
}

@test "a killed writer leaves nothing on the printer and nothing in unsent" {
	local kind signal
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 3000000
		for signal in KILL INT; do
			ctl rate 30000
			background cp "$DIR/model.gcode" "$S/model.gcode"
			eventually is_sending
			stuck_dies "$signal"
			ctl rate 0
			eventually refute test -e "$S/model.gcode"
			eventually has_under_way 0
			for name in model.gcode model.part; do
				pausing_writer "$S/$name"
				kill "-$signal" -- "-$STUCK"
				eventually group_is_gone "$STUCK"
				eventually refute test -e "$S/$name"
			done
			unsent_is_empty
		done
		eventually printer_has ''
		# Both were given up there, too: the slot is free.
		eventually has_requests 2 '^PUT$'
		forget_requests
		cp "$DIR/model.gcode" "$S/"
		assert_one_put
		unmounted
		remounted
		unsent_is_empty
	done
}

@test "what was not written to its end when the mount is ended is not kept" {
	local kind name
	for kind in $(both); do
		for name in model.gcode model.part; do
			fresh "$kind"
			pausing_writer "$S/$name"
			kill -TERM "$FS_PID"
			eventually is_gone "$FS_PID"
			wait "$FS_PID"
			FS_PID=
			kill -KILL -- "-$STUCK"
			eventually group_is_gone "$STUCK"
			remounted
			unsent_is_empty
			printer_has ''
		done
	done
}

overwrite() { echo G28 >"$1"; }
append() { echo G28 >>"$1"; }

@test "unsent takes no new files, no folders and no changes" {
	fresh buddy
	model "$DIR/model.gcode"
	refused "$DIR/model.gcode" "$S/model.gcode"
	local file=$M/unsent/model.gcode
	chmod 600 "$file"
	touch "$file"
	touch -d '2020-02-03 04:05:06 UTC' "$file"
	chown "$(id -u):$(id -g)" "$file"
	assert_fails_with 'Operation not permitted' touch "$M/unsent/new.gcode"
	assert_fails_with 'Operation not permitted' \
	    cp "$DIR/model.gcode" "$M/unsent/new.gcode"
	assert_fails_with 'Operation not permitted' mkdir "$M/unsent/new"
	assert_fails_with 'Operation not permitted' \
	    ln -s "$DIR/model.gcode" "$M/unsent/new.gcode"
	assert_fails_with 'Permission denied' \
	    overwrite "$file"
	assert_fails_with 'Permission denied' \
	    append "$file"
	assert_fails_with 'Permission denied' truncate -s 10 "$file"
	assert_fails_with 'Not a directory' rmdir "$file"
	refute mv "$file" "$M/unsent/other.gcode"
	assert_fails_with 'No such file' rm "$M/unsent/other.gcode"
	cmp "$DIR/model.gcode" "$file"
	unsent_has model.gcode
}

is_under_way() {
	jq -e --arg path "$1" '.uploads[0] | .path == $path and
	    .state == "sending" and .bytes > 0 and .bytes < .size and
	    .percent > 0 and .percent < 100 and .rate > 0 and
	    .seconds_left >= 0' "$M/uploads.json"
}

@test "uploads.json tells the story of each upload" {
	local kind sending waiting
	for kind in $(both); do
		fresh "$kind"
		[ "$(cat "$M/uploads.json")" = '{"uploads":[]}' ]
		model "$DIR/model.gcode" 1500000
		# Neither ends before its story was read.
		ctl rate 30000
		cp "$DIR/model.gcode" "$S/sending.gcode" 3>&- &
		sending=$!
		eventually is_sending
		cp "$DIR/model.gcode" "$S/waiting.gcode" 3>&- &
		waiting=$!
		eventually has_under_way 2
		jq -e --arg path "$STORAGE/waiting.gcode" '.uploads[1] |
		    .path == $path and .state == "waiting" and
		    .size == 1500000 and .bytes == 0 and
		    has("verdict") == false' "$M/uploads.json"
		eventually is_under_way "$STORAGE/sending.gcode"
		ctl rate 0
		wait "$sending"
		wait "$waiting"
		jq -e '.uploads | length == 2 and all(.state == "stored" and
		    .bytes == .size and .percent == 100)' "$M/uploads.json"
		refuse He said \"full\", \\ and left
		refute cp "$DIR/model.gcode" "$S/ö ü.gcode"
		jq -e --arg path "$STORAGE/ö ü.gcode" '.uploads[2] |
		    .path == $path and .state == "failed" and
		    (.verdict | test("No space left")) and
		    (.message | test("full"))' "$M/uploads.json"
		python3 -m json.tool "$M/uploads.json" >/dev/null
		assert_requests 3 '^PUT$'
	done
}

@test "what the preview refuses is told in the log and kept" {
	local tool
	printer buddy --preview hold
	mounted
	for tool in $tools; do
		echo "# tool: $tool"
		model "$DIR/old.gcode" 50000
		model "$DIR/new.gcode" 60000
		cp "$DIR/old.gcode" "$S/$tool.gcode"
		forget_requests
		assert_fails_with 'busy' \
		    "tool_$tool" "$DIR/new.gcode" "$S/$tool.gcode"
		assert_requests 1 '^PUT$'
		grep -q "$tool.gcode: .*dismiss the preview" "$M/log"
		rm -f "$S/$tool.gcode.tmp"
		unsent_has "$tool.gcode"
		cmp "$DIR/new.gcode" "$M/unsent/$tool.gcode"
		cmp "$DIR/old.gcode" "$S/$tool.gcode"
		ctl dismiss
		mv "$M/unsent/$tool.gcode" "$S/"
		assert_requests 2 '^PUT$'
		cmp "$DIR/new.gcode" "$DISK/$tool.gcode"
		unsent_is_empty
		ctl dismiss
	done
}
