#!/usr/bin/env bats
# Folders, and names that a printer would refuse.
load helper

@test "folders are made, filled, emptied and removed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		[ -d "$S/parts" ]
		[ -d "$DISK/parts" ]
		mkdir -p "$S/parts/left/hooks"
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/parts/left/hooks/"
		eventually cmp "$DIR/model.gcode" \
		    "$DISK/parts/left/hooks/model.gcode"
		rm -r "$S/parts"
		[ -z "$(ls "$S")" ]
		refute test -e "$DISK/parts"
	done
}

@test "a folder or deletion whose answer is lost is looked up" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk a.gcode
		ctl lose-response PUT 1
		mkdir "$S/parts"
		assert_requests 1 '^PUT$'
		[ -d "$DISK/parts" ]
		ctl fail PUT /api/v1/files 504 1
		assert_fails_with 'timed out' mkdir "$S/other"
		refute test -e "$S/other"
		ctl lose-response DELETE 1
		rm "$S/a.gcode"
		ctl lose-response DELETE 1
		rmdir "$S/parts"
		[ -z "$(ls -A "$S")" ]
		# A kept connection that died is tried once more.
		assert_requests_at_most 4 '^DELETE$'
	done
}

@test "a folder that is there is EEXIST, a missing parent ENOENT" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		assert_fails_with 'File exists' mkdir "$S/parts"
		assert_fails_with 'No such file' mkdir "$S/none/deeper"
		on_disk a.gcode
		echo refresh >"$M/control"
		eventually test -f "$S/a.gcode"
		assert_fails_with 'exist' mkdir "$S/a.gcode"
	done
	fresh buddy
	mkdir "$S/parts"
	assert_fails_with 'File exists' mkdir "$S/PARTS"
}

@test "a folder with something in it is ENOTEMPTY, a missing one ENOENT" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk parts/a.gcode
		mounted
		assert_fails_with 'not empty' rmdir "$S/parts"
		[ -e "$DISK/parts/a.gcode" ]
		assert_fails_with 'No such file' rmdir "$S/none"
		rm "$S/parts/a.gcode"
		rmdir "$S/parts"
		refute test -e "$DISK/parts"
	done
}

@test "a folder whose files are not listed is ENOTEMPTY still" {
	printer buddy
	mkdir -p "$DISK/parts"
	echo text >"$DISK/parts/notes.txt"
	mounted
	assert_fails_with 'not empty' rmdir "$S/parts"
	[ -e "$DISK/parts/notes.txt" ]
}

@test "rmdir of a file and unlink of a folder are refused" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk a.gcode
		mkdir "$DISK/parts"
		mounted
		assert_fails_with 'Not a directory' rmdir "$S/a.gcode"
		assert_fails_with 'directory' python3 -c \
		    'import os, sys; os.unlink(sys.argv[1])' "$S/parts"
		[ -d "$DISK/parts" ]
		[ -f "$DISK/a.gcode" ]
	done
}

@test "the storages themselves cannot be removed, made or renamed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		refute rmdir "$S" 2>/dev/null
		refute mkdir "$M/other" 2>/dev/null
		refute "$TOOLS/rename" "$S" "$M/other"
		[ -d "$S" ]
		assert_requests 0 'PUT|DELETE'
	done
}

@test "names that a Buddy refuses fail before a byte is sent" {
	local name
	fresh buddy
	model "$DIR/model.gcode"
	ls "$S" >/dev/null
	forget_requests
	for name in notes.txt README model.stl model.gcodes 'a:b.gcode' \
	    'a"b.gcode' 'a*b.gcode' 'a<b.gcode' 'a>b.gcode' 'a?b.gcode' \
	    'a|b.gcode' 'a\b.gcode' $'a\tb.gcode' 'trailing.gcode ' \
	    'trailing.gcode.'; do
		echo "# $name"
		assert_fails_with 'Invalid argument' \
		    cp "$DIR/model.gcode" "$S/$name"
	done
	assert_fails_with 'Invalid argument' mkdir "$S/a:b"
	assert_requests 0 'PUT|DELETE'
	[ -z "$(ls -A "$S")" ]
}

