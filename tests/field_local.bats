#!/usr/bin/env bats
# Faults of this machine are told as what they are, and what is kept here costs
# no descriptors.
load helper
load failures

# The daemon gets no further descriptor: the lowest that is free is over the
# limit.
no_descriptors() {
	local fd=0
	while [ -e "/proc/$FS_PID/fd/$fd" ]; do
		fd=$((fd + 1))
	done
	prlimit --pid "$FS_PID" --nofile="$fd:"
}

descriptors_again() {
	prlimit --pid "$FS_PID" --nofile=1024:
}

@test "without a descriptor the printer is not called down" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk part.gcode
		no_descriptors
		assert_fails_with 'Too many open files' cat "$M/job.json"
		assert_fails_with 'Too many open files' ls "$S"
		refute grep -q 'is away' "$M/log"
		assert_requests 0
		descriptors_again
		# Nothing is to be waited for: the printer was never away.
		within 2 cmp "$DISK/part.gcode" "$S/part.gcode"
	done
}

@test "without a descriptor the printer's name is not called unknown" {
	local name
	name=$(hostname)
	getent ahostsv4 "$name" | grep -q '^127\.0\.0\.1 ' ||
	    skip 'this machine has no name for 127.0.0.1'
	printer buddy
	URL=http://$name:${URL##*:}
	mounted
	no_descriptors
	assert_fails_with 'Too many open files' cat "$M/job.json"
	assert_requests 0
	descriptors_again
	[ -z "$(ls "$S")" ]
}

@test "without a descriptor the mount ends in order" {
	# libfuse's copy of the path is left when nothing is to be unmounted.
	ignore_leaks
	fresh buddy
	no_descriptors
	unmounted
	fresh buddy
	no_descriptors
	kill -TERM "$FS_PID"
	eventually is_gone "$FS_PID"
	wait "$FS_PID"
	FS_PID=
}

@test "a read-only home is told as such" {
	need_root
	printer buddy
	mkdir "$DIR/home"
	mount -t tmpfs -o ro none "$DIR/home"
	run env -u XDG_CACHE_HOME HOME="$DIR/home" "$PRUSAFS" -f \
	    -o "user=maker,password_file=$DIR/password" "$URL" "$M"
	umount "$DIR/home"
	[ "$status" -ne 0 ]
	[[ $output == *'/home/.cache/prusafs: Read-only file system'* ]]
	refute is_mounted
}

descriptors() {
	find "/proc/$FS_PID/fd" -mindepth 1 | wc -l
}

# try_all COMMAND: with 300 names, all of which must succeed.
try_all() {
	local i
	for i in $(seq 300); do
		"$1" "$i" || return 1
	done
}

fail_to_store() {
	refute cp "$DIR/model.gcode" "$S/failed-$1.gcode" 2>>"$DIR/errors"
}

is_kept() {
	cmp -s "$DIR/model.gcode" "$M/unsent/failed-$1.gcode"
}

