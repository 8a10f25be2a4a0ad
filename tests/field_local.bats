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