@test "names that a Raspberry Pi refuses fail before a byte is sent" {
	local name
	fresh pi
	model "$DIR/model.gcode"
	for name in 'a\b.gcode' 'a?b.gcode' 'a"b.gcode' 'a%b.gcode' \
	    'a#b.gcode' 'a°b.gcode'; do
		echo "# $name"
		assert_fails_with 'Invalid argument' \
		    cp "$DIR/model.gcode" "$S/$name"
	done
	assert_fails_with 'Invalid argument' mkdir "$S/a?b"
	assert_requests 0 'PUT|DELETE'
	cp "$DIR/model.gcode" "$S/notes.txt"
	cp "$DIR/model.gcode" "$S/README"
	assert_requests 2 '^PUT$'
}

@test "names that are too long are ENAMETOOLONG before a byte is sent" {
	local kind long
	long=$(printf 'x%.0s' $(seq 250))
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		assert_fails_with 'too long' \
		    cp "$DIR/model.gcode" "$S/$long.gcode"
		assert_requests 0 '^PUT$'
	done
	fresh buddy
	# "/usb/" and the name are 103 bytes at most.
	cp "$DIR/model.gcode" "$S/${long:0:92}.gcode"
	assert_one_put
	cmp "$DIR/model.gcode" "$S/${long:0:92}.gcode"
	cmp "$DIR/model.gcode" "$DISK/${long:0:92}.gcode"
	forget_requests
	assert_fails_with 'too long' \
	    cp "$DIR/model.gcode" "$S/${long:0:93}.gcode"
	assert_requests 0 '^PUT$'
}

@test "a long name deep in folders uses their short names" {
	fresh buddy
	local folder=$S/a-rather-long-folder-name/and-another-long-folder-name
	mkdir -p "$folder"
	model "$DIR/model.gcode"
	cp "$DIR/model.gcode" "$folder/a-model-with-a-long-name.gcode"
	cmp "$DIR/model.gcode" "$folder/a-model-with-a-long-name.gcode"
	[ "$(ls "$folder")" = a-model-with-a-long-name.gcode ]
	rm "$folder/a-model-with-a-long-name.gcode"
}

@test "a tree is copied in, and rm -r takes it away" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir -p "$DIR/tree/a b/c"
		model "$DIR/tree/one.gcode" 1000
		model "$DIR/tree/a b/two.gcode" 2000
		model "$DIR/tree/a b/c/three.gcode" 3000
		cp -r "$DIR/tree" "$S/"
		eventually diff -r "$DIR/tree" "$DISK/tree"
		diff -r "$DIR/tree" "$S/tree"
		rm -r "$S/tree"
		refute test -e "$DISK/tree"
		rm -r "$DIR/tree"
	done
}

@test "rm of many files lists their folder once, and ls shows none of them" {
	local kind i folder
	for kind in $(both); do
		printer "$kind"
		for i in $(seq 10); do
			on_disk "part-$i.gcode"
			on_disk "deep/down/part-$i.gcode"
		done
		on_disk deep/down/kept.gcode
		mounted
		for folder in "$S/deep/down" "$S"; do
			forget_requests
			rm "$folder"/part-*.gcode
			assert_requests 10 '^DELETE$'
			assert_requests_at_most 3 '^GET$' '(usb|local|down|deep)$'
			ls "$folder" >"$DIR/list"
			refute grep part "$DIR/list"
		done
		[ "$(ls "$S/deep/down")" = kept.gcode ]
		# Nor does what was removed come back by a new mount.
		[ "$(find "$DISK" -name '*.gcode' | wc -l)" -eq 1 ]
	done
}