@test "what is kept in unsent costs no descriptors" {
	local kind before
	RUN_AS=(prlimit --nofile=64)
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 1000
		cp "$DIR/model.gcode" "$S/first.gcode"
		before=$(descriptors)
		: >"$DIR/errors"
		ctl fail PUT /api/ 507 300 It is full
		try_all fail_to_store
		# None for want of a descriptor.
		[ "$(grep -c 'No space left' "$DIR/errors")" -eq 300 ]
		[ "$(find "$M/unsent" -type f | wc -l)" -eq 300 ]
		eventually [ "$(descriptors)" -le $((before + 8)) ]
		cp "$DIR/model.gcode" "$S/last.gcode"
		cmp "$DIR/model.gcode" "$DISK/last.gcode"
		try_all is_kept
		# A new mount finds all of them, and needs none either.
		unmounted
		remounted
		[ "$(find "$M/unsent" -type f | wc -l)" -eq 300 ]
		try_all is_kept
		[ "$(descriptors)" -le $((before + 8)) ]
		mv "$M/unsent/failed-7.gcode" "$S/"
		cmp "$DIR/model.gcode" "$DISK/failed-7.gcode"
		rm "$M/unsent"/*
		unsent_is_empty
		unmounted
		no_bytes_on_disk
	done
}

@test "many stored files leave descriptors for more" {
	store() {
		cp "$DIR/model.gcode" "$S/stored-$1.gcode"
	}
	RUN_AS=(prlimit --nofile=64)
	fresh buddy
	model "$DIR/model.gcode" 1000
	try_all store
	cmp "$DIR/model.gcode" "$S/stored-300.gcode"
	[ "$(descriptors)" -lt 40 ]
}

# The methods of the requests that change something, in their order.
changes() {
	jq -r 'select(.method != "GET") | .method' "$DIR/requests" | xargs
}

# The cloud folder of an Obico account.  The next upload of a.gcode, 3000 bytes
# and so many, which will have the record 1 and so on, is answered with BODY.
upload_answered() {
	local number=$1 body=$2
	model "$DIR/a.gcode" $((3000 + number))
	printf '%s' "$body" >"$DIR/body"
	ctl answer POST /api/v1/g_code_files/ 1 "$DIR/body"
}

@test "what Obico does not tell of an upload is asked, not deleted" {
	fresh obico
	local body i=0
	for body in '{"id":1,"filename":"a.gcode","parent_folder":null}' \
	    '{"id":2,"filename":"a.gcode","parent_folder":null,"url":"/x",
	    "num_bytes":0}' \
	    '{"id":3,"filename":"a.gcode","parent_folder":null,"url":"/x",
	    "num_bytes":null}' \
	    '{"id":4,"filename":"a.gcode","url":"/x","num_bytes":3004}' \
	    '{"id":5,"filename":null,"url":"/x","num_bytes":3005}' \
	    '{}' ''; do
		i=$((i + 1))
		echo "# $body"
		upload_answered "$i" "$body"
		forget_requests
		cp "$DIR/a.gcode" "$S/a.gcode"
		cmp "$DIR/a.gcode" "$S/a.gcode"
		# Only the one that was replaced goes.
		[ "$(changes)" = "$([ "$i" = 1 ] && echo POST ||
		    echo POST DELETE)" ]
		[ -z "$(ls "$M/unsent")" ]
	done
	[ "$(ls "$S")" = a.gcode ]
	echo refresh >"$M/control"
	cmp "$DIR/a.gcode" "$S/a.gcode"
}

@test "what Obico does not tell when asked either is no difference" {
	fresh obico
	local body='{"id":1,"filename":"a.gcode","url":"/x","num_bytes":null}'
	upload_answered 1 "$body"
	ctl answer GET /api/v1/g_code_files/1/ 1 "$DIR/body"
	cp "$DIR/a.gcode" "$S/a.gcode"
	[ "$(changes)" = POST ]
	assert_requests 1 GET g_code_files/1/
	cmp "$DIR/a.gcode" "$S/a.gcode"
}

@test "what Obico is known to have otherwise is removed" {
	fresh obico
	upload_answered 1 '{"id":1,"filename":"a.gcode","parent_folder":null,
	    "url":"/x","num_bytes":17}'
	assert_fails_with 'Input/output' cp "$DIR/a.gcode" "$S/a.gcode"
	[ "$(changes)" = 'POST DELETE' ]
	[ -z "$(ls "$S")" ]
	cmp "$DIR/a.gcode" "$M/unsent/a.gcode"
}

too_old() {
	[ "$status" -eq 5 ]
	[[ $output == *"$URL: its PrusaLink is too old: it has no /api/v1 "* ]]
	[ "$(wc -l <<<"$output")" -eq 1 ]
	refute is_mounted
}

@test "a PrusaLink without /api/v1 is told at the mount" {
	local options="user=maker,password_file=$DIR/password"
	options="$options,cache_dir=$DIR/cache"
	printer buddy --firmware 4.6
	run "$PRUSAFS" -f -o "$options" "$URL" "$M"
	too_old
	run "$PRUSAFS" -f -o "$options,offline_ok" "$URL" "$M"
	too_old
	# One that cannot say so now is none.
	printer buddy
	ctl fail GET /api/v1/status 503 1
	mounted
	[ -z "$(ls "$S")" ]
	printer pi
	ctl fail GET /api/v1/storage 404 1
	run "$PRUSAFS" -f -o "$options" "$URL" "$M"
	too_old
}

seems_printed() {
	[ "$(stat -c %a "$1")" = 444 ]
}

is_printing() {
	[ "$(cat "$M/status/state")" = PRINTING ]
}

# Print FILE, whose folder has a name that is no 8.3 one.
print_in() {
	local folder=$1 name=$2
	mkdir -p "$folder"
	model "$DIR/model.gcode" 40000
	# As a file manager has it: it looks at the folder once.
	cd "$folder"
	cp "$DIR/model.gcode" "$name"
	echo "print ${folder#"$P/"}/$name" >"$M/control"
	eventually grep -q "$name" "$M/job.json"
	eventually seems_printed "$name"
	cd "$DIR"
}

@test "the file in print is known by the long names of its folders" {
	local kind folder
	for kind in $(both); do
		fresh "$kind"
		for folder in 'long folder name' 'parts/of many colours' lower; do
			print_in "$S/$folder" model.gcode
			[ "$(jq -r .file.path "$M/job.json")" = \
			    "/$STORAGE/$folder" ]
			# What was found once is not asked for again.
			echo refresh >"$M/control"
			forget_requests
			grep -q "/$STORAGE/$folder\"" "$M/job.json"
			assert_requests 0 . /api/v1/files
			forget_requests
			assert_fails_with 'Device or resource busy' \
			    mv "$S/$folder/model.gcode" "$S/moved.gcode"
			assert_fails_with 'Device or resource busy' \
			    mv "$S/$folder/model.gcode" "$S/$folder/m.gcode"
			[ "$(changes)" = '' ]
			seems_printed "$S/$folder/model.gcode"
			refute test -e "$S/moved.gcode"
			cmp "$DIR/model.gcode" "$S/$folder/model.gcode"
			echo stop >"$M/control"
			eventually refute is_printing
		done
	done
}

# The printer's FILE is another client's by now: of the same size, and stored
# within the moment of the same time stamp.
replace_at_once() {
	tr G M <"$1" >"$DIR/other"
	touch -r "$1" "$DIR/other"
	cp -p "$DIR/other" "$1"
	refute cmp -s "$DIR/other" "$DIR/model.gcode"
}

@test "mv takes no other file away than it has read" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 30000
		cp "$DIR/model.gcode" "$S/x.gcode"
		replace_at_once "$DISK/x.gcode"
		# On a slow machine the bytes are asked for again in time.
		mv "$S/x.gcode" "$DIR/out" ||
		    grep -q 'x.gcode is not deleted: it is another' "$M/log"
		if [ -e "$DISK/x.gcode" ]; then
			assert_requests 0 DELETE
			mv "$S/x.gcode" "$DIR/out"
		fi
		cmp "$DIR/other" "$DIR/out"
		refute test -e "$DISK/x.gcode"
		# To another folder of the storage.
		rm "$DIR/out"
		mkdir "$S/parts"
		cp "$DIR/model.gcode" "$S/x.gcode"
		replace_at_once "$DISK/x.gcode"
		mv "$S/x.gcode" "$S/parts/" || mv "$S/x.gcode" "$S/parts/"
		cmp "$DIR/other" "$DISK/parts/x.gcode"
	done
}

@test "mv of what is as it was read asks for no bytes where stamps prove it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk old.gcode 30000
		touch -d '3 hours ago' "$DISK/old.gcode"
		cp "$DISK/old.gcode" "$DIR/old"
		cmp "$DIR/old" "$S/old.gcode"
		forget_requests
		mv "$S/old.gcode" "$DIR/out"
		cmp "$DIR/old" "$DIR/out"
		assert_requests 0 GET '/raw$|^/usb/'
		model "$DIR/model.gcode" 30000
		cp "$DIR/model.gcode" "$S/new.gcode"
		mv "$S/new.gcode" "$DIR/out"
		cmp "$DIR/model.gcode" "$DIR/out"
		refute test -e "$DISK/new.gcode"
	done
}

@test "a former version is not taken for another one of the same moment" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/one.gcode" 30000
		model "$DIR/two.gcode" 20000
		tr G M <"$DIR/one.gcode" >"$DIR/other"
		# Its own upload has replaced it.
		cp "$DIR/one.gcode" "$S/x.gcode"
		touch -r "$DISK/x.gcode" "$DIR/other"
		cp "$DIR/two.gcode" "$S/x.gcode"
		cp -p "$DIR/other" "$DISK/x.gcode"
		cmp "$DIR/other" "$S/x.gcode"
		# It was renamed.
		cp "$DIR/one.gcode" "$S/y.gcode"
		touch -r "$DISK/y.gcode" "$DIR/other"
		mv "$S/y.gcode" "$S/z.gcode"
		cp -p "$DIR/other" "$DISK/y.gcode"
		echo refresh >"$M/control"
		cmp "$DIR/other" "$S/y.gcode"
		cmp "$DIR/one.gcode" "$S/z.gcode"
	done
}
